"""A command of ours in a process of its own: niced, its progress read while it runs, ended with whoever waits for it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 10.0
"""Seconds between asking a process to end and ending it."""
KEPT: Final = 12
"""Lines of stderr that are kept for what went wrong."""
HOLD: Final = 2.0
"""Seconds that processes are held up at a stretch: what they may have locked in the database must not stay so."""
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
LINE: Final = re.compile(r"^\s*(?P<stage>[^:]{1,80}):\s*(?P<done>\d+)\s*/\s*(?P<total>\d+)\b")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a command is: `done` of `total` of its present stage."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: exit code, the JSON object that it printed last, and the last lines that were no progress."""

    code: int
    result: dict[str, Any]
    said: tuple[str, ...]


class Children:
    """The processes that run now: held up while the bot reads a photo for somebody.

    The lowest priority gives the processors away at once, but not the caches, the memory's bandwidth and the other half of a core.
    """

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._limit: asyncio.TimerHandle | None = None

    def add(self, group: int) -> None:
        """A process group began."""
        self._groups.add(group)

    def remove(self, group: int) -> None:
        """It ended."""
        self._groups.discard(group)

    def hold(self, busy: bool) -> None:
        """Stop them, for no longer than `HOLD`, or let them go on; from the event loop."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if busy and self._groups:
            self._limit = asyncio.get_running_loop().call_later(HOLD, self._signal, signal.SIGCONT)
        self._signal(signal.SIGSTOP if busy else signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, number)


def parse(line: str) -> Progress | None:
    """Progress from a line `stage: done/total …`; None where it says something else.

    >>> parse("reading faces: 12/340 photo.jpg")
    Progress(stage='reading faces', done=12, total=340)
    >>> parse("cannot read x.jpg") is None
    True
    """
    found = LINE.match(line)
    return None if found is None else Progress(found["stage"].strip(), int(found["done"]), int(found["total"]))


async def run(
    command: Sequence[str], environment: Mapping[str, str], told: Callable[[Progress], None], children: Children | None = None
) -> Finished:
    """Run `python COMMAND…` in the project's folder until it ends.

    Args:
        command: what follows `python`.
        environment: variables beside those of this process; its own settings and the token are not passed on.
        told: called with each line of progress, on the event loop.
        children: where it is entered while it runs.

    Being cancelled asks the process to end, and ends it after `PATIENCE` seconds; only then the cancellation goes on.

    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.launcher", str(os.getpid()), sys.executable, *command),
        cwd=ROOT,
        env=_environment(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    said: deque[str] = deque(maxlen=KEPT)
    result: dict[str, Any] = {}

    def on_error(line: str) -> None:
        progress = parse(line)
        if progress is not None:
            told(progress)
        elif line.strip():
            said.append(line.strip())

    def on_output(line: str) -> None:
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                result.clear()
                result.update(found)

    family = children or Children()
    family.add(process.pid)
    reading = asyncio.gather(_lines(process.stdout, on_output), _lines(process.stderr, on_error))
    try:
        await reading
        code = await process.wait()
    except asyncio.CancelledError:
        await asyncio.shield(_end(process))
        raise
    finally:
        family.remove(process.pid)
    return Finished(code, result, tuple(said))


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            os.killpg(process.pid, signal.SIGCONT)  # one that is held up would not hear of it
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), PATIENCE)
            return


async def _lines(stream: asyncio.StreamReader | None, each: Callable[[str], None]) -> None:
    """Lines of any length, also those that a progress bar ends with a carriage return."""
    rest = b""
    while stream is not None and (chunk := await stream.read(1 << 16)):
        *whole, rest = re.split(rb"[\r\n]", rest + chunk)
        for line in whole:
            each(line.decode(errors="replace"))
    if rest:
        each(rest.decode(errors="replace"))


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INYEON_") and name != "TELEGRAM_BOT_TOKEN"}
    return {**kept, **ONE_THREAD, **more}
