"""Members: who they are, what they seek, where their conversation stands."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import changes, writing
from db.erasure import erase, telegram_hash
from db.errors import NotFound
from db.geography import coarse
from db.records import SPOKEN, Language, Member
from db.search import candidates, count_by_filter
from db.tables import members, tombstones

__all__ = [
    "by_id",
    "by_telegram",
    "candidates",
    "count_by_filter",
    "create",
    "erase",
    "of",
    "set_step",
    "telegram_hash",
    "touch",
    "update",
]

AGE_MIN = 18
AGE_MAX = 99
DISTANCE_KM = 50
FIELDS = frozenset(members.c.keys()) - {"id", "telegram_id", "city_key", "created_at", "updated_at"}
UNSEEN = frozenset({"step", "draft", "active_pair_id", "about", "last_active_at"})
"""Fields that neither searching nor ranking reads from an index: changing them is not noted in `db.changes`."""


def by_telegram(connection: Connection, telegram_id: int) -> Member | None:
    """The member of a Telegram account."""
    row = connection.execute(select(members).where(members.c.telegram_id == telegram_id)).mappings().one_or_none()
    return None if row is None else Member(**row)


def by_id(connection: Connection, member_id: int) -> Member | None:
    """The member with this id."""
    row = connection.execute(select(members).where(members.c.id == member_id)).mappings().one_or_none()
    return None if row is None else Member(**row)


def of(connection: Connection, member_ids: Iterable[int]) -> dict[int, Member]:
    """These members by id; who is gone is left out."""
    found = {}
    for chunk in writing.chunks(member_ids):
        for row in connection.execute(select(members).where(members.c.id.in_(chunk))).mappings():
            found[row["id"]] = Member(**row)
    return found


def create(
    connection: Connection,
    telegram_id: int,
    language: Language,
    now: dt.datetime,
    *,
    distance_km: int = DISTANCE_KM,
    demo: bool = False,
) -> Member:
    """The member of a Telegram account, made if there is none; two calls at once make one.

    An account that was banned when it erased itself (see `db.erasure`) comes back banned.
    """
    banned = connection.scalar(select(tombstones.c.reason).where(tombstones.c.telegram_hash == telegram_hash(telegram_id))) is not None
    values: dict[str, Any] = {
        "telegram_id": telegram_id,
        "language": language,
        "status": "banned" if banned else "onboarding",
        "about": "",
        "distance_km": distance_km,
        "age_min": AGE_MIN,
        "age_max": AGE_MAX,
        "reachable": True,
        "demo": demo,
        "created_at": now,
        "updated_at": now,
        "last_active_at": now,
        "step": "",
        "draft": {},
    }
    writing.lock_or_insert(connection, members, values)
    made = by_telegram(connection, telegram_id)
    if made is None:
        raise NotFound(f"the member of Telegram account {telegram_id} vanished while it was made")
    return made


def update(connection: Connection, member_id: int, now: dt.datetime, **fields: object) -> Member:
    """Set `fields` of a member and return it as it is now; coordinates are made coarse on the way in, languages put in order.

    Raises:
        NotFound: there is no such member.
        ValueError: a field that does not exist or does not change; a language that is none of `records.SPOKEN`.

    """
    unknown = sorted(set(fields) - FIELDS)
    if unknown:
        raise ValueError(f"members have no changeable field {unknown[0]}")
    values: dict[str, Any] = {**fields, "updated_at": now}
    for name in ("latitude", "longitude"):
        if name in values:
            values[name] = coarse(values[name])
    if "city" in values:
        values["city_key"] = city_key(values["city"])
    if "languages" in values:
        values["languages"] = languages(values["languages"])
    if set(fields) - UNSEEN:
        changes.note(connection, member_id)
    connection.execute(members.update().where(members.c.id == member_id).values(**values))
    changed = by_id(connection, member_id)
    if changed is None:
        raise NotFound(f"there is no member {member_id}")
    return changed


def set_step(connection: Connection, member_id: int, step: str, draft: Mapping[str, Any], now: dt.datetime) -> Member:
    """Note where the member's conversation stands; `draft` is what was said so far, JSON only."""
    return update(connection, member_id, now, step=step, draft=dict(draft))


def touch(connection: Connection, member_id: int, now: dt.datetime) -> None:
    """Note that the member was here at `now`."""
    connection.execute(members.update().where(members.c.id == member_id).values(last_active_at=now))


def city_key(city: str | None) -> str | None:
    """`city` as it is compared: same letters, whatever their case, width and spacing.

    >>> city_key("  ＳＥＯＵＬ  city "), city_key(" ")
    ('seoul city', None)
    """
    return None if city is None else " ".join(unicodedata.normalize("NFKC", city).casefold().split())[:100] or None


def languages(spoken: str) -> str:
    """Codes of languages as they are stored: each once, in the order of `records.SPOKEN`.

    >>> languages("en ko en"), languages("")
    ('ko en', '')

    Raises:
        ValueError: something else than such codes.

    """
    codes = set(spoken.split())
    if codes - set(SPOKEN):
        raise ValueError(f"{spoken!r} are not codes out of {' '.join(SPOKEN)}")
    return " ".join(code for code in SPOKEN if code in codes)
