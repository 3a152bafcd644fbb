"""From /start to a member who is ready, and everything that can go otherwise."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.replies import Notice, Say
from bot.usecases import appeals, onboarding
from bot.usecases.onboarding import ORDER
from db import consents, photos, safety
from db import types as member_types
from db.session import Database
from tests.bot.meeting import keys, presses
from tests.bot.newcomer import Newcomer, faceless, selfie


@pytest.fixture
def newcomer(database: Database) -> Newcomer:
    return Newcomer(database)


def test_all_answers_make_a_member(newcomer: Newcomer) -> None:
    newcomer.ready()
    me = newcomer.me
    assert (me.status, me.step, me.language) == ("active", "", "en")
    assert (me.birth_date, me.gender, me.seeks) == (dt.date(1994, 3, 7), "woman", "men")
    assert (me.city, me.latitude, me.longitude, me.distance_km) == ("Seoul", 37.6, 127.0, 50)
    assert (me.age_min, me.age_max, me.about, me.face_consent) == (25, 40, "I like <b>tea</b>", True)
    given = newcomer.read(consents.history, me.id)
    assert [(item.kind, item.given, bool(item.version)) for item in given] == [("terms", True, True), ("face", True, True)]
    assert [photo.status for photo in newcomer.read(photos.of, me.id)] == ["approved"]
    assert set(newcomer.read(member_types.of_member, me.id)) == {"face", "fashion"}


@pytest.mark.parametrize("step", ORDER)
def test_start_asks_the_question_of_any_step_again(newcomer: Newcomer, step: str) -> None:
    newcomer.upto(step)
    before = newcomer.me
    for _ in range(2):
        said = newcomer.start()
        assert f"ask.{step}" in keys(said)
    assert newcomer.me.step == before.step == step
    newcomer.answer(step)
    assert newcomer.me.step != step


@pytest.mark.parametrize("step", ORDER)
def test_an_answer_counts_once(newcomer: Newcomer, step: str) -> None:
    """A button pressed twice, or one of an older question, changes nothing."""
    newcomer.ready()
    ready = newcomer.me
    said = newcomer.press(step, "women" if step == "seeks" else "other")
    assert keys(said) == ["ask.passed"]
    assert newcomer.me == ready


@pytest.mark.parametrize("step", ORDER)
def test_forged_answers_are_refused(newcomer: Newcomer, step: str) -> None:
    newcomer.upto(step)
    before = newcomer.me
    for field in (*ORDER, "status", "id", ""):
        if field == step:
            continue
        assert keys(newcomer.press(field, "active"))[0] == "ask.passed"
    assert newcomer.me == before


@pytest.mark.parametrize(
    ("step", "value"), [("gender", "x"), ("seeks", ""), ("city", "123"), ("distance", "-5"), ("ages", "1-99"), ("language", "de")]
)
def test_impossible_values_are_refused(newcomer: Newcomer, step: str, value: str) -> None:
    newcomer.upto(step)
    said = newcomer.press(step, value)
    assert isinstance(said[0], Notice)
    assert newcomer.me.step == step


@pytest.mark.parametrize("step", [step for step in ORDER if step not in ("birth", "city", "distance", "ages", "about")])
def test_text_where_a_button_is_wanted_asks_again(newcomer: Newcomer, step: str) -> None:
    newcomer.upto(step)
    said = newcomer.say("hello?")
    assert keys(said)[0] in ("wrong.buttons", "wrong.photo")
    assert f"ask.{step}" in keys(said)
    assert newcomer.me.step == step


@pytest.mark.parametrize(("step", "text", "why"), [
    ("birth", "soon", "wrong.birth.format"), ("birth", "03/07/1994", "wrong.birth.ambiguous"),
    ("birth", "2090-01-01", "wrong.birth.future"),
    ("city", "12", "wrong.city.format"), ("city", "x" * 41, "wrong.city.long"), ("distance", "far", "wrong.distance.format"),
    ("distance", "99999", "wrong.distance.range"), ("ages", "old", "wrong.ages.format"), ("ages", "12-30", "wrong.ages.range"),
    ("city", "\u3164", "wrong.city.empty"), ("about", "\u200d", "wrong.about.empty"),
    ("about", "\u200b", "wrong.about.empty"), ("about", "x" * 501, "wrong.about.long"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_and_asked_again(newcomer: Newcomer, step: str, text: str, why: str) -> None:
    newcomer.upto(step)
    said = keys(newcomer.say(text))
    assert said[:2] == [why, f"ask.{step}"]
    assert newcomer.me.step == step


@pytest.mark.parametrize("step", ORDER)
def test_other_kinds_of_messages_ask_again(newcomer: Newcomer, step: str) -> None:
    newcomer.upto(step)
    assert f"ask.{step}" in keys(newcomer.town.act(newcomer.id, onboarding.remind))
    assert keys(newcomer.town.act(newcomer.id, onboarding.remind_pressed)) == ["start.finish_first"]
    assert newcomer.me.step == step


def test_back_goes_one_question_back_and_only_from_here(newcomer: Newcomer) -> None:
    newcomer.upto("seeks")
    assert "ask.gender" in keys(newcomer.town.act(newcomer.id, onboarding.back, "seeks"))
    assert newcomer.me.step == "gender"
    assert keys(newcomer.town.act(newcomer.id, onboarding.back, "seeks")) == ["ask.passed", "ask.gender"]
    newcomer.press("gender", "man")
    assert (newcomer.me.gender, newcomer.me.step) == ("man", "seeks")


def test_without_the_terms_there_is_no_way_on(newcomer: Newcomer) -> None:
    newcomer.upto("terms")
    assert keys(newcomer.press("terms", "no")) == ["ask.terms.needed"]
    assert newcomer.me.step == "terms"
    newcomer.press("terms", "yes")
    assert [item.given for item in newcomer.read(consents.history, newcomer.id)] == [False, True]


def test_without_face_consent_a_photo_waits_for_an_admin(newcomer: Newcomer) -> None:
    newcomer.upto("face")
    newcomer.press("face", "no")
    for step in ("birth", "gender", "seeks", "city", "distance", "ages"):
        newcomer.answer(step)
    said = newcomer.send(faceless())
    assert keys(said)[-1] == "photo.pending"
    newcomer.press("photo", "done")
    assert keys(newcomer.press("about", "skip"))[-1] == "start.ready_waiting"
    assert newcomer.me.face_consent is False
    assert newcomer.me.about == ""
    assert set(newcomer.read(member_types.of_member, newcomer.id)) == {"fashion"}
    assert newcomer.read(photos.vectors, newcomer.id, "face") == []
    [review] = newcomer.read(safety.reviews_open)
    [photo] = newcomer.read(photos.of, newcomer.id)
    assert (review.kind, review.photo_id, photo.status) == ("photo", photo.id, "pending")


def test_eighteen_today_is_welcome(newcomer: Newcomer) -> None:
    newcomer.upto("birth")
    today = newcomer.town.now.date()
    newcomer.say(today.replace(year=today.year - 18).isoformat())
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "gender")


def turned_away(newcomer: Newcomer) -> None:
    """Eighteen tomorrow."""
    newcomer.upto("birth")
    tomorrow = newcomer.town.now.date() + dt.timedelta(days=1)
    born = tomorrow.replace(year=tomorrow.year - 18).isoformat()
    assert keys(newcomer.say(born)) == ["ask.birth.sure"]
    assert keys(newcomer.press("birth", born)) == ["ask.answered", "underage.turned_away"]


def test_under_eighteen_is_turned_away_and_cannot_try_another_date(newcomer: Newcomer) -> None:
    turned_away(newcomer)
    frozen = newcomer.me
    assert frozen.status == "banned"
    assert keys(newcomer.press("gender", "woman")) == ["ask.passed"]
    assert keys(newcomer.town.act(newcomer.id, onboarding.back, "gender")) == ["ask.passed"]
    assert keys(newcomer.town.act(newcomer.id, appeals.stopped)) == ["underage.still"]
    assert newcomer.me.birth_date == frozen.birth_date


def test_who_was_too_young_is_welcome_at_eighteen(newcomer: Newcomer) -> None:
    turned_away(newcomer)
    newcomer.later(days=1)
    assert keys(newcomer.town.act(newcomer.id, appeals.stopped)) == ["underage.welcome_back", "ask.gender"]
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "gender")


def test_a_mistyped_date_is_for_an_admin_to_forgive_once(newcomer: Newcomer) -> None:
    turned_away(newcomer)
    assert keys(newcomer.town.act(newcomer.id, onboarding.appeal)) == ["underage.asked"]
    assert keys(newcomer.town.act(newcomer.id, onboarding.appeal)) == ["underage.asked_already"]
    [review] = newcomer.read(safety.reviews_open)
    assert (review.kind, review.photo_id) == ("minor", None)
    assert keys(newcomer.town.act(newcomer.id, onboarding.resume)) == ["underage.again", "ask.birth"]
    newcomer.say("1994-03-07")
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "gender")


def test_a_shared_location_is_kept_coarse(newcomer: Newcomer) -> None:
    newcomer.upto("city")
    said = newcomer.town.act(newcomer.id, onboarding.location, 37.566535, 126.977969)
    assert keys(said)[0] == "ask.city.saved"
    assert (newcomer.me.latitude, newcomer.me.longitude, newcomer.me.city) == (37.6, 127.0, "Seoul")


def test_a_location_far_from_every_known_city(newcomer: Newcomer) -> None:
    newcomer.upto("city")
    newcomer.town.act(newcomer.id, onboarding.location, 51.5074, -0.1278)
    assert (newcomer.me.latitude, newcomer.me.longitude, newcomer.me.city) == (51.5, -0.1, None)


def test_a_city_that_nobody_knows_has_no_distance(newcomer: Newcomer) -> None:
    newcomer.upto("city")
    said = newcomer.say("Atlantis")
    assert keys(said)[-1] == "ask.distance.city"
    assert (newcomer.me.city, newcomer.me.latitude) == ("Atlantis", None)


def test_a_photo_is_needed_to_go_on(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    assert keys(newcomer.press("photo", "done")) == ["photo.one_needed"]
    said = newcomer.send(selfie())
    assert keys(said) == ["types.card", "types.partners_prior"]
    assert presses(said) == set() or "set" in presses(said)
    newcomer.press("photo", "done")
    assert newcomer.me.step == "about"


def test_start_when_ready_shows_the_menu(newcomer: Newcomer) -> None:
    newcomer.ready()
    [said] = newcomer.start()
    assert isinstance(said, Say)
    assert said.word.key == "start.again"
    assert "discover" in presses([said])
