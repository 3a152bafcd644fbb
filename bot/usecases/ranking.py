"""Whom to show next: a pool of people, held to every filter by SQL, ranked by what is known of both sides.

    pool (the index of members, or SQL) → db.search.verify → engine.matching.people.Person → engine.matching.ranking → places

A showing is noted with what was believed of it, an answer with what is learned from it, in the transaction of the card and of the
like.  What is noted is never told to anybody (docs/adr/0033).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.context import Context
from bot.usecases import matching, persons
from db import exposures, impressions, judgements, likes, search, standings, tastes
from db.matching_records import Impression, TasteKind
from db.matching_records import Place as Where
from db.records import Candidate, Member
from db.session import Connection
from engine.embedding import packed, unpacked
from engine.matching import people, vectors
from engine.matching.exposure import Cap
from engine.matching.features import without_photos
from engine.matching.people import MemberGender, Person
from engine.matching.ranking import Ranked
from engine.values import Vector

SOUGHT: Final[dict[str, tuple[MemberGender, ...]]] = {
    "women": ("woman",),
    "men": ("man",),
    "everyone": people.GENDERS,
}
AGAIN: Final = dt.timedelta(days=1)
HOLD: Final = 3
"""Times the cap from which on somebody is shown to nobody new for a while."""
FURTHER: Final = 8
"""How many times larger a pool is asked for where everybody in the first one was shown enough lately."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody in their place of a member's order."""

    candidate: Candidate
    ranked: Ranked

    @property
    def id(self) -> int:
        """The person's."""
        return self.candidate.member.id


@dataclass(frozen=True, slots=True)
class Order:
    """A member's order, best first; `held` are those left out because they were shown to many lately."""

    places: tuple[Place, ...]
    held: int = 0


def order(connection: Connection, context: Context, member: Member) -> Order:
    """Everybody of the pool whom the member may be shown now, best first."""
    limit = context.learned.settings.pool
    found = of(connection, context, member, pool(connection, context, member, limit))
    if not found.places and found.held >= limit:
        found = of(connection, context, member, search.candidates(connection, member, context.now, FURTHER * limit))
    return found


def pool(connection: Connection, context: Context, member: Member, limit: int) -> list[Candidate]:
    """Up to `limit` people: those who like the member, and whom the index finds; by SQL where there is none that answers."""
    if context.candidates is not None:
        found = context.candidates.ids(connection, member, lambda: query(connection, context, member), limit, context.now)
        if found is not None:
            liking = likes.received(connection, member.id, limit=limit)
            fitting = search.verify(connection, member, [*liking, *found], context.now)
            if fitting or not found:
                return fitting
    return search.candidates(connection, member, context.now, limit)


def of(connection: Connection, context: Context, member: Member, candidates: Sequence[Candidate]) -> Order:
    """These people in their order: who is over the cap comes last, and far over it waits, unless they like the member."""
    learned, ranked = context.learned, rank(connection, context, member, candidates)
    cap = Cap(HOLD * learned.settings.share, HOLD * learned.settings.minimum)

    def waits(place: Place) -> bool:
        person = place.ranked.person
        return place.ranked.capped and bool(cap.over(person.recent, learned.fair.shares.get(person.gender, 0.0)))

    places = tuple(place for place in ranked if not waits(place))
    return Order(places, len(ranked) - len(places))


def rank(connection: Connection, context: Context, member: Member, candidates: Sequence[Candidate]) -> list[Place]:
    """All of them in their order, those who were shown to many lately at the end."""
    if not candidates:
        return []
    learned = context.learned
    known = _persons(connection, context, [member.id, *(candidate.member.id for candidate in candidates)])
    viewer = known.get(member.id)
    if viewer is None:
        return []
    by_id = {candidate.member.id: candidate for candidate in candidates if candidate.member.id in known}
    # What the member saw and has not answered is no attention that they would get anew: they stay in their place.
    since = context.now - dt.timedelta(days=learned.settings.window_days)
    for shown, times in impressions.shown_by(connection, member.id, by_id, since).items():
        known[shown] = replace(known[shown], recent=max(0, known[shown].recent - times))
    asked = [people.Candidate(known[one], candidate.liked_me, candidate.passed_me) for one, candidate in by_id.items()]
    couples = matching.couples(connection, context)
    ranked = learned.matcher.rank(viewer, asked, learned.model, couples, learned.fair, seed(viewer, context.now))
    return [Place(by_id[one.id], one) for one in ranked]


def one(connection: Connection, context: Context, member: Member, person_id: int) -> Place | None:
    """A single person as they stand now; None where the two may not meet, or have answered."""
    found = rank(connection, context, member, search.verify(connection, member, [person_id], context.now))
    return found[0] if found else None


def query(connection: Connection, context: Context, member: Member) -> Vector:
    """What the index is asked with for a member."""
    learned = context.learned
    viewer = _persons(connection, context, [member.id])[member.id]
    table = learned.matcher.lifts.table(matching.couples(connection, context))
    return vectors.query(viewer, learned.model, table, SOUGHT[member.seeks or "everyone"])


def note_shown(connection: Connection, context: Context, member: Member, place: Place, where: Where) -> None:
    """Note that the member is shown somebody, and what was believed of it; the same card again within a day is the same showing."""
    ranked = place.ranked
    exposures.add(connection, member.id, place.id, context.now)
    before = impressions.latest(connection, member.id, place.id)
    if before is not None and before.place == where and context.now - before.at < AGAIN and _same_grounds(before, ranked):
        return
    impressions.add(
        connection,
        member.id,
        place.id,
        context.now,
        where,
        p_out=ranked.p_out,
        p_back=ranked.p_back,
        score=ranked.score,
        explored=ranked.explored,
        features=packed(ranked.features),
        model=context.learned.version,
    )


def note_answer(connection: Connection, context: Context, member: Member, person_id: int, *, liked: bool) -> None:
    """Note what is learned from an answer: a judgement, both standings, and one step of the member's own taste.

    What was believed is taken as it was noted with the card, save for what came from photos and may not be used any more.
    """
    learned, known = context.learned, _persons(connection, context, [member.id, person_id])
    viewer, shown = known.get(member.id), known.get(person_id)
    if viewer is None or shown is None:
        return
    couples = matching.couples(connection, context)
    [now] = learned.matcher.rank(viewer, [people.Candidate(shown)], learned.model, couples, learned.fair, 0)
    before = impressions.latest(connection, member.id, person_id)
    features, p = now.features, now.p_out
    if before is not None and before.features is not None and len(before.features) == now.features.nbytes:
        features, p = _still_known(unpacked(before.features), now), now.p_out if before.p_out is None else before.p_out
    judgements.add(
        connection,
        member.id,
        person_id,
        liked,
        context.now,
        impression_id=None if before is None else before.id,
        p=p,
        features=packed(features),
        model=learned.version if before is None else before.model,
    )
    standings.count_answer(connection, member.id, person_id, liked, now.expected, now.given_expected)
    _learn_taste(connection, context, member, shown, now, liked=liked)


def _learn_taste(connection: Connection, context: Context, member: Member, shown: Person, now: Ranked, *, liked: bool) -> None:
    """One step of the member's taste, read under a lock so that two answers at once both count."""
    if not member.photo_based:
        return
    kinds: list[tuple[TasteKind, str]] = [("fashion", context.pack.fashion_model)]
    if member.face_consent is not False:
        kinds.append(("face", context.pack.face_model))
    held = {kind: tastes.of(connection, [member.id], kind, version, lock=True).get(member.id) for kind, version in kinds}
    face, fashion = held.get("face"), held.get("fashion")
    taste = people.Taste(
        None if face is None else unpacked(face.data),
        None if fashion is None else unpacked(fashion.data),
        0 if face is None else face.n,
        0 if fashion is None else fashion.n,
    )
    after = context.learned.model.taste_step(taste, shown, now.p_out, liked)
    for kind, version in kinds:
        weights, n = (after.face, after.face_n) if kind == "face" else (after.fashion, after.fashion_n)
        before = taste.face_n if kind == "face" else taste.fashion_n
        if weights is not None and n > before:
            tastes.save(connection, member.id, kind, version, n, packed(weights))


def seed(viewer: Person, now: dt.datetime) -> int:
    """Where newcomers stand: the same until the member answers again, and another day."""
    return (viewer.id * 1_000_003 + viewer.record.given * 7_919 + now.date().toordinal()) % 2**31


def _same_grounds(before: Impression, now: Ranked) -> bool:
    """Whether a card was made from photos just as it would be now."""
    if before.features is None or len(before.features) != now.features.nbytes:
        return False
    seen = unpacked(before.features)
    return bool(np.array_equal(seen != without_photos(seen), now.features != without_photos(now.features)))


def _still_known(before: NDArray[np.float32], now: Ranked) -> NDArray[np.float32]:
    """Features of then, without those from photos that nothing is known of any more: one of the two has switched that off."""
    plain = without_photos(before)
    return np.where((before != plain) & (now.features == 0), plain, before)


def _persons(connection: Connection, context: Context, ids: Sequence[int]) -> dict[int, Person]:
    return persons.of(connection, context.pack, context.now, context.learned.settings.window_days, ids)
