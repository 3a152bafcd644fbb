"""The whole bot over a database: the real application against the local Bot API server, fed as by Telegram.

The engine is the real one with a small pack.  Findings are exceptions that only the net below all handlers caught (they are
logged), and whatever `accept` raises.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import tempfile
from pathlib import Path
from random import Random
from typing import Any, Final

import configuration
from bot import commands
from bot.app import Application
from bot.local.server import LocalServer
from bot.middlewares import Throttle
from bot.usecases import onboarding
from db import members
from db.session import Connection
from engine.analysis import Analyser
from fuzz.mutating import WORDS, spoilt, text
from fuzz.seeds import updates as seeds
from fuzz.targets import Case, expect
from fuzz.targets.typed import callback_data

PEOPLE: Final = (1001, 1002, 1003, 1004, 1005)
ADMIN: Final = 9001
ROOT: Final = Path(__file__).resolve().parents[2]
STATUSES: Final = ("onboarding", "active", "paused", "banned", "frozen", "deleted")
GIVEN_UP: Final = re.compile(r"failed|long way|could not|given up|Traceback|broke")
"""How the bot logs what it did not expect."""
_VERB: Final = re.compile(r"Press(?:ed)?\(\"(\w+)\"|button\([^()]*(?:\([^()]*\))?[^()]*, \"(\w+)\"")


class Listener(logging.Handler):
    """Gathers what the bot logs about what it did not expect."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        said = record.getMessage()
        if record.levelno >= logging.ERROR or GIVEN_UP.search(said):
            self.heard.append(f"{record.name}: {said}")


def verbs() -> list[str]:
    """All verbs of buttons, out of the source."""
    found: set[str] = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for one, other in _VERB.findall(path.read_text(encoding="utf-8")):
            found.add(one or other)
    return sorted(found)


def steps() -> dict[str, list[str]]:
    """Questions that a conversation can stand at, by the member's status; of other statuses there are none."""
    found = {"", *(f"edit.{field}" for field in onboarding.ORDER)}
    for path in (ROOT / "bot" / "usecases").glob("*.py"):
        found |= set(re.findall(r"step=\"([\w.]+)\"", path.read_text(encoding="utf-8")))
    return {"onboarding": list(onboarding.ORDER), "active": sorted(found - set(onboarding.ORDER)), "paused": [""]}


class Whole:
    """The bot, started."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="inyeon-fuzz-")
        self.listener = Listener()
        logging.getLogger().addHandler(self.listener)
        self.number = itertools.count(5_000)
        self.loop.run_until_complete(self._start())

    async def _start(self) -> None:
        self.server = LocalServer()
        await self.server.start()
        environment = {
            "INYEON_PATHS__VAR": self.folder.name,
            "TELEGRAM_BOT_TOKEN": self.server.token,
            "INYEON_TELEGRAM__API_BASE": self.server.base_url,
            "INYEON_TELEGRAM__ADMINS": str(ADMIN),
            **{f"INYEON_SCHEDULE__{job}": "" for job in ("COLLECT", "LEARN", "RETYPE", "DAILY_PICK", "RETENTION")},
        }
        settings = configuration.load(environment=environment)
        for number in (*PEOPLE, ADMIN):
            await self.server.add_person(number, f"Person {number}", "ko", "you", started=True)
        self.application = Application(settings, analyser=Analyser(settings.engine, Path(self.folder.name) / "cache"))
        await self.application.start()
        self.application.intake._throttle = Throttle(1e12, 1e12)  # noqa: SLF001 what is fuzzed lies behind the door

    def run(self, case: Any) -> None:
        """Feed one case and wait until it is served."""
        self.listener.heard.clear()
        self.loop.run_until_complete(self._feed(case))
        expect(not self.listener.heard, "; ".join(self.listener.heard[:2]))

    async def _feed(self, case: Any) -> None:
        number, status, step = case["set"]
        await self.application.runtime.transact(_place, number, status, step)
        for raw in case["updates"]:
            if isinstance(raw, dict) and isinstance(raw.get("update_id"), int) and abs(raw["update_id"]) < 1 << 31:
                raw["update_id"] = next(self.number)
            await self.application.intake.accept([raw])
        workers = self.application.intake._workers  # noqa: SLF001 there is no other way to see that nothing is under way
        while workers:
            await asyncio.wait(set(workers))

    def close(self) -> None:
        """Stop everything."""
        self.loop.run_until_complete(self.application.stop())
        self.loop.run_until_complete(self.server.stop())
        self.loop.close()
        self.folder.cleanup()


def bot() -> Case:
    """Whatever people send, the bot goes on and nothing unexpected breaks."""
    whole = Whole()
    known, pressed, asked = seeds.updates(), verbs(), steps()

    def make(random: Random) -> Any:
        people = [random.choice((*PEOPLE, ADMIN)) for _ in range(random.choice((1, 1, 2)))]
        status = random.choice(STATUSES)
        step = random.choice(asked[status]) if status in asked else ""
        what = (status, step) if random.random() < 0.6 else ("", "")
        return {"set": [people[0], *what], "updates": [_update(random, person, known, pressed) for person in people]}

    return Case(make, whole.run, whole.close)


def _update(random: Random, person: int, known: list[Any], pressed: list[str]) -> Any:
    kind = random.randrange(5)
    if kind == 0:
        return spoilt(random.choice(known), random)
    if kind == 1:
        data = ":".join((random.choice(pressed), str(random.choice(("", 0, 1, 2, 3, 7, 99, 10**17))), random.choice(("", "man", *WORDS))))
        data = data if random.random() < 0.8 else callback_data(random)
        return _from(person, {"callback_query": {"id": "5", "chat_instance": "1", "message": seeds.message(text="card"), "data": data}})
    if kind == 2:
        command = random.choice((*commands.MEMBERS, *commands.ADMINS, "start couple_" + "a" * 22, "del", "verify"))
        return _from(person, {"message": seeds.message(text=f"/{command} {text(random, 200)}")})
    if kind == 3:
        return _from(person, {"message": seeds.message(text=text(random))})
    return _from(person, {"message": random.choice(seeds.messages())})


def _from(person: int, update: Any) -> Any:
    event: dict[str, Any] = next(iter(update.values()))
    place = event.get("message", event)
    place["chat"] = {**place["chat"], "id": person}
    event["from"] = seeds.person(person)
    return {"update_id": 1, **update}


def _place(connection: Connection, telegram_id: int, status: str, step: str) -> None:
    member = members.by_telegram(connection, telegram_id)
    if member is not None and status:
        members.update(connection, member.id, member.created_at, status=status, step=step)
