"""Albums: parts that come one by one without an end mark, and go as one.

The first part makes a row of the outbox that waits a moment; each part that follows joins it there, in its own transaction.  A
part that comes when the row is on its way makes a row of its own, so nothing is lost and nothing is sent twice; both can wait at
the same time, as where the first is tried again, and what is done to a part is done to the row that carries it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from bot import outbox
from bot.context import Context
from bot.incoming import Incoming
from bot.outbox import Letter
from bot.replies import Replies, Say, word
from bot.usecases import names, relay_kinds, relay_ways
from db import messages, relays
from db.records import Member, Message, OutboxRow, Pair
from db.session import Connection

WAIT: Final = dt.timedelta(seconds=1)
"""How long the row waits for another part."""
LONGEST: Final = dt.timedelta(seconds=5)


def receive(
    connection: Connection, context: Context, member: Member, partner: Member, pair: Pair, incoming: Incoming, answered: Message | None
) -> tuple[Message | None, Replies]:
    """A part of an album; the message that it became, and what its sender is told."""
    made = relay_kinds.item(incoming)
    if isinstance(made, str):
        return None, [Say(word(made, name=names.partner(pair, member.id)))]
    part, masked = made
    earlier = messages.of_album(connection, pair.id, incoming.album or "")
    message = messages.add(
        connection,
        pair.id,
        member.id,
        incoming.message_id,
        incoming.kind,
        context.now,
        None if answered is None else answered.id,
        album=incoming.album,
        content=relay_kinds.said(incoming),
    )
    if not _joins(connection, context, earlier, message, part):
        _begin(connection, context, member, partner, pair, message, part, answered, incoming)
    return message, [Say(word("relay.masked"))] if masked else []


def whole(connection: Connection, message: Message) -> list[Message]:
    """All parts of the album of which a message is one; the message alone where it is of none."""
    if message.album is None or message.album.startswith(messages.POLL):
        return [message]
    return messages.of_album(connection, message.pair_id, message.album)


def carrier(connection: Connection, message: Message) -> OutboxRow | None:
    """The row that waits to carry a message, alone or among the parts of its album; None where none waits."""
    rows = relays.waiting_copies(connection, [part.id for part in whole(connection, message)])
    return next((row for row in rows if message.id in carried(row)), None)


def carried(row: OutboxRow) -> set[int]:
    """Our ids of the messages that a row carries."""
    number = () if row.message_id is None else (row.message_id,)
    return set(row.payload.get("parts") or number)


def change(connection: Connection, context: Context, row: OutboxRow, message: Message, part: dict[str, Any]) -> bool:
    """A part was edited while its album waits; False where it is on its way."""
    letter = Letter.read(row.method, row.payload)
    parts = [part if number == message.id else old for number, old in zip(letter.parts, _album(letter), strict=True)]
    return relays.rewrite(connection, row.id, row.method, replace(letter, prepare={"album": parts}).payload(), context.now)


def leave(connection: Connection, context: Context, row: OutboxRow, gone: set[int]) -> bool:
    """Messages were taken back while the row that carries them waits; False where it is on its way."""
    letter = Letter.read(row.method, row.payload)
    left = [(number, part) for number, part in zip(letter.parts, _album(letter), strict=True) if number not in gone]
    if not left:
        return relays.take_back(connection, row.id, context.now)
    smaller = replace(letter, prepare={"album": [part for _, part in left]}, parts=tuple(number for number, _ in left))
    return relays.rewrite(connection, row.id, row.method, smaller.payload(), context.now)


def _joins(connection: Connection, context: Context, earlier: list[Message], message: Message, part: dict[str, Any]) -> bool:
    rows = relays.waiting_copies(connection, [old.id for old in earlier]) if earlier else []
    if not rows:
        return False
    row = rows[0]
    letter = Letter.read(row.method, row.payload)
    if letter.method != "sendMediaGroup" or len(letter.parts) >= relay_ways.PARTS_MAX:
        return False
    longer = replace(letter, prepare={"album": [*_album(letter), part]}, parts=(*letter.parts, message.id))
    # Never sooner than the row would go: Telegram may have asked for a rest.
    until = max(row.not_before, min(context.now + WAIT, row.created_at + LONGEST))
    return relays.rewrite(connection, row.id, row.method, longer.payload(), context.now, until)


def _begin(
    connection: Connection,
    context: Context,
    member: Member,
    partner: Member,
    pair: Pair,
    message: Message,
    part: dict[str, Any],
    answered: Message | None,
    incoming: Incoming,
) -> None:
    body = {"protect_content": True} if member.protect else {}
    quote = None if answered is None else relay_kinds.quote(incoming)
    answers = None if answered is None else answered.id
    letter = Letter("sendMediaGroup", body, answers=answers, prepare={"album": [part]}, parts=(message.id,), quote=quote)
    outbox.relay(connection, context, message, letter, partner, context.now + WAIT)
    tell_from(connection, context, partner, pair, message.id)


def tell_from(connection: Connection, context: Context, partner: Member, pair: Pair, first: int, *, again: str = "") -> None:
    """Who sent an album, said behind it where the partner is in no chat with them: Telegram allows no buttons below albums.

    Args:
        connection: of the transaction in which the album was queued.
        context: the surroundings.
        partner: who gets it.
        pair: the chat.
        first: our id of its first part, without which nothing is said.
        again: tells this time from the first, where it was held up in between.

    """
    if partner.active_pair_id != pair.id:
        speaker = Say(word("relay.album_from", name=names.partner(pair, partner.id)), relay_ways.leads(connection, partner, pair))
        outbox.notify(connection, context, partner, speaker, f"from:{first}{again}", answers=first, below=True)


def _album(letter: Letter) -> list[dict[str, Any]]:
    return list((letter.prepare or {}).get("album", ()))
