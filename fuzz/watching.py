"""Runs a target in a process of its own and watches it: exceptions, deaths, hangs and memory are findings, and it goes on behind them."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import suppress
from ctypes import c_double, c_longlong
from dataclasses import dataclass, field
from multiprocessing.queues import SimpleQueue
from random import Random
from typing import Any, Final

from fuzz.targets import Case, load

HANG: Final = 5.0
"""Seconds that a case may take."""
MEMORY: Final = 1_000_000_000
"""Bytes that a worker may have in memory."""
CEILING: Final = 4_000_000_000
"""Bytes of addresses beyond what the libraries have taken; only to keep the machine safe."""
LOADING: Final = 120.0
FINDINGS_MAX: Final = 20
"""Of one target in one run; many are the same."""
_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not happen: the case is made again from target, seed and number."""

    target: str
    seed: int
    number: int
    kind: str
    detail: str
    case: Any = None


@dataclass(slots=True)
class Tally:
    """How a target went: cases, seconds, the slowest case (seconds), the most memory (bytes)."""

    target: str
    cases: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    memory: int = 0
    findings: list[Finding] = field(default_factory=list)


def made(case: Case, target: str, seed: int, number: int) -> Any:
    """The input with a number, the same whenever it is asked for."""
    return case.make(Random(f"{target}:{seed}:{number}"))


def watch(target: str, seed: int, first: int, last: int, until: float) -> Tally:
    """Cases `first` to `last` (not included) of a target, until the monotonic clock says `until`."""
    tally = Tally(target)
    started = time.monotonic()
    number = first
    while number < last and time.monotonic() < until and len(tally.findings) < FINDINGS_MAX:
        number = _watch_one(tally, seed, number, last, until)
    tally.cases = number - first
    tally.seconds = time.monotonic() - started
    return tally


def _watch_one(tally: Tally, seed: int, first: int, last: int, until: float) -> int:
    """Until the worker ends; the number of the next case."""
    number, began = _SPAWN.Value(c_longlong, first), _SPAWN.Value(c_double, 0.0)
    slowest, memory = _SPAWN.Value(c_double, 0.0), _SPAWN.Value(c_longlong, 0)
    # Written at once, so that what was found before a death is not lost with it.
    queue: SimpleQueue[Finding] = _SPAWN.SimpleQueue()
    state = (number, began, slowest, memory, queue)
    process = _SPAWN.Process(target=_work, args=(tally.target, seed, first, last, until, state), daemon=True)
    process.start()
    born, ended = time.monotonic(), ""
    while process.is_alive():
        process.join(0.2)
        tally.findings += _drained(queue)
        now, since = time.monotonic(), began.value
        if (since and now - since > HANG) or (not since and now - born > LOADING):
            ended = "hang"
            process.kill()
            process.join()
    tally.findings += _drained(queue)
    tally.slowest, tally.memory = max(tally.slowest, slowest.value), max(tally.memory, memory.value)
    at = int(number.value)
    if not ended and process.exitcode == 0:
        return at
    if began.value == 0.0:
        raise RuntimeError(f"the worker of {tally.target} did not load (exit code {process.exitcode})")
    detail = ended or f"exit code {process.exitcode}"
    tally.findings.append(Finding(tally.target, seed, at, ended or "death", detail))
    return at + 1


def _drained(queue: SimpleQueue[Finding]) -> Iterator[Finding]:
    while not queue.empty():
        yield queue.get()


def _work(target: str, seed: int, first: int, last: int, until: float, state: Any) -> None:
    """In the worker."""
    number, began, slowest, memory, queue = state
    warnings.simplefilter("ignore")
    case = load(target)
    _bound()
    found = 0
    for at in range(first, last):
        number.value = at
        start = time.monotonic()
        if start > until or found >= FINDINGS_MAX:
            break
        began.value = start
        given = made(case, target, seed, at)
        try:
            case.run(given)
        except Exception as error:  # noqa: BLE001 this is what is looked for
            found += 1
            queue.put(Finding(target, seed, at, type(error).__name__, _place(error), given))
        slowest.value = max(slowest.value, time.monotonic() - start)
        used = _memory()
        memory.value = max(memory.value, used)
        if used > MEMORY:
            queue.put(Finding(target, seed, at, "memory", f"{used / 1e6:.0f} MB", given))
            number.value = at + 1
            break
    else:
        number.value = last
    began.value += 1e9  # closing is no case
    case.close()


def _bound() -> None:
    """No more addresses than now and some."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
        pages = int(statm.read().split()[0])
    limit = pages * resource.getpagesize() + CEILING
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _memory() -> int:
    """The most that this process ever had in memory, bytes."""
    # `ru_maxrss` is inherited from whoever started the worker (it outlives `exec`), the kernel's own high-water mark is not.
    with suppress(OSError, StopIteration), open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return f"{error} at " + " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
