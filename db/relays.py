"""Rows of the outbox that carry what one member sends another, while they wait: changed in place, or taken back.

A row that a sender holds (leased) is out of reach: what comes too late for it follows as a row of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, or_, select

from db import outbox as queue
from db.records import OutboxRow
from db.tables import messages, outbox
from db.waiting import WAITS, given_up

HELD: Final = "held"
"""The kind of a message that waits for its sender to say that it may go."""


def waiting_copies(connection: Connection, message_ids: Collection[int]) -> list[OutboxRow]:
    """The rows that wait to carry these messages, newest first.

    The parts of an album are in one row, that of the first of them; those that came when it was on its way are in another one.
    """
    wanted = select(outbox).where(outbox.c.message_id.in_(message_ids), WAITS).order_by(outbox.c.id.desc())
    return queue.opened(connection, [OutboxRow(**row) for row in connection.execute(wanted).mappings()])


def waiting_change(connection: Connection, telegram_id: int, prefix: str) -> OutboxRow | None:
    """The newest row for this chat that waits and whose key begins with `prefix`."""
    where = (outbox.c.telegram_id == telegram_id, WAITS, outbox.c.dedup_key.startswith(prefix, autoescape=True))
    row = connection.execute(select(outbox).where(*where).order_by(outbox.c.seq.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else queue.opened(connection, [OutboxRow(**row)])[0]


def rewrite(
    connection: Connection,
    row_id: int,
    method: str,
    payload: Mapping[str, Any],
    now: dt.datetime,
    not_before: dt.datetime | None = None,
) -> bool:
    """Let a row carry something else, sealed as it was before; False where it is sent, or being sent."""
    found = connection.execute(select(outbox).where(outbox.c.id == row_id)).mappings().one_or_none()
    if found is None:
        return False
    row = OutboxRow(**found)
    values: dict[str, Any] = {
        "method": method,
        "payload": queue.close(connection, queue.place_of(row), payload, row.payload.get(queue.WRITER)),
    }
    if not_before is not None:
        values["not_before"] = not_before
    return connection.execute(outbox.update().where(outbox.c.id == row_id, *_free(now)).values(**values)).rowcount == 1


def take_back(connection: Connection, row_id: int, now: dt.datetime) -> bool:
    """See that a row is never sent; False where it is sent, or being sent."""
    return connection.execute(outbox.update().where(outbox.c.id == row_id, *_free(now)).values(**given_up("taken back", now))).rowcount == 1


def take_back_changes(connection: Connection, telegram_id: int, prefix: str, now: dt.datetime) -> int:
    """See that no change is sent that waits for this chat and whose key begins with `prefix`, save one being sent; how many."""
    where = (outbox.c.telegram_id == telegram_id, outbox.c.dedup_key.startswith(prefix, autoescape=True), *_free(now))
    return connection.execute(outbox.update().where(*where).values(**given_up("taken back", now))).rowcount


def hold(connection: Connection, message_ids: Collection[int]) -> None:
    """Messages that one letter brings wait for their sender's word."""
    connection.execute(messages.update().where(messages.c.id.in_(message_ids)).values(kind=HELD))


def let_go(connection: Connection, message_id: int, sender_id: int, kind: str) -> bool:
    """The word was given: the message is of its own kind again; False where it did not wait, or is another's."""
    where = (messages.c.id == message_id, messages.c.sender_id == sender_id, messages.c.kind == HELD)
    return connection.execute(messages.update().where(*where).values(kind=kind)).rowcount == 1


def drop(connection: Connection, message_ids: Collection[int], sender_id: int) -> bool:
    """Messages that wait for their sender's word are not to go; False where none waited, or they are another's."""
    where = (messages.c.id.in_(message_ids), messages.c.sender_id == sender_id, messages.c.kind == HELD)
    own = list(connection.scalars(select(messages.c.id).where(*where)))
    connection.execute(outbox.update().where(outbox.c.message_id.in_(own)).values(message_id=None))
    return connection.execute(messages.delete().where(messages.c.id.in_(own))).rowcount > 0


def lately(connection: Connection, member_id: int, before: int) -> tuple[int | None, dt.datetime | None, dt.datetime | None]:
    """The pair and the time of the newest message that arrived at a member, and when they wrote last before message `before`."""
    heard = select(messages.c.pair_id, messages.c.created_at).where(
        messages.c.recipient_id == member_id, messages.c.recipient_message_id.is_not(None)
    )
    newest = connection.execute(heard.order_by(messages.c.recipient_message_id.desc()).limit(1)).one_or_none()
    said = select(messages.c.created_at).where(messages.c.sender_id == member_id, messages.c.id < before)
    said_at: dt.datetime | None = connection.scalar(said.order_by(messages.c.sender_message_id.desc()).limit(1))
    return (None, None, said_at) if newest is None else (newest.pair_id, newest.created_at, said_at)


def _free(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Of rows that wait and that no sender holds."""
    return (WAITS, or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now))
