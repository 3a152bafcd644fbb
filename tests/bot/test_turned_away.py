"""Who was turned away, or may not be here: what they read is so, and nothing that is offered leads nowhere."""

from __future__ import annotations

import pytest

from bot.usecases import appeals, decisions, onboarding, privacy
from bot.usecases import help as help_usecases
from db import members, safety, types
from db import photos as stored
from db.session import Database
from tests.bot.meeting import ADMIN, keys, presses, texts
from tests.bot.newcomer import Newcomer, faceless, selfie

YOUNG = "2012-05-06"


def turned_away(newcomer: Newcomer) -> None:
    newcomer.say(YOUNG)
    assert keys(newcomer.press("birth", YOUNG))[-1] == "underage.turned_away"


def decide(newcomer: Newcomer, *, approved: bool) -> list[str]:
    """An admin answers the first case; the texts that the member gets."""
    admin = newcomer.town.newcomer("man", "women", account=ADMIN)
    newcomer.town.mail()
    newcomer.town.act(admin, decisions.decide_review, newcomer.read(safety.reviews_open)[0].id, approved=approved)
    return [str(letter["body"]["text"]) for letter in newcomer.town.mail().get(newcomer.id, [])]


def test_a_yes_in_words_is_no_date_that_cannot_be_read(newcomer: Newcomer) -> None:
    newcomer.say(YOUNG)
    assert keys(newcomer.say("yes, that’s right")) == ["wrong.birth.sure", "ask.birth.sure"]
    assert keys(newcomer.say("1994-03-07")) == ["ask.gender"]


def test_who_asked_in_vain_about_their_birth_date_is_not_asked_for_a_photo(newcomer: Newcomer) -> None:
    turned_away(newcomer)
    newcomer.town.act(newcomer.id, onboarding.appeal)
    assert keys(newcomer.town.act(newcomer.id, onboarding.appeal)) == ["underage.asked_already"]
    assert decide(newcomer, approved=False) == texts(newcomer.town.act(newcomer.id, onboarding.refused))
    assert keys(newcomer.town.act(newcomer.id, onboarding.refused)) == ["underage.refused"]
    assert keys(newcomer.town.act(newcomer.id, onboarding.appeal)) == ["underage.decided"], "nobody is looking any more"
    assert presses(newcomer.town.act(newcomer.id, appeals.stopped)) == set(), "it was asked once"
    assert newcomer.me.status == "banned"


def test_of_who_is_turned_away_only_the_birth_date_is_kept(database: Database) -> None:
    """They went back from the question for a photo, and wrote another date."""
    newcomer = Newcomer(database)
    newcomer.upto("photo")
    newcomer.send(selfie())
    while newcomer.me.step != "birth":
        newcomer.town.act(newcomer.id, onboarding.back, newcomer.me.step)
    turned_away(newcomer)
    me = newcomer.me
    assert newcomer.read(stored.of, newcomer.id) == []
    assert newcomer.read(types.of_member, newcomer.id) == {}
    assert (me.gender, me.seeks, me.city, me.latitude, me.longitude) == (None, None, None, None, None)
    assert me.birth_date is not None
    newcomer.town.now = newcomer.town.now.replace(year=2031)
    assert keys(newcomer.town.act(newcomer.id, appeals.stopped)) == ["underage.welcome_back", "ask.gender"]
    for step in ("gender", "seeks", "city", "distance", "ages"):
        newcomer.answer(step)
    assert newcomer.me.step == "photo"


@pytest.mark.parametrize("approved", [True, False])
def test_a_decision_about_a_photo_says_nothing_to_whoever_may_not_be_here(database: Database, approved: bool) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("face")
    newcomer.press("face", "no")
    for step in ("birth", "gender", "seeks", "city", "distance", "ages"):
        newcomer.answer(step)
    newcomer.send(faceless())
    newcomer.database.transact(members.update, newcomer.id, newcomer.town.now, status="banned")
    assert decide(newcomer, approved=approved) == []
    assert newcomer.me.status == "banned"


def test_help_offers_only_what_is_theirs(newcomer: Newcomer) -> None:
    turned_away(newcomer)
    said = newcomer.town.act(newcomer.id, help_usecases.show)
    assert (keys(said), presses(said)) == (["help.text_stopped"], {"privacy"})
    newcomer.database.transact(members.update, newcomer.id, newcomer.town.now, status="frozen")
    newcomer.database.transact(members.set_step, newcomer.id, "", {}, newcomer.town.now)
    assert presses(newcomer.town.act(newcomer.id, help_usecases.show)) == {"appeal_ask", "privacy"}


def test_who_may_not_be_here_is_not_invited_back_by_the_last_word(newcomer: Newcomer) -> None:
    turned_away(newcomer)
    assert keys(newcomer.town.act(newcomer.id, privacy.delete, "now")) == ["delete.done_closed"]
