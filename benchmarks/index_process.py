"""`python -m benchmarks.index_process FOLDER warm|kill`: opens an index as a bot that starts does, by itself.

`warm` says in JSON how long it took until the first answer, and the memory after every row was touched; `kill` is killed in the
middle of updates (it kills itself with -9, from another thread).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil

from engine.index.exact import ExactIndex
from engine.index.values import OTHER, WOMAN, Entry, Seeker

ROOT = Path(__file__).resolve().parent.parent
DIMS = 512
SEEKERS = "seekers.json"
KEY = bytes(range(32))
"""Seals the index's files; that it is known here does not matter, the members are made up."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a process saw."""

    seconds: float
    """From before the file was opened to the first right answer."""
    processor: float
    """Seconds of processor time of the same: what it takes on a machine with nothing else to do."""
    megabytes: float
    """Resident set in the end, all rows included."""
    members: int


def leave(folder: Path, seekers: Sequence[Seeker]) -> None:
    """Write down who asks, for the processes."""
    (folder / SEEKERS).write_text(json.dumps([asdict(one) for one in seekers]), encoding="utf-8")


def warm(folder: Path) -> Measured:
    """Open and answer; then ask as others do, and touch every row, since a bot comes to all of them in a day."""
    query = np.random.default_rng(3).standard_normal(DIMS, dtype=np.float32)
    seekers = [Seeker(**one) for one in json.loads((folder / SEEKERS).read_text(encoding="utf-8"))]
    started, cpu = time.perf_counter(), time.process_time()
    index = ExactIndex(folder, DIMS, KEY).open()
    hits = index.search(query, seekers[0], 10)
    seconds, processor = time.perf_counter() - started, time.process_time() - cpu
    _, rows = index.rows(seekers[0])
    best = np.sort([float(index.matrix[row].astype(np.float64) @ query) for row in rows])[::-1][:10]
    if not np.allclose([hit.score for hit in hits], best, atol=1e-3):
        raise RuntimeError("the first answer was wrong")
    for seeker in seekers:
        index.search(query, seeker, 300)
    for start in range(0, len(index), 10_000):
        index.matrix[start : start + 10_000].sum()
    return Measured(seconds, processor, psutil.Process().memory_info().rss / 1e6, len(index))


def kill(folder: Path) -> None:
    """Update until killed."""
    index = ExactIndex(folder, DIMS, KEY).open()
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    value = 0.0
    while True:
        value += 1
        index.upsert([Entry(4_000_000_000 + n, WOMAN, OTHER, 0, 18, 99, vector=np.full(DIMS, value, np.float32)) for n in range(200)])
        index.flush(str(value))


def in_a_process(folder: Path, what: str) -> Measured:
    """Run one of the two by itself."""
    command = [sys.executable, "-m", "benchmarks.index_process", str(folder), what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if what == "kill":
        if done.returncode != -signal.SIGKILL:
            raise RuntimeError(f"was to be killed, but ended with {done.returncode}: {done.stderr[-500:]}")
        return Measured(0.0, 0.0, 0.0, 0)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-500:])
    return Measured(**json.loads(done.stdout))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if sys.argv[2] == "kill":
        kill(place)
    print(json.dumps(asdict(warm(place))))
