"""Who likes the member: their cards, one at a time."""

from __future__ import annotations

from collections.abc import Mapping

from bot.context import Context
from bot.keyboards import DISCOVER, SETTINGS
from bot.replies import Lines, Replies, Say, Word, word
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
    missed = search.count_missed(connection, member, liking, context.now)
    return [Say(_hidden(len(liking), missed), ((DISCOVER,), (SETTINGS,)))] if missed else [Say(word("likes.none"), ((DISCOVER,),))]


def _hidden(count: int, missed: Mapping[str, int]) -> Word:
    """That `count` people like the member, and how many of them each filter keeps apart; never which of them."""
    lines = [word("likes.apart", filter=word(f"discover.by.{name}", n=f"{missed[name]:,}")) for name in missed]
    own = [word("likes.change")] if any(name in missed for name in search.OWN) else []
    return word("likes.hidden", count, filters=Lines((*lines, *own)))
