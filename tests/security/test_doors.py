"""What stands at the doors: forged updates, the webhook's secret, groups, channels, odd numbers, edited commands."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.arrivals import Arrival
from bot.listening import LARGEST, SECRET, Webhook
from db import members
from fuzz.seeds import updates
from tests.journeys.stage import Stage

WORD = "0123456789abcdef"


class Taken:
    def __init__(self) -> None:
        self.raws: list[object] = []

    async def __call__(self, raws: Sequence[object]) -> None:
        self.raws += raws


@pytest.fixture
async def door() -> AsyncIterator[tuple[str, Taken]]:
    """A webhook on a free port: its address, and what came through."""
    taken = Taken()
    runner = web.AppRunner(Webhook(taken, WORD).application("/hook"), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/hook", taken
    await runner.cleanup()


@pytest.mark.parametrize("secret", [None, "", "wrong", WORD[:-1], WORD + "0", WORD.upper(), "비밀"])
async def test_without_its_secret_the_webhook_takes_nothing(door: tuple[str, Taken], secret: str | None) -> None:
    address, taken = door
    headers = {} if secret is None else {SECRET: secret}
    async with aiohttp.ClientSession() as http, http.post(address, json=updates.updates()[0], headers=headers) as answer:
        assert answer.status == 401
        assert await answer.text() == ""
    assert taken.raws == []


async def test_a_secret_that_is_no_text_is_a_wrong_one(door: tuple[str, Taken]) -> None:
    address, taken = door
    host, port = address.removeprefix("http://").partition("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /hook HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nConnection: close\r\n{SECRET}: ".encode()
    writer.write(head + b"\xff\xfe\x80\r\n\r\n{}")
    await writer.drain()
    assert (await reader.readline()).split()[1] == b"401"
    writer.close()
    assert taken.raws == []


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'"\\ud800"', b"9" * 10_000, b"\xff\xfe"])
async def test_what_is_no_json_is_refused_and_nothing_breaks(door: tuple[str, Taken], body: bytes) -> None:
    address, taken = door
    async with aiohttp.ClientSession(headers={SECRET: WORD}) as http:
        async with http.post(address, data=body) as answer:
            assert answer.status in {200, 400}
        async with http.post(address, data=io.BytesIO(b"1" * (LARGEST + 1))) as answer:
            assert answer.status == 413
        async with http.get(address) as answer:
            assert answer.status == 405
    assert all(Arrival.of(raw) is None for raw in taken.raws)


def _message(**about: Any) -> dict[str, Any]:
    return {"update_id": 5, "message": updates.message(text="hello", **about)}


@pytest.mark.parametrize(
    "raw",
    [
        _message(chat={"id": -100, "type": "group", "title": "x"}),
        _message(chat={"id": -100, "type": "supergroup", "title": "x"}),
        {"update_id": 5, "channel_post": updates.message(text="hello", chat={"id": -100, "type": "channel"})},
        {"update_id": 5, "message": {**updates.message(text="hello"), "from": {**updates.person(), "is_bot": True}}},
        {"update_id": 5, "message": {key: value for key, value in updates.message(text="hello").items() if key != "from"}},
    ],
)
def test_groups_channels_and_bots_are_not_heard(raw: dict[str, Any]) -> None:
    assert Arrival.of(raw) is None


def test_nobody_speaks_in_the_chat_of_another() -> None:
    assert Arrival.of(_message(chat={"id": 7, "type": "private"})) is None


@pytest.mark.parametrize("number", [-1, 0, 2**63 - 1, 2**63, 10**40, "5", None, True, 1.5, [], {}])
def test_numbers_of_any_size_are_read_or_passed_over(number: object) -> None:
    for raw in (
        {**_message(), "update_id": number},
        {"update_id": 5, "message": {**updates.message(text="hello"), "from": {**updates.person(), "id": number}}},
        {"update_id": 5, "message": {**updates.message(text="hello"), "message_id": number}},
        _message(reply_to_message={"message_id": number}),
    ):
        arrival = Arrival.of(raw)
        assert arrival is None or -(2**63) <= arrival.person < 2**63


@pytest.mark.parametrize("raw", [None, 5, "x", [], {}, {"update_id": 5}, {"update_id": 5, "message": 7}, {"update_id": 5, "message": {}}])
def test_what_is_no_update_is_passed_over(raw: object) -> None:
    assert Arrival.of(raw) is None


def test_a_text_that_is_no_text_holds_up_nobody() -> None:
    """Found by fuzzing: it stopped all updates."""
    for odd in (5, True, {}, [], None):
        Arrival.of({"update_id": 5, "message": {**updates.message(), "text": odd, "caption": odd, "photo": odd}})


async def test_odd_updates_of_all_kinds_leave_the_bot_answering(stage: Stage) -> None:
    person = await stage.person(1001, gender="woman", seeks="men")
    assert stage.application is not None
    kinds = json.loads(json.dumps(updates.updates()))
    for number, raw in enumerate(kinds, 700_000):
        await stage.application.intake.accept([{**raw, "update_id": number}])
    await asyncio.sleep(0.5)
    person.seen = max((message["message_id"] for message in await person.messages()), default=0)
    await person.write("/help")
    await person.hears("/")


async def test_an_edited_message_is_no_command(stage: Stage) -> None:
    person = await stage.person(1001, gender="woman", seeks="men")
    sent = await person.write("hello")
    await person.hears()
    await person.edit(sent["message_id"], "/delete")
    await person.hears_nothing()
    await person.edit(sent["message_id"], "/leave")
    await person.hears_nothing()
    assert await asyncio.to_thread(stage.database.read, members.by_telegram, 1001) is not None
