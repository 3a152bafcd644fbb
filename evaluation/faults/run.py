"""One run: people write, things break, and in the end the books are compared."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from bot.local.faults import Fault
from bot.local.server import LocalServer
from db import outbox, tables, updates
from db.errors import DatabaseError
from db.session import Connection, Database
from evaluation.faults.ledger import Verdict, judge
from evaluation.faults.world import FaultsError, Product, Storage, Town, environment

BREATH: Final = 0.05
"""Seconds between two looks at how much is under way."""
QUIET: Final = 3.0
DRAIN_SECONDS: Final = 240.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to the product.

    Attributes:
        messages: that people write, by pairs that still can.
        pairs: of members, each with an open chat.
        kills: how often the bot is ended by SIGKILL, at moments drawn by lot.
        ends: how often it is asked to end by SIGTERM, between the kills.
        interruptions: how often its database goes away.
        under_way: messages that may be on their way at once before people wait.
        too_many: share of the Bot API's calls that are answered with 429.
        blocked: the same with 403.
        failed: the same with 500 or 502.
        reset: share of calls whose connection is reset, before they have any effect.
        unanswered: the same, after the effect.  Each such message comes twice, whoever sends it: nobody can ask the Bot API what became
            of a call; hence the small share.
        pace: messages a second that the bot may send (by default the product's own bound).
        seed: of everything that is drawn by lot.

    """

    messages: int = 10_000
    pairs: int = 200
    kills: int = 50
    ends: int = 5
    interruptions: int = 3
    under_way: int = 120
    too_many: float = 0.05
    blocked: float = 0.01
    failed: float = 0.02
    reset: float = 0.01
    unanswered: float = 0.0002
    pace: int = 25
    seed: int = 1

    def faults(self) -> list[Fault]:
        """What the server does at these rates, as long as nobody calls it off."""
        rates = ((429, self.too_many), (403, self.blocked), (500, self.failed / 2), (502, self.failed / 2), (0, self.reset))
        every = [Fault(code=code, rate=rate, times=None) for code, rate in rates if rate]
        return [
            *every,
            Fault(code=0, rate=self.unanswered, times=None, after=True),
            Fault("getUpdates", code=502, rate=self.failed, times=None),
            Fault("getUpdates", code=0, rate=self.reset, times=None),
        ]


@dataclass(slots=True)
class Outcome:
    """What came of a run: the books, what was done, and how long it took (seconds)."""

    kind: str
    verdict: Verdict
    kills: int = 0
    ends: int = 0
    interruptions: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    starts: list[float] = field(default_factory=list)
    drained: list[float] = field(default_factory=list)
    """How long each SIGTERM took."""


def say(line: str) -> None:
    """Progress, for people."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Run:
    """The product, the server, the database and the people of one run.

    Args:
        plan: what is done.
        kind: of the database, "sqlite" or "mariadb".
        folder: for everything that is written; empty.

    """

    def __init__(self, plan: Plan, kind: str, folder: Path) -> None:
        self._plan = plan
        self._lot = random.Random(plan.seed)
        self._var = folder / "var"
        self._var.mkdir()
        self._storage = Storage(kind, self._var)
        self._server = LocalServer()
        self._log = folder / "bot.log"
        self._outcome = Outcome(kind, Verdict(0, 0, 0, 0, 0, 0, 0, 0))

    async def go(self) -> Outcome:
        """Do it all.

        Raises:
            FaultsError: the product did not start, or ended by itself.

        """
        began = time.monotonic()
        await asyncio.to_thread(self._storage.start)
        await self._server.start()
        database = await asyncio.to_thread(self._storage.open)
        product = Product(self._log, {**environment(self._server, self._storage, self._var), "INYEON_TELEGRAM__RATE": str(self._plan.pace)})
        try:
            town = Town(self._server, self._plan.pairs)
            await town.arrive()
            await asyncio.to_thread(database.transact, town.settle)
            self._outcome.starts.append(await product.start())
            await self._storm(town, product, database)
            self._calm()
            await self._drain(town, product, database)
            blocked = {int(chat) for chat in self._server.faults.blocked}
            self._outcome.verdict = judge(town.chats(), town.partner, blocked)
            self._keep_examples(town, database, blocked)
        finally:
            await product.end(signal.SIGTERM)
            database.close()
            await self._server.stop()
            await asyncio.to_thread(self._storage.stop)
        self._outcome.seconds = time.monotonic() - began
        return self._outcome

    def _keep_examples(self, town: Town, database: Database, blocked: Collection[int]) -> None:
        """Both chats of whatever should not be, and what the database says of them: a run is not the same twice."""
        people = {int(one) for text in self._outcome.verdict.examples for one in re.findall(r"#(\d+)>", text)}
        if not people:
            return
        chats, found = town.chats(), {}
        for person in people:
            both = (person, town.partner[person])
            found[person] = {
                "chats": {one: [asdict(line) for line in chats[one]] for one in both},
                "refused": [one for one in both if one in blocked],
                "database": {one: database.read(_story, one) for one in both},
            }
        self._log.with_name("examples.json").write_text(json.dumps(found, ensure_ascii=False, indent=1, default=str), encoding="utf-8")

    async def _storm(self, town: Town, product: Product, database: Database) -> None:
        """People write while things break; everything that is to happen has its place among the messages."""
        for fault in self._plan.faults():
            self._server.faults.add(fault)
        happenings = self._happenings()
        while town.written < self._plan.messages:
            if product.ended:
                raise FaultsError(f"the bot ended by itself, see {self._log}")
            while happenings and happenings[0][0] <= town.written:
                await self._happen(happenings.pop(0)[1], town, product)
            room = self._plan.under_way - await self._under_way(database)
            writers = [person for person in town.partner if not town.over(person) and not town.over(town.partner[person])]
            if not writers:
                raise FaultsError("every chat is over: fewer messages, more pairs, or fewer 403s are needed")
            for _ in range(max(0, room)):
                town.write(self._lot.choice(writers))
            await asyncio.sleep(BREATH)

    def _happenings(self) -> list[tuple[int, str]]:
        """(after how many messages, what), in order."""
        what = ["kill"] * self._plan.kills + ["end"] * self._plan.ends + ["interrupt"] * self._plan.interruptions
        places = sorted(self._lot.randrange(1, max(2, self._plan.messages - self._plan.under_way)) for _ in what)
        self._lot.shuffle(what)
        return list(zip(places, what, strict=True))

    async def _happen(self, what: str, town: Town, product: Product) -> None:
        await asyncio.sleep(self._lot.random() * 0.3)  # anywhere in what the bot does, not only just after people wrote
        if what == "interrupt":
            self._outcome.interruptions += 1
            await asyncio.to_thread(self._storage.interrupt, 2.0)
            return
        if what == "kill":
            self._outcome.kills += 1
            await product.end(signal.SIGKILL)
        else:
            self._outcome.ends += 1
            self._outcome.drained.append(await product.end(signal.SIGTERM))
        self._outcome.starts.append(await product.start())
        say(f"{self._outcome.kind}: {town.written} written, {self._outcome.kills} kills, {self._outcome.ends} ends")

    def _calm(self) -> None:
        """Nothing breaks any more."""
        for fault in self._server.faults.all:
            name = f"{fault.code or 'reset'}{' of getUpdates' if fault.method != '*' else ''}{' after the effect' if fault.after else ''}"
            self._outcome.hits[name] = self._outcome.hits.get(name, 0) + fault.hits
        self._server.faults.clear()

    async def _drain(self, town: Town, product: Product, database: Database) -> None:
        """Until nothing is under way and nothing has arrived for a while."""
        end, quiet, arrivals = time.monotonic() + DRAIN_SECONDS, time.monotonic(), -1
        while time.monotonic() < end:
            now = town.arrivals()
            if now != arrivals or await self._under_way(database) or await self._unserved(database):
                arrivals, quiet = now, time.monotonic()
            if time.monotonic() - quiet > QUIET:
                return
            if product.ended:
                raise FaultsError(f"the bot ended by itself, see {self._log}")
            await asyncio.sleep(0.25)
        say(f"{self._outcome.kind}: still busy after {DRAIN_SECONDS:.0f} s")

    async def _under_way(self, database: Database) -> int:
        """Updates that the bot has not confirmed, and what waits in its outbox (as last seen where the database is away)."""
        try:
            waiting = await asyncio.to_thread(database.read, outbox.waiting)
        except DatabaseError:
            return self._plan.under_way
        return len(self._server.world.updates) + waiting

    async def _unserved(self, database: Database) -> int:
        """Updates that the bot has written down and not served yet: one that is tried again rests for up to ten seconds."""
        try:
            return await asyncio.to_thread(database.read, updates.waiting)
        except DatabaseError:
            return 1


def _story(connection: Connection, person: int) -> dict[str, list[dict[str, object]]]:
    """What was to go to an account, and what its owner wrote, without contents."""
    out = select(*(column for column in tables.outbox.c if column.name != "payload")).where(tables.outbox.c.telegram_id == person)
    sender = select(tables.members.c.id).where(tables.members.c.telegram_id == person).scalar_subquery()
    wrote = select(*(column for column in tables.messages.c if column.name != "content")).where(tables.messages.c.sender_id == sender)
    return {name: [dict(row) for row in connection.execute(asked).mappings()] for name, asked in (("outbox", out), ("messages", wrote))}


async def runs(plan: Plan, kinds: Sequence[str], folder: Path) -> list[Outcome]:
    """A run on each kind of database, one after the other."""
    found = []
    for kind in kinds:
        place = folder / kind
        place.mkdir(parents=True)
        found.append(await Run(plan, kind, place).go())
    return found
