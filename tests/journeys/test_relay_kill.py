"""The bot as a process of its own that is killed in the middle of a talk and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.local.server import LocalServer
from db import outbox
from db.session import Database
from db.settings import DatabaseSettings, keys_under
from tests.journeys.stage import PATIENCE, Page, Person, matched, settle, words

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


class Process:
    """`run_bot.py` beside the tests' server."""

    def __init__(self, folder: Path, pack: Path, server: LocalServer) -> None:
        self.environment = {
            **os.environ,
            "INYEON_PATHS__VAR": str(folder / "var"),
            "INYEON_ENGINE__PACK": str(pack),
            "INYEON_TELEGRAM__API_BASE": server.base_url,
            "TELEGRAM_BOT_TOKEN": server.token,
            "INYEON_SAFETY__NEW_DAYS": "0",  # new members may not write this much
        }

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "run_bot.py", cwd=ROOT, env=self.environment, stderr=asyncio.subprocess.PIPE
        )
        assert self.process.stderr is not None
        async with asyncio.timeout(120):
            while line := await self.process.stderr.readline():
                if b"ready" in line:
                    self.reading = asyncio.create_task(self.process.stderr.read())
                    return
        raise AssertionError("the bot ended before it was ready")

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(how)
        code = await self.process.wait()
        await self.reading
        return code


@pytest.fixture
async def world(
    tmp_path: Path, small_pack: Path, warm: Callable[[Path], Path]
) -> AsyncIterator[tuple[Process, LocalServer, list[Person], Database]]:
    warm(tmp_path / "var")
    server = LocalServer()
    await server.start()
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'var' / 'inyeon.db'}"), keys_under(tmp_path / "var"))
    await asyncio.to_thread(database.open)
    page = Page(server)
    await page.open()
    people = []
    for number, gender, seeks in ((1001, "woman", "men"), (1002, "man", "women")):
        await server.add_person(number, f"Person {number}", "en", started=True)
        await asyncio.to_thread(database.transact, settle, number, "en", gender, seeks)
        people.append(Person(page, number, "en"))
    process = Process(tmp_path, small_pack, server)
    await process.start()
    yield process, server, people, database
    if process.process.returncode is None:
        await process.end(signal.SIGKILL)
    await page.close()
    database.close()
    await server.stop()


async def test_what_was_accepted_arrives_in_order_after_a_kill(
    world: tuple[Process, LocalServer, list[Person], Database],
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
