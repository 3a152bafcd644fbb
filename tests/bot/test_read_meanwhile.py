"""A photo is read for seconds: what became of its member meanwhile decides what is kept of it, and the same file is kept once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest
from aiogram.types import Chat, Message, User

from bot.desk import Desk, Services, Ticket, utc_now
from bot.replies import Picture, Reply
from bot.runtime import Runtime
from bot.usecases import consent, detour, onboarding, photos, privacy
from db import consents, members, safety
from db import photos as stored
from db import types as member_types
from db.records import Member, Status
from db.session import Connection, Database
from tests.bot.meeting import keys, surroundings
from tests.bot.newcomer import TELEGRAM_ID, Newcomer, faceless, selfie

PERSON = User(id=TELEGRAM_ID, is_bot=False, first_name="x")
SENT = Message(message_id=1, date=dt.datetime.now(dt.UTC), chat=Chat(id=TELEGRAM_ID, type="private"), from_user=PERSON)


@pytest.fixture
def newcomer(database: Database) -> Newcomer:
    return Newcomer(database)


class Heard(Desk):
    """A desk whose answers are kept instead of sent."""

    said: list[Reply] | None = None

    async def say(self, event: object, replies: object, language: str) -> None:
        self.said = list(cast("list[Reply]", replies))


@pytest.fixture
async def desk(database: Database, newcomer: Newcomer) -> AsyncIterator[Heard]:
    """The desk at which the newcomer's photo is served, as the door opened it before the photo was read."""
    runtime = Runtime(database, engine_threads=1)
    services = SimpleNamespace(
        runtime=runtime, types=SimpleNamespace(changing=False), context=lambda: surroundings(utc_now()), wake=lambda: None
    )
    made = Heard(cast("Services", services), Ticket(1, done=True), TELEGRAM_ID, "en")
    newcomer.ready()
    made.serves(newcomer.me)
    yield made
    runtime.close()


def held(newcomer: Newcomer) -> list[str]:
    return [photo.status for photo in newcomer.read(stored.of, newcomer.id)]


def faces(newcomer: Newcomer) -> int:
    return len(newcomer.read(stored.vectors, newcomer.id, "face"))


def erase(newcomer: Newcomer) -> None:
    newcomer.transact(privacy.erase, surroundings(), newcomer.me)


async def test_the_photo_of_somebody_erased_meanwhile_comes_back_for_nobody(desk: Heard, newcomer: Newcomer) -> None:
    """It must neither make a member of them again nor leave their face behind without a consent."""
    erase(newcomer)
    await desk.run(SENT, photos.receive, selfie(), "file")
    assert desk.said == []
    assert newcomer.read(members.by_telegram, TELEGRAM_ID) is None


async def test_nor_for_whoever_came_back_under_the_same_account(desk: Heard, newcomer: Newcomer) -> None:
    old = newcomer.id
    erase(newcomer)
    newcomer.id = newcomer.transact(members.create, TELEGRAM_ID, "en", newcomer.town.now).id
    assert newcomer.id != old
    await desk.run(SENT, photos.receive, selfie(), "file")
    assert desk.said == []
    assert (held(newcomer), faces(newcomer), newcomer.read(consents.history, newcomer.id)) == ([], 0, [])


async def test_the_photo_of_somebody_who_is_still_there_is_taken(desk: Heard, newcomer: Newcomer) -> None:
    await desk.run(SENT, photos.receive, selfie(axis=1), "file")
    assert keys(desk.said or []) == ["photo.added"]
    assert held(newcomer) == ["approved", "approved"]


@pytest.mark.parametrize(("status", "said"), [("frozen", "access.frozen"), ("banned", "access.banned"), ("review", "review.wait")])
def test_whoever_was_stopped_meanwhile_has_no_photo_taken(newcomer: Newcomer, status: Status, said: str) -> None:
    newcomer.ready()
    newcomer.database.transact(members.update, newcomer.id, newcomer.town.now, status=status)
    assert keys(newcomer.send(selfie(axis=1))) == [said]
    assert held(newcomer) == ["approved"]


@pytest.mark.parametrize(("status", "said"), [("frozen", "access.frozen"), ("banned", "access.banned"), ("review", "review.wait")])
def test_nor_is_one_approved_by_being_read_again(newcomer: Newcomer, status: Status, said: str) -> None:
    newcomer.upto("face")
    newcomer.press("face", "no")
    for step in ("birth", "gender", "seeks", "city", "distance", "ages"):
        newcomer.answer(step)
    newcomer.send(faceless())
    newcomer.database.transact(members.update, newcomer.id, newcomer.town.now, status=status, face_consent=True)
    [photo] = newcomer.read(stored.of, newcomer.id)
    assert keys(newcomer.town.act(newcomer.id, photos.reread, [(photo.id, selfie())])) == [said]
    assert (held(newcomer), faces(newcomer)) == (["pending"], 0)


@pytest.mark.parametrize("step", [step for step in onboarding.ORDER if step != "photo"])
def test_at_sign_up_a_photo_is_taken_where_one_is_asked_for(newcomer: Newcomer, step: str) -> None:
    newcomer.upto(step)
    before = held(newcomer)
    said = keys(newcomer.send(selfie(axis=1)))
    assert said[0] == "wrong.kind"
    assert said[1].startswith(f"ask.{step}")
    assert held(newcomer) == before


def test_a_question_in_passing_keeps_no_photo_out(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    newcomer.transact(detour.begin, surroundings(), newcomer.me, "couple.photo")
    newcomer.send(selfie())
    assert held(newcomer) == ["approved"]


def test_nor_does_it_let_one_in_before_its_time(newcomer: Newcomer) -> None:
    newcomer.upto("city")
    newcomer.transact(detour.begin, surroundings(), newcomer.me, "couple.photo")
    assert keys(newcomer.send(selfie())) == ["start.finish_first"]
    assert held(newcomer) == []


@pytest.mark.parametrize("problem", [None, "minor"])
def test_a_consent_taken_back_meanwhile_leaves_nothing_of_the_face(newcomer: Newcomer, problem: str | None) -> None:
    newcomer.upto("photo")
    newcomer.town.act(newcomer.id, privacy.face, "off")
    said = keys(newcomer.send(selfie("minor") if problem else selfie()))
    assert said[-1] == "photo.pending"
    [photo] = newcomer.read(stored.of, newcomer.id)
    assert (photo.status, "face" in photo.facts, faces(newcomer)) == ("pending", False, 0)
    assert set(newcomer.read(member_types.of_member, newcomer.id)) == {"fashion"}
    assert [(one.kind, one.photo_id) for one in newcomer.read(safety.reviews_open)] == [("photo", photo.id)]


def test_a_consent_given_meanwhile_approves_nothing_that_nobody_looked_at(newcomer: Newcomer) -> None:
    """It was read without a face, so neither the engine nor anybody has seen how old it looks."""
    newcomer.upto("photo")
    said = newcomer.send(faceless())
    assert keys(said)[-1] == "ask.photo.unread"
    assert held(newcomer) == ["pending"]
    assert len(newcomer.read(safety.reviews_open)) == 1


def test_a_photo_and_a_withdrawal_at_the_same_moment(newcomer: Newcomer) -> None:
    """The consent is taken back in one transaction while another, which saw it given, stores a photo."""
    newcomer.upto("photo")
    seen = threading.Event()

    def store(connection: Connection) -> None:
        found = members.by_id(connection, newcomer.id)
        assert found is not None
        seen.set()
        photos.receive(connection, surroundings(), found, selfie(), "file")

    other = threading.Thread(target=newcomer.database.transact, args=(store,))

    def withdraw(connection: Connection, member: Member) -> None:
        consent.record(connection, surroundings(), member, "face", given=False)
        other.start()
        seen.wait(1)  # with one writer at a time it comes only afterwards

    newcomer.transact(withdraw, newcomer.me)
    other.join()
    assert (faces(newcomer), held(newcomer)) == (0, ["pending"])


def test_the_same_file_again_brings_its_card_and_is_kept_once(newcomer: Newcomer) -> None:
    """Killed between the commit and the card: the person sees nothing and sends the photo again, under another id of Telegram's."""
    newcomer.upto("photo")
    first = selfie(axis=1)
    newcomer.send(first, "one")
    types = newcomer.read(member_types.of_member, newcomer.id)
    said = newcomer.send(first, "two")
    assert [type(reply) for reply in said] == [Picture, Picture]
    assert held(newcomer) == ["approved"]
    assert newcomer.read(member_types.of_member, newcomer.id) == types
    assert keys(newcomer.press("photo", "done"))[-1] == "ask.about"


def test_the_same_file_again_is_told_to_wait_as_before(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    newcomer.town.act(newcomer.id, privacy.face, "off")
    sent = faceless()
    newcomer.send(sent)
    assert keys(newcomer.send(sent))[-1] == "photo.pending"
    assert (held(newcomer), len(newcomer.read(safety.reviews_open))) == (["pending"], 1)


def test_the_same_file_again_with_the_consent_is_read(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    newcomer.town.act(newcomer.id, privacy.face, "off")
    sent = selfie(axis=2)
    newcomer.send(sent)
    assert faces(newcomer) == 0
    newcomer.town.act(newcomer.id, privacy.face, "on")
    assert keys(newcomer.send(sent))[0] == "types.card"
    assert (held(newcomer), faces(newcomer)) == (["approved"], 1)


def test_the_same_file_again_is_no_way_round_a_refusal(newcomer: Newcomer) -> None:
    newcomer.upto("photo")
    sent = selfie()
    newcomer.send(sent)
    newcomer.transact(stored.reject, newcomer.read(stored.of, newcomer.id)[0].id)
    assert keys(newcomer.send(sent)) == ["review.refused"]
    assert (held(newcomer), faces(newcomer)) == (["rejected"], 0)


def test_the_same_file_again_beside_others(newcomer: Newcomer) -> None:
    newcomer.ready()
    most = surroundings().matching.photos_max
    sent = [selfie(axis=number % 4) for number in range(most - 1)]
    newcomer.town.act(newcomer.id, photos.show)
    for one in sent:
        newcomer.send(one)
    assert keys(newcomer.send(sent[0])) == ["photo.there"], "though there is room for no more"
    assert keys(newcomer.send(selfie())) == ["photo.full"]
    assert newcomer.me.draft == {"taken": ""}, "the next photo may be meant for a partner"


def test_a_photo_is_not_replaced_by_one_that_is_there(newcomer: Newcomer) -> None:
    newcomer.ready()
    sent = selfie(axis=1)
    newcomer.send(sent)
    first, second = newcomer.read(stored.of, newcomer.id)
    newcomer.town.act(newcomer.id, photos.replace, first.id)
    assert keys(newcomer.send(sent)) == ["photo.there"]
    assert newcomer.me.draft == {"replace": first.id}
    newcomer.send(selfie(axis=2))
    assert [photo.id for photo in newcomer.read(stored.of, newcomer.id)][1:] == [second.id]
