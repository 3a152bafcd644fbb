"""A bot's scheduler in a process of its own, for tests that kill it: `python -m tests.bot.runner DATABASE_URL FOLDER`.

Its only command is a small real one: it counts to `steps`, a line of progress and a checkpoint each, and goes on where it was killed.
As long as there is a file `hold` with a number in it, it stays at that number, so that a test finds it at work however late it comes.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aiogram import Bot

import configuration
from bot.delivery import DatabasePhotos
from bot.desk import Services, utc_now
from bot.jobs import Worker
from bot.runtime import Runtime
from bot.scheduler import Scheduler
from bot.settings import MatchingSettings, ScheduleSettings
from bot.switching import Switcher, TypesInUse
from bot.words import Words
from db.session import Database
from db.settings import DatabaseSettings
from engine.analysis import Analyser
from engine.registry import Registry
from tests.bot.meeting import small_pack

COUNT = """
import json, os, pathlib, sys, time
folder, steps = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(folder / "pids").open("a").write(f"{os.getpid()}\\n")
mark = folder / "checkpoint"
done = int(mark.read_text()) if mark.exists() else 0
def held():
    try:
        return done >= int((folder / "hold").read_text())
    except FileNotFoundError:
        return False
while done < steps:
    time.sleep(0.05)
    while held():
        time.sleep(0.05)
    done += 1
    (folder / "steps").open("a").write(f"{done}\\n")
    mark.with_suffix(".new").write_text(str(done))
    mark.with_suffix(".new").replace(mark)
    print(f"counting: {done}/{steps}", file=sys.stderr, flush=True)
print(json.dumps({"seen": done, "accepted": done, "duplicates": 0, "rejected": {}, "nice": os.nice(0)}))
"""


def counting(folder: Path) -> Any:
    """A command that counts, for `Worker`."""

    def command(arguments: Mapping[str, Any]) -> list[str]:
        return ["-c", COUNT, str(folder), str(arguments.get("steps", 5))]

    return command


def scheduler(database: Database, folder: Path, schedule: ScheduleSettings) -> tuple[Scheduler, Services]:
    """A scheduler whose services have no chat."""
    pack = small_pack()
    in_use = TypesInUse(pack, pack.version)
    registry = Registry(folder / "models", pack.folder)
    runtime = Runtime(database, engine_threads=1)
    services = Services(
        bot=cast("Bot", None),
        runtime=runtime,
        words=Words(),
        analyser=cast("Analyser", None),
        photos=DatabasePhotos(runtime),
        matching=MatchingSettings(),
        schedule=schedule,
        types=in_use,
        registry=registry,
        admins=frozenset(),
        judge=cast("Any", None),
    )
    settings = configuration.load(environment={"INYEON_PATHS__VAR": str(folder)})
    switcher = Switcher(registry, services.analyser, runtime, in_use, utc_now)
    return Scheduler(services, Worker(services, settings, switcher, {"collect": counting(folder)})), services


async def main(url: str, folder: Path) -> None:
    """Run until SIGTERM; every second say whether this process leads."""
    database = Database(DatabaseSettings(url=url))
    database.open(upgrade=False)
    made, services = scheduler(database, folder, ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention=""))
    running = asyncio.create_task(made.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    said = None
    while not running.done():
        if made.leads != said:
            said = made.leads
            print("leads" if said else "waits", flush=True)
        await asyncio.wait({running}, timeout=0.05)
    services.runtime.close()
    database.close()


if __name__ == "__main__":
    # The pack that tests share lies in a folder that is gone once it is loaded; nothing here reads its files.
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
