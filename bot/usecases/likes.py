"""Who likes the member: their cards, one at a time."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import DISCOVER
from bot.replies import Replies, Say, word
from bot.usecases import access, discover
from bot.usecases.discover import POOL
from db import likes, members
from db.records import Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/likes: the first of those who like the member and fit both sides' filters; the others are only counted."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    found = [candidate for candidate in members.candidates(connection, member, context.now, POOL) if candidate.liked_me]
    if found:
        first = discover.rank(connection, context, member, found)[0]
        return [discover.card(connection, context, member, first, said=word("likes.count", len(found)))]
    hidden = len(likes.received(connection, member.id))
    return [Say(word("likes.hidden", hidden) if hidden else word("likes.none"), ((DISCOVER,),))]
