"""A gentle word to whoever gets a message with signs of fraud: what was noticed, what to do; the message itself is never held up.

Only the receiver hears of it, once for each kind of sign and chat, and only at the beginning of a chat.  Whoever brought a matter up
themselves (asked for the number, gave their own) needs no advice about it; that is noted as `own:<kind>`.  Codes are the exception:
to speak of one that has just arrived is what the one who is being robbed does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot import outbox, scams
from bot.context import Context
from bot.keyboards import button
from bot.replies import Clear, Notice, Replies, Rows, Say, word
from bot.usecases import chats, names
from db import members, nudges
from db.records import Member, Message, Pair
from db.session import Connection

CONTACT: Final = frozenset({"link", "phone", "messenger"})
"""Kinds with which two people who trust each other begin to meet elsewhere."""
OWN: Final = "own:"


def look(
    connection: Connection,
    context: Context,
    message: Message,
    partner: Member,
    pair: Pair,
    text: str,
    shows: scams.Kind | None = None,
    addresses: Iterable[str] = (),
) -> None:
    """A message was queued for `partner`: advise them where it has signs of fraud.  Without signs, no statement is made.

    Args:
        connection: of the transaction in which the message was queued.
        context: the surroundings.
        message: as it was noted.
        partner: its receiver.
        pair: the chat.
        text: what the sender wrote, text or caption, before anything was masked.
        shows: what it is a sign of whatever its words are, as a card with somebody's number.
        addresses: where its links lead, also those that lie behind words.

    """
    first = context.care.nudge_messages
    if not first or (shows is None and context.beginnings.over(pair.id, message.id, first)):
        return
    found = {sign.kind for sign in scams.find(text)} if text else set()
    if shows is not None:
        found.add(shows)
    if any(scams.leads_out(address) for address in addresses):
        found.add("link")
    kinds = [kind for kind in scams.KINDS if kind in found]
    if not kinds or not nudges.among_first(connection, pair.id, message.id, first):
        return
    for kind in kinds:
        if kind != "code":
            nudges.give(connection, message.sender_id, pair.id, OWN + kind, context.now)
    known = nudges.of(connection, partner.id, pair.id)
    fresh = [kind for kind in kinds if kind not in known and OWN + kind not in known]
    told = next((kind for kind in fresh if kind not in CONTACT or not _both_verified(connection, message, partner)), None)
    if told is None or not nudges.give(connection, partner.id, pair.id, told, context.now):
        return
    said = Say(word(f"nudge.{told}", name=names.partner(pair, partner.id)), _buttons(pair, told))
    outbox.notify(connection, context, partner, said, f"nudge:{pair.id}:{told}", answers=message.id)


def fine(connection: Connection, context: Context, member: Member, pair_id: int, kind: str) -> Replies:
    """The receiver says that it is fine: of ways to reach each other nothing more is said in this chat."""
    pair = chats.mine(connection, member, pair_id)
    if pair is None or kind not in scams.KINDS:
        return [Notice(word("chats.over")), Clear()]
    if kind in CONTACT:
        for each in sorted(CONTACT):
            nudges.give(connection, member.id, pair.id, each, context.now)
    return [Notice(word("nudge.fine_kept")), Clear()]


def _both_verified(connection: Connection, message: Message, partner: Member) -> bool:
    if not partner.verified:
        return False
    sender = members.by_id(connection, message.sender_id)
    return sender is not None and sender.verified


def _buttons(pair: Pair, kind: str) -> Rows:
    return (
        (button("chats.report", "report_pair", pair.id), button("chats.block", "block", pair.id)),
        (button("nudge.fine", "nudge_fine", pair.id, kind),),
    )
