"""Widening: a button does what its label says, the smallest step that helps is offered, and filters that help only together are named."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.context import Context
from bot.render import CALLBACK_LIMIT, pack
from bot.replies import Button, Replies, Say, Shown
from bot.usecases import discover, questions, widening
from db import likes, members, safety, search
from db.members import AGE_MAX
from db.records import Member
from db.session import Connection
from engine.index import rules
from tests.bot.meeting import WORDS, Town, buttons, card, keys, texts
from tests.db.people import BUSAN, NOW, SUWON

THERE = {"latitude": SUWON[0], "longitude": SUWON[1], "distance_km": 0}
FAR = {"latitude": BUSAN[0], "longitude": BUSAN[1], "distance_km": 0}


def aged(years: int) -> dt.date:
    """A birth date of somebody who has been so old for half a year."""
    return dt.date(NOW.year - years, 5, 1)


def offered(replies: Replies) -> list[Button]:
    return [one for reply in replies if isinstance(reply, Say) for one in buttons(reply) if one.press.do == "widen"]


def filters(town: Town, me: int) -> tuple[object, ...]:
    one = town.member(me)
    return one.distance_km, one.age_min, one.age_max, one.same_language, one.verified_only


# What a button does


@pytest.mark.parametrize("twice", ["distance:50", "ages:24-36"])
def test_a_second_press_does_no_more_than_the_first(town: Town, twice: str) -> None:
    me = town.newcomer("man", "women", distance_km=30, age_min=29, age_max=31)
    assert keys(town.act(me, discover.widen, twice))[0].startswith("discover.widened_")
    after = filters(town, me)
    assert keys(town.act(me, discover.widen, twice)) == ["ask.passed"]
    assert filters(town, me) == after


def test_the_label_of_a_button_is_what_it_does(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=10, age_min=30, age_max=30, same_language=True, verified_only=True)
    for fields in (THERE, {"birth_date": aged(37)}, {"languages": "fr"}):
        town.newcomer("woman", "men", verified=True, **fields)
    town.newcomer("woman", "men")
    replies = town.act(me, discover.show)
    assert {one.press.choice for one in offered(replies)} == {"distance:50", "ages:20-40", "language", "verified"}
    labels = {one.press.choice: WORDS.plain(one.word, "en") for one in offered(replies)}
    assert labels["distance:50"] == "Widen distance: Within 50 km"
    assert labels["ages:20-40"] == "Widen ages: 20–40"
    town.act(me, discover.widen, "ages:20-40")
    assert filters(town, me) == (10, 20, 40, True, True)
    town.act(me, discover.widen, "distance:50")
    assert filters(town, me) == (50, 20, 40, True, True)
    town.act(me, discover.widen, "language")
    town.act(me, discover.widen, "verified")
    assert filters(town, me) == (50, 20, 40, False, False)


def test_an_old_button_never_narrows_or_repeats(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=30, age_min=29, age_max=31)
    town.database.transact(members.update, me, NOW, distance_km=100, age_min=24, age_max=36)
    for old in ("distance:50", "distance:100", "ages:24-36", "language", "verified"):
        assert keys(town.act(me, discover.widen, old)) == ["ask.passed"]
    assert filters(town, me) == (100, 24, 36, False, False)


@pytest.mark.parametrize(
    "forged",
    [
        "distance", "distance:", "distance:31", "distance:-1", "distance:99999999999999999999", "distance:٥٠", "distance:50 ", "ages",
        "ages:0-120", "ages:17-43", "ages:36-24", "ages:25-36", "ages:24-36-40", "ages:24", "gender", "blocked", "status", "",
    ],
)  # fmt: skip
def test_what_was_never_offered_is_refused(town: Town, forged: str) -> None:
    me = town.newcomer("man", "women", distance_km=30, age_min=29, age_max=31)
    before = town.member(me)
    assert keys(town.act(me, discover.widen, forged)) == ["ask.passed"]
    assert town.member(me) == before


def test_steps_go_up_to_where_nobody_is_left_out(town: Town) -> None:
    me = town.member(town.newcomer("man", "women", distance_km=45, age_min=20, age_max=92, same_language=True, verified_only=True))
    assert [one.distance_km for one in widening.steps(me, "distance")] == [50, 100, 200, 0]
    assert [(one.age_min, one.age_max) for one in widening.steps(me, "age")] == [(18, 97), (18, 99)]
    nowhere = town.member(town.newcomer("man", "women", latitude=None, longitude=None, distance_km=50))
    assert [one.distance_km for one in widening.steps(nowhere, "distance")] == [0]
    wide = town.member(town.newcomer("man", "women", distance_km=0))
    assert all(widening.steps(wide, name) == () for name in search.OWN)
    for name in search.OWN:
        for step in widening.steps(me, name):
            assert len(pack(widening.Offer(name, step, 1).button.press).encode()) <= CALLBACK_LIMIT


# The step that is offered


def test_the_smallest_step_that_helps_is_offered_and_counted(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=10, age_min=28, age_max=32)
    ages = [town.newcomer("woman", "men", birth_date=aged(years)) for years in (44, 46, 60)]
    for place in (THERE, FAR):
        town.newcomer("woman", "men", **place)
    replies = town.act(me, discover.show)
    assert [one.press.choice for one in offered(replies)] == ["ages:18-47", "distance:50"], "most people first"
    assert "With a wider age range there are 2 more people." in texts(replies)[0]
    assert "With a wider distance there is 1 more person." in texts(replies)[0]
    assert card(town.act(me, discover.widen, "ages:18-47")) in ages[:2]


def test_whom_a_step_would_only_seem_to_bring_is_not_counted(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=10)
    town.newcomer("woman", "men", **{**THERE, "distance_km": 10})
    town.newcomer("woman", "men", **THERE, status="paused")
    gone, blocked, skipped = (town.newcomer("woman", "men", **THERE) for _ in range(3))
    town.database.transact(members.update, gone, NOW, reachable=False)
    town.database.transact(safety.block, blocked, me, NOW)
    town.database.transact(likes.mark, me, skipped, False, NOW)
    replies = town.act(me, discover.show)
    assert offered(replies) == []
    assert "Look in again later" in texts(replies)[0]


# Filters that help only together


def test_two_filters_that_leave_everybody_out_only_together_are_both_named(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=10, age_min=25, age_max=28)
    there = {town.newcomer("woman", "men", **THERE) for _ in range(5)}
    replies = town.act(me, discover.show)
    assert keys(replies) == ["discover.card"]
    [english] = texts(replies)
    assert "with distance “Within 50 km”, ages “20–33” there are 5 more people. Each button widens one of them" in english
    assert "Look in again later" not in english
    assert "함께 넓히면(거리 ‘50 km 이내’, 나이 ‘20–33세’) 5명이 더 있어요" in texts(replies, "ko")[0]
    assert {one.press.choice for one in offered(replies)} == {"distance:50", "ages:20-33"}
    before = filters(town, me)
    replies = town.act(me, discover.widen, "ages:20-33")
    assert filters(town, me) == (before[0], 20, 33, *before[3:])
    assert "With a wider distance there are 5 more people." in texts(replies)[1]
    assert [one.press.choice for one in offered(replies)] == ["distance:50"]
    assert card(town.act(me, discover.widen, "distance:50")) in there


def test_filters_that_help_only_together_are_offered_while_somebody_is_left_too(town: Town) -> None:
    """On the last card, and where those who are left were shown to many lately, as where nobody is left."""
    me = town.newcomer("man", "women", distance_km=10, age_min=25, age_max=28)
    last = town.newcomer("woman", "men", birth_date=aged(26))
    there = {town.newcomer("woman", "men", **THERE) for _ in range(3)}
    shown = town.act(me, discover.show)
    assert card(shown) == last
    assert isinstance(shown[0], Shown)
    assert {one.press.choice for one in buttons(shown[0]) if one.press.do == "widen"} == {"distance:50", "ages:20-33"}
    together = "with distance “Within 50 km”, ages “20–33” there are 3 more people. Each button widens one of them"
    assert together in texts(shown)[0]
    said = town.act(me, held)
    assert {one.press.choice for one in offered(said)} == {"distance:50", "ages:20-33"}
    assert together in texts(said)[0]
    town.act(me, discover.widen, "ages:20-33")
    [after] = town.act(me, held)
    assert [one.press.choice for one in offered([after])] == ["distance:50"]
    assert keys([after]) == ["discover.capped"], "one helps by itself by now"
    town.act(me, discover.widen, "distance:50")
    town.act(me, discover.answer, last, liked=False)
    assert town.see(me) in there


def held(connection: Connection, context: Context, member: Member) -> Replies:
    return [widening.held(connection, context, member)]


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_all_four_filters_are_widened_one_press_at_a_time_from_any_of_them(town: Town, first: int) -> None:
    me = town.newcomer("man", "women", distance_km=10, age_min=25, age_max=28, same_language=True, verified_only=True)
    her = town.newcomer("woman", "men", **FAR, birth_date=aged(50), languages="fr")
    replies = town.act(me, discover.show)
    assert "there is 1 more person. Each button" in texts(replies)[0]
    for left in (4, 3, 2, 1):
        choices = [one.press.choice for one in offered(replies)]
        assert len(choices) == left
        replies = town.act(me, discover.widen, choices[first % left])
    assert card(replies) == her


def test_the_fewest_filters_that_help_are_named(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=10, age_min=25, age_max=28, same_language=True)
    for _ in range(3):
        town.newcomer("woman", "men", **THERE, birth_date=aged(40), languages="fr")
    town.newcomer("woman", "men", **THERE, birth_date=aged(27), languages="fr")
    replies = town.act(me, discover.show)
    assert {one.press.choice for one in offered(replies)} == {"distance:50", "language"}
    assert "there is 1 more person. Each button" in texts(replies)[0]


def test_whom_others_filters_keep_away_no_widening_brings(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=10, age_min=25, age_max=28)
    town.newcomer("woman", "men", **{**THERE, "distance_km": 10})
    replies = town.act(me, discover.show)
    assert offered(replies) == []
    assert "Look in again later" in texts(replies)[0]


# Ages have no end


def test_any_age_leaves_nobody_out(town: Town) -> None:
    assert questions.ANY_AGE[1] == search.OLDEST == AGE_MAX == rules.OLDEST
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men", birth_date=aged(100))
    assert town.see(me) == her
    assert town.see(her) == me
    town.database.transact(members.update, me, NOW, age_max=98)
    assert town.see(me) == 0
    replies = town.act(me, discover.show)
    assert [one.press.choice for one in offered(replies)] == ["ages:18-99"]
    assert card(town.act(me, discover.widen, "ages:18-99")) == her
    town.database.transact(members.update, her, NOW, age_min=40)
    assert town.see(me) == 0
    town.database.transact(members.update, her, NOW, age_min=18, age_max=98)
    assert town.see(me) == her, "a bound of hers for him who is 30"
    old = town.newcomer("man", "women", birth_date=aged(101))
    assert town.see(old) == 0
    town.database.transact(members.update, her, NOW, age_max=99)
    assert town.see(old) == her
