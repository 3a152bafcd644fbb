"""The door: how fast people may come, and what ends a change that was begun."""

from __future__ import annotations

import datetime as dt

import pytest
from aiogram.types import CallbackQuery, Chat, Message, User

from bot.desk import guess_language
from bot.middlewares import REMEMBERED, Throttle, _ends_edit

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
