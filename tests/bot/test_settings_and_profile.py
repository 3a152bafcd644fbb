"""Changing answers later, pausing, languages, and the profile as others see it."""

from __future__ import annotations

import pytest

from bot.replies import Shown
from bot.usecases import help as help_usecases
from bot.usecases import privacy, profile, settings
from db.session import Database
from tests.bot.meeting import keys, presses, texts
from tests.bot.newcomer import Newcomer


@pytest.fixture
def member(database: Database) -> Newcomer:
    newcomer = Newcomer(database)
    newcomer.ready()
    return newcomer


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("gender", "other", "other"),
        ("seeks", "everyone", "everyone"),
        ("city", "Busan", "Busan"),
        ("distance", "0", 0),
        ("ages", "20-30", 20),
        ("about", "skip", ""),
    ],
)
def test_every_answer_can_be_changed_by_its_buttons(member: Newcomer, field: str, value: str, expected: object) -> None:
    assert any(key.startswith("ask.") for key in keys(member.town.act(member.id, profile.edit, field)))
    assert member.me.step == f"edit.{field}"
    member.town.act(member.id, profile.press, field, value)
    column = {"distance": "distance_km", "ages": "age_min"}.get(field, field)
    assert getattr(member.me, column) == expected
    assert member.me.step == ""
    assert keys(member.town.act(member.id, profile.press, field, value)) == ["ask.passed"]


@pytest.mark.parametrize(
    ("field", "typed", "column", "expected"),
    [
        ("city", "부산", "city", "Busan"),
        ("ages", "40대", "age_max", 49),
        ("distance", "70 km", "distance_km", 70),
        ("about", "<i>hi</i>", "about", "<i>hi</i>"),
    ],
)
def test_answers_can_be_typed(member: Newcomer, field: str, typed: str, column: str, expected: object) -> None:
    member.town.act(member.id, profile.edit, field)
    assert keys(member.town.act(member.id, profile.text, "\u200b"))[0].startswith("wrong.")
    assert member.me.step == f"edit.{field}"
    member.town.act(member.id, profile.text, typed)
    assert getattr(member.me, column) == expected


@pytest.mark.parametrize("field", ["birth", "status", "language", "terms", "id", ""])
def test_nothing_else_can_be_changed(member: Newcomer, field: str) -> None:
    before = member.me
    assert keys(member.town.act(member.id, profile.edit, field)) == ["ask.passed"]
    assert keys(member.town.act(member.id, profile.press, field, "x")) == ["ask.passed"]
    assert member.me == before


def test_cancel_leaves_the_answer(member: Newcomer) -> None:
    member.town.act(member.id, profile.edit, "city")
    assert keys(member.town.act(member.id, profile.cancel, "city"))[:2] == ["ask.kept", "ask.city.kept"]
    assert (member.me.city, member.me.step) == ("Seoul", "")
    assert keys(member.town.act(member.id, profile.cancel, "city")) == ["ask.passed"]


def test_a_location_is_taken_only_when_asked_for(member: Newcomer) -> None:
    assert keys(member.town.act(member.id, profile.location, 35.18, 129.07)) == ["profile.location_unasked"]
    assert member.me.city == "Seoul"
    member.town.act(member.id, profile.edit, "city")
    member.town.act(member.id, profile.location, 35.18, 129.07)
    assert (member.me.city, member.me.latitude, member.me.longitude) == ("Busan", 35.2, 129.1)


def test_the_profile_shows_what_others_see_escaped(member: Newcomer) -> None:
    [shown] = member.town.act(member.id, profile.show)
    assert isinstance(shown, Shown)
    [text] = texts([shown])
    assert "<b>32</b> · Seoul" in text
    assert "I like &lt;b&gt;tea&lt;/b&gt;" in text
    assert "Name wf-0" in text


def test_pausing_and_going_on(member: Newcomer) -> None:
    assert keys(member.town.act(member.id, settings.pause, "on")) == ["settings.paused", "settings.overview"]
    assert member.me.status == "paused"
    assert keys(member.start()) == ["start.paused"]
    member.town.act(member.id, settings.pause, "off")
    assert member.me.status == "active"
    assert keys(member.town.act(member.id, settings.pause, "ban")) == ["ask.passed"]


def test_nobody_pauses_out_of_onboarding(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("gender")
    assert keys(newcomer.town.act(newcomer.id, settings.pause, "off")) == ["ask.passed"]
    assert newcomer.me.status == "onboarding"


def test_the_language_changes_at_once(member: Newcomer) -> None:
    assert presses(member.town.act(member.id, settings.language)) == {"language"}
    member.town.act(member.id, settings.set_language, "ko")
    assert member.me.language == "ko"
    assert keys(member.town.act(member.id, settings.set_language, "xx")) == ["ask.passed"]


def test_the_settings_say_how_things_are(member: Newcomer) -> None:
    [text] = texts(member.town.act(member.id, settings.show))
    for line in (
        "Language: English",
        "Looking for: Men",
        "Age: 25–40",
        "Distance: Within 50 km",
        "My profile: shown",
        "Face processing: agreed",
    ):
        assert line in text
    [text] = texts(member.town.act(member.id, privacy.show))
    assert "Face processing: <b>agreed</b>" in text


def test_help_fits_the_stage(member: Newcomer) -> None:
    assert keys(member.town.act(member.id, help_usecases.show)) == ["help.text"]
    assert keys(member.town.act(member.id, help_usecases.unknown_press)) == ["ask.passed"]
