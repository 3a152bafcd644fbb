"""A conversation full of unmistakable values, faults and exceptions; none of them is in the log, however much is logged."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.usecases import profile, relay
from tests.bot.test_logs import logging_here
from tests.journeys.stage import Stage, jpeg, matched

NUMBERS = (700_123_456, 700_654_321)
PLANTED = ("Zanzibar", "윤슬", "quagga", "axolotl", "wombat", "37.5", "127.0", "700123456", "700654321", "kiwi_bird", "1996-03-01")


def break_down(*_: object, **__: object) -> None:
    raise ValueError(f"cannot serve Zanzibar 윤슬 at 37.566535 of {NUMBERS[0]}")


async def test_nothing_of_people_is_logged(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_here() as written:
        logging.getLogger().setLevel(logging.DEBUG)
        for noisy in ("aiogram", "aiohttp", "sqlalchemy", "asyncio"):
            monkeypatch.setattr(logging.getLogger(noisy), "level", logging.DEBUG)
        one = await stage.person(NUMBERS[0], "en", gender="woman", seeks="men", about="Zanzibar 윤슬", verified=True)
        two = await stage.person(NUMBERS[1], "en", gender="man", seeks="women", about="axolotl @kiwi_bird", verified=True)
        await matched(one, two)
        await one.write("quagga and 윤슬")
        await two.hears("quagga")
        await one.attach("photo", jpeg(), "wombat.jpg", caption="axolotl")
        await two.hears("axolotl")
        await one.locate()
        await two.hears(lambda message: "location" in message)
        for code in (500, 429, 403, 0):
            await stage.fault(method="sendMessage", chat_id=two.id, code=code, retry_after=1)
            await one.write(f"wombat {code}")
            await asyncio.sleep(0.4)
        monkeypatch.setattr(profile, "show", break_down)
        monkeypatch.setattr(relay, "receive", break_down)
        await one.write("/profile quagga")
        await one.hears("Sorry")
        await one.write("quagga again")
        await one.hears("Sorry")
        await asyncio.sleep(1.0)
        await stage.stop()
    said = written.getvalue()
    assert [value for value in PLANTED if value in said] == []
    assert stage.server.token not in said
    assert "ValueError at" in said, "that it broke, and where, is told"
