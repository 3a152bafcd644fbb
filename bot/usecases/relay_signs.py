"""Signs instead of words: reactions, both ways, and what a partner chose in a poll.

A bot can set one reaction, and none of a member's own making (custom emoji): of several the first ordinary one goes over, and
where there is none the other side sees none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import outbox
from bot.context import Context
from bot.outbox import Letter
from bot.replies import Lines, Replies, Say, word
from bot.usecases import access, names, relay_ways
from db import members, messages, pairs, relays
from db.records import Member, Message, Pair
from db.session import Connection


def reacted(
    connection: Connection, context: Context, member: Member, message_id: int, reactions: Sequence[Mapping[str, Any]], mark: str
) -> Replies:
    """The member set, changed or took back a reaction: the same on the other side's copy."""
    message = relay_ways.answer(connection, member, message_id)
    partner = _other(connection, member, message)
    if message is None or partner is None or message.deleted_at is not None:
        return []
    emoji = next((str(reaction["emoji"]) for reaction in reactions if reaction.get("type") == "emoji" and reaction.get("emoji")), None)
    letter = Letter("setMessageReaction", {"reaction": [] if emoji is None else [{"type": "emoji", "emoji": emoji}]}, edits=message.id)
    prefix = f"react:{message.id}:"
    waiting = relays.waiting_change(connection, partner.telegram_id, prefix)
    if waiting is None or not relays.rewrite(connection, waiting.id, letter.method, letter.payload(), context.now):
        outbox.post(connection, context, partner, letter, f"{prefix}{mark}")
    return []


def voted(connection: Connection, context: Context, member: Member, poll_id: str, chosen: Sequence[int], mark: str) -> Replies:
    """The member chose in a poll: whoever asked is told what, as an answer to the poll."""
    message = messages.by_poll(connection, member.id, poll_id)
    sender = _other(connection, member, message)
    pair = None if message is None else pairs.by_id(connection, message.pair_id)
    if message is None or sender is None or pair is None:
        return []
    name = names.partner(pair, sender.id)
    options = list((messages.content(connection, message.id) or {}).get("options") or ())
    if not chosen:
        told = word("relay.vote_back", name=name)
    elif all(0 <= place < len(options) for place in chosen):
        told = word("relay.voted", name=name, choice=Lines(tuple(str(options[place]) for place in chosen)))
    else:
        # What was asked is not kept any more, or was kept as lines of which nobody knows which are options: numbers are true.
        told = word("relay.voted", name=name, choice=", ".join(f"№ {place + 1}" for place in chosen))
    outbox.notify(connection, context, sender, Say(told), f"vote:{message.id}:{mark}", answers=message.id)
    return []


def _other(connection: Connection, member: Member, message: Message | None) -> Member | None:
    """The other of the two, where both may still talk."""
    pair: Pair | None = None if message is None else pairs.by_id(connection, message.pair_id)
    if pair is None or not pair.open or member.status not in access.TALKING:
        return None
    partner = members.by_id(connection, pair.partner(member.id))
    return partner if partner is not None and relay_ways.talks(partner) else None
