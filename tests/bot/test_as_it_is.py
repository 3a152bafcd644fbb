"""What a member reads about themselves is so: who sees them, what a button does to their words, where a pause ends."""

from __future__ import annotations

import pytest

from bot.context import Context
from bot.keyboards import RESUME
from bot.replies import Replies, Say, Shown
from bot.usecases import access, appeals, onboarding, photos, profile, settings
from db import members
from db import photos as stored
from db.records import Member
from db.session import Connection, Database
from tests.bot.meeting import buttons, keys, presses, texts
from tests.bot.newcomer import Newcomer, faceless, selfie


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


def test_words_of_which_nothing_is_seen_leave_no_gap_on_the_card(member: Newcomer) -> None:
    """Stored before such an answer was refused."""
    change(member, about="\u3164\u200b \u2800")
    assert "\n\n\n" not in texts(member.town.act(member.id, profile.show))[0]
    change(member, about="\u200bI hike.")
    assert "\nI hike." in texts(member.town.act(member.id, profile.show))[0]


def test_a_photo_that_took_a_place_was_not_added(member: Newcomer) -> None:
    second = member.send(selfie(axis=1))
    assert texts(second) == ["🖼 Photo added (2/6)."]
    member.town.act(member.id, photos.replace, member.read(stored.of, member.id)[1].id)
    assert texts(member.send(selfie(axis=2))) == ["🔄 Photo replaced (2/6)."]


def test_a_later_photo_that_waits_says_so(member: Newcomer) -> None:
    change(member, face_consent=False)
    assert texts(member.send(faceless())) == ["🖼 Photo added (2/6).\nOthers see it once an admin has looked at it."]


def test_at_sign_up_too_many_photos_lead_on(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("photo")
    for _ in range(6):
        newcomer.send(selfie())
    full = newcomer.send(selfie())
    assert keys(full) == ["photo.full_signing_up"], "/photo is not theirs yet"
    assert labels(full) == ["ask.photo.done"]


def test_an_answer_that_was_edited_says_how_answers_are_changed(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("gender")
    assert keys(newcomer.town.act(newcomer.id, onboarding.edited)) == ["wrong.edited", "ask.gender"]
    newcomer.database.transact(members.set_step, newcomer.id, "review", {}, newcomer.town.now)
    newcomer.database.transact(members.update, newcomer.id, newcomer.town.now, status="review")
    assert newcomer.town.act(newcomer.id, onboarding.edited) == []


def test_who_has_no_photo_that_may_be_shown_is_not_let_in_as_complete(member: Newcomer) -> None:
    member.transact(stored.reject, member.read(stored.of, member.id)[0].id)
    change(member, status="banned")
    member.town.act(member.id, readmit)
    assert member.me.status == "onboarding", "as a member they would wait for ever"


def readmit(connection: Connection, context: Context, member: Member) -> Replies:
    appeals.readmit(connection, context, member)
    return []
