"""A running server, its page's side, and two independent clients: aiogram's and python-telegram-bot's."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiogram
import aiohttp
import pytest
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from PIL import Image

from bot.local.server import LocalServer

MINA, JUN = 1001, 2001
Call = Callable[..., Awaitable[dict[str, Any]]]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[LocalServer]:
    server = LocalServer(clock=clock, webhook_pause=0.02)
    await server.start()
    await server.add_person(MINA, "Mina", "ko", started=True)
    await server.add_person(JUN, "Jun", "en", "demo")
    yield server
    await server.stop()


@pytest.fixture
async def http(server: LocalServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.base_url, timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield session


@pytest.fixture
async def ptb(server: LocalServer) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(server.token, base_url=f"{server.base_url}/bot", base_file_url=f"{server.base_url}/file/bot")
    async with bot:
        yield bot


@pytest.fixture
async def aio(server: LocalServer) -> AsyncIterator[aiogram.Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(server.base_url))
    bot = aiogram.Bot(server.token, session=session)
    yield bot
    await session.close()


@pytest.fixture
def api(server: LocalServer, http: aiohttp.ClientSession) -> Call:
    """A raw Bot API call with JSON parameters: the whole answer."""

    async def call(method: str, **parameters: object) -> dict[str, Any]:
        async with http.post(f"/bot{server.token}/{method}", json=parameters) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == answer.get("error_code", 200)
            return answer

    return call


@pytest.fixture
def page(http: aiohttp.ClientSession) -> Call:
    """A call of the page's API that must succeed."""

    async def call(path: str, verb: str = "POST", /, **body: object) -> dict[str, Any]:
        async with http.request(verb, f"/page/{path}", json=body if verb == "POST" else None) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer

    return call


def jpeg(width: int = 640, height: int = 480, colour: str = "teal", exif: Image.Exif | None = None) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG", **({"exif": exif} if exif else {}))
    return buffer.getvalue()
