"""/help, and what is said to what nobody understands."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import APPEAL, COMPAT, COUPLE, MENU, PRIVACY
from bot.replies import Notice, Replies, Say, word
from bot.usecases import appeals, chats, freezing, names, onboarding, relay
from db.records import Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/help: the commands, and what the bot does not claim."""
    if member.status in freezing.OVER:
        # Who was turned away as too young has a button of their own under the sentence that says so.
        may = member.step != onboarding.UNDERAGE and not appeals.appealed(connection, member)
        return [Say(word("help.text_stopped"), (*(((APPEAL,),) if may else ()), (PRIVACY,)))]
    ready = member.status in ("active", "paused")
    return [Say(word("help.text" if ready else "help.text_onboarding"), (*(MENU if ready else ()), (COMPAT, COUPLE)))]


def unknown(connection: Connection, context: Context, member: Member, message_id: int | None = None) -> Replies:
    """A message that fits nowhere; within a chat it was perhaps meant for the partner, so what became of it is said below it."""
    pair = chats.active(connection, member) if relay.in_chat(member) else None
    said = word("help.unknown") if pair is None else word("relay.no_command", name=names.partner(pair, member.id))
    return [Say(said, MENU, answers=message_id)]


def unknown_press(connection: Connection, context: Context, member: Member) -> Replies:
    """A button that is forged, or of an older version."""
    return [Notice(word("ask.passed"))]
