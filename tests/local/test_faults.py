"""Faults on demand and rate limits, as both clients meet them."""

from __future__ import annotations

from typing import Any

import aiogram
import pytest
import telegram
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from telegram.error import Forbidden, NetworkError, RetryAfter

from bot.local.faults import Fault
from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, Call


@pytest.fixture(autouse=True)
def _timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about the type of retry_after unless one opts in to the new one.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


async def test_retry_after_for_one_chat_only(server: LocalServer, aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    server.faults.add(Fault("sendMessage", MINA, 429, retry_after=7, times=2))
    with pytest.raises(TelegramRetryAfter) as limited:
        await aio.send_message(MINA, "x")
    assert limited.value.retry_after == 7
    await aio.send_message(JUN, "x")
    with pytest.raises(RetryAfter):
        await ptb.send_message(MINA, "x")
    assert (await ptb.send_message(MINA, "x")).text == "x"


@pytest.mark.parametrize(("code", "error", "other"), [
    (403, TelegramForbiddenError, Forbidden),
    (500, TelegramServerError, NetworkError),
    (502, TelegramServerError, NetworkError),
    (0, TelegramNetworkError, NetworkError),
])  # fmt: skip
async def test_refusals_and_resets(
    page: Call, aio: aiogram.Bot, ptb: telegram.Bot, code: int, error: type[Exception], other: type[Exception]
) -> None:
    faults = (await page("faults", method="*", chat_id=None, code=code, times=2))["faults"]
    assert [fault["code"] for fault in faults] == [code]
    with pytest.raises(error):
        await aio.send_message(MINA, "x")
    with pytest.raises(other):
        await ptb.copy_message(MINA, MINA, 1)
    await aio.send_message(MINA, "x")
    assert (await page("faults", "GET"))["faults"] == []


async def test_an_answer_that_is_lost_after_the_message_went_out(server: LocalServer, aio: aiogram.Bot, page: Call) -> None:
    server.faults.add(Fault("sendMessage", code=0, after=True))
    with pytest.raises(TelegramNetworkError):
        await aio.send_message(MINA, "once")
    assert [message["text"] for message in (await page(f"chats/{MINA}", "GET"))["messages"]] == ["once"]


async def test_a_share_of_calls(server: LocalServer, api: Call) -> None:
    fault = server.faults.add(Fault(code=500, times=None, rate=0.3))
    answers = [await api("sendMessage", chat_id=MINA, text="x") for _ in range(200)]
    failed = sum(not answer["ok"] for answer in answers)
    assert failed == fault.hits
    assert 35 <= failed <= 90
    assert (await api("getMe"))["ok"]
    server.faults.clear()


async def test_a_fault_that_is_asked_for_without_an_end_goes_on(api: Call, page: Call) -> None:
    await page("faults", method="sendMessage", code=502, times=None)
    assert [(await api("sendMessage", chat_id=MINA, text="x"))["ok"] for _ in range(3)] == [False] * 3


async def test_faults_that_make_no_sense(http: Any, page: Call) -> None:
    for body in ({"code": 404}, {"rate": 2}, {"times": 0}, {"colour": "red"}):
        async with http.post("/page/faults", json=body) as response:
            assert response.status == 400
    await page("faults", method="sendPhoto")
    async with http.delete("/page/faults") as response:
        assert await response.json() == {"faults": []}


async def test_rate_limits_where_they_are_on(clock: Any) -> None:
    server = LocalServer(limits=True, clock=clock)
    await server.start()
    people = range(2001, 2041)
    for person in people:
        await server.add_person(person, "P", role="demo")
    async with telegram.Bot(server.token, base_url=f"{server.base_url}/bot") as bot:
        for _ in range(5):
            await bot.send_message(2001, "burst")
        with pytest.raises(RetryAfter):
            await bot.send_message(2001, "too fast")
        await bot.send_message(2002, "another chat")
        await bot.send_chat_action(2001, "typing")
        clock.now += 1
        await bot.send_message(2001, "in time")
        for person in people[2:31]:
            await bot.send_message(person, "to all")
        with pytest.raises(RetryAfter):
            await bot.send_message(people[31], "one too many")
    await server.stop()
