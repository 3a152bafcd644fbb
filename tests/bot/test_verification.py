"""/verify: what must be there, who passes and who does not, and when the badge goes again."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bot.keyboards import VERIFY
from bot.replies import Notice, Replies, Say, word
from bot.usecases import decisions, presenting, privacy, profile, verification
from bot.usecases import photos as photo_usecases
from bot.usecases.verification import Pending
from bot.watching import Watched
from db import members, photos, safety, types, verifications
from db.records import Member, TypeRow
from db.session import Connection
from engine.embedding import packed, unit
from engine.liveness import Verdict
from engine.values import Vector
from tests.bot.meeting import ADMIN, WORDS, Town, keys, presses, small_pack, surroundings, texts
from tests.bot.newcomer import selfie

MODEL = "face-test"
ME = unit(np.array([1, 0, 0, 0], np.float32))
ALIKE = unit(np.array([0.5, 0.8, 0, 0], np.float32))
STRANGER = unit(np.array([0, 0, 1, 0], np.float32))


def give_face(town: Town, member_id: int, vector: Vector, photo: int = 0) -> None:
    def work(connection: Connection) -> None:
        held = photos.of(connection, member_id)[photo]
        photos.add_vector(connection, held.id, "face", MODEL, "test", packed(vector), len(vector))

    town.database.transact(work)


@pytest.fixture
def her(town: Town) -> int:
    rows = [TypeRow(info.id, info.group, info.kind, info.gender, info.name, info.name_ko) for info in small_pack().types]

    def sync(connection: Connection) -> None:
        types.sync(connection, rows, "test-1", town.now)

    town.database.transact(sync)
    made = town.newcomer("woman", "men", face_consent=True)
    give_face(town, made, ME)
    return made


def watched(vector: Vector | None = ME, problem: Any = None, **more: Any) -> Watched:
    seen = Verdict(problem, ("left", "right", "closer", "left"), 1.1, vector)
    return Watched(problem, seen, more.pop("mark", "m1"), MODEL, more.pop("minor", False), vector)


def begin(town: Town, who: int) -> Pending:
    assert keys(town.act(who, verification.begin)) == ["verify.challenge"]
    asked = town.database.read(verification.pending, who, town.now)
    assert asked is not None
    return asked


def send(town: Town, who: int, said: Watched) -> Replies:
    return town.act(who, verification.decide, begin(town, who), said)


def change(town: Town, who: int, **fields: object) -> None:
    def work(connection: Connection, context: object, member: Member) -> Replies:
        members.update(connection, member.id, town.now, **fields)
        return []

    town.act(who, work)


def test_who_is_the_person_of_their_photos_passes_and_carries_the_badge(town: Town, her: int) -> None:
    assert presses(town.act(her, profile.show)) >= {"verify"}
    assert keys(town.act(her, verification.show)) == ["verify.intro"]
    assert keys(send(town, her, watched())) == ["verify.passed"]
    me = town.member(her)
    assert (me.verified, me.verified_at, me.step) == (True, town.now, "")
    (found,) = town.database.read(verifications.recent, her)
    assert found.state == "passed"
    assert set(found.detail) == {"problem", "seen", "depth", "likeness", "mark"}
    assert "✓" in texts([Say(presenting.person(surroundings(town.now), me, {}))])[0]
    assert VERIFY.press.do not in presses(town.act(her, profile.show))
    assert keys(town.act(her, verification.show)) == ["verify.done_already"]


def test_without_consent_or_a_face_nothing_begins(town: Town, her: int) -> None:
    change(town, her, face_consent=False)
    assert keys(town.act(her, verification.show)) == ["verify.needs_consent"]
    assert keys(town.act(her, verification.begin)) == ["verify.needs_consent"]
    faceless = town.newcomer("man", "women", face_consent=True)
    assert keys(town.act(faceless, verification.begin)) == ["verify.needs_photo"]


@pytest.mark.parametrize("problem", ["no_face", "several_faces", "start", "cut", "changed", "still", "flat", "order"])
def test_each_problem_of_a_video_is_said(town: Town, her: int, problem: str) -> None:
    assert keys(send(town, her, watched(problem=problem))) == [f"verify.problem.{problem}"]
    assert not town.member(her).verified


def test_somebody_elses_face_does_not_pass(town: Town, her: int) -> None:
    assert keys(send(town, her, watched(STRANGER))) == ["verify.problem.another"]
    assert keys(send(town, her, watched(None, mark="m2"))) == ["verify.problem.another"]


def test_one_photo_of_somebody_else_among_them_does_not_pass(town: Town, her: int) -> None:
    town.act(her, photo_usecases.receive, selfie(embedding=None), "f")
    give_face(town, her, STRANGER, photo=1)
    assert keys(send(town, her, watched())) == ["verify.problem.photos"]


def test_a_video_that_was_sent_before_is_not_taken_again(town: Town, her: int) -> None:
    send(town, her, watched(problem="order"))
    assert keys(send(town, her, watched())) == ["verify.problem.seen"]


def test_a_file_that_cannot_be_read_costs_no_attempt(town: Town, her: int) -> None:
    asked = begin(town, her)
    assert keys(town.act(her, verification.decide, asked, Watched("too_long"))) == ["verify.problem.too_long"]
    assert keys(town.act(her, verification.decide, asked, watched())) == ["verify.passed"]


def test_a_challenge_serves_once_in_its_time_and_only_its_member(town: Town, her: int) -> None:
    asked = begin(town, her)
    other = town.newcomer("man", "women", face_consent=True)
    assert keys(town.act(other, verification.decide, asked, watched())) == ["verify.late"]
    town.now += dt.timedelta(minutes=4)
    assert town.database.read(verification.pending, her, town.now) is None
    town.now -= dt.timedelta(minutes=4)
    town.act(her, verification.decide, asked, watched(problem="order"))
    assert keys(town.act(her, verification.decide, asked, watched(mark="m3"))) == ["verify.late"]
    assert not town.member(her).verified


def test_three_tries_a_day_then_a_person_may_decide(town: Town, her: int) -> None:
    for number in range(3):
        replies = send(town, her, watched(problem="order", mark=f"m{number}"))
    assert presses(replies) == {"verify_ask", "verify_close"}
    assert keys(town.act(her, verification.begin)) == ["verify.enough"]
    town.now += dt.timedelta(hours=25)
    assert keys(town.act(her, verification.show)) == ["verify.intro"]


def test_a_person_is_asked_with_a_video_and_decides(town: Town, her: int) -> None:
    boss = town.database.transact(lambda connection: members.create(connection, ADMIN, "ko", town.now)).id
    assert keys(town.act(her, verification.ask_person)) == ["verify.try_first"]
    send(town, her, watched(problem="flat"))
    assert keys(town.act(her, verification.ask_person)) == ["verify.person"]
    asked = town.database.read(verification.pending, her, town.now)
    assert asked is not None
    assert asked.person
    assert keys(town.act(her, verification.to_person, 77)) == ["verify.sent_to_person"]
    letter, _ = town.mail()[boss]
    assert (letter["method"], letter["body"]["message_id"]) == ("copyMessage", 77)
    (review,) = town.database.read(safety.reviews_of, her)
    assert review.kind == "verify"
    assert keys(town.act(her, verification.begin)) == ["verify.waiting"]
    assert keys(town.act(her, verification.decided, approved=True)) == ["verify.passed"]
    assert town.member(her).verified


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", town.now).id


def hand_over(town: Town, who: int) -> int:
    """A video of who failed goes to the admins; the number of the case."""
    if not town.database.read(verifications.recent, who):
        send(town, who, watched(problem="flat"))
    town.act(who, verification.ask_person)
    assert keys(town.act(who, verification.to_person, 77)) == ["verify.sent_to_person"]
    town.mail()
    town.now += dt.timedelta(minutes=1)
    return next(review.id for review in town.database.read(safety.reviews_open) if review.kind == "verify")


def second_photo(town: Town, who: int, vector: Vector = ALIKE) -> int:
    town.act(who, photo_usecases.receive, selfie(embedding=vector), f"f{town.now}")
    return town.database.read(photos.of, who)[-1].id


def make_another_main(town: Town, who: int) -> None:
    town.act(who, photo_usecases.make_main, second_photo(town, who))


def remove_the_main_one(town: Town, who: int) -> None:
    second_photo(town, who)
    town.act(who, photo_usecases.remove, town.database.read(photos.of, who)[0].id)


def replace_the_main_one(town: Town, who: int) -> None:
    town.act(who, photo_usecases.replace, town.database.read(photos.of, who)[0].id)
    second_photo(town, who)


def put_somebody_beside_it(town: Town, who: int) -> None:
    second_photo(town, who, STRANGER)


def take_the_consent_back(town: Town, who: int) -> None:
    town.act(who, privacy.face, "off")


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (make_another_main, "photo"),
        (remove_the_main_one, "photo"),
        (replace_the_main_one, "photo"),
        (put_somebody_beside_it, "photo"),
        (take_the_consent_back, "consent"),
    ],
)
def test_a_yes_counts_for_the_photos_that_were_compared_and_no_others(
    town: Town, her: int, boss: int, meanwhile: Callable[[Town, int], None], why: str
) -> None:
    case = hand_over(town, her)
    meanwhile(town, her)
    town.mail()
    said = town.act(boss, decisions.decide_review, case, approved=True)
    assert keys(said)[0] == f"admin.verify_outdated.{why}"
    assert isinstance(said[0], Notice)
    assert said[0].alert, "the admin reads why"
    assert len(texts(said[:1])[0]) <= 200
    assert not town.member(her).verified
    (letter,) = town.mail()[her]
    told = WORDS.text(word(f"verify.person_again.{why}"), town.member(her).language)
    assert letter["body"]["text"] == told
    closed = town.database.read(safety.review_by_id, case)
    assert closed is not None
    assert closed.state == "refused"
    assert keys(town.act(boss, decisions.decide_review, case, approved=True)) == ["admin.decided_already"]
    if meanwhile in (make_another_main, remove_the_main_one):
        again = hand_over(town, her)
        town.act(boss, decisions.decide_review, again, approved=True)
        assert town.member(her).verified, "of these photos"


def test_another_photo_of_oneself_changes_nothing_about_a_yes(town: Town, her: int, boss: int) -> None:
    case = hand_over(town, her)
    second_photo(town, her)
    assert keys(town.act(boss, decisions.decide_review, case, approved=True))[0] == "admin.approved"
    assert town.member(her).verified


def test_a_no_is_a_no_whatever_changed(town: Town, her: int, boss: int) -> None:
    case = hand_over(town, her)
    make_another_main(town, her)
    town.mail()
    assert keys(town.act(boss, decisions.decide_review, case, approved=False))[0] == "admin.refused"
    (letter,) = town.mail()[her]
    assert letter["body"]["text"] == WORDS.text(word("verify.person_refused"), town.member(her).language)


def test_a_badge_and_another_main_photo_at_the_same_moment(town: Town, her: int, boss: int) -> None:
    """The admin's transaction has looked at the photos and is about to end while the member exchanges them."""
    case = hand_over(town, her)
    other = second_photo(town, her, STRANGER)
    town.act(her, photo_usecases.make_main, town.database.read(photos.of, her)[0].id)
    change(town, her, verified=False)
    exchange = threading.Thread(target=town.act, args=(her, photo_usecases.make_main, other))

    def approve(connection: Connection) -> None:
        review = safety.review_by_id(connection, case)
        assert review is not None
        verification.outdated(connection, review)
        if exchange.ident is None:
            exchange.start()
            exchange.join(1.0)  # where nothing holds it up it has read by then that there is no badge
        members.update(connection, her, town.now, verified=True)

    town.database.transact(approve)
    exchange.join()
    assert town.database.read(photos.of, her)[0].id == other
    assert not town.member(her).verified


def test_nobody_sends_admins_a_video_unasked(town: Town, her: int) -> None:
    assert keys(town.act(her, verification.to_person, 5)) == ["verify.late"]
    assert town.mail() == {}


def test_a_sign_of_a_minor_freezes(town: Town, her: int) -> None:
    send(town, her, watched(minor=True))
    me = town.member(her)
    assert (me.status, me.verified) == ("frozen", False)


def test_closing_goes_back_to_where_one_was(town: Town, her: int) -> None:
    begin(town, her)
    assert town.member(her).step == verification.STEP
    assert keys(town.act(her, verification.remind)) == ["verify.round_only"]
    assert keys(town.act(her, verification.close)) == ["verify.closed"]
    assert town.member(her).step == ""


def pass_with_two_photos(town: Town, who: int, second: Vector) -> int:
    town.act(who, photo_usecases.receive, selfie(embedding=None), "f")
    give_face(town, who, second, photo=1)
    change(town, who, verified=True, verified_at=town.now)
    return int(town.database.read(photos.of, who)[1].id)


def test_another_photo_of_the_same_person_keeps_the_badge(town: Town, her: int) -> None:
    town.act(her, photo_usecases.make_main, pass_with_two_photos(town, her, ALIKE))
    assert town.member(her).verified


def test_a_main_photo_of_somebody_else_takes_it_away(town: Town, her: int) -> None:
    replies = town.act(her, photo_usecases.make_main, pass_with_two_photos(town, her, STRANGER))
    assert keys(replies)[-1] == "verify.dropped"
    assert (town.member(her).verified, town.member(her).verified_at) == (False, None)


def test_so_does_one_that_cannot_be_compared(town: Town, her: int) -> None:
    town.act(her, photo_usecases.receive, selfie(embedding=None), "f")
    change(town, her, verified=True)
    photo = town.database.read(photos.of, her)[1]
    town.act(her, photo_usecases.make_main, photo.id)
    assert not town.member(her).verified


def test_a_new_photo_of_somebody_else_takes_it_away_too(town: Town, her: int) -> None:
    change(town, her, verified=True)
    assert "verify.dropped" in keys(town.act(her, photo_usecases.receive, selfie(axis=2), "f"))
