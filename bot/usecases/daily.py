"""The day's suggestion: once a day those who were here lately are paired off, and both of a pair are told of each other.

Who is new to each other and may meet is scored by the chance that both like each other (`Matcher.pairs`); the pairs are a stable
matching, so that no two would both rather have had each other (`engine.matching.daily`).  Who was shown to enough people lately takes no
part, on neither side.  Nothing is said to whom nobody is left for.  Whoever paused has opted out.  The card is the same as in
discovery, with the same buttons.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np

from bot import outbox
from bot.context import Context
from bot.replies import word
from bot.usecases import discover, matching, persons, ranking
from db import daily, exposures, members, photos, search
from db.records import Candidate, Member
from db.session import Connection
from engine.matching.daily import Scored, best
from engine.matching.people import Person

ACTIVE: Final = dt.timedelta(days=7)
"""Who was here within this time takes part."""
KEY: Final = "daily:"
"""What the outbox's keys of these cards begin with."""


class AlreadyTold(Exception):
    """One of the two has had the suggestion of this day; the caller's transaction must not be committed."""


def page(connection: Connection, context: Context, after: int, limit: int) -> list[Member]:
    """Who takes part, by id, from behind `after` on."""
    return daily.active(connection, context.now - ACTIVE, after, limit)


def choices(connection: Connection, context: Context, member: Member, day: dt.date) -> list[Scored]:
    """Whom a member could be given today: the best of those who are new to them and free, each with the score of the two.

    Demo members are given to people, but nobody is looked for on their behalf.
    """
    if member.demo or daily.of(connection, member.id, day) is not None:
        return []
    learned = context.learned
    viewer = _people(connection, context, [member.id]).get(member.id)
    if viewer is None or learned.matcher.cap.over(viewer.recent, learned.fair.shares.get(viewer.gender, 0.0)):
        return []  # whoever was shown enough has no pair, so nobody need be looked for
    limit = learned.settings.pool
    pool = ranking.pool(connection, context, member, limit)
    found = _scored(connection, context, viewer, pool, day)
    if not found and len(pool) >= limit:  # who was shown enough, has been away or is known may be all of a large town's first ones
        found = _scored(connection, context, viewer, search.candidates(connection, member, context.now, ranking.FURTHER * limit), day)
    return best(found)


def _scored(connection: Connection, context: Context, viewer: Person, pool: Sequence[Candidate], day: dt.date) -> list[Scored]:
    """Those of the pool who are new to the viewer and free today, with the score of the two."""
    since, learned = context.now - ACTIVE, context.learned
    here = [one for one in pool if one.member.demo or one.member.last_active_at >= since]
    ids = [one.member.id for one in here if not (one.liked_me or one.passed_me)]
    known = exposures.between(connection, viewer.id, ids) | set(daily.of_day(connection, day, ids))
    people = [viewer, *_people(connection, context, [one for one in ids if one not in known]).values()]
    places = np.array([(0, place) for place in range(1, len(people))], dtype=np.intp)
    return learned.matcher.pairs(people, places, learned.model, matching.couples(connection, context), learned.fair)


def _people(connection: Connection, context: Context, ids: Sequence[int]) -> dict[int, Person]:
    return persons.of(connection, context.pack, context.now, context.learned.settings.window_days, ids)


def give(connection: Connection, context: Context, one_id: int, other_id: int, day: dt.date) -> int:
    """Give two members to each other and queue a card for each; how many were told, 0 where they may not meet any more.

    Raises:
        AlreadyTold: one of them had the suggestion of the day by other means.

    """
    one, other = members.by_id(connection, one_id), members.by_id(connection, other_id)
    if one is None or other is None or not (_here(one) and _here(other)) or exposures.between(connection, one_id, [other_id]):
        return 0
    found = ranking.one(connection, context, one, other_id), ranking.one(connection, context, other, one_id)
    # The cap is asked again: since the choice was made either may have been shown to enough others.
    places = [place for place in found if place is not None and not place.ranked.capped]
    if len(places) < len(found) or not daily.give(connection, day, one_id, other_id):
        return 0
    told = 0
    for member, place in zip((one, other), places, strict=True):
        if not member.demo:
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
    return member.status == "active" and member.reachable and member.hidden_at is None
