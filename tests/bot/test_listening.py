"""What an operator reads where updates cannot be had: which of it asking again will not mend, and what will."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from bot.listening import Polling
from bot.local.server import LocalServer
from tests.journeys.stage import PATIENCE


async def nobody(_raws: Sequence[object]) -> None:
    raise AssertionError("there is nothing to accept")


@pytest.mark.parametrize(("token", "says"), [("1:LOCAL", "another process"), ("1:REVOKED", "@BotFather")])
async def test_what_helps_is_in_the_log(token: str, says: str, caplog: pytest.LogCaptureFixture) -> None:
    server = LocalServer()
    await server.start()
    session = AiohttpSession(api=TelegramAPIServer.from_base(server.base_url))
    async with Bot("1:LOCAL", session) as bot, Bot(token, session) as asking:
        await bot.set_webhook("http://127.0.0.1:9/hook")
        polling = asyncio.create_task(Polling(asking, nobody, ["message"]).run())
        async with asyncio.timeout(PATIENCE):
            while not caplog.messages:  # noqa: ASYNC110 the task makes it true
                await asyncio.sleep(0.01)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
    await server.stop()
    assert says in caplog.text
    assert token not in caplog.text
