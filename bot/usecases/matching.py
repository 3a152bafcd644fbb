"""What types and likes lead to: the couples that types are judged by, the quiet hint that someone likes you, the news of a match."""

from __future__ import annotations

from datetime import timedelta

from bot import outbox
from bot.context import Context
from bot.keyboards import button
from bot.replies import Reply, Say, Shown, word
from bot.usecases import names, presenting
from db import activity, affinities, likes, members, photos
from db import types as type_queries
from db.records import Member, Pair
from db.session import Connection
from engine.affinity import CoupleCounts

SEE_WHO = button("likes.see_who", "likes")
AWAY = timedelta(days=1)
"""Who was not here for so long may be told again though an earlier hint is unanswered, once a day."""


def type_ids(connection: Connection, member: Member) -> list[str]:
    """The ids of a member's types."""
    return sorted(given.type_id for given in type_queries.of_member(connection, member.id).values())


def couples(connection: Connection, context: Context) -> CoupleCounts | None:
    """How many couples had which two of the types in use; None where none did, so that the stated prior takes over.

    Read anew for every use: a few hundred rows at most, and a couple that withdrew counts no longer from that moment on.
    """
    found = affinities.counts(connection, context.pack.version)
    return CoupleCounts.of(found) if found else None


def tell_liked(connection: Connection, context: Context, liked: Member) -> None:
    """Hint to a member that someone likes them; not again while earlier likes wait to be looked at."""
    waiting = likes.received(connection, liked.id, limit=2)
    if not waiting:
        return
    if len(waiting) > 1 and context.now - liked.last_active_at < AWAY:
        return
    key = f"liked:{waiting[0]}" if len(waiting) == 1 else f"liked:{context.now:%Y-%m-%d}"
    outbox.notify(connection, context, liked, Say(word("likes.someone"), ((SEE_WHO,),)), key)


def announce(connection: Connection, context: Context, pair: Pair) -> None:
    """Tell both of a match, once, and open the chat for whoever is in no other."""
    for own_id, other_id in ((pair.lo, pair.hi), (pair.hi, pair.lo)):
        member, partner = members.by_id(connection, own_id), members.by_id(connection, other_id)
        if member is None or partner is None:
            continue
        # Not while a question waits for an answer: what is typed next would go to the partner.
        if member.active_pair_id is None and not member.step:
            member = members.update(connection, member.id, context.now, active_pair_id=pair.id)
            activity.mark_read(connection, pair.id, member.id)
        outbox.notify(connection, context, member, news(connection, context, member, partner, pair), f"match:{pair.id}")


def news(connection: Connection, context: Context, member: Member, partner: Member, pair: Pair) -> Reply:
    """The news of a match for one of the two: who it is and what to do."""
    opened = member.active_pair_id == pair.id
    how = word("match.write_now" if opened else "match.open_first")
    person = presenting.person(context, partner, type_queries.of_member(connection, partner.id))
    text = word("match.card", name=names.partner(pair, member.id), person=person, how=how)
    first = button("chats.about", "chat") if opened else button("chats.open", "open", pair.id)
    shown = photos.of(connection, partner.id, "approved")
    return Shown(shown[0].id, text, ((first,),)) if shown else Say(text, ((first,),))
