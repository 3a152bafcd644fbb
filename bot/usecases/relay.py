"""A message of one member to the other of a pair: in, checked, noted and queued in one transaction.

To which chat a message goes: to that of the message it answers, else to the one that is open.  The recipient's copy is made by
the bot, so it names no sender; where it comes from another chat than the one that the recipient has open, a button under it
says from whom it is and leads there.

```
relay ── relay_ways      to whom, whether, and the word where it may be the wrong person
      ├─ relay_kinds     which call gives the partner a copy of this kind
      ├─ relay_albums    parts that come one by one and go as one
      ├─ relay_held      contacts, and files that cannot be made neutral: only when the sender says so once more
      relay_edits, relay_deletions, relay_signs   what follows a message: edits, /del, reactions and votes
```
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot import outbox
from bot.context import Context
from bot.incoming import Incoming
from bot.keyboards import DISCOVER, LIKES, MATCHES
from bot.replies import Replies, Say, word
from bot.usecases import access, chats, freezing, names, nudges, relay_albums, relay_edits, relay_held, relay_kinds, relay_ways
from bot.usecases.relay_ways import Way
from db import activity, messages
from db.records import Member, Message, Pair
from db.routes import Route
from db.session import Connection

__all__ = ["Incoming", "edited", "in_chat", "nowhere", "receive"]
ALBUM_MAX: Final = 64
"""Characters of what the parts of an album share that count; Telegram writes some twenty digits."""


def in_chat(member: Member) -> bool:
    """Whether what the member writes goes to a partner: a chat is open and no question waits for an answer."""
    return member.active_pair_id is not None and not member.step and member.status in access.TALKING


def receive(connection: Connection, context: Context, member: Member, incoming: Incoming, route: Route | None = None) -> Replies:
    """A message that is no command and answers no question: it goes to a partner, or the member learns how to go on.

    With `route`, which is read for many senders at once, a plain message needs no look into the database.  What the member is told
    answers the message: of many that came together they see which one is meant.
    """
    return _once(connection, context, member, incoming, _about(incoming, _receive(connection, context, member, incoming, route)))


def edited(connection: Connection, context: Context, member: Member, incoming: Incoming) -> Replies:
    """An edit of a message: `relay_edits.edited`; what the member is told answers the message."""
    return _about(incoming, relay_edits.edited(connection, context, member, incoming))


def _once(connection: Connection, context: Context, member: Member, incoming: Incoming, replies: Replies) -> Replies:
    """Of an album the same thing is said once, below the first part that it is about; its parts come one by one."""
    if incoming.album is None:
        return replies
    for reply in replies:
        if isinstance(reply, Say) and not reply.edit:
            outbox.notify(connection, context, member, reply, f"album:{incoming.album[:ALBUM_MAX]}:{reply.word.key}")
    return [reply for reply in replies if not isinstance(reply, Say) or reply.edit]


def _about(incoming: Incoming, replies: Replies) -> Replies:
    return [replace(reply, answers=incoming.message_id) if isinstance(reply, Say) and not reply.edit else reply for reply in replies]


def _receive(connection: Connection, context: Context, member: Member, incoming: Incoming, route: Route | None) -> Replies:
    if incoming.kind == "service":
        return []
    stopped = access.stop_talking(connection, context, member)
    said = incoming.text or relay_kinds.words(incoming)
    stopped = stopped or freezing.heard(connection, context, member, said)
    if stopped:
        return stopped
    way = relay_ways.find(connection, member, incoming, route)
    pair, partner = way.pair, way.partner
    if pair is None:
        return nowhere(connection, member)
    if not pair.open or partner is None:
        return [Say(word("relay.over", name=names.partner(pair, member.id)), ((MATCHES, DISCOVER),))]
    refusal = relay_ways.refusal(connection, context, member, partner, pair, incoming, way)
    if refusal is not None:
        return [Say(refusal)]
    if pair.id != member.active_pair_id:
        activity.mark_read(connection, pair.id, member.id)
    message, replies = _pass_on(connection, context, member, partner, pair, incoming, way)
    if message is None:
        return replies
    nudges.look(connection, context, message, partner, pair, relay_kinds.legible(incoming), addresses=relay_ways.addresses(incoming))
    return [*replies, *relay_ways.went(connection, context, member, pair, message, way)]


def nowhere(connection: Connection, member: Member) -> Replies:
    """No chat is open: how to go on."""
    entries = chats.entries(connection, member)
    return [Say(word("relay.choose"), entries) if entries else Say(word("relay.no_chat"), ((DISCOVER,), (LIKES,)))]


def _pass_on(
    connection: Connection, context: Context, member: Member, partner: Member, pair: Pair, incoming: Incoming, way: Way
) -> tuple[Message | None, Replies]:
    """Queue the copy; the message that goes (None where nothing does, or not yet), and what the sender is told."""
    if incoming.album is not None and incoming.kind in relay_kinds.GROUPED:
        return relay_albums.receive(connection, context, member, partner, pair, incoming, way.answered)
    draft = relay_kinds.draft(member, incoming)
    if isinstance(draft, str):
        return None, [Say(word(draft, name=names.partner(pair, member.id)))]
    answers = None if way.answered is None else way.answered.id
    letter = replace(draft.letter, answers=answers, quote=None if answers is None else relay_kinds.quote(incoming))
    if incoming.kind in relay_kinds.HELD:
        return None, relay_held.hold(connection, context, member, pair, incoming, letter)
    said = relay_kinds.said(incoming)
    message = messages.add(
        connection, pair.id, member.id, incoming.message_id, incoming.kind, context.now, answers, content=said, pair=pair
    )
    letter.body.update(relay_ways.tag(connection, context, partner, pair, coming=1))
    outbox.relay(connection, context, message, letter, partner)
    return message, [Say(word(key)) for key in draft.told]
