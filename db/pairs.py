"""Pairs: two members who like each other and may talk until one of them ends it, for good."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, case, func, or_, select

from db import activity, writing
from db.records import Pair
from db.tables import members, pairs


def by_id(connection: Connection, pair_id: int) -> Pair | None:
    """The pair with this id, open or ended."""
    row = connection.execute(select(pairs).where(pairs.c.id == pair_id)).mappings().one_or_none()
    return None if row is None else Pair(**row)


def between(connection: Connection, one: int, other: int) -> Pair | None:
    """The pair of two members, open or ended."""
    where = (pairs.c.lo == min(one, other)) & (pairs.c.hi == max(one, other))
    row = connection.execute(select(pairs).where(where)).mappings().one_or_none()
    return None if row is None else Pair(**row)


def of_member(connection: Connection, member_id: int, open_only: bool = True) -> list[Pair]:
    """A member's pairs, newest first."""
    wanted = select(pairs).where(or_(pairs.c.lo == member_id, pairs.c.hi == member_id))
    if open_only:
        wanted = wanted.where(pairs.c.ended_at.is_(None))
    return [Pair(**row) for row in connection.execute(wanted.order_by(pairs.c.matched_at.desc(), pairs.c.id.desc())).mappings()]


def make(connection: Connection, lo: int, hi: int, now: dt.datetime) -> Pair | None:
    """Make the pair of two members, None where they ever were one.  The caller holds the lock of their likes row."""
    if between(connection, lo, hi) is not None:
        return None
    # Both members' other pairs must stand still while the numbers under which they know their partners are drawn.
    connection.execute(select(members.c.id).where(members.c.id.in_((lo, hi))).order_by(members.c.id).with_for_update()).all()
    values = {
        "lo": lo,
        "hi": hi,
        "matched_at": now,
        "lo_alias": _next_alias(connection, hi),
        "hi_alias": _next_alias(connection, lo),
    }
    return by_id(connection, writing.insert(connection, pairs, values))


def end(connection: Connection, pair_id: int, by: int | None, reason: str, now: dt.datetime) -> bool:
    """Close a pair for good; False where it was closed already or never was.  `by` is None where the program ends it."""
    closed = connection.execute(
        pairs.update().where(pairs.c.id == pair_id, pairs.c.ended_at.is_(None)).values(ended_at=now, ended_by=by, end_reason=reason)
    )
    if closed.rowcount == 0:
        return False
    leave(connection, pair_id)
    return True


def end_all(connection: Connection, member_id: int, reason: str, now: dt.datetime) -> list[int]:
    """Close all open pairs of a member; the ids of the partners, who may be told."""
    found = of_member(connection, member_id, open_only=True)
    return [pair.partner(member_id) for pair in found if end(connection, pair.id, member_id, reason, now)]


def leave(connection: Connection, pair_id: int) -> None:
    """Nobody is in this chat any more; whoever was has read what is in it."""
    found = by_id(connection, pair_id)
    if found is None:
        return
    there = members.c.id.in_((found.lo, found.hi)), members.c.active_pair_id == pair_id
    for member_id in connection.scalars(select(members.c.id).where(*there)).all():
        activity.mark_read(connection, pair_id, member_id)
    connection.execute(members.update().where(*there).values(active_pair_id=None))


def _next_alias(connection: Connection, viewer: int) -> int:
    """The first number under which `viewer` knows nobody yet; numbers of ended pairs are not given again."""
    theirs = case((pairs.c.lo == viewer, pairs.c.hi_alias), else_=pairs.c.lo_alias)
    last = connection.scalar(select(func.max(theirs)).where(or_(pairs.c.lo == viewer, pairs.c.hi == viewer)))
    return 0 if last is None else last + 1
