"""Whom a member may be shown: hard filters in both directions, all of them in SQL.

A and B may meet if each has the gender and the age that the other seeks, each lies within the other's distance, they share a
language where either asks for it, each is verified where the other asks for it, neither blocked the other, they never were a
pair, A has not answered about B, and B is active, reachable, not hidden and has an approved photo.
Ages are exact to the birthday at the date of `now`; a range up to `OLDEST` has no end.  Distances are those of the coarse
coordinates; whoever has none is near those of the same city, and near everyone who set no limit.  Nobody under 18 is ever on
either side.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields

from sqlalchemy import ColumnElement, Connection, Table, and_, case, false, func, literal, or_, select, true, union_all

from db import likes as like_queries
from db import types as type_queries
from db import writing
from db.geography import EARTH_KM, HALFWAY_KM, box, haversine_limit
from db.matching_records import IndexRow
from db.records import Candidate, Member
from db.showing import has_photo, shown
from db.tables import blocks, likes, members, pairs, photos

ADULT = 18
OLDEST = 99
"""The highest bound of an age range: it means that age and every higher one, so that "any age" leaves nobody out."""
SOUGHT = {"women": ("woman",), "men": ("man",), "everyone": ("woman", "man", "other")}
SOUGHT_BY = {"woman": ("women", "everyone"), "man": ("men", "everyone"), "other": ("everyone",)}
OWN = ("distance", "age", "language", "verified")
"""Filters that a member sets, by what counts them."""
THEIRS = tuple(f"their_{name}" for name in OWN)
SET_BY = {"distance": ("distance_km",), "age": ("age_min", "age_max"), "language": ("same_language",), "verified": ("verified_only",)}
"""The settings of a member behind each filter of `OWN`."""
OPTIONAL = (*OWN, *THEIRS, "seen")

INDEXED = [one.name for one in fields(IndexRow) if one.name != "speaks"]

Condition = ColumnElement[bool]


def candidates(connection: Connection, member: Member, now: dt.datetime, limit: int) -> list[Candidate]:
    """Up to `limit` people whom `member` may be shown: first who likes them, then who was active last."""
    every = and_(*_filters(member, now).values())
    # Two queries: the few who like the member are looked up one by one, the others found by walking an index until there are
    # enough.  One query ordered by both would have to judge everybody.
    likers = _likers(connection, member.id)
    newest = (members.c.last_active_at.desc(), members.c.id.desc())
    liking = select(members).where(members.c.id.in_(likers), every).order_by(*newest)
    found = [Member(**row) for row in connection.execute(liking.limit(limit)).mappings()]
    if len(found) < limit:
        others = select(members).where(members.c.id.not_in(likers), every).order_by(*newest)
        found += [Member(**row) for row in connection.execute(others.limit(limit - len(found))).mappings()]
    return _dressed(connection, member.id, found)


def verify(connection: Connection, member: Member, ids: Sequence[int], now: dt.datetime) -> list[Candidate]:
    """Those of `ids` whom `member` may be shown now, in the order of `ids`: every filter of both sides, seen included.

    This is the last word for whatever proposes people by other means (an index, a daily pick): what it proposes may be out of
    date, and this is not.  `member` must be as the database has it now.
    """
    every = and_(*_filters(member, now).values())
    found: dict[int, Member] = {}
    for chunk in writing.chunks(dict.fromkeys(ids)):
        rows = connection.execute(select(members).where(members.c.id.in_(chunk), every)).mappings()
        found.update({row["id"]: Member(**row) for row in rows})
    return _dressed(connection, member.id, [found[one] for one in dict.fromkeys(ids) if one in found])


def excluded(connection: Connection, member_id: int) -> frozenset[int]:
    """Whom a member may not be shown whatever the filters say: answered already, blocked either way, ever a pair, themselves."""
    low, high = likes.c.lo_mark.is_not(None), likes.c.hi_mark.is_not(None)
    lists = (
        select(likes.c.hi).where(likes.c.lo == member_id, low),
        select(likes.c.lo).where(likes.c.hi == member_id, high),
        select(pairs.c.hi).where(pairs.c.lo == member_id),
        select(pairs.c.lo).where(pairs.c.hi == member_id),
        select(blocks.c.blocked_id).where(blocks.c.blocker_id == member_id),
        select(blocks.c.blocker_id).where(blocks.c.blocked_id == member_id),
    )
    return frozenset((member_id, *connection.scalars(union_all(*lists))))


def entries_of(connection: Connection, ids: Iterable[int]) -> list[IndexRow]:
    """What an index needs of these members, by id; who cannot be shown to anybody is left out and belongs in no index."""
    found = []
    for chunk in writing.chunks(sorted(set(ids))):
        found += _entries(connection, members.c.id.in_(chunk), len(chunk))
    return found


def entries(connection: Connection, after: int, limit: int) -> list[IndexRow]:
    """The same of all members in pages: up to `limit` of them by id, from behind `after` on; an empty page is the end."""
    return _entries(connection, members.c.id > after, limit)


def anybody_verified(connection: Connection) -> bool:
    """Whether anybody who can be shown is verified: only then is it a filter worth offering."""
    return connection.scalar(select(members.c.id).where(shown(), members.c.verified.is_(True)).limit(1)) is not None


def remaining(connection: Connection, member: Member, now: dt.datetime, limit: int) -> int:
    """How many people `member` may still be shown, counted up to `limit`."""
    some = select(members.c.id).where(*_filters(member, now).values()).limit(limit).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def fits(connection: Connection, member: Member, other_id: int, now: dt.datetime) -> bool:
    """Whether `member` and this person may meet now: every filter of both sides, but not whether they answered already."""
    kept = [condition for name, condition in _filters(member, now).items() if name != "seen"]
    return connection.scalar(select(members.c.id).where(members.c.id == other_id, *kept)) is not None


def count_by_filter(connection: Connection, member: Member, now: dt.datetime) -> dict[str, int]:
    """How many more people there would be if one filter alone were dropped.

    Keys: "age", "distance", "language" and "verified", which the member set; "their_age", "their_distance", "their_language" and
    "their_verified", which the others set; "seen", those whom the member skipped or liked already.
    """
    filters = _filters(member, now)
    fixed = [condition for name, condition in filters.items() if name not in OPTIONAL]
    # One pass over those whom the fixed filters leave, with a sum a filter: all the others hold, and it does not.
    missed = [
        func.sum(case((and_(*(filters[other] for other in OPTIONAL if other != name), ~filters[name]), 1), else_=0)).label(name)
        for name in OPTIONAL
    ]
    row = connection.execute(select(*missed).where(*fixed)).one()
    return {name: int(count or 0) for name, count in zip(OPTIONAL, row, strict=True)}


def count_wider(connection: Connection, member: Member, now: dt.datetime, wider: Sequence[Member]) -> list[int]:
    """How many more people there would be if the member's own filters were as each of `wider` has them.

    `wider`: the member with some of the settings of `SET_BY` changed; each lets everybody in whom the member's own let in.
    """
    if not wider:
        return []
    changed = [name for name in OWN if any(getattr(one, field) != getattr(member, field) for one in wider for field in SET_BY[name])]
    filters = _filters(member, now)
    kept = [condition for name, condition in filters.items() if name not in changed]
    missing = ~and_(true(), *(filters[name] for name in changed))
    # What none of them changes is asked once, before the sums: few are left for these.
    sums = []
    for place, one in enumerate(wider):
        asked = _filters(one, now)
        sums.append(func.sum(case((and_(true(), *(asked[name] for name in changed)), 1), else_=0)).label(f"step_{place}"))
    row = connection.execute(select(*sums).where(*kept, missing)).one()
    return [int(count or 0) for count in row]


def count_together(connection: Connection, member: Member, now: dt.datetime) -> dict[frozenset[str], int]:
    """How many people the member's own filters leave out, by which of `OWN` do so; all other filters hold."""
    filters = _filters(member, now)
    kept = [condition for name, condition in filters.items() if name not in OWN]
    missed = sum((case((~filters[name], 1 << place), else_=0) for place, name in enumerate(OWN)), start=literal(0))
    some = select(missed.label("missed")).where(*kept, ~and_(*(filters[name] for name in OWN))).subquery()
    rows = connection.execute(select(some.c.missed, func.count()).group_by(some.c.missed))
    return {frozenset(name for place, name in enumerate(OWN) if code >> place & 1): int(count) for code, count in rows}


def count_missed(connection: Connection, member: Member, ids: Iterable[int], now: dt.datetime) -> dict[str, int]:
    """How many of `ids` each filter keeps from the member, by `OWN`, `THEIRS` and "gender" (whom either of the two seeks).

    Somebody whom several filters leave out counts for each of them; filters that leave out nobody are not among the keys.
    """
    filters = _filters(member, now)
    names = [name for name in (*OWN, *THEIRS, "gender") if name in filters]
    found = dict.fromkeys(names, 0)
    for chunk in writing.chunks(ids):
        missed = [func.sum(case((~filters[name], 1), else_=0)).label(name) for name in names]
        row = connection.execute(select(*missed).where(members.c.id.in_(chunk))).one()
        for name, count in zip(names, row, strict=True):
            found[name] += int(count or 0)
    return {name: count for name, count in found.items() if count}


def _filters(member: Member, now: dt.datetime) -> dict[str, Condition]:
    """The conditions on a row of `members`, each never NULL, so that it can be negated."""
    today = now.date()
    age = member.age(now)
    if age is None or age < ADULT or member.gender is None or member.seeks is None:
        nobody = {name: true() for name in OPTIONAL}
        return {**nobody, "complete": false()}
    born = members.c.birth_date
    counted = min(age, OLDEST)
    young = true() if member.age_max >= OLDEST else born > years_before(today, member.age_max + 1)
    return {
        "status": and_(members.c.id != member.id, shown()),
        "gender": and_(members.c.gender.in_(SOUGHT[member.seeks]), members.c.seeks.in_(SOUGHT_BY[member.gender])),
        "adult": and_(born.is_not(None), born <= years_before(today, ADULT)),
        "age": and_(born <= years_before(today, member.age_min), young),
        "their_age": and_(members.c.age_min <= counted, members.c.age_max >= counted),
        "distance": _near_enough(member),
        "their_distance": _near_enough_for_them(member),
        "language": _shares_language(member) if member.same_language else true(),
        "their_language": or_(members.c.same_language.is_(False), _shares_language(member)),
        "verified": members.c.verified.is_(True) if member.verified_only else true(),
        "their_verified": true() if member.verified else members.c.verified_only.is_(False),
        "blocked": ~_blocked(member.id),
        "paired": ~_together(pairs, member.id),
        "seen": ~_together(likes, member.id, case((members.c.id > member.id, likes.c.lo_mark), else_=likes.c.hi_mark).is_not(None)),
        "photo": has_photo(),
    }


def years_before(day: dt.date, count: int) -> dt.date:
    """The last birth date of those who are at least `count` years old on `day`.

    >>> years_before(dt.date(2028, 2, 29), 18), years_before(dt.date(2026, 2, 28), 18)
    (datetime.date(2010, 2, 28), datetime.date(2008, 2, 28))
    """
    year = max(day.year - count, 1)
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February in a common year: whoever was born on 1 March has the birthday still ahead
        return dt.date(year, 2, 28)


def _near_enough(member: Member) -> Condition:
    """Within the distance that the member set."""
    if member.distance_km <= 0:
        return true()
    same_city = _same_city(member)
    if member.latitude is None or member.longitude is None:
        return same_city
    placed = _placed()
    if member.distance_km >= HALFWAY_KM:
        return or_(placed, same_city)
    frame = box(member.latitude, member.longitude, member.distance_km)
    inside: list[Condition] = [members.c.latitude.between(frame.south, frame.north)]
    if frame.longitudes:
        inside.append(or_(*(members.c.longitude.between(west, east) for west, east in frame.longitudes)))
    near = and_(*inside, _haversine(member.latitude, member.longitude) <= haversine_limit(member.distance_km))
    return or_(and_(placed, near), and_(~placed, same_city))


def _near_enough_for_them(member: Member) -> Condition:
    """Within the distance that the other one set."""
    anywhere = members.c.distance_km <= 0
    same_city = _same_city(member)
    if member.latitude is None or member.longitude is None:
        return or_(anywhere, same_city)
    placed = _placed()
    half_angle = members.c.distance_km / literal(2 * EARTH_KM)
    # Beyond half the globe the sine would fall again.
    limit = case((members.c.distance_km >= math.floor(HALFWAY_KM), 2.0), else_=func.sin(half_angle) * func.sin(half_angle))
    return or_(anywhere, and_(placed, _haversine(member.latitude, member.longitude) <= limit), and_(~placed, same_city))


def _shares_language(member: Member) -> Condition:
    """Whether the person at hand speaks one of the member's languages; codes hold no character that LIKE gives a meaning."""
    spoken = literal(" ") + case((members.c.languages == "", members.c.language), else_=members.c.languages) + literal(" ")
    return or_(false(), *(spoken.like(f"% {code} %") for code in member.speaks))


def _placed() -> Condition:
    return and_(members.c.latitude.is_not(None), members.c.longitude.is_not(None))


def _same_city(member: Member) -> Condition:
    return false() if member.city_key is None else func.coalesce(members.c.city_key, "") == member.city_key


def _haversine(latitude: float, longitude: float) -> ColumnElement[float]:
    """sin² of half the central angle to a place in degrees; 1 for members without coordinates."""
    north = func.sin(func.radians(func.coalesce(members.c.latitude, 90.0) - latitude) / 2)
    east = func.sin(func.radians(func.coalesce(members.c.longitude, 0.0) - longitude) / 2)
    both = func.cos(func.radians(func.coalesce(members.c.latitude, 90.0))) * math.cos(math.radians(latitude))
    return north * north + both * east * east


def _together(table: Table, member_id: int, *where: Condition) -> Condition:
    """Whether `table` (likes or pairs) has a row for the member and the person at hand; a look-up by its key."""
    c = table.c
    low = case((members.c.id < member_id, members.c.id), else_=member_id)
    high = case((members.c.id < member_id, member_id), else_=members.c.id)
    return select(c.lo).where(c.lo == low, c.hi == high, *where).exists()


def _blocked(member_id: int) -> Condition:
    mine = select(blocks.c.at).where(blocks.c.blocker_id == member_id, blocks.c.blocked_id == members.c.id).exists()
    theirs = select(blocks.c.at).where(blocks.c.blocker_id == members.c.id, blocks.c.blocked_id == member_id).exists()
    return or_(mine, theirs)


def _likers(connection: Connection, member_id: int) -> list[int]:
    """Who likes the member and has no answer yet.  A list, since MariaDB would judge everybody for a subquery of two halves."""
    high = select(likes.c.hi).where(likes.c.lo == member_id, likes.c.hi_mark == 1, likes.c.lo_mark.is_(None))
    low = select(likes.c.lo).where(likes.c.hi == member_id, likes.c.lo_mark == 1, likes.c.hi_mark.is_(None))
    return list(connection.scalars(high.union_all(low)))


def _dressed(connection: Connection, member_id: int, found: Sequence[Member]) -> list[Candidate]:
    """These people with their photos and types, and with what they answered about the member."""
    dressed = []
    for people in writing.chunks(found):
        ids = [person.id for person in people]
        pictures, answers = _photos(connection, ids), like_queries.answers_about(connection, member_id, ids)
        types = type_queries.of_members(connection, ids)
        for person in people:
            liked = answers.get(person.id)
            own = pictures.get(person.id, ()), types.get(person.id, {})
            dressed.append(Candidate(person, *own, liked_me=liked is True, passed_me=liked is False))
    return dressed


def _entries(connection: Connection, which: Condition, limit: int) -> list[IndexRow]:
    known = [members.c[name].is_not(None) for name in ("gender", "seeks", "birth_date")]
    here = and_(shown(), *known, has_photo())
    wanted = (
        select(members.c.language, members.c.languages, *(members.c[name] for name in INDEXED))
        .where(which, here)
        .order_by(members.c.id)
        .limit(limit)
    )
    return [
        IndexRow(speaks=tuple((languages or language).split()), **dict(zip(INDEXED, values, strict=True)))
        for language, languages, *values in connection.execute(wanted)
    ]


def _photos(connection: Connection, member_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    wanted = (
        select(photos.c.member_id, photos.c.id)
        .where(photos.c.member_id.in_(list(member_ids)), photos.c.status == "approved")
        .order_by(photos.c.member_id, photos.c.position, photos.c.id)
    )
    found: dict[int, list[int]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.member_id, []).append(row.id)
    return {member_id: tuple(ids) for member_id, ids in found.items()}
