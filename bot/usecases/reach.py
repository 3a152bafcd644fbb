"""Who can be reached, and what is said where a message did not get through: neutral, never why."""

from __future__ import annotations

from bot import outbox as letters
from bot.context import Context
from bot.keyboards import MATCHES
from bot.replies import Say, word
from bot.usecases import names
from db import members, messages, outbox, pairs
from db.records import Member, OutboxRow
from db.session import Connection


def lost(connection: Connection, context: Context, member: Member) -> None:
    """Note that a member blocked the bot or is gone: nothing more is sent to them, and those who talk with them learn that they wait."""
    outbox.dead_lane(connection, member.telegram_id, "unreachable", context.now)
    if not member.reachable:
        return
    members.update(connection, member.id, context.now, reachable=False)
    for pair in pairs.of_member(connection, member.id):
        partner = members.by_id(connection, pair.partner(member.id))
        if partner is not None:
            told = Say(word("relay.unreachable", name=names.partner(pair, partner.id)), ((MATCHES,),))
            letters.notify(connection, context, partner, told, f"unreachable:{pair.id}:{context.now.isoformat()}")


def refused(connection: Connection, context: Context, row: OutboxRow, *, gone: bool) -> None:
    """A row of the outbox was given up; `gone` where its chat is lost altogether."""
    recipient = None if row.member_id is None else members.by_id(connection, row.member_id)
    if gone:
        if recipient is not None:
            lost(connection, context, recipient)
        return
    message = None if row.message_id is None else messages.by_id(connection, row.message_id)
    sender = None if message is None else members.by_id(connection, message.sender_id)
    pair = None if message is None else pairs.by_id(connection, message.pair_id)
    if message is None or sender is None or pair is None:
        return
    told = Say(word("relay.undelivered", name=names.partner(pair, sender.id)))
    letters.notify(connection, context, sender, told, f"undelivered:{message.id}", answers=message.id)
