"""Relayed messages: which message of the sender arrived as which message at the recipient; no content is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select

from db import writing
from db.errors import NotFound
from db.records import Message
from db.tables import messages, outbox, pairs


def add(
    connection: Connection,
    pair_id: int,
    sender_id: int,
    sender_message_id: int,
    kind: str,
    now: dt.datetime,
    reply_to: int | None = None,
) -> Message:
    """Note a message to be relayed; `reply_to` is the id here (not Telegram's) of the message that it answers.

    Raises:
        NotFound: there is no such pair, or the sender is not one of the two.

    """
    ends = connection.execute(select(pairs.c.lo, pairs.c.hi).where(pairs.c.id == pair_id)).one_or_none()
    if ends is None or sender_id not in ends:
        raise NotFound(f"member {sender_id} has no pair {pair_id}")
    values: dict[str, Any] = {
        "pair_id": pair_id,
        "sender_id": sender_id,
        "recipient_id": ends.hi if sender_id == ends.lo else ends.lo,
        "sender_message_id": sender_message_id,
        "recipient_message_id": None,
        "kind": kind,
        "reply_to": reply_to,
        "created_at": now,
    }
    return Message(id=writing.insert(connection, messages, values), **values)


def by_id(connection: Connection, message_id: int) -> Message | None:
    """The message with this id of ours."""
    row = connection.execute(select(messages).where(messages.c.id == message_id)).mappings().one_or_none()
    return None if row is None else Message(**row)


def by_sender(connection: Connection, sender_id: int, message_id: int) -> Message | None:
    """The message that `sender_id` sent as Telegram message `message_id`; the newest where Telegram counted anew."""
    return _newest(connection, messages.c.sender_id == sender_id, messages.c.sender_message_id == message_id)


def by_recipient(connection: Connection, recipient_id: int, message_id: int) -> Message | None:
    """The message that arrived at `recipient_id` as Telegram message `message_id`."""
    return _newest(connection, messages.c.recipient_id == recipient_id, messages.c.recipient_message_id == message_id)


def set_delivered(connection: Connection, message_id: int, recipient_message_id: int) -> None:
    """Note as which Telegram message it arrived."""
    connection.execute(messages.update().where(messages.c.id == message_id).values(recipient_message_id=recipient_message_id))


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete messages from before `when` that wait for nothing; how many."""
    old = (
        select(messages.c.id)
        .where(messages.c.created_at < when)
        .where(~select(outbox.c.id).where(outbox.c.message_id == messages.c.id).exists())
    )
    ids = list(connection.scalars(old.limit(1000)))
    connection.execute(delete(messages).where(messages.c.id.in_(ids)))
    return len(ids)


def _newest(connection: Connection, *where: ColumnElement[bool]) -> Message | None:
    wanted = select(messages).where(*where).order_by(messages.c.id.desc()).limit(1)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else Message(**row)
