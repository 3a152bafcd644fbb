"""Words on cards: reasons with their figures, the evidence behind the button, what is said when few are left."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.replies import Say, Shown
from bot.usecases import discover, settings
from db import exposures, members, safety
from tests.bot.looks import look
from tests.bot.meeting import Town, buttons, card, keys, presses, texts
from tests.bot.test_observed import observe
from tests.db.people import BUSAN, SUWON


@pytest.fixture
def two(town: Town) -> tuple[int, int]:
    me, her = town.newcomer("man", "women", face_consent=True), town.newcomer("woman", "men", face_consent=True)
    look(town, me, 0, garments=("sweater", "slacks"))
    look(town, her, 0, garments=("slacks", "shirt"))
    return me, her


def said(town: Town, me: int, language: str = "en") -> str:
    return texts(town.act(me, discover.show), language)[0]


def test_a_reason_has_its_couples_and_its_interval(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    town.database.transact(observe, ("mf-0", "wf-0", 41), ("mf-0", "wf-1", 30), ("mf-1", "wf-1", 80), ("mf-1", "wf-0", 10))
    english, korean = said(town, me), said(town, me, "ko")
    assert "Your face type is seen with hers in 41 of 71 couples, 1." in english
    assert "times as often as by chance" in english
    assert "커플 71쌍 중 41쌍에서 이분의 얼굴 타입과 함께였어요" in korean
    assert "Your fashion types are alike" in english, "the other kind still rests on the assumption, and says so"
    assert "That is an assumption: not enough couples have been observed yet" in english
    [evidence] = town.act(me, discover.why, her)
    [text] = texts([evidence])
    assert "Faces (<i>Name mf-0</i> and <i>Name wf-0</i>): 41 of 71 couples with your type; 1." in text
    assert "80 % interval 1." in text
    assert "Outfits (<i>Name mo-0</i> and <i>Name wo-0</i>): no couples with your type have been observed yet" in text
    for part in (
        "no forecast about two people, and nothing about character",
        "told to nobody",
        "Both of you wear slacks",
        "within about 10 km",
    ):
        assert part in text
    assert "80% 구간" in texts([evidence], "ko")[0]
    assert isinstance(evidence, Say)
    assert [item.press.do for item in buttons(evidence)] == ["by_photos"]


def test_what_is_no_more_than_chance_is_no_reason_but_stands_in_the_evidence(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    town.database.transact(observe, ("mf-0", "wf-0", 30), ("mf-0", "wf-1", 30), ("mf-1", "wf-0", 30), ("mf-1", "wf-1", 30))
    assert "couples," not in said(town, me)
    assert "30 of 60 couples with your type; about as often as by chance (1.00" in texts(town.act(me, discover.why, her))[0]


def test_without_anything_of_photos_there_are_plain_reasons(town: Town) -> None:
    me = town.newcomer("man", "women")
    her = town.newcomer("woman", "men", birth_date=dt.date(1994, 3, 1), latitude=SUWON[0], longitude=SUWON[1])
    text = said(town, me)
    assert "Your ages are close: 2 years apart" in text
    assert "You live close" not in text
    assert "New here" in text
    assert "Nothing read from photos went into this suggestion" in texts(town.act(me, discover.why, her))[0]


def test_evidence_is_for_whom_was_shown_the_card_and_as_long_as_it_holds(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    stranger = town.newcomer("man", "women")
    for who, whom in ((stranger, her), (her, me), (me, me), (me, 10**9)):
        assert keys(town.act(who, discover.why, whom)) == ["discover.passed"]
    assert town.see(me) == her
    assert keys(town.act(me, discover.why, her)) == ["evidence.card"]
    town.database.transact(safety.block, her, me, town.now)
    assert keys(town.act(me, discover.why, her)) == ["discover.passed"]
    assert keys(town.act(me, discover.more, her)) == ["discover.passed"]


def test_everything_a_card_can_say_at_once_fits_a_caption(town: Town, two: tuple[int, int]) -> None:
    me, her = two
    long = {"about": "가" * 500, "city": "나" * 40, "demo": True}
    town.database.transact(lambda connection: members.update(connection, her, town.now, **long))
    town.database.transact(lambda connection: members.update(connection, me, town.now, age_min=30, age_max=30, distance_km=10))
    town.newcomer("woman", "men", latitude=BUSAN[0], longitude=BUSAN[1], distance_km=0)
    observed = [(f"m{kind}-0", f"w{kind}-0", 400) for kind in "f"] + [("mf-1", "wf-1", 900), ("mf-0", "wf-1", 350), ("mf-1", "wf-0", 200)]
    town.database.transact(observe, *observed)
    for number in range(8):
        other = town.newcomer("woman", "men", face_consent=True)
        look(town, other, number % 2)
        town.database.transact(exposures.add, me, other, town.now)
        town.act(me, discover.answer, other, liked=number % 2 == 0)
    for language in ("ko", "en"):
        town.database.transact(lambda connection, told: members.update(connection, me, town.now, language=told), language)
        replies = town.act(me, discover.show)
        assert card(replies) == her
        [text] = texts(replies, language)
        assert len(text) < 1024, (language, len(text))
        assert "400" in text
    assert "You liked people" in texts(replies)[0]
    assert "Most are left out by your distance" in texts(replies)[0]


# Few or none are left


def test_few_left_names_the_costliest_filter_and_offers_to_widen_it(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=30, age_min=28, age_max=32)
    for _ in range(4):
        town.newcomer("woman", "men")
    for _ in range(3):
        town.newcomer("woman", "men", latitude=BUSAN[0], longitude=BUSAN[1], distance_km=0)
    town.newcomer("woman", "men", birth_date=dt.date(1980, 1, 1))
    before = town.member(me)
    (shown,) = town.act(me, discover.show)
    assert "⏳ After this one 3 more people fit what you are looking for." in texts([shown])[0]
    assert "Most are left out by your distance (3)." in texts([shown])[0]
    assert isinstance(shown, Shown)
    assert [item.press.choice for item in buttons(shown) if item.press.do == "widen"] == ["distance:0"]
    assert town.member(me) == before, "nothing widens by itself"
    for rest in (2, 1, 0):
        (shown,) = [one for one in town.act(me, discover.answer, card([shown]), liked=False) if isinstance(one, Shown)]
        text = texts([shown])[0]
        assert ("This is the last person" if rest == 0 else f"After this one {rest} more") in text
    assert town.member(me).distance_km == 30
    replies = town.act(me, discover.widen, "distance:0")
    assert keys(replies)[0] == "discover.widened_distance"
    assert town.member(me).distance_km == 0


def test_where_many_are_left_nothing_is_said_of_filters(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=30)
    for _ in range(5):
        town.newcomer("woman", "men")
    town.newcomer("woman", "men", latitude=BUSAN[0], longitude=BUSAN[1], distance_km=0)
    (shown,) = town.act(me, discover.show)
    assert "⏳" not in texts([shown])[0]
    assert "widen" not in presses([shown])


def test_others_filters_are_named_and_have_no_button(town: Town) -> None:
    me = town.newcomer("man", "women")
    town.newcomer("woman", "men")
    for _ in range(2):
        town.newcomer("woman", "men", age_min=50)
    (shown,) = town.act(me, discover.show)
    assert "Most are left out by others’ age range (2)." in texts([shown])[0]
    assert "widen" not in presses([shown])


@pytest.mark.parametrize(
    ("fields", "theirs", "choice"),
    [({"same_language": True}, {"languages": "fr"}, "language"), ({"verified_only": True}, {}, "verified")],
)
def test_language_and_verification_are_offered_too(town: Town, fields: dict[str, bool], theirs: dict[str, str], choice: str) -> None:
    me = town.newcomer("man", "women", **fields)
    her = town.newcomer("woman", "men", **theirs)
    [nobody] = town.act(me, discover.show)
    assert isinstance(nobody, Say)
    assert next(item.press.choice for item in buttons(nobody)) == choice
    assert "there is 1 more person" in texts([nobody])[0]
    replies = town.act(me, discover.widen, choice)
    assert keys(replies)[0] == f"discover.widened_{choice}"
    assert card(replies) == her


# Settings


def test_languages_are_chosen_and_one_is_left(town: Town) -> None:
    me = town.newcomer("man", "women")
    assert "Languages I speak: Korean" in texts(town.act(me, settings.show))[0]
    town.act(me, settings.speak, "en")
    town.act(me, settings.speak, "ru")
    assert town.member(me).speaks == ("ko", "en", "ru")
    town.act(me, settings.speak, "ru")
    town.act(me, settings.speak, "ko")
    assert town.member(me).speaks == ("en",)
    assert keys(town.act(me, settings.speak, "en")) == ["settings.languages_one"]
    for forged in ("xx", "", "en ko", "%"):
        assert keys(town.act(me, settings.speak, forged)) == ["ask.passed"]
    assert town.member(me).speaks == ("en",)


def test_a_shared_language_holds_at_once_both_ways(town: Town) -> None:
    me, her = town.newcomer("man", "women", languages="en"), town.newcomer("woman", "men", languages="ko")
    assert town.see(me) == her
    town.act(her, settings.same_language, "on")
    assert town.see(me) == 0
    assert keys(town.act(me, discover.answer, her, liked=True))[0] == "discover.gone"
    town.act(me, settings.speak, "ko")
    assert town.see(me) == her
    assert "(only people who share one)" in texts(town.act(her, settings.show))[0]
    assert keys(town.act(her, settings.same_language, "maybe")) == ["ask.passed"]


def test_verified_only_is_offered_where_anybody_is(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    assert "verified" not in presses(town.act(me, settings.show))
    assert keys(town.act(me, settings.verified_only, "on")) == ["settings.verified_nobody"]
    assert not town.member(me).verified_only
    town.newcomer("woman", "women", verified=True)
    assert "verified" in presses(town.act(me, settings.show))
    assert keys(town.act(me, settings.verified_only)) == ["settings.verified"]
    town.act(me, settings.verified_only, "on")
    assert town.see(me) == 0
    town.database.transact(lambda connection: members.update(connection, her, town.now, verified=True))
    assert town.see(me) == her
    town.act(me, settings.verified_only, "off")
    assert not town.member(me).verified_only


def test_photo_based_recommendation_says_what_it_is_before_it_is_switched(town: Town) -> None:
    me = town.newcomer("man", "women")
    [screen] = town.act(me, settings.by_photos)
    assert isinstance(screen, Say)
    assert "nothing read from photos is used for you or about you" in texts([screen])[0]
    assert [(item.press.do, item.press.choice) for item in buttons(screen)] == [("by_photos", "off"), ("settings", "")]
    assert town.member(me).photo_based
    town.act(me, settings.by_photos, "off")
    assert not town.member(me).photo_based
    assert "Photo-based recommendation: off" in texts(town.act(me, settings.show))[0]
    town.act(me, settings.by_photos, "on")
    assert town.member(me).photo_based
