"""Answers that are changed by going back, photos that an admin did not accept, and presses whose answer never arrived."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.replies import Notice, Replies, Say, Shown
from bot.usecases import decisions, detour, onboarding, photos, profile
from db import photos as stored
from db import safety
from db import types as member_types
from db.session import Database
from tests.bot.meeting import ADMIN, buttons, keys, presses, surroundings
from tests.bot.newcomer import Newcomer, faceless, selfie

LATER = ("gender", "seeks", "city", "distance", "ages")


@pytest.fixture
def newcomer(database: Database) -> Newcomer:
    return Newcomer(database)


def back_to(newcomer: Newcomer, step: str) -> None:
    while newcomer.me.step != step:
        newcomer.town.act(newcomer.id, onboarding.back, newcomer.me.step)


def types_of(newcomer: Newcomer) -> dict[str, str]:
    return {kind: given.type_id for kind, given in newcomer.read(member_types.of_member, newcomer.id).items()}


def without_face(newcomer: Newcomer) -> None:
    """Said no to face processing, and is asked for a photo."""
    newcomer.upto("face")
    newcomer.press("face", "no")
    for step in ("birth", *LATER):
        newcomer.answer(step)


def decide(newcomer: Newcomer, *, approved: bool) -> None:
    """An admin looks at the newest photo that waits."""
    admin = newcomer.town.newcomer("man", "women", account=ADMIN)
    newcomer.town.act(admin, decisions.decide_review, newcomer.read(safety.reviews_open)[-1].id, approved=approved)


def statuses(newcomer: Newcomer) -> list[str]:
    return [photo.status for photo in newcomer.read(stored.of, newcomer.id)]


def verbs(replies: Replies) -> list[str]:
    return [one.press.do for reply in replies if isinstance(reply, Say | Shown) for one in buttons(reply)]


def test_another_gender_means_other_types(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    newcomer.send(selfie(axis=2))
    assert types_of(newcomer) == {"face": "wf-2", "fashion": "wo-2"}
    back_to(newcomer, "gender")
    newcomer.press("gender", "man")
    assert types_of(newcomer) == {"face": "mf-2", "fashion": "mo-2"}
    for step in LATER[1:]:
        newcomer.answer(step)
    newcomer.press("photo", "done")
    newcomer.answer("about")
    assert (newcomer.me.status, types_of(newcomer)) == ("active", {"face": "mf-2", "fashion": "mo-2"})


def test_a_gender_changed_later_means_other_types_too(newcomer: Newcomer) -> None:
    newcomer.ready()
    newcomer.town.act(newcomer.id, profile.edit, "gender")
    newcomer.town.act(newcomer.id, profile.press, "gender", "man")
    assert types_of(newcomer) == {"face": "mf-0", "fashion": "mo-0"}


def test_whoever_comes_back_to_the_photo_may_go_on_with_it(newcomer: Newcomer) -> None:
    newcomer.upto("about")
    said = newcomer.town.act(newcomer.id, onboarding.back, "about")
    assert keys(said)[-1] == "ask.photo.there"
    assert verbs(said) == ["set", "back"]
    assert keys(newcomer.press("photo", "done"))[-1] == "ask.about"


def test_a_photo_that_was_not_accepted_is_none(newcomer: Newcomer) -> None:
    without_face(newcomer)
    newcomer.send(faceless())
    decide(newcomer, approved=False)
    [said, *_] = newcomer.press("photo", "done")
    assert isinstance(said, Notice)
    assert said.word.key == "review.refused"
    assert newcomer.me.step == "photo"
    assert keys(newcomer.start())[-1] == "review.refused", "the open question says what is the matter"
    newcomer.send(faceless(axis=1))
    assert statuses(newcomer) == ["pending", "rejected"], "the new one is the first"
    assert keys(newcomer.press("photo", "done"))[-1] == "ask.about"


@pytest.mark.parametrize("told", [True, False])
def test_a_photo_refused_during_the_last_question_is_asked_for_again(newcomer: Newcomer, told: bool) -> None:
    """As a member they would wait for ever, and a photo sent at the last question would not be taken."""
    without_face(newcomer)
    newcomer.send(faceless())
    newcomer.press("photo", "done")
    if told:
        decide(newcomer, approved=False)
    else:  # in passing at another question, where no step may be changed
        newcomer.transact(detour.begin, surroundings(), newcomer.me, "couple.photo")
        decide(newcomer, approved=False)
        newcomer.transact(detour.end, surroundings(), newcomer.me)
        assert keys(newcomer.answer("about")) == ["review.refused"]
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "photo")
    newcomer.send(faceless(axis=1))
    newcomer.press("photo", "done")
    assert keys(newcomer.answer("about")) == ["start.ready_waiting"]
    assert newcomer.me.status == "active"


def test_photos_that_were_not_accepted_take_no_place(newcomer: Newcomer) -> None:
    without_face(newcomer)
    most = surroundings().matching.photos_max
    for number in range(most):
        newcomer.send(faceless(axis=number % 4))
        decide(newcomer, approved=False)
    assert statuses(newcomer) == ["rejected"] * most
    for number in range(most):
        assert keys(newcomer.send(faceless(axis=number % 4)))[-1] in ("photo.waiting", "photo.pending"), number
    assert keys(newcomer.send(faceless())) == ["photo.full_signing_up"]


def test_what_was_not_accepted_is_never_first_again(newcomer: Newcomer) -> None:
    newcomer.ready()
    newcomer.send(selfie(axis=1))
    first, second = newcomer.read(stored.of, newcomer.id)
    newcomer.transact(stored.reject, first.id)
    assert [photo.id for photo in newcomer.read(stored.of, newcomer.id)] == [second.id, first.id]
    assert keys(newcomer.town.act(newcomer.id, photos.make_main, first.id)) == ["review.refused"]
    card = newcomer.town.act(newcomer.id, profile.show)[0]
    assert isinstance(card, Shown)
    assert (card.photo_id, card.word.key) == (second.id, "profile.card")
    assert keys(newcomer.town.act(newcomer.id, photos.remove, second.id)) == ["photo.last"], "the other one counts for nothing"
    assert keys(newcomer.town.act(newcomer.id, photos.remove, first.id))[0] == "photo.removed"


def test_a_member_whose_photos_were_not_accepted_has_none(newcomer: Newcomer) -> None:
    newcomer.ready()
    [photo] = newcomer.read(stored.of, newcomer.id)
    newcomer.transact(stored.reject, photo.id)
    assert keys(newcomer.town.act(newcomer.id, profile.show)) == ["profile.no_photo"]


def agreed_late(newcomer: Newcomer) -> Replies:
    """A photo was sent without the consent, which is given by going back; what is asked when they are at the photo again."""
    without_face(newcomer)
    newcomer.send(faceless(axis=1))
    back_to(newcomer, "face")
    newcomer.press("face", "yes")
    for step in ("birth", *LATER[:-1]):
        newcomer.answer(step)
    return newcomer.answer(LATER[-1])


def test_a_consent_given_late_offers_to_read_the_photo(newcomer: Newcomer) -> None:
    said = agreed_late(newcomer)
    assert keys(said)[-1] == "ask.photo.unread"
    assert verbs(said) == ["reread", "set", "back"]
    assert verbs(newcomer.start()) == ["reread", "set", "back"], "also after a restart"
    [photo] = newcomer.read(stored.of, newcomer.id)
    card = newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie(axis=1))])
    assert keys(card)[0] == "types.card"
    assert types_of(newcomer) == {"face": "wf-1", "fashion": "wo-1"}
    assert statuses(newcomer) == ["approved"]
    assert keys(newcomer.start())[-1] == "ask.photo.there"


def test_who_goes_on_without_is_offered_it_at_the_end(newcomer: Newcomer) -> None:
    agreed_late(newcomer)
    newcomer.press("photo", "done")
    assert "reread" in presses(newcomer.answer("about"))


def test_a_photo_in_which_no_face_is_found_does_not_hold_anybody_up(newcomer: Newcomer) -> None:
    agreed_late(newcomer)
    [photo] = newcomer.read(stored.of, newcomer.id)
    said = newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie("no_face"))])
    assert keys(said) == ["face.reread_nothing"]
    assert verbs(said) == ["set"], "the buttons of a member lead nowhere yet"
    assert keys(newcomer.press("photo", "done"))[-1] == "ask.about"


def test_reading_again_leaves_alone_what_was_not_accepted(newcomer: Newcomer) -> None:
    newcomer.upto("about")
    [photo] = newcomer.read(stored.of, newcomer.id)
    newcomer.transact(stored.reject, photo.id)
    newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie())])
    assert newcomer.read(stored.vectors, newcomer.id, "face") == []
    assert statuses(newcomer) == ["rejected"]


def chosen(newcomer: Newcomer) -> Replies:
    return newcomer.press("language", "ko")


def went_back(newcomer: Newcomer) -> Replies:
    return newcomer.town.act(newcomer.id, onboarding.back, "language")


@pytest.mark.parametrize("step", onboarding.ORDER[1:])
@pytest.mark.parametrize("pressed", [chosen, went_back])
def test_a_press_whose_answer_never_arrived_brings_the_open_question(
    newcomer: Newcomer, step: str, pressed: Callable[[Newcomer], Replies]
) -> None:
    """Killed between commit and answer: the button that was pressed is all that the person sees."""
    newcomer.upto(step)
    before = newcomer.me
    said = pressed(newcomer)
    assert isinstance(said[0], Notice)
    assert keys(said)[0] == "ask.passed"
    assert keys(said)[1].startswith(f"ask.{step}")
    assert newcomer.me == before


def test_a_press_before_anything_was_asked_begins(newcomer: Newcomer) -> None:
    assert keys(newcomer.press("language", "ko")) == ["ask.passed", "ask.language"]
    assert newcomer.me.step == "language"


def test_a_press_during_another_question_leaves_it(newcomer: Newcomer) -> None:
    newcomer.upto("city")
    newcomer.transact(detour.begin, surroundings(), newcomer.me, "couple.photo")
    assert keys(newcomer.press("gender", "man")) == ["ask.passed"]
    assert newcomer.me.step == "couple.photo"
