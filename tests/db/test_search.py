"""Candidates: each filter alone, in both directions, and all of them against a plain reference on random people."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from db import likes, members, pairs, photos, safety, search, tables, types
from db.geography import distance_km
from db.matching_records import IndexRow
from db.records import SPOKEN, Member, TypeRow, years
from db.search import OPTIONAL, years_before
from db.session import Connection, Database
from tests.db.people import BUSAN, NOW, SUWON, person

NOBODY = dict.fromkeys(OPTIONAL, 0)
SEEKS = {"women": {"woman"}, "men": {"man"}, "everyone": {"woman", "man", "other"}}


def shown(database: Database, member: Member, now: dt.datetime = NOW, limit: int = 100) -> list[int]:
    return [candidate.member.id for candidate in database.read(members.candidates, member, now, limit)]


def meet(database: Database, mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two people are shown to each other; the filters must agree in both directions."""
    me = database.transact(person, **{"gender": "man", "seeks": "women", **mine})
    you = database.transact(person, **{"gender": "woman", "seeks": "men", **theirs})
    there, back = you.id in shown(database, me), me.id in shown(database, you)
    assert there == back
    return there


@pytest.mark.parametrize("seeks", ["women", "men", "everyone"])
@pytest.mark.parametrize("gender", ["woman", "man", "other"])
def test_each_must_seek_the_others_gender(database: Database, gender: str, seeks: str) -> None:
    for other in ("woman", "man", "other"):
        for wanted in ("women", "men", "everyone"):
            expected = other in SEEKS[seeks] and gender in SEEKS[wanted]
            assert meet(database, {"gender": gender, "seeks": seeks}, {"gender": other, "seeks": wanted}) == expected


def test_ages_are_exact_to_the_birthday(database: Database) -> None:
    range_of_30 = {"age_min": 30, "age_max": 30}
    assert meet(database, range_of_30, {"birth_date": dt.date(1996, 11, 21)})  # 30 today
    assert not meet(database, range_of_30, {"birth_date": dt.date(1996, 11, 22)})  # 29 for one more day
    assert meet(database, range_of_30, {"birth_date": dt.date(1995, 11, 22)})  # 31 tomorrow
    assert not meet(database, range_of_30, {"birth_date": dt.date(1995, 11, 21)})


def test_nobody_under_18_is_shown_or_shown_anybody(database: Database) -> None:
    born = {"birth_date": dt.date(2008, 11, 22)}
    assert not meet(database, {"age_min": 0, "birth_date": dt.date(2008, 11, 21)}, {**born, "age_min": 0})
    assert meet(database, {"birth_date": dt.date(2008, 11, 21)}, {"birth_date": dt.date(2008, 11, 21)})


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        (dt.date(2028, 2, 29), 18, dt.date(2010, 2, 28)),
        (dt.date(2028, 2, 29), 20, dt.date(2008, 2, 29)),
        (dt.date(2027, 2, 28), 19, dt.date(2008, 2, 28)),
    ],
)
def test_bounds_agree_with_ages_on_leap_days(day: dt.date, count: int, last: dt.date) -> None:
    assert years_before(day, count) == last
    assert years(last, day) == count
    assert years(last + dt.timedelta(days=1), day) == count - 1


def test_distance_holds_in_both_directions(database: Database) -> None:
    busan = {"latitude": BUSAN[0], "longitude": BUSAN[1], "city": "부산"}
    suwon = {"latitude": SUWON[0], "longitude": SUWON[1], "city": "수원"}
    assert not meet(database, {"distance_km": 300}, {**busan, "distance_km": 0})
    assert meet(database, {"distance_km": 330}, {**busan, "distance_km": 0})
    assert not meet(database, {"distance_km": 330}, {**busan, "distance_km": 300})
    assert meet(database, {"distance_km": 0}, {**busan, "distance_km": 0})
    assert meet(database, {"distance_km": 40}, {**suwon, "distance_km": 40})
    assert not meet(database, {"distance_km": 25}, {**suwon, "distance_km": 40})
    assert meet(database, {"distance_km": 40000}, {"latitude": -37.6, "longitude": -53.0, "distance_km": 40000})
    assert meet(database, {"distance_km": 20016}, {"latitude": -37.6, "longitude": -53.0, "distance_km": 20016})


def test_distance_crosses_the_date_line_and_the_pole(database: Database) -> None:
    west, east = {"latitude": -17.0, "longitude": 179.9}, {"latitude": -17.0, "longitude": -179.9}
    assert meet(database, {**west, "distance_km": 30}, {**east, "distance_km": 30})
    over, under = {"latitude": 89.9, "longitude": 10.0}, {"latitude": 89.9, "longitude": -170.0}
    assert meet(database, {**over, "distance_km": 30}, {**under, "distance_km": 30})
    assert not meet(database, {**over, "distance_km": 20}, {**under, "distance_km": 30})


def test_without_coordinates_the_city_decides(database: Database) -> None:
    nowhere = {"latitude": None, "longitude": None}
    assert meet(database, {**nowhere, "city": "Seoul"}, {**nowhere, "city": " SEOUL"})
    assert meet(database, {**nowhere, "city": "Seoul"}, {"city": "seoul"})
    assert not meet(database, {**nowhere, "city": "Seoul"}, {**nowhere, "city": "Busan"})
    assert not meet(database, {**nowhere, "city": None}, {**nowhere, "city": None})
    assert not meet(database, {**nowhere, "city": None, "distance_km": 0}, {"city": "Busan"})
    assert meet(database, {**nowhere, "city": None, "distance_km": 0}, {**nowhere, "city": "Busan", "distance_km": 0})


def test_a_shared_language_is_asked_for_by_either(database: Database) -> None:
    asks = {"same_language": True}
    assert meet(database, {"language": "ko"}, {"language": "en"})
    assert not meet(database, {"language": "ko", **asks}, {"language": "en"})
    assert not meet(database, {"language": "ko"}, {"language": "en", **asks})
    assert meet(database, {"language": "ko", **asks}, {"language": "en", "languages": "ko en"})
    assert meet(database, {"language": "ko", "languages": "ja ru zh", **asks}, {"language": "en", "languages": "ru fr", **asks})
    # What was chosen stands in place of the language in which one talks with the bot.
    assert not meet(database, {"language": "ko", "languages": "ja", **asks}, {"language": "ko"})
    assert not meet(database, {"language": "ko"}, {"language": "ko", "languages": "ja", **asks})


def test_only_verified_people_are_asked_for_by_either(database: Database) -> None:
    assert meet(database, {}, {})
    assert not meet(database, {"verified_only": True}, {})
    assert not meet(database, {"verified_only": True, "verified": True}, {})
    assert not meet(database, {}, {"verified_only": True})
    assert meet(database, {"verified_only": True}, {"verified": True})
    assert meet(database, {"verified_only": True, "verified": True}, {"verified_only": True, "verified": True})


def test_languages_are_stored_in_order_and_refused_where_unknown(database: Database) -> None:
    me = database.transact(person, languages=" ru en  ko ru")
    assert (me.languages, me.speaks) == ("ko en ru", ("ko", "en", "ru"))
    assert database.transact(person).speaks == ("ko",)
    assert len(members.languages(" ".join(SPOKEN))) <= tables.members.c.languages.type.length
    for wrong in ("xx", "KO", "%", "k_"):
        with pytest.raises(ValueError, match="codes out of"):
            database.transact(lambda connection, wrong=wrong: members.update(connection, me.id, NOW, languages=wrong))


def test_proposals_are_checked_and_keep_their_order(database: Database) -> None:
    me, liker, passer, seen, ended, blocker, paused, fresh = (database.transact(person) for _ in range(8))
    database.transact(likes.mark, liker.id, me.id, True, NOW)
    database.transact(likes.mark, passer.id, me.id, False, NOW)
    database.transact(likes.mark, me.id, seen.id, False, NOW)
    database.transact(likes.mark, me.id, ended.id, True, NOW)
    pair = database.transact(likes.mark, ended.id, me.id, True, NOW).match
    assert pair is not None
    database.transact(pairs.end, pair.id, me.id, "unmatch", NOW)
    database.transact(safety.block, blocker.id, me.id, NOW)
    database.transact(lambda connection: members.update(connection, paused.id, NOW, status="paused"))
    everybody = [fresh.id, paused.id, liker.id, blocker.id, ended.id, seen.id, passer.id, me.id, fresh.id, fresh.id + 100]
    found = database.read(search.verify, me, everybody, NOW)
    assert [(one.member.id, one.liked_me, one.passed_me) for one in found] == [
        (fresh.id, False, False),
        (liker.id, True, False),
        (passer.id, False, True),
    ]
    assert all(one.photos for one in found)
    assert database.read(likes.answers_about, me.id, everybody) == {liker.id: True, ended.id: True, passer.id: False}
    assert database.read(likes.passed, me.id, everybody) == {passer.id}
    assert database.read(likes.passed, me.id, [liker.id]) == set()
    assert {one.member.id: one for one in database.read(members.candidates, me, NOW, 10)} == {one.member.id: one for one in found}
    assert database.read(search.verify, me, [], NOW) == []
    assert database.read(search.excluded, me.id) == {me.id, seen.id, ended.id, blocker.id}
    assert database.read(search.excluded, ended.id) == {ended.id, me.id}
    assert database.read(search.excluded, blocker.id) == {blocker.id, me.id}
    assert database.read(search.excluded, liker.id) == {liker.id, me.id}
    assert [database.read(search.remaining, me, NOW, limit) for limit in (0, 2, 10)] == [0, 2, 3]


def test_long_lists_are_checked_in_pieces(database: Database) -> None:
    me = database.transact(person)
    others = database.transact(lambda connection: [person(connection).id for _ in range(3)])
    ids = [others[2], *range(others[2] + 1, others[2] + 1200), others[0], *range(others[2] + 1200, others[2] + 1300), others[1]]
    assert [one.member.id for one in database.read(search.verify, me, ids, NOW)] == [others[2], others[0], others[1]]


def test_an_index_gets_who_can_be_shown(database: Database) -> None:
    fields = {"languages": "en", "verified": True, "verified_only": True, "same_language": True, "photo_based": False}
    me = database.transact(person, "man", "women", age_min=20, age_max=40, distance_km=7, **fields)
    you = database.transact(person)
    hidden: list[dict[str, Any]] = [{"photo": False}, {"status": "paused"}, {"reachable": False}, {"gender": None}, {"birth_date": None}]
    out = [database.transact(person, **fields).id for fields in hidden]
    rows = database.read(search.entries, 0, 10)
    assert rows[0] == IndexRow(
        id=me.id,
        gender="man",
        seeks="women",
        birth_date=dt.date(1996, 3, 1),
        age_min=20,
        age_max=40,
        latitude=37.6,
        longitude=127.0,
        distance_km=7,
        city_key="서울",
        speaks=("en",),
        same_language=True,
        verified=True,
        verified_only=True,
        photo_based=False,
    )
    assert (rows[1].id, rows[1].speaks, rows[1].photo_based, rows[1].verified) == (you.id, ("ko",), True, False)
    assert len(rows) == 2
    assert database.read(search.entries, me.id, 10) == rows[1:]
    assert database.read(search.entries, 0, 1) == rows[:1]
    assert database.read(search.entries, you.id, 10) == []
    assert database.read(search.entries_of, [you.id, *out, me.id, you.id]) == rows
    assert database.read(search.anybody_verified)
    database.transact(lambda connection: members.update(connection, me.id, NOW, verified=False))
    assert not database.read(search.anybody_verified)


@pytest.mark.parametrize(
    "hidden",
    [{"status": "paused"}, {"status": "review"}, {"status": "banned"}, {"reachable": False}, {"photo": False}, {"birth_date": None}],
)
def test_who_cannot_meet_is_not_shown(database: Database, hidden: dict[str, Any]) -> None:
    me = database.transact(person)
    database.transact(person, **hidden)
    assert shown(database, me) == []
    assert database.read(members.count_by_filter, me, NOW) == NOBODY


def test_only_approved_photos_count_and_they_come_in_order(database: Database) -> None:
    def prepare(connection: Connection) -> tuple[Member, Member, list[int]]:
        me, you = person(connection), person(connection, photo=False)
        added = [photos.add(connection, you.id, b"x", NOW, status="pending").id for _ in range(4)]
        return me, you, added

    me, you, added = database.transact(prepare)
    assert shown(database, me) == []
    for photo_id in (added[2], added[0], added[3]):
        database.transact(photos.approve, photo_id)
    database.transact(photos.reject, added[3])
    found = database.read(members.candidates, me, NOW, 5)
    assert [(one.member, one.photos, one.types, one.liked_me) for one in found] == [(you, (added[0], added[2]), {}, False)]


def test_seen_paired_and_blocked_do_not_come_back(database: Database) -> None:
    me, liked, skipped, paired, blocked, blocker, fresh = (database.transact(person) for _ in range(7))
    database.transact(likes.mark, me.id, liked.id, True, NOW)
    database.transact(likes.mark, me.id, skipped.id, False, NOW)
    database.transact(likes.mark, me.id, paired.id, True, NOW)
    pair = database.transact(likes.mark, paired.id, me.id, True, NOW).match
    assert pair is not None
    database.transact(pairs.end, pair.id, me.id, "unmatch", NOW)
    database.transact(safety.block, me.id, blocked.id, NOW)
    database.transact(safety.block, blocker.id, me.id, NOW)
    assert shown(database, me) == [fresh.id]
    assert me.id in shown(database, liked)
    assert me.id in shown(database, skipped)
    for other in (paired, blocked, blocker):
        assert me.id not in shown(database, other)
    # Dropping "seen" brings back those who were only seen.
    assert database.read(members.count_by_filter, me, NOW) == {**NOBODY, "seen": 2}


def test_likers_come_first_then_who_was_active_last(database: Database) -> None:
    me = database.transact(person)
    others = [database.transact(person, last_active_at=NOW - dt.timedelta(hours=hours)) for hours in (3, 1, 2, 4)]
    database.transact(types.sync, [TypeRow("wf-1", "woman_face", "face", "woman", "One", "하나")], "1", NOW)
    database.transact(types.assign, others[3].id, "face", "wf-1", 0.5, "1", NOW)
    database.transact(likes.mark, others[3].id, me.id, True, NOW)
    database.transact(likes.mark, others[0].id, me.id, False, NOW)
    found = database.read(members.candidates, me, NOW, 10)
    assert [one.member.id for one in found] == [others[place].id for place in (3, 1, 2, 0)]
    assert [one.liked_me for one in found] == [True, False, False, False]
    assert found[0].types["face"].type_id == "wf-1"
    assert shown(database, me, limit=2) == [others[3].id, others[1].id]
    assert shown(database, me, limit=1) == [others[3].id]


def test_counts_say_what_each_filter_costs(database: Database) -> None:
    me = database.transact(person, age_min=25, age_max=35, distance_km=50)
    for fields in (
        {"birth_date": dt.date(1980, 1, 1)},
        {"birth_date": dt.date(1981, 1, 1)},
        {"birth_date": dt.date(1981, 1, 1), "latitude": BUSAN[0], "longitude": BUSAN[1]},  # two filters: counts for neither
        {"latitude": BUSAN[0], "longitude": BUSAN[1], "distance_km": 0},
        {"age_min": 40},
        {"seeks": "men"},
    ):
        database.transact(person, **fields)
    assert database.read(members.count_by_filter, me, NOW) == {**NOBODY, "age": 2, "distance": 1, "their_age": 1}
    assert shown(database, me) == []


def test_an_incomplete_member_is_shown_nobody(database: Database) -> None:
    database.transact(person)
    me = database.transact(members.create, 1, "ko", NOW)
    assert database.read(members.candidates, me, NOW, 5) == []
    assert database.read(members.count_by_filter, me, NOW) == NOBODY


def drawn(draw: random.Random) -> dict[str, Any]:
    """Somebody at random."""
    placed = draw.random() < 0.8
    low = draw.randint(18, 45)
    return {
        "gender": draw.choice(["woman", "man", "other"]),
        "seeks": draw.choice(["women", "men", "everyone", "everyone"]),
        "birth_date": NOW.date() - dt.timedelta(days=draw.randint(17 * 365, 50 * 365)),
        "age_min": low,
        "age_max": draw.randint(low, 60),
        "latitude": draw.uniform(33, 39) if placed else None,
        "longitude": draw.uniform(125, 130) if placed else None,
        "city": draw.choice(["서울", "부산", None]),
        "distance_km": draw.choice([0, 0, 30, 100, 400, 30000]),
        "status": draw.choice(["active"] * 6 + ["paused"]),
        "languages": draw.choice(["", "ko", "en", "ko en", "ja"]),
        "same_language": draw.random() < 0.3,
        "verified": draw.random() < 0.7,
        "verified_only": draw.random() < 0.2,
        "photo": draw.random() < 0.9,
    }


def near(one: Member, other: Member) -> bool:
    if one.distance_km == 0:
        return True
    if None in (one.latitude, other.latitude):
        return one.city is not None and one.city == other.city
    return distance_km(one.latitude, one.longitude, other.latitude, other.longitude) <= one.distance_km  # type: ignore[arg-type]


def asked(one: Member, other: Member) -> dict[str, bool]:
    """Whether `other` is what `one` asks for, by filter."""
    return {
        "age": one.age_min <= (other.age(NOW) or 0) <= one.age_max,
        "distance": near(one, other),
        "language": not one.same_language or bool(set(one.speaks) & set(other.speaks)),
        "verified": other.verified or not one.verified_only,
    }


def possible(one: Member, other: Member) -> bool:
    """What no member can widen, but for photos and pairs."""
    adult = min(one.age(NOW) or 0, other.age(NOW) or 0) >= 18
    fits = other.gender in SEEKS[str(one.seeks)] and one.gender in SEEKS[str(other.seeks)]
    return other.id != one.id and other.status == "active" and adult and fits


def test_filters_agree_with_a_plain_reference_on_random_people(database: Database) -> None:
    draw = random.Random(5)
    given = [drawn(draw) for _ in range(160)]
    made = database.transact(lambda connection: [person(connection, **fields) for fields in given])
    pictured = {member.id for member, fields in zip(made, given, strict=True) if fields["photo"]}
    marks = {(who.id, whom.id): draw.random() < 0.3 for who in made[:40] for whom in draw.sample(made, 40) if who.id != whom.id}
    database.transact(lambda connection: [likes.mark(connection, *both, liked, NOW) for both, liked in marks.items()])
    seen = {(row.lo, row.hi) for row in database.read(rows_of, tables.likes) if row.lo_mark is not None}
    seen |= {(row.hi, row.lo) for row in database.read(rows_of, tables.likes) if row.hi_mark is not None}
    paired = {frozenset((row.lo, row.hi)) for row in database.read(rows_of, tables.pairs)}
    total: Counter[str] = Counter()
    for one in made[:40]:
        expected, costs = set(), Counter(dict.fromkeys(OPTIONAL, 0))
        for other in made:
            if other.id in pictured and possible(one, other) and frozenset((one.id, other.id)) not in paired:
                theirs = {f"their_{name}": held for name, held in asked(other, one).items()}
                held = {**asked(one, other), **theirs, "seen": (one.id, other.id) not in seen}
                missed = [name for name in OPTIONAL if not held[name]]
                expected |= set() if missed else {other.id}
                costs.update(missed if len(missed) == 1 else [])
        assert set(shown(database, one, limit=500)) == expected
        assert {found.member.id for found in database.read(search.verify, one, [other.id for other in made], NOW)} == expected
        assert database.read(search.remaining, one, NOW, 500) == len(expected)
        assert database.read(members.count_by_filter, one, NOW) == costs
        total.update(costs, shown=len(expected))
    assert total["shown"] > 20
    assert min(total[name] for name in OPTIONAL) > 0, f"a filter that costs nobody is not tested: {total}"


def rows_of(connection: Connection, table: Any) -> Any:
    return connection.execute(select(table)).all()
