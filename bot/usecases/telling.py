"""Telling all admins who talk to this bot: short, without what members wrote; the rest is behind buttons, and audited."""

from __future__ import annotations

from bot import outbox
from bot.context import Context
from bot.keyboards import button
from bot.replies import Rows, Say, Word
from db import members
from db.session import Connection

LOOK: Rows = ((button("admin.look", "reports"),),)


def admins(connection: Connection, context: Context, said: Word, key: str, rows: Rows = LOOK) -> None:
    """Queue `said` for each admin, in their language; `key` says what it is about."""
    for telegram_id in sorted(context.admins):
        admin = members.by_telegram(connection, telegram_id)
        if admin is not None:
            outbox.notify(connection, context, admin, Say(said, rows), key)
