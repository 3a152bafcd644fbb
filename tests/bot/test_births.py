"""A date of birth that makes a minor of somebody: asked back, and final only with a yes."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.replies import Clear, Replies, Say
from bot.usecases import appeals, births, couple_links, couples, detour, onboarding
from db.session import Database
from tests.bot.meeting import WORDS, Town, buttons, keys, surroundings
from tests.bot.newcomer import Newcomer, selfie
from tests.bot.two import give, stranger, token

YOUNG = "2012-05-06"


def choices(replies: Replies) -> list[str]:
    return [one.press.choice for reply in replies if isinstance(reply, Say) for one in buttons(reply) if one.press.do == "set"]


def test_a_slip_locks_nobody_out(newcomer: Newcomer) -> None:
    """The year of today instead of one's own: asked back, written again, and nothing of it is left."""
    said = newcomer.say(newcomer.town.now.date().isoformat())
    assert keys(said) == ["ask.birth.sure"]
    assert newcomer.me.birth_date is None
    assert newcomer.me.status == "onboarding"
    assert choices(said)[1:] == ["birth:again"]
    again = newcomer.press("birth", "again")
    assert isinstance(again[0], Clear)
    assert keys(again) == ["ask.birth"]
    newcomer.say("1994-03-07")
    assert (newcomer.me.birth_date, newcomer.me.step, newcomer.me.draft) == (dt.date(1994, 3, 7), "gender", {})


def test_another_date_may_be_written_without_a_button(newcomer: Newcomer) -> None:
    newcomer.say(YOUNG)
    newcomer.say("1994-03-07")
    assert (newcomer.me.birth_date, newcomer.me.step) == (dt.date(1994, 3, 7), "gender")
    assert keys(newcomer.press("birth", YOUNG))[0] == "ask.passed"
    assert newcomer.me.status == "onboarding"


@pytest.mark.parametrize("pressed", [True, False])
@pytest.mark.parametrize(("written", "answer"), [(YOUNG, "photo.minor_review"), ("2026-01-02", "photo.problem.minor")])
def test_who_took_a_childs_date_back_has_no_second_photo(database: Database, written: str, answer: str, pressed: bool) -> None:
    made = Newcomer(database)
    made.upto("birth")
    made.say(written)
    if pressed:
        made.press("birth", "again")
    made.say("1994-03-07")
    for step in onboarding.ORDER[onboarding.ORDER.index("birth") + 1 : onboarding.ORDER.index("photo")]:
        made.answer(step)
    assert keys(made.send(selfie("minor"))) == [answer], "today's year is a slip, a child's is a doubt"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_is_asked_names_the_date(newcomer: Newcomer, language: str) -> None:
    [said] = newcomer.say(YOUNG)
    assert isinstance(said, Say)
    assert YOUNG in WORDS.text(said.word, language)
    assert len({WORDS.plain(one.word, language) for one in buttons(said)}) == 3, "yes, no, and one question back"


def test_a_yes_is_final(newcomer: Newcomer) -> None:
    newcomer.say(YOUNG)
    assert keys(newcomer.press("birth", YOUNG)) == ["ask.answered", "underage.turned_away"]
    assert (newcomer.me.status, newcomer.me.birth_date) == ("banned", dt.date.fromisoformat(YOUNG))
    assert keys(newcomer.press("birth", "again")) == ["ask.passed"]
    assert keys(newcomer.town.act(newcomer.id, appeals.stopped)) == ["underage.still"]
    assert newcomer.me.birth_date == dt.date.fromisoformat(YOUNG)


def test_a_yes_to_an_older_date_says_nothing_of_a_newer_one(newcomer: Newcomer) -> None:
    newcomer.say(YOUNG)
    newcomer.say("2013-01-02")
    assert keys(newcomer.press("birth", YOUNG)) == ["ask.passed", "ask.birth.sure"]
    assert (newcomer.me.status, newcomer.me.birth_date) == ("onboarding", None)


def test_the_question_is_still_open_after_a_restart(newcomer: Newcomer) -> None:
    """Killed between commit and answer, or days later: /start and anything else ask what is open."""
    newcomer.say(YOUNG)
    for said in (newcomer.start(), newcomer.say("네"), newcomer.town.act(newcomer.id, onboarding.remind)):
        assert keys(said)[-1] == "ask.birth.sure"
        assert f"birth:{YOUNG}" in choices(said)


def test_asked_on_the_day_before_and_answered_on_the_birthday(newcomer: Newcomer) -> None:
    tomorrow = newcomer.town.now.date() + dt.timedelta(days=1)
    born = tomorrow.replace(year=tomorrow.year - 18).isoformat()
    newcomer.say(born)
    newcomer.later(days=1)
    assert keys(newcomer.press("birth", born)) == ["ask.answered", "ask.gender"]
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "gender")


@pytest.mark.parametrize("choice", ["yes", "1994-03-07", YOUNG, "again", ""])
def test_no_press_goes_on_without_a_date(newcomer: Newcomer, choice: str) -> None:
    """Data of buttons can be forged: nobody gets past this question without having written an adult's date."""
    assert keys(newcomer.press("birth", choice))[0] == "ask.passed"
    assert (newcomer.me.step, newcomer.me.birth_date) == ("birth", None)


def test_one_question_back_forgets_the_date(newcomer: Newcomer) -> None:
    newcomer.say(YOUNG)
    newcomer.town.act(newcomer.id, onboarding.back, "birth")
    assert keys(newcomer.press("face", "yes"))[-1] == "ask.birth"
    assert keys(newcomer.press("birth", YOUNG))[0] == "ask.passed"
    assert newcomer.me.status == "onboarding"


def test_a_slip_at_a_couple_s_link_goes_on_where_it_was(town: Town) -> None:
    giver, guest = town.newcomer("woman", "men"), stranger(town)
    town.act(guest, couple_links.open_link, token(give(town, giver)))
    said = town.act(guest, couple_links.birth, YOUNG)
    assert keys(said) == ["ask.birth.sure"]
    assert choices(said) == [f"birth:{YOUNG}", "birth:again"]
    assert keys(town.act(guest, couples.remind)) == ["ask.birth.sure"]
    assert keys(town.act(guest, couple_links.birth_pressed, "birth:again")) == ["couple.birth"]
    assert keys(town.act(guest, couple_links.birth, "1994-03-07")) == ["couple.asked_photo", "couple.asked"]
    assert town.member(guest).birth_date == dt.date(1994, 3, 7)


def test_who_closes_a_couple_s_question_is_not_held_to_the_date(town: Town) -> None:
    guest = stranger(town)
    town.act(guest, couples.agree)
    town.act(guest, couple_links.birth, YOUNG)
    town.database.transact(detour.end, surroundings(town.now), town.member(guest))
    assert births.SAID not in town.member(guest).draft
    assert (town.member(guest).status, town.member(guest).birth_date) == ("onboarding", None)


def test_other_buttons_say_nothing_of_a_date(town: Town) -> None:
    guest = stranger(town)
    town.act(guest, couples.agree)
    town.act(guest, couple_links.birth, YOUNG)
    for choice in (YOUNG, "gender:woman", "birth:1994-03-07", "birth:"):
        assert keys(town.act(guest, couple_links.birth_pressed, choice))[0] == "ask.passed"
    assert (town.member(guest).status, town.member(guest).birth_date) == ("onboarding", None)
