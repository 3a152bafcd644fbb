"""What a member reads about themselves is so: who sees them, what a button does to their words, where a pause ends."""

from __future__ import annotations

import pytest

from bot.keyboards import RESUME
from bot.replies import Replies, Say, Shown
from bot.usecases import access, onboarding, photos, profile, settings
from db import members
from db import photos as stored
from db.session import Database
from tests.bot.meeting import buttons, keys, presses, texts
from tests.bot.newcomer import Newcomer, faceless


@pytest.fixture
def member(database: Database) -> Newcomer:
    newcomer = Newcomer(database)
    newcomer.ready()
    return newcomer


def change(member: Newcomer, **fields: object) -> None:
    member.database.transact(members.update, member.id, member.town.now, **fields)


def labels(replies: Replies) -> list[str]:
    return [one.word.key for reply in replies if isinstance(reply, Say | Shown) for one in buttons(reply)]


def agree(member: Newcomer, said: str, card: str) -> None:
    assert said in texts(member.town.act(member.id, settings.show))[0]
    assert keys(member.town.act(member.id, profile.show)) == [card]


def test_settings_and_profile_tell_the_same_about_who_is_seen(member: Newcomer) -> None:
    agree(member, "My profile: shown\n", "profile.card")
    change(member, hidden_at=member.town.now)
    agree(member, "My profile: an admin is looking at it", "profile.card_hidden")
    change(member, status="paused")
    agree(member, "My profile: paused", "profile.card_paused")
    change(member, status="active", hidden_at=None)
    member.transact(stored.reject, member.read(stored.of, member.id)[0].id)
    agree(member, "My profile: not shown without a photo", "profile.no_photo")
    change(member, face_consent=False)
    member.town.act(member.id, photos.receive, faceless(), "another")
    agree(member, "My profile: shown once an admin has looked", "profile.card_waiting")


def test_words_about_oneself_are_emptied_only_by_a_button_that_says_so(member: Newcomer) -> None:
    asked = member.town.act(member.id, profile.edit, "about")
    assert keys(asked) == ["ask.about.edit"]
    assert labels(asked)[0] == "ask.about.empty"
    member.town.act(member.id, profile.press, "about", "skip")
    assert member.me.about == ""
    assert presses(member.town.act(member.id, profile.edit, "about")) == {"cancel"}, "nothing is left to be emptied"


def test_at_sign_up_the_words_are_passed_over(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("about")
    asked = newcomer.town.act(newcomer.id, onboarding.start)
    assert keys(asked)[-1] == "ask.about"
    assert labels(asked)[0] == "ask.about.skip"


def test_a_pause_that_ends_outside_of_the_settings_leads_to_people(member: Newcomer) -> None:
    change(member, status="paused")
    for stopped in (member.town.act(member.id, access.stop_meeting), member.town.act(member.id, onboarding.start)):
        assert RESUME.press.do in presses(stopped)
    back = member.town.act(member.id, settings.pause, RESUME.press.choice)
    assert member.me.status == "active"
    assert "discover" in presses(back)
