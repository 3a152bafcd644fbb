"""Meeting people one at a time: who is shown next and why, and what follows from like and skip.

A card can be answered once, and only by someone to whom it was shown: the showing is recorded (`db.exposures`), the first answer
counts (`db.likes`), both sides' filters are held again when it is given, and whatever else is pressed (twice, late, forged) gets
a short neutral line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot import cities
from bot.context import Context
from bot.keyboards import SETTINGS, button
from bot.replies import Button, Clear, Lines, Named, Notice, Replies, Rows, Say, Shown, Word, word
from bot.usecases import access, matching, presenting, types
from bot.usecases.questions import ANY_AGE, ANYWHERE, DISTANCES, ages_word, distance_word
from db import exposures, likes, members, photos, search
from db.records import Candidate, Member
from db.session import Connection

POOL: Final = 60
"""Candidates that are ranked against each other."""
NEAR: Final = (10, 25, 50, 100, 200, 500)
"""Kilometres in whose terms a distance is told; coordinates are no finer than about 10 km."""
MORE_AGES: Final = 5


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/discover: the next person, or an honest word that there is nobody left."""
    return access.stop_meeting(connection, context, member) or following(connection, context, member)


def following(connection: Connection, context: Context, member: Member) -> Replies:
    """The card of the next person for a member who may meet people."""
    ranked = rank(connection, context, member, members.candidates(connection, member, context.now, POOL))
    return [card(connection, context, member, ranked[0])] if ranked else [nobody(connection, context, member)]


def rank(connection: Connection, context: Context, member: Member, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Who already likes the member first, then by how well the types go together both ways, then who was active last."""
    own = matching.type_ids(connection, member)
    couples = matching.couples(connection, context)
    scores: dict[tuple[str, ...], float] = {}

    def order(candidate: Candidate) -> tuple[bool, float, float, int]:
        theirs = tuple(sorted(given.type_id for given in candidate.types.values()))
        if theirs not in scores:
            scores[theirs] = round(context.affinity.score(own, theirs, couples), 6)
        return (not candidate.liked_me, -scores[theirs], -candidate.member.last_active_at.timestamp(), candidate.member.id)

    return sorted(candidates, key=order)


def card(connection: Connection, context: Context, member: Member, candidate: Candidate, *, said: Word | None = None) -> Shown:
    """The card of a person with its buttons; from now on the member may answer it. `said` is a line above."""
    person = candidate.member
    exposures.add(connection, member.id, person.id, context.now)
    lines: list[object] = [] if said is None else [said]
    lines.append(presenting.person(context, person, candidate.types))
    particulars = _particulars(connection, context, member, candidate)
    lines.extend(["", *particulars] if particulars else [])
    return Shown(candidate.photos[0], word("discover.card", lines=Lines(tuple(lines))), buttons(candidate))


def buttons(candidate: Candidate) -> Rows:
    """Like and skip, then what is needed less often."""
    to = candidate.member.id
    second: tuple[Button, ...] = (button("discover.report", "report", to),)
    if len(candidate.photos) > 1:
        second = (button(word("discover.more", n=len(candidate.photos) - 1), "more", to), *second)
    return ((button("discover.like", "like", to), button("discover.skip", "skip", to)), second)


def answer(connection: Connection, context: Context, member: Member, person_id: int, *, liked: bool) -> Replies:
    """Like or skip was pressed: note it once, tell whom it concerns, show the next person."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    person = members.by_id(connection, person_id)
    if person_id == member.id or person is None or not exposures.was_shown(connection, member.id, person_id):
        return [Notice(word("discover.passed")), Clear()]
    if not search.fits(connection, member, person_id, context.now):
        return [Notice(word("discover.gone")), Clear(), *following(connection, context, member)]
    outcome = likes.mark(connection, member.id, person_id, liked, context.now)
    if not outcome.first:
        return [Notice(word("discover.passed")), Clear()]
    if outcome.match is not None:
        matching.announce(connection, context, outcome.match)
        return [Notice(word("discover.matched")), Clear()]
    if liked:
        matching.tell_liked(connection, context, person)
        return [Notice(word("discover.liked")), Clear(), *following(connection, context, member)]
    return [Clear(), *following(connection, context, member)]


def more(connection: Connection, context: Context, member: Member, person_id: int) -> Replies:
    """The other photos of a person whose card the member has."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    person = members.by_id(connection, person_id)
    if person is None or person.status != "active" or not exposures.was_shown(connection, member.id, person_id):
        return [Notice(word("discover.passed"))]
    rest = photos.of(connection, person_id, "approved")[1:]
    if not rest:
        return [Notice(word("discover.no_more"))]
    return [Shown(photo.id, word("discover.photo", n=place, of=len(rest) + 1)) for place, photo in enumerate(rest, 2)]


def widen(connection: Connection, context: Context, member: Member, what: str) -> Replies:
    """Make a filter one step wider and look again."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    if what == "distance":
        km = wider_distance(member)
        member = members.update(connection, member.id, context.now, distance_km=km)
        said = word("discover.widened_distance", distance=distance_word(km))
    elif what == "ages":
        low, high = wider_ages(member)
        member = members.update(connection, member.id, context.now, age_min=low, age_max=high)
        said = word("discover.widened_ages", ages=ages_word(low, high))
    else:
        return [Notice(word("discover.passed"))]
    return [Clear(), Say(said), *following(connection, context, member)]


def wider_distance(member: Member) -> int:
    """The next wider distance in km, 0 for anywhere; members without coordinates know only their city or anywhere."""
    if member.latitude is None or member.distance_km == ANYWHERE:
        return ANYWHERE
    return next((km for km in DISTANCES if km > member.distance_km), ANYWHERE)


def wider_ages(member: Member) -> tuple[int, int]:
    """Five years more at both ends, within what is allowed at all."""
    return max(ANY_AGE[0], member.age_min - MORE_AGES), min(ANY_AGE[1], member.age_max + MORE_AGES)


def nobody(connection: Connection, context: Context, member: Member) -> Say:
    """That there is nobody left, what each filter costs, and buttons that change it."""
    cost = members.count_by_filter(connection, member, context.now)
    lines: list[object] = [word("discover.nobody"), ""]
    lines += [word(f"discover.cost.{name}", cost[name]) for name in ("distance", "age", "their_distance", "their_age") if cost.get(name)]
    if not any(cost.get(name) for name in ("distance", "age")):
        lines.append(word("discover.nobody_wait"))
    rows: list[tuple[Button, ...]] = []
    if cost.get("distance"):
        rows.append((button(word("discover.widen_distance", distance=distance_word(wider_distance(member))), "widen", choice="distance"),))
    if cost.get("age"):
        rows.append((button(word("discover.widen_ages", ages=ages_word(*wider_ages(member))), "widen", choice="ages"),))
    return Say(word("discover.card", lines=Lines(tuple(lines))), (*rows, (SETTINGS,)))


def _particulars(connection: Connection, context: Context, member: Member, candidate: Candidate) -> list[Word]:
    """Distance, why this person, and whether it is a demo profile."""
    lines: list[Word] = []
    far = distance(member, candidate.member)
    if far is not None:
        lines.append(far)
    reason = why(connection, context, member, candidate)
    if reason is not None:
        lines.append(reason)
    if candidate.member.demo:
        lines.append(word("discover.demo"))
    return lines


def distance(member: Member, other: Member) -> Word | None:
    """How far apart two members are, in coarse words; None where one of them has no coordinates."""
    if member.latitude is None or member.longitude is None or other.latitude is None or other.longitude is None:
        return None
    km = cities.distance_km(member.latitude, member.longitude, other.latitude, other.longitude)
    within = next((limit for limit in NEAR if km <= limit), None)
    return word("discover.beyond", km=NEAR[-1]) if within is None else word("discover.within", km=within)


def why(connection: Connection, context: Context, member: Member, candidate: Candidate) -> Word | None:
    """Which of the person's types are recommended to the member, and on what evidence; None where none is."""
    theirs = {given.type_id for given in candidate.types.values()}
    couples = matching.couples(connection, context)
    recommended = types.recommended(context, member, matching.type_ids(connection, member), couples)
    found = [partner for partner in recommended if partner.type.id in theirs]
    if not found:
        return None
    names = tuple(Named(partner.type.name_ko, partner.type.name) for partner in found)
    seen = sum(partner.couples for partner in found if partner.evidence == "observed")
    return word("discover.why_observed", seen, types=names) if seen else word("discover.why_prior", types=names)
