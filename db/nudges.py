"""Which hints against fraud a member was given in which chat: each once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from db import writing
from db.tables import messages, nudges


def give(connection: Connection, member_id: int, pair_id: int, kind: str, now: dt.datetime) -> bool:
    """Note a hint; False where the member had it in this chat already."""
    return writing.insert_new(connection, nudges, {"member_id": member_id, "pair_id": pair_id, "kind": kind, "at": now})


def of(connection: Connection, member_id: int, pair_id: int) -> dict[str, dt.datetime]:
    """The hints that a member had in a chat, and when."""
    wanted = select(nudges.c.kind, nudges.c.at).where(nudges.c.member_id == member_id, nudges.c.pair_id == pair_id)
    return {row.kind: row.at for row in connection.execute(wanted)}


def among_first(connection: Connection, pair_id: int, message_id: int, first: int) -> bool:
    """Whether a message is among the `first` ones of its chat that are still known."""
    later = select(messages.c.id).where(messages.c.pair_id == pair_id).order_by(messages.c.id).offset(first).limit(1)
    limit = connection.scalar(later)
    return limit is None or message_id < limit


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete hints from before `when`; how many."""
    return connection.execute(nudges.delete().where(nudges.c.at < when)).rowcount
