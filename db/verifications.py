"""Challenges by which members show that they are the person of their photos: poses asked for and what came of it, never a picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import writing
from db.records import Verification, VerificationState
from db.tables import verifications


def open_new(connection: Connection, member_id: int, challenge: Any, now: dt.datetime, expires_at: dt.datetime) -> Verification:
    """Ask for `challenge` (JSON); an open one before it expires."""
    mine = (verifications.c.member_id == member_id, verifications.c.state == "open")
    connection.execute(verifications.update().where(*mine).values(state="expired", decided_at=now))
    values: dict[str, Any] = {
        "member_id": member_id,
        "challenge": challenge,
        "state": "open",
        "attempts": 0,
        "detail": {},
        "created_at": now,
        "expires_at": expires_at,
        "decided_at": None,
    }
    return Verification(id=writing.insert(connection, verifications, values), **values)


def current(connection: Connection, member_id: int) -> Verification | None:
    """A member's newest challenge, whatever became of it."""
    return next(iter(recent(connection, member_id, 1)), None)


def by_id(connection: Connection, verification_id: int) -> Verification | None:
    """A challenge."""
    row = connection.execute(select(verifications).where(verifications.c.id == verification_id)).mappings().one_or_none()
    return None if row is None else Verification(**row)


def attempted(connection: Connection, verification_id: int) -> bool:
    """Count an attempt; False where the challenge is open no longer."""
    still = (verifications.c.id == verification_id, verifications.c.state == "open")
    return connection.execute(verifications.update().where(*still).values(attempts=verifications.c.attempts + 1)).rowcount == 1


def decide(connection: Connection, verification_id: int, state: VerificationState, detail: Mapping[str, Any], now: dt.datetime) -> bool:
    """Note what came of it, with figures; False where it was decided already."""
    still = (verifications.c.id == verification_id, verifications.c.state == "open")
    values = {"state": state, "detail": dict(detail), "decided_at": now}
    return connection.execute(verifications.update().where(*still).values(**values)).rowcount == 1


def recent(connection: Connection, member_id: int, limit: int = 20) -> list[Verification]:
    """A member's challenges, newest first."""
    wanted = select(verifications).where(verifications.c.member_id == member_id).order_by(verifications.c.id.desc()).limit(limit)
    return [Verification(**row) for row in connection.execute(wanted).mappings()]


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete challenges from before `when`; how many.  That a member passed stands in `members.verified`."""
    return connection.execute(verifications.delete().where(verifications.c.created_at < when)).rowcount
