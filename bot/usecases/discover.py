"""Meeting people one at a time: who is shown next and why, and what follows from like and skip.

A card can be answered once, and only by someone to whom it was shown: the showing is recorded (`db.exposures`), the first answer
counts (`db.likes`), both sides' filters are held again when it is given, and whatever else is pressed (twice, late, forged) gets
a short neutral line.
"""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import BY_PHOTOS, button
from bot.render import CAPTION_LIMIT
from bot.replies import Button, Clear, Lines, Notice, Replies, Rows, Say, Shown, Word, word
from bot.usecases import access, matching, presenting, ranking, reasons, trust, widening
from bot.usecases.ranking import Place
from db import exposures, likes, members, photos, search
from db.matching_records import Place as Where
from db.records import Candidate, Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/discover: the next person, or an honest word that there is nobody left."""
    return access.stop_meeting(connection, context, member) or following(connection, context, member)


def following(connection: Connection, context: Context, member: Member) -> Replies:
    """The card of the next person for a member who may meet people."""
    found = ranking.order(connection, context, member)
    if found.places:
        return [card(connection, context, member, found.places[0])]
    return [widening.held(connection, context, member) if found.held else widening.nobody(connection, context, member)]


def card(
    connection: Connection, context: Context, member: Member, place: Place, *, where: Where = "discover", said: Word | None = None
) -> Shown:
    """The card of a person with its buttons; from now on the member may answer it. `said` is a line above."""
    candidate = place.candidate
    ranking.note_shown(connection, context, member, place, where)
    above: list[object] = [] if said is None else [said]
    above.append(presenting.person(context, candidate.member, candidate.types))
    told = reasons.found(connection, context, member, place)
    few, wider = widening.few(connection, context, member) if where == "discover" else ([], ())
    text = word("discover.card")
    # The weakest reasons make room where the person wrote much, then what is said of filters.
    for count, room in [*((count, few) for count in range(min(len(told), reasons.MOST), -1, -1)), (0, [])]:
        particulars = _particulars(member, candidate.member, told[:count])
        parts = (*above, *(("", *particulars) if particulars else ()), *(("", *room) if room else ()))
        text = word("discover.card", lines=Lines(parts))
        if presenting.units(context.words.text(text, member.language)) <= CAPTION_LIMIT:
            break
    return Shown(candidate.photos[0], text, (*buttons(candidate), *wider))


def buttons(candidate: Candidate) -> Rows:
    """Like and skip, then what is needed less often."""
    to = candidate.member.id
    second: tuple[Button, ...] = (button("discover.why", "why", to), button("discover.report", "report", to))
    if len(candidate.photos) > 1:
        second = (button(word("discover.more", len(candidate.photos) - 1), "more", to), *second)
    return ((button("discover.like", "like", to), button("discover.skip", "skip", to)), second)


def answer(connection: Connection, context: Context, member: Member, person_id: int, *, liked: bool) -> Replies:
    """Like or skip was pressed: note it once, learn from it, tell whom it concerns, show the next person."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    person = members.by_id(connection, person_id)
    if person_id == member.id or person is None or not exposures.was_shown(connection, member.id, person_id):
        return [Notice(word("discover.passed")), Clear()]
    if not search.fits(connection, member, person_id, context.now):
        return [Notice(word("discover.gone")), Clear(), *following(connection, context, member)]
    refused = trust.refuse_like(connection, context, member) if liked else None
    if refused is not None:
        return [Notice(refused, alert=True)]
    outcome = likes.mark(connection, member.id, person_id, liked, context.now)
    if not outcome.first:
        return [Notice(word("discover.passed")), Clear()]
    ranking.note_answer(connection, context, member, person_id, liked=liked)
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
    if not (exposures.was_shown(connection, member.id, person_id) and search.fits(connection, member, person_id, context.now)):
        return [Notice(word("discover.passed"))]
    rest = photos.of(connection, person_id, "approved")[1:]
    if not rest:
        return [Notice(word("discover.no_more"))]
    return [Shown(photo.id, word("discover.photo", n=place, of=len(rest) + 1)) for place, photo in enumerate(rest, 2)]


def why(connection: Connection, context: Context, member: Member, person_id: int) -> Replies:
    """The figures behind a card that the member has: what couples say of the two types, their own answers, what else counts."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    shown = person_id != member.id and exposures.was_shown(connection, member.id, person_id)
    place = ranking.one(connection, context, member, person_id) if shown else None
    if place is None:
        return [Notice(word("discover.passed"))]
    return [Say(reasons.evidence(connection, context, member, place), ((BY_PHOTOS,),))]


def widen(connection: Connection, context: Context, member: Member, what: str) -> Replies:
    """Make a filter as wide as the button says and look again; nothing is ever widened without this press."""
    stopped = access.stop_meeting(connection, context, member)
    if stopped:
        return stopped
    said = widening.widen(connection, context, member, what)
    if said is None:
        return [Notice(word("ask.passed"))]
    fresh = members.by_id(connection, member.id) or member
    return [Clear(), Say(said), *following(connection, context, fresh)]


def _particulars(member: Member, person: Member, told: list[Word]) -> list[Word]:
    """Distance, why this person, and whether it is a demo profile."""
    far = reasons.distance(member, person)
    lines = [] if far is None else [far]
    lines += reasons.lines(told)
    return [*lines, word("discover.demo")] if person.demo else lines
