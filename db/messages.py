"""Relayed messages: which message of the sender arrived as which message at the recipient.

What was said is kept for some hours under the sender's key, only so that a report can show what happened (`content`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, or_, select

from db import sealing, writing
from db.errors import KeyGone, NotFound
from db.reaching import REACHES
from db.records import Message, Pair
from db.tables import messages, outbox, pairs

POLL = "poll:"
"""How `album` begins where it holds the poll as which a message arrived."""
PLAIN = [column for column in messages.c if column.name != "content"]


def add(
    connection: Connection,
    pair_id: int,
    sender_id: int,
    sender_message_id: int,
    kind: str,
    now: dt.datetime,
    reply_to: int | None = None,
    *,
    album: str | None = None,
    content: Mapping[str, Any] | None = None,
    pair: Pair | None = None,
) -> Message:
    """Note a message to be relayed; `reply_to` is the id here (not Telegram's) of the message that it answers.

    `content` is what was said, as JSON: kept sealed, until `forget_content`.  `pair` is the pair where it was read in this
    transaction already.

    Raises:
        NotFound: there is no such pair, or the sender is not one of the two.

    """
    ends: Any = pair or connection.execute(select(pairs.c.lo, pairs.c.hi).where(pairs.c.id == pair_id)).one_or_none()
    if ends is None or sender_id not in (ends.lo, ends.hi):
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
        "album": album,
        "deleted_at": None,
    }
    sealed = None if content is None else sealing.seal_json(connection, *place(pair_id, sender_id, sender_message_id), content)
    return Message(id=writing.insert(connection, messages, {**values, "content": sealed}), **values)


def content(connection: Connection, message_id: int) -> Any:
    """What was said in a message; None where that is not kept any more."""
    row = connection.execute(select(messages).where(messages.c.id == message_id)).mappings().one_or_none()
    return None if row is None else _said(connection, row)


def set_content(connection: Connection, message_id: int, said: Mapping[str, Any]) -> None:
    """Keep what was said anew, as after an edit."""
    row = connection.execute(select(*PLAIN).where(messages.c.id == message_id)).one_or_none()
    if row is not None:
        sealed = sealing.seal_json(connection, *place(row.pair_id, row.sender_id, row.sender_message_id), said)
        connection.execute(messages.update().where(messages.c.id == message_id).values(content=sealed))


def recent(
    connection: Connection, pair_id: int, since: dt.datetime, limit: int, *, heard: bool = False, sender_id: int | None = None
) -> list[tuple[Message, Any]]:
    """The last `limit` messages of a pair since then, oldest first, each with what was said where that is still kept.

    With `heard` only those that reach their recipient, with `sender_id` only that member's.
    """
    wanted = select(messages).where(messages.c.pair_id == pair_id, messages.c.created_at >= since).order_by(messages.c.id.desc())
    wanted = wanted.where(REACHES) if heard else wanted
    wanted = wanted if sender_id is None else wanted.where(messages.c.sender_id == sender_id)
    found = []
    for row in reversed(connection.execute(wanted.limit(limit)).mappings().all()):
        plain = {name: value for name, value in row.items() if name != "content"}
        found.append((Message(**plain), _said(connection, row)))
    return found


def forget_content(connection: Connection, when: dt.datetime, limit: int = 1000) -> int:
    """Wipe what was said before `when`; how many messages: call again until it is 0."""
    old = select(messages.c.id).where(messages.c.created_at < when, messages.c.content.is_not(None)).order_by(messages.c.created_at)
    ids = list(connection.scalars(old.limit(limit)))
    connection.execute(messages.update().where(messages.c.id.in_(ids)).values(content=None))
    return len(ids)


def set_deleted(connection: Connection, message_id: int, now: dt.datetime) -> bool:
    """Note that its sender took a message back; False where that was so already."""
    still = (messages.c.id == message_id, messages.c.deleted_at.is_(None))
    return connection.execute(messages.update().where(*still).values(deleted_at=now)).rowcount == 1


def deleted(connection: Connection, message_ids: Collection[int]) -> bool:
    """Whether their sender took all of these back; False of none."""
    still = select(messages.c.id).where(messages.c.id.in_(message_ids), messages.c.deleted_at.is_(None)).limit(1)
    return bool(message_ids) and connection.scalar(still) is None


def of_album(connection: Connection, pair_id: int, album: str) -> list[Message]:
    """The messages of an album, in their order."""
    wanted = select(*PLAIN).where(messages.c.pair_id == pair_id, messages.c.album == album).order_by(messages.c.id)
    return [Message(**row) for row in connection.execute(wanted).mappings()]


def by_id(connection: Connection, message_id: int) -> Message | None:
    """The message with this id of ours."""
    row = connection.execute(select(*PLAIN).where(messages.c.id == message_id)).mappings().one_or_none()
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


def set_delivered_parts(connection: Connection, message_ids: Sequence[int], recipient_message_ids: Sequence[int]) -> None:
    """Note as which Telegram messages the parts of an album arrived, in the same order."""
    for message_id, arrived in zip(message_ids, recipient_message_ids, strict=False):
        set_delivered(connection, message_id, arrived)


def set_poll(connection: Connection, message_id: int, poll_id: str) -> None:
    """Note as which poll of the bot's a message arrived: answers name the poll and nothing else."""
    connection.execute(messages.update().where(messages.c.id == message_id).values(album=f"{POLL}{poll_id}"))


def by_poll(connection: Connection, recipient_id: int, poll_id: str) -> Message | None:
    """The message that arrived at this member as this poll."""
    mine = select(pairs.c.id).where(or_(pairs.c.lo == recipient_id, pairs.c.hi == recipient_id))
    return _newest(
        connection, messages.c.pair_id.in_(mine), messages.c.album == f"{POLL}{poll_id}", messages.c.recipient_id == recipient_id
    )


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


def _said(connection: Connection, row: RowMapping) -> Any:
    """What was said in a whole row; None where that is not kept, or its key is gone."""
    if row["content"] is None:
        return None
    try:
        return sealing.unseal_json(connection, *place(row["pair_id"], row["sender_id"], row["sender_message_id"]), row["content"])
    except KeyGone:
        return None


def _newest(connection: Connection, *where: ColumnElement[bool]) -> Message | None:
    wanted = select(*PLAIN).where(*where).order_by(messages.c.id.desc()).limit(1)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else Message(**row)


def place(pair_id: int, sender_id: int, sender_message_id: int) -> tuple[str, str]:
    """Scope and place of what was said: known before the row has a number."""
    return sealing.member(sender_id), f"message:{pair_id}:{sender_message_id}"
