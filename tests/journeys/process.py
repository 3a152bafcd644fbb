"""The product as a process of its own beside the tests' server, to be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.local.server import LocalServer
from db.session import Database
from db.settings import DatabaseSettings, keys_under
from tests.journeys.stage import Page, Person, settle

ROOT = Path(__file__).resolve().parents[2]


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


World = tuple[Process, LocalServer, list[Person], Database]


@asynccontextmanager
async def running(folder: Path, pack: Path, people: Sequence[tuple[int, str, str]], **environment: str) -> AsyncIterator[World]:
    """The product with these people: number, gender and whom they seek, or "" for who is no member yet.

    `folder`'s `var` holds the prepared models; `environment` are settings beside those that it needs.
    """
    server = LocalServer()
    await server.start()
    database = Database(DatabaseSettings(url=f"sqlite:///{folder / 'var' / 'inyeon.db'}"), keys_under(folder / "var"))
    await asyncio.to_thread(database.open)
    page = Page(server)
    await page.open()
    made = []
    for number, gender, seeks in people:
        await server.add_person(number, f"Person {number}", "en", started=True)
        if gender:
            await asyncio.to_thread(database.transact, settle, number, "en", gender, seeks)
        made.append(Person(page, number, "en"))
    process = Process(folder, pack, server)
    process.environment.update(environment)
    await process.start()
    yield process, server, made, database
    if process.process.returncode is None:
        await process.end(signal.SIGKILL)
    await page.close()
    await asyncio.to_thread(database.close)
    await server.stop()
