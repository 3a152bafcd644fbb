"""What goes only when its sender says so once more: contacts, and files of which the bot cannot take out whose they are.

A held message is a row of the kind `held` whose letter lies sealed in its content; of an album every part is of that kind, and the
first has the letter.  The button names it by its number, and the sender, the chat and the state are looked at again when it is
pressed, so that it goes once, and to nobody else.
"""

from __future__ import annotations

from typing import Any, Final

from bot import outbox
from bot.context import Context
from bot.incoming import Incoming
from bot.keyboards import button
from bot.outbox import Letter
from bot.replies import Clear, Notice, Replies, Rows, Say, word
from bot.usecases import access, chats, names, nudges, relay_albums, relay_kinds, relay_ways
from db import members, messages, pairs, relays
from db.records import Member, Message, OutboxRow, Pair
from db.session import Connection

UNSURE: Final = "relay.unsure_ask"


def hold(connection: Connection, context: Context, member: Member, pair: Pair, incoming: Incoming, letter: Letter) -> Replies:
    """A contact: what it would show, to whom, and the button that lets it go."""
    said = {**relay_kinds.said(incoming), "letter": {"method": letter.method, **letter.payload()}}
    message = messages.add(connection, pair.id, member.id, incoming.message_id, relays.HELD, context.now, letter.answers, content=said)
    card = incoming.body
    person = " ".join(str(card[name]) for name in ("first_name", "last_name") if card.get(name))
    name = names.partner(pair, member.id)
    return [Say(word("relay.contact_ask", name=name, person=person, phone=str(card.get("phone_number", ""))), _choice(message.id))]


def ask(connection: Connection, context: Context, row: OutboxRow) -> None:
    """A file could not be made neutral: it stays here, and its sender is asked.  Called where the row was given up."""
    letter = Letter.read(row.method, row.payload)
    number = row.message_id if letter.edits is None else letter.edits
    message = None if number is None else messages.by_id(connection, number)
    sender = None if message is None else members.by_id(connection, message.sender_id)
    pair = None if message is None else pairs.by_id(connection, message.pair_id)
    if message is None or sender is None or pair is None or not pair.open or message.deleted_at is not None:
        return
    name = names.partner(pair, sender.id)
    if letter.edits is not None:
        # The copy stands as it was: only what was sent first can wait for a word.
        outbox.notify(connection, context, sender, Say(word("relay.unsure_edit", name=name)), f"unsure:{row.id}", answers=message.id)
        return
    parts = letter.parts or (message.id,)
    if any(relays.waiting_change(connection, row.telegram_id, outbox.changes_of(part)) for part in parts):
        # It was edited while it was looked at, so the row holds what it said before.
        for part in parts:  # nothing follows them any more: no edit, no /del, no word for them
            messages.set_deleted(connection, part, context.now)
        outbox.notify(connection, context, sender, Say(word("relay.held_changed", name=name)), f"held:{message.id}", answers=message.id)
        return
    said: dict[str, Any] = messages.content(connection, message.id) or {"kind": message.kind, "text": ""}
    messages.set_content(connection, message.id, {**said, "letter": {"method": row.method, **row.payload}})
    relays.hold(connection, {message.id, *parts})
    outbox.notify(connection, context, sender, Say(word(UNSURE, name=name), _choice(message.id)), f"held:{message.id}", answers=message.id)


def let_go(connection: Connection, context: Context, member: Member, message_id: int) -> Replies:
    """The sender says that it may go."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    message = messages.by_id(connection, message_id)
    said = messages.content(connection, message_id) if _waits(message, member) else None
    if message is None or said is None or "letter" not in said:
        return [Notice(word("relay.held_gone"), alert=True), Clear()]
    pair = chats.mine(connection, member, message.pair_id)
    partner = None if pair is None else members.by_id(connection, pair.partner(member.id))
    if pair is None or partner is None:
        return [Notice(word("chats.over")), Clear()]
    name = names.partner(pair, member.id)
    if not relay_ways.talks(partner):
        return [Notice(word("relay.unreachable_short", name=name), alert=True)]
    if not relays.let_go(connection, message.id, member.id, said["kind"]):
        return [Notice(word("relay.held_gone")), Clear()]
    waiting = said.pop("letter")
    letter = Letter.read(waiting.pop("method"), waiting)
    for part in set(letter.parts) - {message.id}:
        relays.let_go(connection, part, member.id, (messages.content(connection, part) or said)["kind"])
    if letter.prepare is not None:
        letter.prepare["anyway"] = True
    elif letter.method != "sendMediaGroup":
        letter.body.update(relay_ways.tag(connection, context, partner, pair, coming=1))
    messages.set_content(connection, message.id, said)
    outbox.post(connection, context, partner, letter, f"relay:{message.id}:held", message)
    if letter.method == "sendMediaGroup":
        relay_albums.tell_from(connection, context, partner, pair, message.id, again=":held")
    if said["kind"] in relay_kinds.HELD:
        # Of a file the words were looked at when it came; of a card nobody has heard before it goes.
        nudges.look(connection, context, message, partner, pair, said["text"], "phone")
    return [Say(word("relay.held_sent", name=name), edit=True)]


def hold_back(connection: Connection, context: Context, member: Member, message_id: int) -> Replies:
    """The sender says that it stays here."""
    message = messages.by_id(connection, message_id)
    if message is None or not _waits(message, member) or not relays.drop(connection, _carried(connection, message), member.id):
        return [Notice(word("relay.held_gone")), Clear()]
    return [Say(word("relay.held_back"), edit=True)]


def take_back(connection: Connection, member: Member, message_id: int) -> list[int]:
    """/del in reply to what waits: it stays here.  Telegram's numbers of it in the member's chat; none where nothing waits."""
    message = messages.by_sender(connection, member.id, message_id)
    held = None if message is None or not _waits(message, member) else _whole(connection, message)
    if held is None:
        return []
    carried = _carried(connection, held)
    own = [part.sender_message_id for part in (messages.by_id(connection, number) for number in carried) if part is not None]
    relays.drop(connection, carried, member.id)
    return sorted(own)


def changed(connection: Connection, member: Member, pair: Pair, message: Message) -> Replies:
    """What waits was edited: the letter holds what it said before, of which its sender was warned, so it goes no more."""
    held = _whole(connection, message) if message.kind == relays.HELD else None
    if held is None:
        return []
    relays.drop(connection, _carried(connection, held), member.id)
    return [Say(word("relay.held_changed", name=names.partner(pair, member.id)))]


def _whole(connection: Connection, message: Message) -> Message | None:
    """Of a held message the one that has the letter: itself, or another part of its album."""
    parts = relay_albums.whole(connection, message)
    return next((part for part in parts if part.kind == relays.HELD and message.id in _carried(connection, part)), None)


def _carried(connection: Connection, held: Message) -> tuple[int, ...]:
    """The messages that the letter of a held one would bring."""
    said = messages.content(connection, held.id) or {}
    return (held.id, *said.get("letter", {}).get("parts", ()))


def _waits(message: Message | None, member: Member) -> bool:
    return message is not None and message.sender_id == member.id and message.kind == relays.HELD and message.deleted_at is None


def _choice(message_id: int) -> Rows:
    return ((button("relay.held_yes", "let_go", message_id), button("relay.held_no", "hold_back", message_id)),)
