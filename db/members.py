"""Members: who they are, what they seek, where their conversation stands."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import accounts, audit, changes, partings, writing
from db.erasure import DOUBTED, erase
from db.errors import NotFound
from db.geography import coarse
from db.records import SPOKEN, Language, Member
from db.search import OLDEST, candidates, count_by_filter
from db.tables import members, tombstones

__all__ = [
    "by_account",
    "by_id",
    "by_telegram",
    "candidates",
    "count_by_filter",
    "create",
    "erase",
    "of",
    "set_step",
    "touch",
    "update",
]

AGE_MIN = 18
AGE_MAX = OLDEST
DISTANCE_KM = 50
SLACK = dt.timedelta(days=1)
"""By which the times of members may be out of the order of their numbers: processes draw both, each with its own clock."""
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


def locked(connection: Connection, member_id: int) -> Member | None:
    """The member as they are now, and stay until this transaction ends: whoever changes or erases them waits, or has been waited for."""
    row = connection.execute(select(members).where(members.c.id == member_id).with_for_update()).mappings().one_or_none()
    return None if row is None else Member(**row)


def by_account(connection: Connection, account: str, since: dt.datetime, chunk: int = writing.CHUNK) -> Member | None:
    """The member of an account that is known by its hash alone, if they were made after `since`; the newest are looked at first."""
    below, hash_of = None, accounts.hasher(connection)
    while True:
        wanted = select(members.c.id, members.c.telegram_id, members.c.created_at).order_by(members.c.id.desc()).limit(chunk)
        rows = connection.execute(wanted if below is None else wanted.where(members.c.id < below)).all()
        for row in rows:
            if row.created_at < since - SLACK:
                return None
            if hash_of(row.telegram_id) == account:
                return by_id(connection, row.id)
        if len(rows) < chunk:
            return None
        below = rows[-1].id


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

    An account that was banned or frozen when it erased itself (see `db.erasure`) comes back so, one whose age was in doubt with that
    doubt, and all are kept apart from whom they were.
    """
    account = accounts.hashed(connection, telegram_id)
    left = connection.execute(select(tombstones).where(tombstones.c.telegram_hash == account)).one_or_none()
    shut = None if left is None or left.reason == "doubted" else left.reason
    values: dict[str, Any] = {
        "telegram_id": telegram_id,
        "language": language,
        "status": "onboarding" if shut is None else "frozen" if shut == "frozen" else "banned",
        "about": "",
        "distance_km": distance_km,
        "age_min": AGE_MIN,
        "age_max": AGE_MAX,
        "reachable": True,
        "demo": demo,
        "created_at": now,
        "updated_at": now,
        "last_active_at": now,
        "step": "frozen" if shut == "frozen" else "",
        "draft": {},
    }
    writing.lock_or_insert(connection, members, values)
    made = by_telegram(connection, telegram_id)
    if made is None:
        raise NotFound(f"the member of Telegram account {telegram_id} vanished while it was made")
    partings.renew(connection, made.id, account)
    if left is not None and left.reason == "doubted":
        connection.execute(tombstones.delete().where(tombstones.c.telegram_hash == account))
        audit.add(connection, "system", DOUBTED, audit.member(made.id), left.at)
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
