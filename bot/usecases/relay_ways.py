"""The way of a message: to which chat it goes, whether it may, and what tells the partner from whom it is.

It goes to the chat of the message that it answers, else to the one that is open.  Where the last thing that the sender read came
from another chat, or a long time has passed, the bot says to whom it went and offers to take it back: the wrong person is the one
mistake in a chat that nobody forgives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.context import Context
from bot.incoming import Incoming
from bot.keyboards import button
from bot.render import keyboard
from bot.replies import Rows, Say, Word, word
from bot.usecases import access, chats, names, trust
from db import activity, members, messages, pairs, relays
from db.records import Member, Message, Pair
from db.routes import Route
from db.session import Connection

MINUTE: Final = dt.timedelta(minutes=1)
FRESH: Final = dt.timedelta(minutes=5)
"""For so long a message from another chat may be what the member believes to answer."""
PAUSE: Final = dt.timedelta(hours=12)
"""After so long nobody knows for sure which chat is open."""

PARTS_MAX: Final = 10
"""Of an album."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a message goes.

    Attributes:
        pair: the chat.
        partner: the other one there.
        answered: the relayed message to which it is the reply.
        route: what was read with the sender.
        astray: whether it is the reply to something that is no message of anybody's, as a word of the bot's, or none any more.

    """

    pair: Pair | None
    partner: Member | None
    answered: Message | None = None
    route: Route | None = None
    astray: bool = False


def find(connection: Connection, member: Member, incoming: Incoming, route: Route | None) -> Way:
    """The way of a message; nothing is read anew where `route` holds it."""
    if route is not None and incoming.reply_to is None:
        return Way(route.pair, route.partner, None, route)
    answered = answer(connection, member, incoming.reply_to)
    pair = chats.active(connection, member) if answered is None else pairs.by_id(connection, answered.pair_id)
    partner = None if pair is None else members.by_id(connection, pair.partner(member.id))
    return Way(pair, partner, answered, astray=answered is None and incoming.reply_to is not None)


def answer(connection: Connection, member: Member, message_id: int | None) -> Message | None:
    """The relayed message that is `message_id` in the member's chat: a copy that came to them, or one of their own."""
    if message_id is None:
        return None
    found = messages.by_recipient(connection, member.id, message_id) or messages.by_sender(connection, member.id, message_id)
    return None if found is None or found.kind == relays.HELD else found


def refusal(
    connection: Connection, context: Context, member: Member, partner: Member, pair: Pair, incoming: Incoming, way: Way
) -> Word | None:
    """The sentence that says why a message is not passed on; None where it is."""
    name = names.partner(pair, member.id)
    if not talks(partner):
        return word("relay.unreachable", name=name)
    if not _goes_on(connection, member, pair, incoming):
        if way.route is not None:
            earlier = way.route.nth_newest_at
        else:
            earlier = activity.nth_newest_at(connection, member.id, context.matching.message_rate)
        if earlier is not None and context.now - earlier < MINUTE:
            return word("relay.slower", name=name)
        if (hurried := trust.hurried(connection, context, member)) is not None:
            return hurried
    return trust.refusal(connection, context, member, pair, incoming.kind, links(incoming))


def _goes_on(connection: Connection, member: Member, pair: Pair, incoming: Incoming) -> bool:
    """Whether it is a further part of an album of which one went already: what is one thing to people does not arrive in halves."""
    if incoming.album is None:
        return False
    gone = [part for part in messages.of_album(connection, pair.id, incoming.album) if part.sender_id == member.id]
    return 0 < len(gone) < PARTS_MAX


def talks(partner: Member) -> bool:
    """Whether the partner can be written to now."""
    return partner.reachable and partner.status in access.TALKING


def links(incoming: Incoming) -> bool:
    """Whether the message leads out of the chat.

    >>> links(Incoming(1, "text", "hi")), links(Incoming(1, "text", "a.kr", [{"type": "url", "offset": 0, "length": 4}]))
    (False, True)
    """
    asked = [entity for name in ("description_entities", "explanation_entities") for entity in incoming.body.get(name) or ()]
    found = (*incoming.entities, *asked)
    return any(entity.get("type") in ("url", "text_link", "email", "phone_number", "mention") for entity in found)


def addresses(incoming: Incoming) -> Iterator[str]:
    """Where the links of a message lead: those that Telegram made of its words, and those that lie behind words.

    >>> behind = {"type": "text_link", "offset": 0, "length": 2, "url": "https://b.ai/x"}
    >>> list(addresses(Incoming(1, "text", "😀 a.dev", [{"type": "url", "offset": 3, "length": 5}, behind])))
    ['a.dev', 'https://b.ai/x']
    """
    units = incoming.text.encode("utf-16-le")  # Telegram counts in these
    for entity in incoming.entities:
        if entity.get("type") == "text_link":
            yield str(entity.get("url", ""))
        elif entity.get("type") == "url":
            start, length = int(entity.get("offset", 0)), int(entity.get("length", 0))
            yield units[2 * start : 2 * (start + length)].decode("utf-16-le", errors="ignore")


def tag(connection: Connection, context: Context, recipient: Member, pair: Pair, coming: int = 0) -> dict[str, Any]:
    """The button that names the speaker where the recipient is not in this chat, with how much is unread there.

    `coming` messages that are noted but not queued yet are unread too.
    """
    if recipient.active_pair_id == pair.id:
        return {}
    return {"reply_markup": keyboard(leads(connection, recipient, pair, coming), context.words, recipient.language)}


def leads(connection: Connection, recipient: Member, pair: Pair, coming: int = 0) -> Rows:
    """The button that leads into a chat."""
    unread = activity.unread(connection, recipient.id).get(pair.id, 0) + coming
    name = names.partner(pair, recipient.id)
    text = word("relay.from_unread", name=name, n=unread) if unread > 1 else word("relay.from", name=name)
    return ((button(text, "open", pair.id),),)


def went(connection: Connection, context: Context, member: Member, pair: Pair, message: Message, way: Way) -> list[Say]:
    """To whom it went, where the member may have meant somebody else; nothing otherwise."""
    if way.answered is not None:
        return []
    heard_pair, heard_at, said_at = _lately(connection, member, message, way)
    other = None
    if heard_pair not in (None, pair.id) and heard_at is not None and context.now - heard_at < FRESH:
        if said_at is not None and said_at >= heard_at and not way.astray:
            return []
        other = chats.mine(connection, member, heard_pair or 0)
    elif (not way.astray and (said_at is None or context.now - said_at < PAUSE)) or len(pairs.of_member(connection, member.id)) < 2:
        return []
    undo = (button("relay.undo", "unsend", message.id),)
    rows: Rows = (
        (undo,) if other is None else (undo, (button(word("relay.switch", name=names.partner(other, member.id)), "open", other.id),))
    )
    return [Say(word("relay.went", name=names.partner(pair, member.id)), rows)]


def _lately(
    connection: Connection, member: Member, message: Message, way: Way
) -> tuple[int | None, dt.datetime | None, dt.datetime | None]:
    """From which chat the newest message came to the member, when, and when the member wrote before this message."""
    if way.route is not None:
        return way.route.heard_pair, way.route.heard_at, way.route.said_at
    return relays.lately(connection, member.id, message.id)
