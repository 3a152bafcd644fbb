"""The log of what admins and the program did.  `detail` holds ids and figures, never texts of members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from db.records import AuditRow
from db.tables import audit


def member(member_id: int) -> str:
    """A member as the subject of a row; erasure finds them by it."""
    return f"member:{member_id}"


def about(member_id: int) -> ColumnElement[bool]:
    """The rows that tell something of a member: those about them, and those of cases that name them."""
    return or_(audit.c.subject == member(member_id), audit.c.detail["member"].as_integer() == member_id)


def add(
    connection: Connection, actor: int | str, action: str, subject: str, now: dt.datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Append a row; `actor` is a Telegram id, "shell" or "system"."""
    connection.execute(audit.insert().values(actor=str(actor), action=action, subject=subject, detail=dict(detail or {}), at=now))


def recent(connection: Connection, limit: int = 20) -> list[AuditRow]:
    """The newest rows, newest first."""
    return [AuditRow(**row) for row in connection.execute(select(audit).order_by(audit.c.id.desc()).limit(limit)).mappings()]


def count(connection: Connection, action: str, subject: str, since: dt.datetime) -> int:
    """How often this was done since then."""
    same = (audit.c.action == action, audit.c.subject == subject, audit.c.at >= since)
    return connection.scalar(select(func.count()).select_from(audit).where(*same)) or 0


def looks(connection: Connection, member_id: int, telegram_id: int, since: dt.datetime) -> dict[str, int]:
    """How often operators did something about a member since then, by action."""
    wanted = (
        select(audit.c.action, func.count())
        .where(audit.c.at >= since, audit.c.actor != str(telegram_id), audit.c.actor != "system", about(member_id))
        .group_by(audit.c.action)
    )
    return {row[0]: row[1] for row in connection.execute(wanted)}


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete rows from before `when`; how many."""
    return connection.execute(audit.delete().where(audit.c.at < when)).rowcount
