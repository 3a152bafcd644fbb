"""Members who have come through onboarding, written straight into the database before the product starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.usecases.consent import VERSIONS
from db import consents, likes, members
from db.session import Connection, Database
from db.settings import DatabaseSettings, keys_under


@contextmanager
def database(var: Path) -> Iterator[Database]:
    """The database that the product will find under `var`, with the current schema."""
    made = Database(DatabaseSettings(url=f"sqlite:///{var}/inyeon.db"), keys_under(var))
    made.open()
    try:
        yield made
    finally:
        made.close()


def add(connection: Connection, telegram_id: int, *, step: str = "") -> int:
    """An active member of 30 in Seoul who agreed to everything and seeks everyone; their id."""
    now = dt.datetime.now(dt.UTC)
    member = members.create(connection, telegram_id, "en", now)
    for kind in ("terms", "face"):
        consents.give(connection, member.id, "terms" if kind == "terms" else "face", VERSIONS[kind], True, now)
    members.update(
        connection,
        member.id,
        now,
        status="active",
        birth_date=dt.date(now.year - 30, 1, 1),
        gender="woman" if telegram_id % 2 else "man",
        seeks="everyone",
        about="Walks, films, noodles",
        city="Seoul",
        latitude=37.6,
        longitude=127.0,
        face_consent=True,
    )
    members.set_step(connection, member.id, step, {}, now)
    return member.id


def match(connection: Connection, one: int, other: int) -> None:
    """Two members like each other and are in each other's chat."""
    now = dt.datetime.now(dt.UTC)
    likes.mark(connection, one, other, True, now)
    pair = likes.mark(connection, other, one, True, now).match
    if pair is None:
        raise ValueError(f"members {one} and {other} did not become a pair")
    for member in (one, other):
        members.update(connection, member, now, active_pair_id=pair.id)
