"""The server of the Bot API with its people, the database with its pairs, and the bot as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks import people
from benchmarks.page import ROOT, clean
from bot.local.inbox import Inbox
from bot.local.server import LocalServer
from bot.local.values import Stored
from db.session import Connection, Database
from db.settings import DatabaseSettings, keys_under
from evaluation.faults.ledger import Line, words
from tests import mariadb

FIRST: Final = 1001
READY: Final = "ready"
START_SECONDS: Final = 120.0
END_SECONDS: Final = 30.0


class FaultsError(RuntimeError):
    """The run could not be made; the message is one line that says why."""


class Town:
    """People in pairs, each with a chat with the bot; everything that they do goes through the server."""

    def __init__(self, server: LocalServer, pairs: int) -> None:
        self.server = server
        self.partner = {FIRST + number: FIRST + (number ^ 1) for number in range(2 * pairs)}
        self._written = dict.fromkeys(self.partner, 0)
        self._inbox = Inbox(server.world)

    async def arrive(self) -> None:
        """Everybody comes and presses START."""
        for person in self.partner:
            await self.server.add_person(person, f"Person {person}", "en", started=True)

    def settle(self, connection: Connection) -> None:
        """Everybody is a member already, and in a chat with their partner."""
        ids = {person: people.add(connection, person) for person in self.partner}
        for person, other in self.partner.items():
            if person < other:
                people.match(connection, ids[person], ids[other])

    def write(self, person: int) -> None:
        """`person` writes their next message to their partner."""
        other = self.partner[person]
        self._inbox.write(self.server.world.person(person), words(person, other, self._written[person]))
        self._written[person] += 1

    @property
    def written(self) -> int:
        """How many messages people wrote so far."""
        return sum(self._written.values())

    def chats(self) -> dict[int, list[Line]]:
        """Everybody's chat with the bot."""
        return {person: [self._line(stored.id, stored.out, stored.data) for stored in self._stored(person)] for person in self.partner}

    def over(self, person: int) -> bool:
        """Whether the bot last said something of its own, as when a chat is over."""
        own = [stored for stored in self._stored(person) if not stored.out]
        return bool(own) and not str(own[-1].data.get("text", "")).startswith("#")

    def arrivals(self) -> int:
        """How many messages the bot has sent in all."""
        return sum(1 for person in self.partner for stored in self._stored(person) if not stored.out)

    def _stored(self, person: int) -> list[Stored]:
        return list(self.server.world.chats[person].messages.values())

    @staticmethod
    def _line(number: int, own: bool, data: Mapping[str, object]) -> Line:
        return Line(number, own, str(data.get("text") or data.get("caption") or ""))


class Storage:
    """The bot's database, which can be taken away for a while."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self._file = folder / "inyeon.db"
        self._server: mariadb.Server | None = None
        self.url = f"sqlite:///{self._file}"

    def start(self) -> None:
        """Make a server where one is needed."""
        if self.kind != "mariadb":
            return
        reason = mariadb.missing()
        if reason is not None:
            raise FaultsError(reason)
        self._server = mariadb.Server()
        self._server.install()
        self._server.start()
        self.url = self._server.url(self._server.make_database())

    def open(self) -> Database:
        """A connection of the driver's own, with the current schema."""
        database = Database(DatabaseSettings(url=self.url), keys_under(self._file.parent))
        database.open()
        return database

    def interrupt(self, seconds: float) -> None:
        """MariaDB: killed, and started again after `seconds`.  SQLite: locked by somebody else for so long."""
        if self._server is not None:
            self._server.kill()
            time.sleep(seconds)
            self._server.start()
            return
        connection = sqlite3.connect(self._file, isolation_level=None, timeout=30)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def stop(self) -> None:
        """Nothing stays."""
        if self._server is not None:
            self._server.remove()


class Product:
    """`run_bot.py` beside the server, started again whenever it ends."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        self._environment = {**clean(), **environment}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.starts = 0

    async def start(self) -> float:
        """Start it; the seconds until it says that it is ready.

        Raises:
            FaultsError: it ends before, or takes too long.

        """
        began = time.monotonic()
        self.starts += 1
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "run_bot.py", cwd=ROOT, env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert self._process.stdout is not None  # noqa: S101 it was asked for
        try:
            async with asyncio.timeout(START_SECONDS):
                while line := await self._process.stdout.readline():
                    self._note(line)
                    if READY in line.decode(errors="replace"):
                        self._reading = asyncio.create_task(self._read(self._process.stdout))
                        return time.monotonic() - began
        except TimeoutError:
            raise FaultsError(f"the bot was not ready after {START_SECONDS:.0f} s, see {self._log}") from None
        raise FaultsError(f"the bot ended with {await self._process.wait()} before it was ready, see {self._log}")

    async def end(self, how: signal.Signals) -> float:
        """Send the signal; the seconds until it has ended."""
        began = time.monotonic()
        if self._process is None:
            return 0.0
        if self._process.returncode is None:
            self._process.send_signal(how)
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading
        return time.monotonic() - began

    @property
    def ended(self) -> bool:
        """Whether it ended by itself, which it never should."""
        return self._process is not None and self._process.returncode is not None

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._note(line)

    def _note(self, line: bytes) -> None:
        with self._log.open("ab") as file:
            file.write(line)


def environment(server: LocalServer, storage: Storage, var: Path) -> dict[str, str]:
    """Settings under which the product runs here."""
    return {
        "TELEGRAM_BOT_TOKEN": server.token,
        "INYEON_TELEGRAM__API_BASE": server.base_url,
        "INYEON_DATABASE__URL": storage.url,
        "INYEON_PATHS__VAR": str(var),
        "INYEON_MATCHING__MESSAGE_RATE": "600",
        # Nor is anybody new: what waited while the bot was down comes at once, and was refused, its writer told, beyond twelve a minute.
        "INYEON_SAFETY__NEW_DAYS": "0",
        "PATH": os.environ.get("PATH", ""),
    }
