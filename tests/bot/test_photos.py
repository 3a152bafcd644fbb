"""Photos: what is refused and how, what is kept, and who decides about doubtful ones."""

from __future__ import annotations

import typing

import pytest

from bot.replies import Picture
from bot.usecases import decisions, onboarding, photos
from bot.usecases import types as type_usecases
from db import members, safety
from db import photos as stored
from db import types as member_types
from db.session import Database
from engine.values import ProblemCode
from tests.bot.meeting import ADMIN, keys, presses
from tests.bot.newcomer import Newcomer, faceless, selfie

PROBLEMS = [code for code in typing.get_args(ProblemCode) if code != "minor"]


@pytest.fixture
def newcomer(database: Database) -> Newcomer:
    return Newcomer(database)


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_its_sentence_and_keeps_nothing(newcomer: Newcomer, code: ProblemCode) -> None:
    newcomer.upto("photo")
    assert keys(newcomer.send(selfie(code))) == [f"photo.problem.{code}"]
    assert newcomer.read(stored.of, newcomer.id) == []
    assert newcomer.me.step == "photo"


def test_a_selfie_is_stored_with_vectors_facts_and_types(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    said = newcomer.send(selfie(axis=1))
    assert [type(reply) for reply in said] == [Picture, Picture]
    [photo] = newcomer.read(stored.of, newcomer.id)
    assert photo.telegram_file_id == "file"
    assert photo.facts["face"]["box"] == [0.25, 0.1667, 0.5, 0.3333]
    assert photo.facts["garments"][0]["label"] == "sweater"
    for kind, dims, version in (("face", 4, "face-test"), ("fashion", 8, "f")):
        [vector] = newcomer.read(stored.vectors, newcomer.id, kind)
        assert (vector.dims, vector.model_version, vector.runtime) == (dims, version, "test")
    own = newcomer.read(member_types.of_member, newcomer.id)
    assert {kind: given.type_id for kind, given in own.items()} == {"face": "wf-1", "fashion": "wo-1"}


@pytest.mark.parametrize(("gender", "face"), [("woman", "wf-2"), ("man", "mf-2")])
def test_types_are_of_the_gender_that_the_member_gave(newcomer: Newcomer, gender: str, face: str) -> None:
    """The estimate of the photo says woman; the person knows better."""
    newcomer.upto("gender")
    newcomer.press("gender", gender)
    for step in ("seeks", "city", "distance", "ages"):
        newcomer.answer(step)
    newcomer.send(selfie(axis=2))
    assert newcomer.read(member_types.of_member, newcomer.id)["face"].type_id == face


def test_an_album_is_kept_in_order_up_to_the_limit(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    said = [keys(newcomer.send(selfie(), f"file-{number}")) for number in range(8)]
    assert said[0] == ["types.card", "types.partners_prior"]
    assert said[1:6] == [["photo.added"]] * 5
    assert said[6:] == [["photo.full_signing_up"]] * 2
    assert [photo.telegram_file_id for photo in newcomer.read(stored.of, newcomer.id)] == [f"file-{number}" for number in range(6)]


def stopped(newcomer: Newcomer) -> int:
    """Two photos on which a minor cannot be excluded; returns the review's photo."""
    newcomer.upto("photo")
    assert keys(newcomer.send(selfie("minor"))) == ["photo.problem.minor"]
    assert newcomer.read(stored.of, newcomer.id) == []
    assert keys(newcomer.send(selfie("minor"))) == ["photo.minor_review"]
    [review] = newcomer.read(safety.reviews_open)
    assert review.kind == "minor"
    assert review.photo_id is not None
    return review.photo_id


def test_a_young_face_gets_a_second_chance_then_an_admin(newcomer: Newcomer) -> None:
    photo_id = stopped(newcomer)
    assert newcomer.me.status == "review"
    assert newcomer.read(stored.by_id, photo_id).status == "pending"
    assert newcomer.read(stored.vectors, newcomer.id, "face") == [], "nothing is read from the photo before somebody decided"
    assert keys(newcomer.send(selfie())) == ["review.wait"]
    assert keys(newcomer.say("hello")) == ["review.wait"]
    assert keys(newcomer.start()) == ["review.wait"]
    assert keys(newcomer.press("photo", "done")) == ["ask.passed"]


def test_an_admin_who_approves_lets_the_person_go_on(newcomer: Newcomer) -> None:
    photo_id = stopped(newcomer)
    [review] = newcomer.read(safety.reviews_open)
    newcomer.transact(safety.decide_review, review.id, 9001, True, newcomer.town.now)
    newcomer.transact(stored.approve, photo_id)
    said = newcomer.town.act(newcomer.id, onboarding.resume)
    assert keys(said) == ["review.approved"]
    assert "reread" in presses(said)
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "photo")
    said = newcomer.town.act(newcomer.id, photos.reread, [(photo_id, selfie("minor"))])
    assert keys(said) == ["types.card", "types.partners_prior"]
    assert keys(newcomer.send(selfie("minor"))) == ["photo.added"], "who was found to be of age is not stopped again"
    newcomer.press("photo", "done")
    assert newcomer.me.step == "about"


def test_an_admin_who_refuses_leads_to_another_photo(newcomer: Newcomer) -> None:
    stopped(newcomer)
    assert keys(newcomer.town.act(newcomer.id, onboarding.refused)) == ["review.refused"]
    assert (newcomer.me.status, newcomer.me.step) == ("onboarding", "photo")


def test_a_good_second_photo_needs_no_admin(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    newcomer.send(selfie("minor"))
    assert keys(newcomer.send(selfie()))[0] == "types.card"
    assert newcomer.read(safety.reviews_open) == []


def test_walking_about_between_two_young_photos_forgets_nothing(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    assert keys(newcomer.send(selfie("minor"))) == ["photo.problem.minor"]
    newcomer.town.act(newcomer.id, onboarding.back, "photo")
    newcomer.answer("ages")
    assert keys(newcomer.send(selfie("minor"))) == ["photo.minor_review"]


@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_young_face_on_a_members_photo_stops_them_at_once(newcomer: Newcomer, status: str) -> None:
    """They are shown to others, and talk: there is no second photo before an admin hears of the first."""
    newcomer.ready()
    newcomer.transact(lambda c: members.update(c, newcomer.id, newcomer.town.now, status=status))
    newcomer.town.act(newcomer.id, photos.show)
    said = newcomer.send(selfie("minor"))
    assert keys(said) == ["safety.frozen.photo"]
    assert presses(said) == {"appeal_ask"}
    assert newcomer.me.status == "frozen"
    [review] = newcomer.read(safety.reviews_open)
    assert review.kind == "underage"
    assert newcomer.read(stored.by_id, review.photo_id).status == "pending"
    assert [len(newcomer.read(stored.vectors, newcomer.id, kind)) for kind in ("face", "fashion")] == [1, 1], "nothing is read from it"


@pytest.mark.parametrize("how", ["video", "admin"])
def test_of_whom_more_is_known_than_an_estimate_only_the_photo_waits(newcomer: Newcomer, how: str) -> None:
    newcomer.ready()
    _found_of_age(newcomer, how)
    said = [keys(newcomer.send(selfie("minor"))) for _ in range(2)]
    assert said == [["photo.minor_waits"]] * 2
    assert newcomer.me.status == "active"
    waiting = newcomer.read(safety.reviews_open)
    assert [(review.kind, newcomer.read(stored.by_id, review.photo_id).status) for review in waiting] == [("minor", "pending")] * 2
    boss = newcomer.transact(members.create, ADMIN, "en", newcomer.town.now).id
    newcomer.town.act(boss, decisions.decide_review, waiting[0].id, approved=True)
    newcomer.town.act(boss, decisions.decide_review, waiting[1].id, approved=False)
    assert [newcomer.read(stored.by_id, review.photo_id).status for review in waiting] == ["approved", "rejected"]
    assert newcomer.me.status == "active"
    assert keys(newcomer.send(selfie("minor"))) == ["photo.added"], "an admin found them to be of age by a photo"


def test_what_is_read_again_of_them_waits_by_itself(newcomer: Newcomer) -> None:
    newcomer.ready()
    newcomer.send(selfie())
    _found_of_age(newcomer, "video")
    [first, second] = newcomer.read(stored.of, newcomer.id)
    said = newcomer.town.act(newcomer.id, photos.reread, [(first.id, selfie("minor")), (second.id, selfie())])
    assert keys(said)[0] == "types.card"
    assert [review.photo_id for review in newcomer.read(safety.reviews_open)] == [first.id]


def _found_of_age(newcomer: Newcomer, how: str) -> None:
    if how == "video":
        newcomer.transact(lambda c: members.update(c, newcomer.id, newcomer.town.now, verified=True))
        return
    review = newcomer.transact(safety.open_review, newcomer.id, "underage", newcomer.town.now)
    newcomer.transact(safety.decide_review, review.id, ADMIN, True, newcomer.town.now)


def test_a_birth_date_that_was_forgiven_says_nothing_of_a_face(newcomer: Newcomer) -> None:
    newcomer.ready()
    review = newcomer.transact(safety.open_review, newcomer.id, "minor", newcomer.town.now)
    newcomer.transact(safety.decide_review, review.id, ADMIN, True, newcomer.town.now)
    assert keys(newcomer.send(selfie("minor"))) == ["safety.frozen.photo"]


def test_a_young_face_on_a_photo_that_is_read_later_is_looked_at(newcomer: Newcomer) -> None:
    newcomer.ready()
    [photo] = newcomer.read(stored.of, newcomer.id)
    said = newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie("minor"))])
    assert keys(said) == ["safety.frozen.photo"]
    assert newcomer.me.status == "frozen"
    [review] = newcomer.read(safety.reviews_open)
    assert review.photo_id == photo.id


def test_photos_are_ordered_replaced_and_removed(newcomer: Newcomer) -> None:
    newcomer.ready()
    newcomer.send(selfie(axis=2), "second")
    first, second = newcomer.read(stored.of, newcomer.id)
    both = newcomer.read(member_types.of_member, newcomer.id)["face"]
    newcomer.town.act(newcomer.id, photos.make_main, second.id)
    assert [photo.id for photo in newcomer.read(stored.of, newcomer.id)] == [second.id, first.id]
    again = newcomer.read(member_types.of_member, newcomer.id)["face"]
    assert again.type_id == both.type_id, "the face type is that of all photos, whatever their order"
    assert again.confidence == pytest.approx(both.confidence, abs=1e-4)

    newcomer.town.act(newcomer.id, photos.show)
    newcomer.town.act(newcomer.id, photos.replace, second.id)
    assert keys(newcomer.send(selfie(axis=1), "third"))[0] == "types.card"
    held = newcomer.read(stored.of, newcomer.id)
    assert [photo.telegram_file_id for photo in held] == ["third", "file"]

    assert keys(newcomer.town.act(newcomer.id, photos.remove, held[0].id))[0] == "photo.removed"
    assert newcomer.read(member_types.of_member, newcomer.id)["face"].type_id == "wf-0"
    assert keys(newcomer.town.act(newcomer.id, photos.remove, held[1].id)) == ["photo.last"]


@pytest.mark.parametrize("act", [photos.make_main, photos.replace, photos.remove])
def test_photos_of_others_cannot_be_touched(newcomer: Newcomer, act: typing.Any) -> None:
    newcomer.ready()
    other = newcomer.town.newcomer()
    [theirs] = newcomer.read(stored.of, other)
    assert keys(newcomer.town.act(newcomer.id, act, theirs.id)) == ["photo.gone"]
    assert newcomer.read(stored.of, other) == [theirs]


def test_withdrawing_and_giving_the_consent_again(newcomer: Newcomer) -> None:
    from bot.usecases import privacy

    newcomer.ready()
    [photo] = newcomer.read(stored.of, newcomer.id)
    assert keys(newcomer.town.act(newcomer.id, privacy.face, "ask_off")) == ["face.off_ask"]
    assert newcomer.me.face_consent is True
    assert keys(newcomer.town.act(newcomer.id, privacy.face, "off")) == ["face.off_done"]
    assert newcomer.me.face_consent is False
    assert newcomer.read(stored.vectors, newcomer.id, "face") == []
    assert len(newcomer.read(stored.vectors, newcomer.id, "fashion")) == 1
    assert "face" not in newcomer.read(member_types.of_member, newcomer.id)
    assert "face" not in newcomer.read(stored.by_id, photo.id).facts
    assert keys(newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie())])) == [], "nothing without the consent"
    assert keys(newcomer.town.act(newcomer.id, privacy.face, "on")) == ["face.on_done"]
    assert keys(newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie())]))[0] == "types.card"
    assert newcomer.read(member_types.of_member, newcomer.id)["face"].type_id == "wf-0"
    assert keys(newcomer.town.act(newcomer.id, privacy.face, "on")) == ["ask.passed"]


def test_a_photo_that_waited_is_approved_by_reading_it(newcomer: Newcomer) -> None:
    from bot.usecases import privacy

    newcomer.ready()
    newcomer.town.act(newcomer.id, privacy.face, "off")
    assert keys(newcomer.send(faceless())) == ["photo.waiting"]
    assert [photo.status for photo in newcomer.read(stored.of, newcomer.id)] == ["approved", "pending"]
    newcomer.town.act(newcomer.id, privacy.face, "on")
    newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie()) for photo in newcomer.read(stored.of, newcomer.id)])
    assert [photo.status for photo in newcomer.read(stored.of, newcomer.id)] == ["approved", "approved"]


def test_types_without_a_photo_or_a_type(newcomer: Newcomer) -> None:
    newcomer.ready()
    newcomer.transact(members.update, newcomer.id, newcomer.town.now)
    assert keys(newcomer.town.act(newcomer.id, type_usecases.show)) == ["types.card", "types.partners_prior", "types.explained"]
    for kind in ("face", "fashion"):
        newcomer.transact(member_types.clear, newcomer.id, kind)
    assert keys(newcomer.town.act(newcomer.id, type_usecases.show)) == ["types.none", "types.explained"]
    for photo in newcomer.read(stored.of, newcomer.id):
        newcomer.transact(stored.remove, photo.id)
    assert keys(newcomer.town.act(newcomer.id, type_usecases.show)) == ["types.no_photo"]


@pytest.mark.parametrize(("seeks", "kinds"), [("men", {"m"}), ("women", {"w"}), ("everyone", {"m", "w"})])
def test_partner_types_are_of_those_whom_the_member_seeks(newcomer: Newcomer, seeks: str, kinds: set[str]) -> None:
    from tests.bot.meeting import surroundings

    newcomer.ready()
    newcomer.transact(members.update, newcomer.id, newcomer.town.now)
    member = newcomer.me
    import dataclasses

    found = type_usecases.recommended(surroundings(), dataclasses.replace(member, seeks=seeks), ["wf-0", "wo-1"])
    assert len(found) == 3
    assert {partner.type.id[0] for partner in found} <= kinds
    assert [partner.type.kind for partner in found] == ["face", "face", "fashion"]
