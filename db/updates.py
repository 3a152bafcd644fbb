"""Which of Telegram's updates were handled; noted in the same transaction as what they did, so each acts once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection

from db import writing
from db.tables import updates_seen


def seen(connection: Connection, update_id: int, now: dt.datetime) -> bool:
    """Note an update; True where it is new."""
    return writing.insert_new(connection, updates_seen, {"update_id": update_id, "at": now})


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Forget updates from before `when` (Telegram keeps an update for a day, and may count anew after a week of silence)."""
    return connection.execute(updates_seen.delete().where(updates_seen.c.at < when)).rowcount
