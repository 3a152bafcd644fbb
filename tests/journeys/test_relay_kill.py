"""The bot as a process of its own that is killed in the middle of a talk and started again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from db import outbox
from tests.journeys.process import World, running
from tests.journeys.stage import PATIENCE, matched, words

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(tmp_path: Path, small_pack: Path, warm: Callable[[Path], Path]) -> AsyncIterator[World]:
    warm(tmp_path / "var")
    async with running(tmp_path, small_pack, ((1001, "woman", "men"), (1002, "man", "women"))) as made:
        yield made


async def test_what_was_accepted_arrives_in_order_after_a_kill(
    world: World,
) -> None:
    process, server, (mina, jun), database = world
    await matched(mina, jun)
    await mina.write("before")
    await jun.hears("before")
    async with mina.page.http.post("/page/faults", json={"method": "sendMessage", "code": 502, "times": None}) as response:
        assert response.status == 200
    for number in range(12):
        await mina.write(f"message {number}")
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(database.read, outbox.waiting) < 12:  # noqa: ASYNC110 another process makes it true
            await asyncio.sleep(0.05)
    await process.end(signal.SIGKILL)
    server.faults.clear()
    await mina.write("message 12")
    await process.start()
    assert [words(await jun.hears("message")) for _ in range(13)] == [f"message {number}" for number in range(13)]
    await jun.write("got it all")
    await mina.hears("got it all")
    assert await process.end(signal.SIGTERM) == 0
