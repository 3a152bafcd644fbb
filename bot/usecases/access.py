"""Who may meet and talk now; everybody else gets a sentence that says what to do."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import APPEAL, RESUME
from bot.replies import Replies, Say, word
from bot.usecases import onboarding
from db.records import Member
from db.session import Connection

TALKING = frozenset({"active", "paused"})


def stop_meeting(connection: Connection, context: Context, member: Member) -> Replies:
    """What is said to a member who cannot meet others now; nothing for those who can."""
    if member.status == "paused":
        return [Say(word("access.paused"), ((RESUME,),))]
    if member.status == "active" and member.hidden_at is not None:
        return [Say(word("access.hidden"))]
    return stop_talking(connection, context, member)


def stop_talking(connection: Connection, context: Context, member: Member) -> Replies:
    """What is said to a member who cannot talk with matches now; whoever paused, or is hidden, still can."""
    if member.status in TALKING:
        return []
    if member.status in ("onboarding", "review"):
        return onboarding.remind(connection, context, member)
    return [Say(word("access.frozen" if member.status == "frozen" else "access.banned"), ((APPEAL,),))]
