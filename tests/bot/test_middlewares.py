"""The door: how fast people may come, and what ends a change that was begun."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiogram.types import CallbackQuery, Chat, Message, User

from bot.desk import Desk, Services, Ticket, guess_language
from bot.middlewares import REMEMBERED, Reception, Throttle, _ends_edit
from bot.replies import Notice, Say
from db import members
from db.session import Database

PERSON = User(id=1, is_bot=False, first_name="x")
CHAT = Chat(id=1, type="private")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_then_one_word_then_silence() -> None:
    clock = Clock()
    throttle = Throttle(5, 1, clock)
    assert [throttle.take(1) for _ in range(8)] == [True] * 5 + [None, False, False]
    assert throttle.take(2) is True, "others are not slowed down"
    clock.now += 1
    assert [throttle.take(1) for _ in range(2)] == [True, False], "said once while the person goes on"
    clock.now += 60
    assert [throttle.take(1) for _ in range(6)] == [True] * 5 + [None]


def test_talk_has_a_door_of_its_own() -> None:
    throttle = Throttle(2, 1, Clock(), talk_burst=40)
    assert [throttle.take(1, talk=True) for _ in range(41)] == [True] * 40 + [None]
    assert [throttle.take(1) for _ in range(3)] == [True, True, None]


def test_the_door_forgets_who_was_long_gone() -> None:
    throttle = Throttle(1, 1, Clock())
    for person in range(REMEMBERED + 10):
        throttle.take(person)
    assert len(throttle._buckets) == REMEMBERED


@pytest.mark.parametrize(("code", "language"), [("ko", "ko"), ("ko-KR", "ko"), ("en", "en"), ("ja", "en"), (None, "en"), ("", "en")])
def test_the_language_is_guessed(code: str | None, language: str) -> None:
    assert guess_language(code) == language


@pytest.mark.parametrize(("text", "ends"), [("/discover", True), ("Seoul", False), ("", False)])
def test_a_command_ends_a_change(text: str, ends: bool) -> None:
    message = Message(message_id=1, date=dt.datetime.now(dt.UTC), chat=CHAT, from_user=PERSON, text=text)
    assert _ends_edit(message) is ends


@pytest.mark.parametrize(
    ("data", "ends"), [("set::city:Seoul", False), ("cancel::city", False), ("photo_main:4:", False), ("discover::", True), ("?", False)]
)
def test_a_button_of_something_else_ends_a_change(data: str, ends: bool) -> None:
    assert _ends_edit(CallbackQuery(id="1", from_user=PERSON, chat_instance="1", data=data)) is ends


class Listener:
    """A desk that only notes what it is to say, and in which language."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def say(self, _event: object, replies: list[Say | Notice], language: str) -> None:
        self.said += [(reply.word.key, language) for reply in replies]


class Reading:
    """A runtime that reads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, query: Any, *args: object) -> Any:
        return self._database.read(query, *args)


@pytest.mark.parametrize(("known", "language"), [(True, "ko"), (False, "en")])
async def test_who_is_too_fast_hears_it_in_the_language_they_chose(database: Database, known: bool, language: str) -> None:
    """Telegram's client speaks English; the member chose Korean."""
    if known:
        database.transact(members.create, PERSON.id, "ko", dt.datetime.now(dt.UTC))
    door = Reception(cast("Services", SimpleNamespace(runtime=Reading(database))))
    person, desk = PERSON.model_copy(update={"language_code": "en"}), Listener()
    message = Message(message_id=1, date=dt.datetime.now(dt.UTC), chat=CHAT, from_user=person, text="hi")
    press = CallbackQuery(id="1", from_user=person, chat_instance="1", data="discover::")
    for inner, ticket in (
        (message, Ticket(1, refused=True)),
        (message, Ticket(2, refused=True, told=True)),
        (press, Ticket(3, given_up=True)),
    ):
        await door._turn_away(cast("Desk", desk), inner, person, ticket)
    assert desk.said == [("error.too_fast_message", language), ("error.unexpected", language)]
