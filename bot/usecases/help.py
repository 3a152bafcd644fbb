"""/help, and what is said to what nobody understands."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import COMPAT, COUPLE, MENU
from bot.replies import Notice, Replies, Say, word
from db.records import Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/help: the commands, and what the bot does not claim."""
    ready = member.status in ("active", "paused")
    return [Say(word("help.text" if ready else "help.text_onboarding"), (*(MENU if ready else ()), (COMPAT, COUPLE)))]


def unknown(connection: Connection, context: Context, member: Member) -> Replies:
    """A message that fits nowhere."""
    return [Say(word("help.unknown"), MENU)]


def unknown_press(connection: Connection, context: Context, member: Member) -> Replies:
    """A button that is forged, or of an older version."""
    return [Notice(word("ask.passed"))]
