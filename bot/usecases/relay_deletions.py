"""/del in reply to an own message: it goes on both sides.

Telegram tells bots nothing of what people delete, and lets bots delete for two days.  A reply to an album always points at one of
its parts, and people mean the album: it goes as a whole, and the sender is told so.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from bot import outbox
from bot.context import Context
from bot.outbox import Letter
from bot.replies import Clear, Notice, Replies, Say, word
from bot.usecases import names, relay_albums, relay_held, relay_ways
from db import members, messages, pairs, relays
from db.records import Member, Message
from db.session import Connection

LIMIT: Final = dt.timedelta(hours=48)


def delete(connection: Connection, context: Context, member: Member, reply_to: int | None) -> Replies:
    """/del."""
    if reply_to is None:
        return [Say(word("relay.del_how"))]
    if held := relay_held.take_back(connection, member, reply_to):
        for number in held:
            _call(connection, context, member, Letter("deleteMessage", {"message_id": number}), f"del:held:{number}")
        return [Say(word("relay.held_back"))]
    message = relay_ways.answer(connection, member, reply_to)
    if message is None:
        return [Say(word("relay.del_unknown"))]
    if message.sender_id != member.id:
        return [Say(word("relay.del_theirs"))]
    return _take_back(connection, context, member, message)


def undo(connection: Connection, context: Context, member: Member, message_id: int) -> Replies:
    """The button below "this went to …"."""
    message = messages.by_id(connection, message_id)
    if message is None or message.sender_id != member.id or message.kind == relays.HELD:
        return [Notice(word("relay.held_gone")), Clear()]
    return [*_take_back(connection, context, member, message), Clear()]


def _take_back(connection: Connection, context: Context, member: Member, message: Message) -> Replies:
    pair = pairs.by_id(connection, message.pair_id)
    partner = None if pair is None else members.by_id(connection, pair.partner(member.id))
    if pair is None or partner is None or not pair.open:
        return [Say(word("relay.del_over"))]
    own = [part for part in relay_albums.whole(connection, message) if part.sender_id == member.id]
    if all(part.deleted_at is not None for part in own):
        return [Say(word("relay.del_again"))]
    if context.now - message.created_at >= LIMIT:
        return [Say(word("relay.del_late"))]
    parts = [part for part in own if messages.set_deleted(connection, part.id, context.now)]
    _from_partner(connection, context, partner, parts, {part.id for part in own})
    for part in parts:
        _call(connection, context, member, Letter("deleteMessage", {"message_id": part.sender_message_id}), f"del:own:{part.id}")
    name = names.partner(pair, member.id)
    return [Say(word("relay.del_album", len(parts), name=name) if len(parts) > 1 else word("relay.del_done", name=name))]


def _from_partner(connection: Connection, context: Context, partner: Member, parts: list[Message], gone: set[int]) -> None:
    """Take back what waits; delete what arrived, or is arriving.  `gone` are these parts and those that were taken back before."""
    for row in relays.waiting_copies(connection, gone):
        if not relay_albums.leave(connection, context, row, gone):
            continue
        carried = relay_albums.carried(row)
        parts = [part for part in parts if part.id not in carried]
    for part in parts:
        _call(connection, context, partner, Letter("deleteMessage", {}, edits=part.id), f"del:{part.id}")


def _call(connection: Connection, context: Context, recipient: Member, letter: Letter, key: str) -> None:
    if recipient.reachable:
        outbox.post(connection, context, recipient, letter, key)
