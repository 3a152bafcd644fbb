"""The day's suggestion: once a day those who were here lately are paired off, and both of a pair are told of each other.

Who is new to each other and may meet is scored by the chance that both like each other; the pairs are a stable matching, so that
no two would both rather have had each other (`engine.matching.daily`).  Nothing is said to whom nobody is left for.  Whoever
paused has opted out.  The card is the same as in discovery, with the same buttons.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from bot import outbox
from bot.context import Context
from bot.replies import word
from bot.usecases import discover, ranking
from db import daily, exposures, members, photos, search
from db.records import Member
from db.session import Connection
from engine.matching.daily import Scored

ACTIVE: Final = dt.timedelta(days=7)
"""Who was here within this time takes part."""
KEY: Final = "daily:"
"""What the outbox's keys of these cards begin with."""
CHOICES: Final = 40
"""How many of a member's best are weighed; who is stable with a worse one than that is left for another day."""


class AlreadyTold(Exception):
    """One of the two has had the suggestion of this day; the caller's transaction must not be committed."""


def page(connection: Connection, context: Context, after: int, limit: int) -> list[Member]:
    """Who takes part, by id, from behind `after` on."""
    return daily.active(connection, context.now - ACTIVE, after, limit)


def choices(connection: Connection, context: Context, member: Member, day: dt.date) -> list[Scored]:
    """Whom a member could be given today: the best of those who are new to them and free, each with the chance that both like it.

    Demo members are given to people, but nobody is looked for on their behalf.
    """
    if member.demo or daily.of(connection, member.id, day) is not None:
        return []
    places = ranking.order(connection, context, member).places
    ids = [place.id for place in places]
    known = exposures.between(connection, member.id, ids) | set(daily.of_day(connection, day, ids))
    since, combine = context.now - ACTIVE, context.learned.matcher.combine
    found = []
    for place in places:
        here = place.candidate.member.demo or place.candidate.member.last_active_at >= since
        if here and place.id not in known:
            found.append((member.id, place.id, float(combine(place.ranked.p_out, place.ranked.p_back))))
    return sorted(found, key=lambda one: (-one[2], one[1]))[:CHOICES]


def give(connection: Connection, context: Context, one_id: int, other_id: int, day: dt.date) -> int:
    """Give two members to each other and queue a card for each; how many were told, 0 where they may not meet any more.

    Raises:
        AlreadyTold: one of them had the suggestion of the day by other means.

    """
    one, other = members.by_id(connection, one_id), members.by_id(connection, other_id)
    if one is None or other is None or not (_here(one) and _here(other)) or exposures.between(connection, one_id, [other_id]):
        return 0
    places = ranking.one(connection, context, one, other_id), ranking.one(connection, context, other, one_id)
    if places[0] is None or places[1] is None or not daily.give(connection, day, one_id, other_id):
        return 0
    told = 0
    for member, place in zip((one, other), places, strict=True):
        if place is not None and not member.demo:
            said = word("steering.daily" if place.candidate.member.demo else "steering.daily_both")
            card = discover.card(connection, context, member, place, where="daily", said=said)
            if not outbox.notify(connection, context, member, card, f"{KEY}{day.isoformat()}"):
                raise AlreadyTold
            told += 1
    return told


def stands(connection: Connection, context: Context, member_id: int | None, photo_id: int | None) -> bool:
    """Whether a card that waited to be sent may still be shown: meanwhile either of the two may have blocked, answered or left."""
    member = None if member_id is None else members.by_id(connection, member_id)
    photo = None if photo_id is None else photos.by_id(connection, photo_id)
    if member is None or photo is None or photo.status != "approved" or not _here(member):
        return False
    return bool(search.verify(connection, member, [photo.member_id], context.now))


def _here(member: Member) -> bool:
    return member.status == "active" and member.reachable
