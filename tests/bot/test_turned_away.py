"""Who was turned away, or may not be here: what they read is so, and nothing that is offered leads nowhere."""

from __future__ import annotations

import pytest

from bot.usecases import appeals, decisions, onboarding, privacy
from bot.usecases import help as help_usecases
from db import members, safety
from db.session import Database
from tests.bot.meeting import ADMIN, keys, presses, texts
from tests.bot.newcomer import Newcomer, faceless

YOUNG = "2012-05-06"


@pytest.fixture
def newcomer(database: Database) -> Newcomer:
    made = Newcomer(database)
    made.upto("birth")
    return made


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


def test_a_yes_to_a_photo_lets_nobody_in_who_was_turned_away_since(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("face")
    newcomer.press("face", "no")
    for step in ("birth", "gender", "seeks", "city", "distance", "ages"):
        newcomer.answer(step)
    newcomer.send(faceless())
    while newcomer.me.step != "birth":
        newcomer.town.act(newcomer.id, onboarding.back, newcomer.me.step)
    turned_away(newcomer)
    assert decide(newcomer, approved=True) == []
    assert (newcomer.me.status, newcomer.me.step) == ("banned", onboarding.UNDERAGE)


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
