"""By what somebody who was banned is recognised when they come back with a new account: bytes of a face's vector, hashes of photos.

They are sealed under one key of their own, and outlive the account: its number goes, the mark stays until it expires or is lifted.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Connection, or_, select

from db import sealing, writing
from db.records import BanMark
from db.tables import ban_marks, members, photos

PHASH = "phash"
"""The kind of mark that says nothing of a face: the perceptual hash of a photo."""


def add(
    connection: Connection, member_id: int | None, kind: str, data: bytes, reason: str, now: dt.datetime, expires_at: dt.datetime
) -> int:
    """Note a mark; its id."""
    values = {
        "member_id": member_id,
        "kind": kind,
        "reason": reason,
        "at": now,
        "expires_at": expires_at,
        "lifted_at": None,
        "data": b"",
    }
    mark_id = writing.insert(connection, ban_marks, values)
    # Only now its place has a name.
    sealed = sealing.seal(connection, *place(mark_id), data)
    connection.execute(ban_marks.update().where(ban_marks.c.id == mark_id).values(data=sealed))
    return mark_id


def current(connection: Connection, kind: str, now: dt.datetime) -> list[BanMark]:
    """The marks of one kind that hold, oldest first."""
    return _holding(connection, now, ban_marks.c.kind == kind)


def of_ban(connection: Connection, at: dt.datetime, now: dt.datetime) -> list[BanMark]:
    """The marks of every kind that were made at one moment, and hold."""
    return _holding(connection, now, ban_marks.c.at == at)


def page(connection: Connection, below: int, limit: int) -> list[int]:
    """Ids of members with photos who are not banned, newest first, below a number; 0: from the newest on."""
    wanted = select(members.c.id).where(members.c.status.not_in(("banned", "deleted")), members.c.id.in_(select(photos.c.member_id)))
    newest = wanted.order_by(members.c.id.desc()).limit(limit)
    return list(connection.scalars(newest.where(members.c.id < below) if below else newest))


def reasons(connection: Connection, member_id: int) -> set[str]:
    """For what the member's marks that hold were made."""
    own = (ban_marks.c.member_id == member_id, ban_marks.c.lifted_at.is_(None))
    return set(connection.scalars(select(ban_marks.c.reason).where(*own).distinct()))


def lift(connection: Connection, member_id: int, now: dt.datetime) -> int:
    """Let a member's marks hold no longer; how many there were."""
    own = (ban_marks.c.member_id == member_id, ban_marks.c.lifted_at.is_(None))
    return connection.execute(ban_marks.update().where(*own).values(lifted_at=now)).rowcount


def forget_before(connection: Connection, now: dt.datetime) -> int:
    """Delete marks that expired or were lifted before `now`; how many."""
    old = or_(ban_marks.c.expires_at < now, ban_marks.c.lifted_at < now)
    return connection.execute(ban_marks.delete().where(old)).rowcount


def place(mark_id: int) -> tuple[str, str]:
    """Scope and place of a mark's bytes."""
    return sealing.BANS, f"ban:{mark_id}"


def _holding(connection: Connection, now: dt.datetime, which: ColumnElement[bool]) -> list[BanMark]:
    holds = (which, ban_marks.c.lifted_at.is_(None), ban_marks.c.expires_at > now)
    rows = connection.execute(select(ban_marks).where(*holds).order_by(ban_marks.c.id)).mappings().all()
    opened = sealing.unseal_all(connection, [(*place(row["id"]), row["data"]) for row in rows])
    return [BanMark(**{**row, "data": data}) for row, data in zip(rows, opened, strict=True) if data is not None]
