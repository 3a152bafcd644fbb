"""Telegram's updates, written down before Telegram is told that they arrived.

An update is here once, by its number.  While it waits to be served its `payload` is kept (sealed), and whoever serves it holds a
lease; the transaction of what it does marks it done and wipes the payload, so each update acts once, also over a crash.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, union_all

from db import sealing, writing
from db.errors import DatabaseError, KeyGone
from db.swift import Swift
from db.tables import updates

_DONE = Swift(
    updates.update()
    .where(updates.c.update_id == bindparam("number"), updates.c.done_at.is_(None))
    .values(done_at=bindparam("now"), payload=None, owner=None, leased_until=None)
)
_STATE = select(updates.c.update_id, updates.c.person, updates.c.done_at, updates.c.owner)
_KNOWN = _STATE.where(
    or_(
        updates.c.update_id.in_(bindparam("numbers", expanding=True)),
        and_(updates.c.done_at.is_(None), updates.c.person.in_(bindparam("people", expanding=True))),
    )
)
# The two halves apart: one condition with OR makes MariaDB read more than it needs.
_KNOWN_ONE = Swift(
    union_all(
        _STATE.where(updates.c.update_id == bindparam("number")),
        _STATE.where(updates.c.done_at.is_(None), updates.c.person == bindparam("person"), updates.c.update_id != bindparam("number")),
    )
)


class Raced(DatabaseError):
    """Another process wrote down one of the same updates at the same moment: look again."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update to write down.

    Attributes:
        update_id: Telegram's number.
        person: the Telegram account that it comes from.
        payload: the update as Telegram sent it; None for one that is done in this very transaction.

    """

    update_id: int
    person: int
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An update that was written down and is to be served, and what it says (nothing, where its key is gone)."""

    update_id: int
    person: int
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is here already of a batch: `owners` of updates of the batch (None: done), and `busy` people with updates that wait."""

    owners: Mapping[int, str | None]
    busy: frozenset[int]


def known(connection: Connection, numbers: Collection[int], people: Collection[int]) -> Known:
    """Which of these updates are here, and which of these people have some that are not done; one statement."""
    if len(numbers) == len(people) == 1:
        one = {"number": next(iter(numbers)), "person": next(iter(people))}
        rows: Iterable[Sequence[Any]] = _KNOWN_ONE.rows(connection, one)
    else:
        rows = connection.execute(_KNOWN, {"numbers": list(numbers), "people": list(people)}).all()
    wanted, held, busy = set(numbers), {}, set()
    for number, person, done_at, owner in rows:
        if number in wanted:
            held[number] = None if done_at is not None else owner or ""
        if done_at is None:
            busy.add(person)
    return Known(held, frozenset(busy))


def add(connection: Connection, arrived: Sequence[Arrived], owner: str, until: dt.datetime, now: dt.datetime) -> None:
    """Write updates down that `known` did not know; those with a payload are leased to `owner`.

    Raises:
        Raced: one of them is here meanwhile; nothing may be committed.

    """
    if not arrived:
        return
    rows = [
        {
            "update_id": one.update_id,
            "person": one.person,
            "at": now,
            "payload": None if one.payload is None else _seal(connection, one, now),
            "done_at": now if one.payload is None else None,
            "attempts": 0,
            "owner": None if one.payload is None else owner,
            "leased_until": None if one.payload is None else until,
        }
        for one in arrived
    ]
    if writing.insert_all_new(connection, updates, rows) != len(rows):
        raise Raced("an update was written down by another process at the same moment")


def done(connection: Connection, update_id: int, now: dt.datetime) -> bool:
    """Mark an update as done and forget what it said; False where it was done already, or never came."""
    return _DONE.run(connection, {"number": update_id, "now": now}).rowcount == 1


def take(connection: Connection, owner: str, gone: Collection[str], until: dt.datetime, now: dt.datetime, limit: int = 500) -> list[Kept]:
    """Lease to `owner` what nobody serves: no lease, one that ran out, or one of those who are `gone`; in order."""
    free = or_(updates.c.owner.is_(None), updates.c.leased_until <= now, updates.c.owner.in_(list(gone)))
    waiting = and_(updates.c.done_at.is_(None), or_(updates.c.owner.is_(None), updates.c.owner != owner), free)
    wanted = select(updates.c.update_id).where(waiting).order_by(updates.c.update_id).limit(limit).with_for_update()
    ids = list(connection.scalars(wanted))
    if not ids:
        return []
    connection.execute(updates.update().where(updates.c.update_id.in_(ids)).values(owner=owner, leased_until=until))
    rows = connection.execute(select(updates).where(updates.c.update_id.in_(ids)).order_by(updates.c.update_id)).all()
    return [Kept(row.update_id, row.person, _payload(connection, row)) for row in rows]


def owners(connection: Connection) -> list[str]:
    """Who holds leases."""
    held = select(updates.c.owner).where(updates.c.done_at.is_(None), updates.c.owner.is_not(None)).distinct()
    return [str(owner) for owner in connection.scalars(held)]


def begin(connection: Connection, update_id: int) -> int:
    """Note that an update is served once more, before it is: what kills the process is not tried for ever.  How often that is now."""
    connection.execute(updates.update().where(updates.c.update_id == update_id).values(attempts=updates.c.attempts + 1))
    return connection.scalar(select(updates.c.attempts).where(updates.c.update_id == update_id)) or 0


def hold(connection: Connection, owner: str, until: dt.datetime) -> int:
    """Lengthen the leases of `owner`; how many."""
    mine = and_(updates.c.owner == owner, updates.c.done_at.is_(None))
    return connection.execute(updates.update().where(mine).values(leased_until=until)).rowcount


def release(connection: Connection, owner: str) -> int:
    """Give back what `owner` did not serve, as at shutdown; how many."""
    mine = and_(updates.c.owner == owner, updates.c.done_at.is_(None))
    return connection.execute(updates.update().where(mine).values(owner=None, leased_until=None)).rowcount


def waiting(connection: Connection) -> int:
    """How many updates are not done."""
    return connection.scalar(select(func.count()).select_from(updates).where(updates.c.done_at.is_(None))) or 0


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Forget done updates from before `when` (Telegram keeps one for a day, and may count anew after a week of silence)."""
    return connection.execute(updates.delete().where(updates.c.at < when, updates.c.done_at.is_not(None))).rowcount


def _seal(connection: Connection, one: Arrived, now: dt.datetime) -> bytes:
    # Escaped to ASCII: half a surrogate pair, which JSON can hold, is no UTF-8.
    plain = json.dumps(one.payload, separators=(",", ":")).encode()
    return sealing.seal(connection, *place(one.update_id, now), plain)


def place(update_id: int, at: dt.datetime) -> tuple[str, str]:
    """Scope and place of what an update says."""
    return sealing.day("updates", at), f"update:{update_id}"


def _payload(connection: Connection, row: Any) -> Mapping[str, Any]:
    """What the update says; empty where its key is gone."""
    try:
        found: Mapping[str, Any] = sealing.unseal_json(connection, *place(row.update_id, row.at), row.payload)
    except KeyGone:
        return {}
    return found
