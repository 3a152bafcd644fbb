"""Rows of the outbox that wait: how they are told from the others, and what one becomes that is given up."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, literal_column

from db.tables import outbox

KEEP_REASON: Final = 190
SETTLED: Final[dict[str, Any]] = {"payload": {}, "leased_until": None, "lease_owner": None}
"""Of a row that waits no more: what it said is forgotten, and nobody holds it."""


def waits(rows: FromClause) -> ColumnElement[bool]:
    """Of rows of the outbox (or an alias of it): neither sent nor dead.

    The value is spelled out: for a parameter SQLite would have to look at its value and prepare the statement anew each time to see that a
    partial index serves.
    """
    waiting: ColumnElement[bool] = rows.c.state == literal_column("'waiting'")
    return waiting


def given_up(reason: str, at: dt.datetime | ColumnElement[dt.datetime]) -> dict[str, Any]:
    """The values of a row that will never be sent, `reason` for operators."""
    return {"state": "dead", "sent_at": at, "dead_reason": reason[:KEEP_REASON], **SETTLED}


WAITS: Final = waits(outbox)
