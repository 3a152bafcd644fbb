"""A worker process answers, and its death or silence is noticed."""

from __future__ import annotations

import mmap
import sys
import time
from pathlib import Path

import pytest

from evaluation.worker import Worker, WorkerLostError, measured

PROGRAM = """
import os, time
from evaluation.worker import serve
def answer(line):
    print("noise on stdout")
    if line == "die": os._exit(7)
    if line == "sleep": time.sleep(600)
    return {"line": line, "pid": os.getpid()}
serve(answer)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    (tmp_path / "echoing.py").write_text(PROGRAM, encoding="utf-8")
    made = Worker("echoing", patience=90, environment={"PYTHONPATH": str(tmp_path)})
    assert made.command[0] == sys.executable
    return made


def test_it_answers_and_noise_does_not_disturb(worker: Worker) -> None:
    try:
        assert [worker.ask(line)["line"] for line in ("a", "사진")] == ["a", "사진"]
    finally:
        worker.stop()


def test_a_process_that_ended_is_noticed_and_started_again(worker: Worker) -> None:
    try:
        first = worker.ask("a")["pid"]
        with pytest.raises(WorkerLostError, match="ended: 7"):
            worker.ask("die")
        assert not worker.started
        assert worker.ask("b")["pid"] != first
    finally:
        worker.stop()


def test_a_silent_process_is_ended(worker: Worker) -> None:
    worker.ask("a")
    worker.patience = 0.5  # it is there now; before, it had to start
    started = time.monotonic()
    with pytest.raises(WorkerLostError, match="hung"):
        worker.ask("sleep")
    assert time.monotonic() - started < 60
    assert not worker.started


def test_memory_and_time_are_measured() -> None:
    def work() -> dict[str, object]:
        # Not from the heap, which may have that much left from an earlier test.
        with mmap.mmap(-1, 80_000_000) as block:
            for page in range(0, len(block), mmap.PAGESIZE):
                block[page] = 1
            return {"size": len(block)}

    found = measured(work)
    assert found["size"] == 80_000_000
    assert found["ms"] > 0
    assert found["cpu_ms"] > 0
    if Path("/proc/self/clear_refs").exists():
        assert 50 < found["peak_mb"] < 200
