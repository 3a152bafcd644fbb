"""A message of one member to the other of a pair: in, checked, noted and queued in one transaction.

To which chat a message goes: to that of the message it answers, else to the one that is open.  The recipient's copy is made by
the bot, so it names no sender; where it comes from another chat than the one that the recipient has open, a button under it
says from whom it is and leads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from bot import outbox
from bot.context import Context
from bot.keyboards import DISCOVER, LIKES, MATCHES, button
from bot.outbox import Letter
from bot.render import CAPTION_LIMIT, keyboard
from bot.replies import Button, Replies, Say, word
from bot.usecases import access, anonymity, chats, names
from bot.usecases.anonymity import Clean, Entity
from db import activity, members, messages, pairs
from db.records import Member, Message, Pair
from db.session import Connection

TEXT_LIMIT: Final = 4096
CAPTIONED: Final = frozenset({"photo", "video", "animation", "document", "audio", "voice"})
COPIED: Final = frozenset({"text", *CAPTIONED, "video_note", "sticker", "location"})
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that a member sent to the bot.

    Attributes:
        message_id: Telegram's, in the member's chat.
        kind: Telegram's name of the content (`text`, `photo`, `video_note`, …).
        text: the text or caption.
        entities: of the text or caption, as in the Bot API.
        reply_to: the message in the member's chat that it answers.
        username: the sender's, which must not reach the partner.
        mark: tells one edit of the message from another.

    """

    message_id: int
    kind: str
    text: str = ""
    entities: Sequence[Entity] = field(default=())
    reply_to: int | None = None
    username: str | None = None
    mark: str = ""


def in_chat(member: Member) -> bool:
    """Whether what the member writes goes to a partner: a chat is open and no question waits for an answer."""
    return member.active_pair_id is not None and not member.step and member.status in access.TALKING


def receive(connection: Connection, context: Context, member: Member, incoming: Incoming) -> Replies:
    """A message that is no command and answers no question: it goes to a partner, or the member learns how to go on."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    answered = _answered(connection, member, incoming)
    pair = chats.active(connection, member) if answered is None else pairs.by_id(connection, answered.pair_id)
    if pair is None:
        return nowhere(connection, member)
    name = names.partner(pair, member.id)
    partner = members.by_id(connection, pair.partner(member.id))
    if not pair.open or partner is None:
        return [Say(word("relay.over", name=name), ((MATCHES, DISCOVER),))]
    refusal = _refusal(connection, context, member, partner, incoming)
    if refusal is not None:
        return [Say(word(f"relay.{refusal}", name=name))]
    if pair.id != member.active_pair_id:
        activity.mark_read(connection, pair.id, member.id)
    return _pass_on(connection, context, member, partner, pair, incoming, answered)


def edited(connection: Connection, context: Context, member: Member, incoming: Incoming) -> Replies:
    """The member edited a message that was relayed: its copy follows; edits of other messages mean nothing."""
    message = messages.by_sender(connection, member.id, incoming.message_id)
    pair = None if message is None else pairs.by_id(connection, message.pair_id)
    partner = None if pair is None else members.by_id(connection, pair.partner(member.id))
    if message is None or pair is None or partner is None or not pair.open or member.status not in access.TALKING:
        return []
    if incoming.kind != "text" and incoming.kind not in CAPTIONED:
        return []
    body, masked = _edit(incoming)
    method = "editMessageText" if incoming.kind == "text" else "editMessageCaption"
    letter = Letter(method, {**body, **_tag(context, partner, pair)}, edits=message.id)
    if partner.reachable:
        outbox.correct(connection, context, message, letter, incoming.mark)
    return [Say(word("relay.masked"))] if masked else []


def nowhere(connection: Connection, member: Member) -> Replies:
    """No chat is open: how to go on."""
    opened = pairs.of_member(connection, member.id)[: chats.PAGE]
    if not opened:
        return [Say(word("relay.no_chat"), ((DISCOVER,), (LIKES,)))]
    entries: list[tuple[Button, ...]] = [
        (button(word("chats.entry", name=names.partner(pair, member.id)), "open", pair.id),) for pair in opened
    ]
    return [Say(word("relay.choose"), tuple(entries))]


def _answered(connection: Connection, member: Member, incoming: Incoming) -> Message | None:
    """The relayed message to which this one is the reply: a copy that the member got, or one of their own."""
    if incoming.reply_to is None:
        return None
    copy = messages.by_recipient(connection, member.id, incoming.reply_to)
    return copy or messages.by_sender(connection, member.id, incoming.reply_to)


def _refusal(connection: Connection, context: Context, member: Member, partner: Member, incoming: Incoming) -> str | None:
    """The end of the key of the sentence that says why a message is not passed on; None where it is."""
    if incoming.kind == "contact":
        return "contact"
    if incoming.kind not in COPIED:
        return "unsupported"
    if not partner.reachable or partner.status not in access.TALKING:
        return "unreachable"
    rate = context.matching.message_rate
    earlier = activity.nth_newest_at(connection, member.id, rate)
    if earlier is not None and context.now - earlier < MINUTE:
        return "slower"
    return None


def _pass_on(
    connection: Connection, context: Context, member: Member, partner: Member, pair: Pair, incoming: Incoming, answered: Message | None
) -> Replies:
    reply_to = None if answered is None else answered.id
    message = messages.add(connection, pair.id, member.id, incoming.message_id, incoming.kind, context.now, reply_to)
    cleaned = _cleaned(incoming)
    letter = _copy(member, incoming, cleaned)
    tagged = replace(letter, body={**letter.body, **_tag(context, partner, pair)}, answers=reply_to)
    outbox.relay(connection, context, message, tagged)
    return [Say(word("relay.masked"))] if cleaned.masked else []


def _cleaned(incoming: Incoming) -> Clean:
    cleaned = anonymity.clean(incoming.text, incoming.entities, incoming.username)
    return anonymity.shorten(cleaned, TEXT_LIMIT if incoming.kind == "text" else CAPTION_LIMIT) if cleaned.changed else cleaned


def _copy(member: Member, incoming: Incoming, cleaned: Clean) -> Letter:
    """A copy by Telegram itself where the text may stay as it is, else one with our text."""
    if cleaned.changed and incoming.kind == "text":
        return Letter("sendMessage", {"text": cleaned.text, "entities": list(cleaned.entities)})
    body: dict[str, Any] = {"from_chat_id": member.telegram_id, "message_id": incoming.message_id}
    if cleaned.changed:
        body |= {"caption": cleaned.text, "caption_entities": list(cleaned.entities)}
    return Letter("copyMessage", body)


def _edit(incoming: Incoming) -> tuple[dict[str, Any], bool]:
    """The fields of the edit, and whether the sender's name was hidden."""
    limit = TEXT_LIMIT if incoming.kind == "text" else CAPTION_LIMIT
    cleaned = anonymity.shorten(anonymity.clean(incoming.text, incoming.entities, incoming.username), limit)
    text, entities = ("text", "entities") if incoming.kind == "text" else ("caption", "caption_entities")
    return {text: cleaned.text, entities: list(cleaned.entities)}, cleaned.masked


def _tag(context: Context, recipient: Member, pair: Pair) -> dict[str, Any]:
    """The button that names the speaker where the recipient is not in this chat."""
    if recipient.active_pair_id == pair.id:
        return {}
    rows = ((button(word("relay.from", name=names.partner(pair, recipient.id)), "open", pair.id),),)
    return {"reply_markup": keyboard(rows, context.words, recipient.language)}
