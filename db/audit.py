"""The log of what admins and the program did.  `detail` holds ids and figures, never texts of members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from db.records import AuditRow
from db.tables import audit


def member(member_id: int) -> str:
    """A member as the subject of a row; erasure finds them by it."""
    return f"member:{member_id}"


def add(
    connection: Connection, actor: int | str, action: str, subject: str, now: dt.datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Append a row; `actor` is a Telegram id or "system"."""
    connection.execute(audit.insert().values(actor=str(actor), action=action, subject=subject, detail=dict(detail or {}), at=now))


def recent(connection: Connection, limit: int = 20) -> list[AuditRow]:
    """The newest rows, newest first."""
    return [AuditRow(**row) for row in connection.execute(select(audit).order_by(audit.c.id.desc()).limit(limit)).mappings()]


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete rows from before `when`; how many."""
    return connection.execute(audit.delete().where(audit.c.at < when)).rowcount
