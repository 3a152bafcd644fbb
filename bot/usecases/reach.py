"""Who is here and can be reached, and what is said where a message did not get through: neutral, never why."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import outbox as letters
from bot.context import Context
from bot.keyboards import MATCHES
from bot.replies import Say, word
from bot.usecases import names
from db import members, messages, outbox, pairs
from db.records import Member, OutboxRow
from db.session import Connection

FRESH: Final = timedelta(minutes=1)
"""For which it need not be noted again that somebody is here."""
CHANGES: Final = {
    "editMessageText": "relay.edit_undelivered",
    "editMessageCaption": "relay.edit_undelivered",
    "editMessageMedia": "relay.edit_undelivered",
    "deleteMessage": "relay.del_undelivered",
}
"""What is said where a change of a copy was refused, by its call; reactions and moving places are not worth a word."""


def here(connection: Connection, context: Context, member: Member) -> Member:
    """Note that a member is here, and can be reached, if that is news."""
    if not member.reachable:
        return members.update(connection, member.id, context.now, reachable=True, last_active_at=context.now)
    if context.now - member.last_active_at > FRESH:
        members.touch(connection, member.id, context.now)
    return member


def lost(connection: Connection, context: Context, member: Member, row: OutboxRow | None = None) -> None:
    """Note that a member blocked the bot or is gone: nothing more is sent to them, and those who talk with them learn that they wait.

    They also learn how many of their messages never arrived.  The conversation ends for both: nobody writes into it unheard.  The
    match stays, so that whoever comes back finds it again.  `row` is what showed it.
    """
    waited = outbox.waiting_from(connection, member.telegram_id, None if row is None else row.id)
    outbox.dead_lane(connection, member.telegram_id, "unreachable", context.now)
    if not member.reachable:
        return
    members.update(connection, member.id, context.now, reachable=False)
    for pair in pairs.of_member(connection, member.id):
        pairs.leave(connection, pair.id)
        partner = members.by_id(connection, pair.partner(member.id))
        if partner is not None:
            name, lost_ones = names.partner(pair, partner.id), waited.get(partner.id, 0)
            said = word("relay.unreachable_lost", lost_ones, name=name) if lost_ones else word("relay.unreachable", name=name)
            told = Say(said, ((MATCHES,),))
            letters.notify(connection, context, partner, told, f"unreachable:{pair.id}:{context.now.isoformat()}")


def refused(
    connection: Connection, context: Context, row: OutboxRow, *, gone: bool, why: str | None = None, said: str | None = None
) -> None:
    """A row of the outbox was given up; `gone` where its chat is lost altogether.

    The sender of a relayed message learns it, and whoever changed or took one back; `why` is the key of the sentence where it is the
    product that does not pass it on, `said` what the Bot API answered.
    """
    recipient = None if row.member_id is None else members.by_id(connection, row.member_id)
    if gone:
        if recipient is not None:
            lost(connection, context, recipient, row)
        return
    if row.message_id is None:
        _unchanged(connection, context, row, why, said or "")
        return
    _told(connection, context, row.message_id, why or "relay.undelivered", f"undelivered:{row.message_id}")


def _unchanged(connection: Connection, context: Context, row: OutboxRow, why: str | None, said: str) -> None:
    """An edit or a deletion of a copy did not happen: whoever wrote it believes that it did, and may have had a reason for it.

    Not where the copy is gone: the partner took it out of their own chat, and that is nobody else's affair.
    """
    key = CHANGES.get(row.method)
    edits = letters.Letter.read(row.method, row.payload).edits
    if key is None or edits is None or "not found" in said.lower():
        return
    _told(connection, context, edits, why or key, f"unchanged:{row.id}", whose=row.member_id)


def _told(connection: Connection, context: Context, message_id: int, sentence: str, key: str, whose: int | None = None) -> None:
    """Tell the sender of a message what became of it, in answer to it; not where the copy is the sender's own (`whose`)."""
    message = messages.by_id(connection, message_id)
    sender = None if message is None else members.by_id(connection, message.sender_id)
    pair = None if message is None else pairs.by_id(connection, message.pair_id)
    if message is None or sender is None or pair is None or sender.id == whose:
        return
    told = Say(word(sentence, name=names.partner(pair, sender.id)))
    letters.notify(connection, context, sender, told, key, answers=message.id)
