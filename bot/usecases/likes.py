"""Who likes the member: their cards, one at a time."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import DISCOVER
from bot.replies import Replies, Say, word
from bot.usecases import access, discover, ranking
from db import likes, search
from db.records import Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/likes: the first of those who like the member and fit both sides' filters; the others are only counted."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    liking = likes.received(connection, member.id)
    found = ranking.rank(connection, context, member, search.verify(connection, member, liking, context.now))
    if found:
        return [discover.card(connection, context, member, found[0], where="likes", said=word("likes.count", len(found)))]
    return [Say(word("likes.hidden", len(liking)) if liking else word("likes.none"), ((DISCOVER,),))]
