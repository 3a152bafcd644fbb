"""Ranking in the bot: what is noted of a card and of an answer, whose photos count, and what nobody is ever told."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bot.context import Context
from bot.learning import LearnedInUse
from bot.replies import Replies, Say, Shown
from bot.usecases import consent, discover, likes, persons, profile, ranking, settings
from bot.usecases import types as type_cards
from db import exposures, impressions, judgements, members, standings, tastes
from db import likes as like_queries
from db.matching_records import Impression, Judgement
from db.session import Connection
from engine.embedding import packed, unpacked
from engine.matching.features import FEATURES, PHOTOS, PLACE
from engine.matching.people import Person
from engine.matching.settings import RankingSettings
from tests.bot import meeting
from tests.bot.looks import look
from tests.bot.meeting import Town, affinity, buttons, card, keys, small_pack, surroundings, texts

SEEN = [PLACE[name] for name in PHOTOS]


def impression(town: Town, viewer: int, shown: int) -> Impression:
    found = town.database.read(impressions.latest, viewer, shown)
    assert found is not None
    return found


def judged(town: Town) -> list[Judgement]:
    return town.database.read(judgements.after, 0, 1000)


def person(town: Town, member_id: int) -> Person:
    return town.database.read(persons.of, small_pack(), town.now, 7, [member_id])[member_id]


@pytest.fixture
def two(town: Town) -> tuple[int, int]:
    me, her = town.newcomer("man", "women", face_consent=True), town.newcomer("woman", "men", face_consent=True)
    look(town, me, 0, garments=("sweater", "slacks"))
    look(town, her, 0, garments=("slacks", "shirt"))
    return me, her


def test_a_card_notes_what_was_believed_and_the_answer_what_is_learned(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    assert town.see(me) == her
    noted = impression(town, me, her)
    assert (noted.place, noted.explored) == ("discover", False)
    assert noted.p_out is not None
    assert noted.p_back is not None
    assert 0 < noted.p_out < 1
    assert 0 < noted.p_back < 1
    features = unpacked(noted.features or b"")
    assert features.shape == (len(FEATURES),)
    assert features[PLACE["lift_face"]] > 0
    town.act(me, discover.answer, her, liked=True)
    [answer] = judged(town)
    assert (answer.viewer_id, answer.shown_id, answer.liked, answer.impression_id) == (me, her, True, noted.id)
    assert answer.features == noted.features
    assert answer.p == noted.p_out
    counts = town.database.read(standings.of, [me, her])
    assert (counts[her].shown, counts[her].liked, counts[me].given, counts[me].given_liked) == (1, 1, 1, 1)
    assert 0 < counts[her].expected < 1
    for kind, version in (("face", "face-test"), ("fashion", "f")):
        own = town.database.read(tastes.of, [me], kind, version)[me]
        assert own.n == 1
        assert float(unpacked(own.data)[0]) > 0, "a like draws the taste towards her look"
    assert town.database.read(tastes.of, [her], "face") == {}


def test_an_answer_counts_once_however_often_it_is_pressed(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    town.see(me)
    for liked in (True, True, False):
        town.act(me, discover.answer, her, liked=liked)
    assert len(judged(town)) == 1
    assert town.database.read(standings.of, [her])[her].shown == 1


def test_what_breaks_after_the_like_leaves_neither_like_nor_judgement(
    town: Town, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    me, her = two
    town.see(me)

    def broken(*args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("bot.usecases.matching.tell_liked", broken)
    with pytest.raises(RuntimeError):
        town.act(me, discover.answer, her, liked=True)
    assert judged(town) == []
    assert town.database.read(standings.of, [me, her]) == {}
    assert town.database.read(tastes.of, [me], "face") == {}
    assert town.database.read(like_queries.received, her) == []


def test_a_taste_is_told_as_a_reason_after_some_answers(town: Town) -> None:
    me = town.newcomer("man", "women", face_consent=True)
    look(town, me, 3)
    kinds = [0, 1] * 8
    for number, axis in enumerate(kinds):
        her = town.newcomer("woman", "men", face_consent=True)
        look(town, her, axis, noise=number)
        town.database.transact(exposures.add, me, her, town.now)
        town.act(me, discover.answer, her, liked=axis == 0)
    fond, cold = town.newcomer("woman", "men", face_consent=True), town.newcomer("woman", "men", face_consent=True)
    look(town, fond, 0)
    look(town, cold, 1)
    (shown,) = town.act(me, discover.show)
    assert card([shown]) == fond
    assert "You liked people who look and dress like this before" in texts([shown])[0]
    [said] = town.act(me, discover.why, fond)
    assert "Your 16 answers so far speak for this look" in texts([said])[0]
    town.act(me, discover.answer, fond, liked=False)
    assert "You liked people" not in texts(town.act(me, discover.show))[0]
    assert "speak rather against this look" in texts(town.act(me, discover.why, cold))[0]


# Whose photos count


def off(connection: Connection, town: Town, member_id: int, how: str) -> None:
    member = members.by_id(connection, member_id)
    assert member is not None
    if how == "photos":
        settings.by_photos(connection, surroundings(town.now), member, "off")
    else:
        consent.record(connection, surroundings(town.now), member, "face", given=False)


@pytest.mark.parametrize("who", [0, 1])
def test_nothing_of_photos_is_used_for_or_about_whom_does_not_want_it(town: Town, two: tuple[int, int], who: int) -> None:
    me, her = two
    town.see(me)
    town.act(her, discover.show)
    town.database.transact(tastes.save, two[who], "face", "face-test", 9, packed(np.ones(4, np.float32)))
    town.database.transact(off, town, two[who], "photos")
    quiet = person(town, two[who])
    assert (quiet.face, quiet.fashion, quiet.types, quiet.ideal) == (None, None, (), None)
    assert quiet.taste.face is None
    assert quiet.taste.fashion is None
    assert town.database.read(tastes.of, [two[who]], "face") == {}, "what was learned of their taste is erased"
    for viewer, other in (two, two[::-1]):
        assert town.see(viewer) == other
        assert not unpacked(impression(town, viewer, other).features or b"")[SEEN].any()
        (shown,) = town.act(viewer, discover.show)
        said = texts([shown, *town.act(viewer, discover.why, other)])
        assert "fashion type" not in said[0].lower()
        assert "wear" not in "".join(said)
        assert "Nothing read from photos went into this suggestion" in said[1]
    assert "Name w" not in texts(town.act(me, discover.show))[0] if who == 1 else True


@pytest.mark.parametrize("who", [0, 1])
def test_a_face_counts_for_nothing_once_its_consent_is_taken_back(town: Town, two: tuple[int, int], who: int) -> None:
    me, her = two
    town.see(me)
    town.act(me, discover.answer, her, liked=True)
    town.database.transact(off, town, two[who], "face")
    quiet = person(town, two[who])
    assert quiet.face is None
    assert quiet.taste.face is None
    assert all(not one.startswith(("wf", "mf")) for one in quiet.types)
    assert quiet.fashion is not None, "clothes are not a face"
    assert [one.features for one in judged(town)] == [None], "what held likenesses of faces is gone from the log"
    assert town.see(her) == me
    features = unpacked(impression(town, her, me).features or b"")
    assert not features[[PLACE["lift_face"], PLACE["taste_face"], PLACE["ideal"]]].any()
    assert features[PLACE["lift_fashion"]] != 0


@pytest.mark.parametrize("who", [0, 1])
def test_an_answer_to_an_older_card_leaves_photos_out_too(town: Town, two: tuple[int, int], who: int) -> None:
    me, her = two
    town.see(me)
    assert unpacked(impression(town, me, her).features or b"")[SEEN].any()
    town.database.transact(off, town, two[who], "photos")
    town.act(me, discover.answer, her, liked=True)
    [answer] = judged(town)
    assert not unpacked(answer.features or b"")[SEEN].any()
    assert town.database.read(tastes.of, [me, her], "face") == {}
    assert town.database.read(tastes.of, [me, her], "fashion") == {}


def test_switched_off_nothing_is_recommended_by_types_and_others_see_none(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    assert "Name mf-0" in texts(town.act(me, profile.show))[0]
    said = town.act(me, settings.by_photos, "off")
    assert keys(said) == ["settings.photos_off"]
    assert "Name mf-0" not in texts(town.act(me, profile.show))[0], "the profile is what others see"
    assert keys(town.act(me, type_cards.show))[:2] == ["types.card", "types.partners_off"]
    assert town.see(her) == me
    town.act(me, settings.by_photos, "on")
    assert "Name mf-0" in texts(town.act(me, profile.show))[0]
    assert unpacked(impression(town, her, me).features or b"")[SEEN].any() is np.False_
    town.see(her)
    assert unpacked(impression(town, her, me).features or b"")[SEEN].any()


# What nobody is told


def told(town: Town, viewer: int, shown: int, usecase: Callable[..., Replies] = discover.show) -> list[str]:
    """Everything that a member can read about a person: the card and what stands behind its button, in both languages."""
    replies = [*town.act(viewer, usecase), *town.act(viewer, discover.why, shown)]
    labels = [meeting.WORDS.plain(item.word, "en") for reply in replies if isinstance(reply, Say | Shown) for item in buttons(reply)]
    return [*texts(replies), *texts(replies, "ko"), *labels]


def liked_by_all(connection: Connection, town: Town, her: int, him: int) -> None:
    for _ in range(50):
        standings.count_answer(connection, him, her, True, 0.2, 0.2)


def liked_by_nobody(connection: Connection, town: Town, her: int, him: int) -> None:
    for _ in range(50):
        standings.count_answer(connection, him, her, False, 0.4, 0.4)


def hard_to_please(connection: Connection, town: Town, her: int, him: int) -> None:
    for _ in range(50):
        standings.count_answer(connection, her, him, False, 0.4, 0.4)


def shown_to_many(connection: Connection, town: Town, her: int, him: int) -> None:
    for _ in range(4):
        impressions.add(connection, him, her, town.now, "discover")


def fond_of_me(connection: Connection, town: Town, her: int, him: int) -> None:
    tastes.save(connection, her, "face", "face-test", 200, packed(np.array([9, 0, 0, 0], np.float32)))


def averse_to_me(connection: Connection, town: Town, her: int, him: int) -> None:
    tastes.save(connection, her, "face", "face-test", 200, packed(np.array([-9, 0, 0, 0], np.float32)))


def away(connection: Connection, town: Town, her: int, him: int) -> None:
    members.update(connection, her, town.now, last_active_at=town.now - dt.timedelta(days=40))


def skips_me(connection: Connection, town: Town, her: int, him: int) -> None:
    me = min(row.id for row in members.of(connection, range(her - 9, her)).values() if row.gender == "man" and row.id != him)
    like_queries.mark(connection, her, me, False, town.now)


def likes_me(connection: Connection, town: Town, her: int, him: int) -> None:
    me = min(row.id for row in members.of(connection, range(her - 9, her)).values() if row.gender == "man" and row.id != him)
    like_queries.mark(connection, her, me, True, town.now)


def believes(town: Town, viewer: int, shown: int) -> tuple[float, ...]:
    place = town.database.read(ranking.one, surroundings(town.now), town.member(viewer), shown)
    assert place is not None
    return place.ranked.p_out, place.ranked.p_back, place.ranked.score


PRIVATE: list[Callable[[Connection, Town, int, int], None]] = [
    liked_by_all,
    liked_by_nobody,
    hard_to_please,
    shown_to_many,
    fond_of_me,
    averse_to_me,
    away,
    skips_me,
    likes_me,
]


@pytest.mark.parametrize("change", PRIVATE, ids=lambda change: change.__name__)
def test_nobody_reads_anothers_private_numbers(
    town: Town, two: tuple[int, int], change: Callable[[Connection, Town, int, int], None]
) -> None:
    """What is said about a person is the same however popular they are, and whatever they think of the reader."""
    me, her = two
    him = town.newcomer("man", "women", latitude=33.5, longitude=126.5, distance_km=1)
    before, believed = told(town, me, her), believes(town, me, her)
    town.database.transact(change, town, her, him)
    assert told(town, me, her) == before
    assert believes(town, me, her) != believed, "ranking knows"


def test_no_chance_and_no_score_is_on_any_screen(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    said = told(town, me, her)
    noted = impression(town, me, her)
    for value in (noted.p_out, noted.p_back, noted.score):
        assert value is not None
        for form in (f"{value:.2f}", f"{100 * value:.0f} %", f"{100 * value:.0f}%", f"{value:.3f}"):
            assert not any(re.search(rf"(?<![\d.]){re.escape(form)}(?!\d)", text) for text in said), form


# Attention


def held_up(monkeypatch: pytest.MonkeyPatch, minimum: int) -> None:
    learned = LearnedInUse(RankingSettings(newcomer_slots=0.0, minimum=minimum))
    monkeypatch.setattr(meeting, "unlearned", lambda: learned)
    assert learned.now(affinity()).settings.minimum == minimum


def test_those_shown_to_many_wait_and_it_is_said_so(town: Town, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    held_up(monkeypatch, 1)
    me, her = two
    others = [town.newcomer("man", "women") for _ in range(ranking.HOLD)]
    for number, other in enumerate(others):
        if number:
            unseen = town.newcomer("woman", "men")
            assert town.see(other) == unseen, "over the cap she comes after everybody else"
            town.act(other, discover.answer, unseen, liked=False)
            town.database.transact(members.update, unseen, town.now, status="paused")
        assert town.see(other) == her
    [said] = town.act(me, discover.show)
    assert keys([said]) == ["discover.capped"]
    assert "there are more of them tomorrow" in texts([said])[0]
    assert not town.database.read(exposures.was_shown, me, her)
    town.now += dt.timedelta(days=8)
    assert town.see(me) == her, "attention is counted within a week"


def test_whoever_likes_a_member_is_never_held_back_from_them(town: Town, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    held_up(monkeypatch, 1)
    me, her = two
    for _ in range(ranking.HOLD):
        assert town.see(town.newcomer("man", "women")) == her
    assert town.see(me) == 0
    town.database.transact(like_queries.mark, her, me, True, town.now)
    assert town.see(me) == her
    assert card(town.act(me, likes.show)) == her
    assert impression(town, me, her).place == "likes"


# The pool


class Index:
    """In place of the index of members: says whatever it is told to."""

    def __init__(self, ids: list[int] | None) -> None:
        self.said, self.asked = ids, 0

    def ids(self, connection: Connection, member: object, query: Callable[[], Any], k: int, now: dt.datetime) -> list[int] | None:
        self.asked += 1
        assert query().dtype == np.float32
        return self.said


def indexed(town: Town, index: Index) -> Context:
    from dataclasses import replace

    return replace(surroundings(town.now), candidates=index)


def found(town: Town, me: int, index: Index) -> list[int]:
    def work(connection: Connection) -> list[int]:
        member = members.by_id(connection, me)
        assert member is not None
        return sorted(place.id for place in ranking.order(connection, indexed(town, index), member).places)

    return town.database.read(work)


def test_what_an_index_proposes_is_held_to_every_filter(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    wrong = [
        town.newcomer("man", "men"),
        town.newcomer("woman", "women"),
        town.newcomer("woman", "men", status="paused"),
        town.newcomer("woman", "men", age_min=50),
        town.newcomer("woman", "men", verified_only=True),
        town.newcomer("woman", "men", same_language=True, languages="fr"),
        10**9,
        me,
    ]
    assert found(town, me, Index([*wrong, her, her])) == [her]
    assert found(town, me, Index(wrong)) == [her], "where nothing holds, SQL is asked"
    assert found(town, me, Index(None)) == [her]
    assert found(town, me, Index([])) == []


def test_who_likes_the_member_is_found_without_the_index(town: Town) -> None:
    me, her, liker = town.newcomer("man", "women"), town.newcomer("woman", "men"), town.newcomer("woman", "men")
    town.database.transact(like_queries.mark, liker, me, True, town.now)
    assert found(town, me, Index([her])) == sorted([her, liker])


def test_the_order_stays_until_the_next_answer(town: Town) -> None:
    me = town.newcomer("man", "women")
    for _ in range(6):
        town.newcomer("woman", "men")
    first = town.see(me)
    assert {town.see(me) for _ in range(4)} == {first}


def test_looking_again_and_again_is_one_showing(town: Town, two: tuple[int, int]) -> None:
    """Else a single member could use up somebody's attention for everybody."""
    me, her = two
    for _ in range(30):
        assert town.see(me) == her
    since = town.now - dt.timedelta(days=7)
    assert town.database.read(impressions.recent_counts, [her], since) == {her: 1}
    town.now += dt.timedelta(days=2)
    town.see(me)
    assert town.database.read(impressions.recent_counts, [her], since) == {her: 2}


def test_who_skipped_the_member_comes_last_and_nothing_tells_them(town: Town) -> None:
    me = town.newcomer("man", "women")
    women = [town.newcomer("woman", "men") for _ in range(3)]
    first = town.see(me)
    town.database.transact(like_queries.mark, first, me, False, town.now)
    order = []
    while (shown := town.see(me)) != 0:
        order.append(shown)
        town.act(me, discover.answer, shown, liked=False)
    assert sorted(order) == women
    assert order[-1] == first
