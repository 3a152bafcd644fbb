"""Commands in processes of their own: progress, result, what goes wrong, being held up and being ended."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from bot import processes
from bot.processes import Children, Progress

CHATTY = """
import json, sys
print("loading the models", file=sys.stderr)
for done in range(3):
    sys.stderr.write(f"reading: {done + 1}/3 x.jpg\\r")
print("not json"); print(json.dumps([1])); print(json.dumps({"a": 1})); print(json.dumps({"b": "가" * 70000}))
print("this went wrong", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""
TICKING = """
import pathlib, sys, time
file = pathlib.Path(sys.argv[1])
while True:
    with file.open("a") as stream: stream.write(".")
    time.sleep(0.01)
"""


async def test_progress_result_and_complaints_are_told_apart() -> None:
    told: list[Progress] = []
    finished = await processes.run(["-c", CHATTY, "3"], {}, told.append)
    assert told == [Progress("reading", number, 3) for number in (1, 2, 3)]
    assert finished.code == 3
    assert finished.result == {"b": "가" * 70000}
    assert finished.said[-1] == "this went wrong"


async def test_a_command_runs_niced_and_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "5:SECRET")
    monkeypatch.setenv("INYEON_TELEGRAM__TOKEN", "5:SECRET")
    shown = "'nice': os.nice(0), 'idle': os.sched_getscheduler(0) == os.SCHED_IDLE, 'env': dict(os.environ)"
    script = f"import json, os; print(json.dumps({{{shown}}}))"
    finished = await processes.run(["-c", script], {"INYEON_LOCAL__PORT": "1"}, lambda progress: None)
    assert finished.result["nice"] == 19
    assert finished.result["idle"]
    assert "SECRET" not in str(finished.result["env"])
    assert finished.result["env"]["OMP_NUM_THREADS"] == "1"
    assert finished.result["env"]["INYEON_LOCAL__PORT"] == "1"


def size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


async def ticks(file: Path, seconds: float) -> int:
    before = size(file)
    await asyncio.sleep(seconds)
    return size(file) - before


async def start_ticking(tmp_path: Path) -> tuple[Children, Path, asyncio.Task[processes.Finished]]:
    """A command that runs until it is ended, and the file that it writes to."""
    children, file = Children(), tmp_path / "ticks"
    running = asyncio.create_task(processes.run(["-c", TICKING, str(file)], {}, lambda progress: None, children))
    await wait_for_ticks(file)
    return children, file, running


async def wait_for_ticks(file: Path, within: float = 0.1) -> None:
    async with asyncio.timeout(60):
        while not await ticks(file, within):
            pass


async def stopped(group: int) -> None:
    """Wait until a process is held up: one that was in the midst of writing ends that first."""
    async with asyncio.timeout(60):
        while Path(f"/proc/{group}/stat").read_text().rpartition(")")[2].split()[0] != "T":  # noqa: ASYNC110, ASYNC240 the kernel's
            await asyncio.sleep(0.01)


async def test_a_command_is_held_up_and_ended_with_whoever_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Neither ends by itself while this test waits, however slow the machine is.
    monkeypatch.setattr(processes, "HOLD", 3600.0)
    monkeypatch.setattr(processes, "PATIENCE", 120.0)
    children, file, running = await start_ticking(tmp_path)
    [group] = children._groups
    children.hold(True)
    await stopped(group)
    assert await ticks(file, 0.4) == 0
    children.hold(False)
    await wait_for_ticks(file)
    # Held up again, it still hears that it is to end.
    children.hold(True)
    started = time.monotonic()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert time.monotonic() - started < processes.PATIENCE
    assert not children._groups
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


async def test_nobody_is_held_up_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "HOLD", 0.3)
    children, file, running = await start_ticking(tmp_path)
    children.hold(True)
    await wait_for_ticks(file, 0.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        ("collect: 5/10 accepted 3", Progress("collect", 5, 10)),
        ("man face views: 1/200", Progress("man face views", 1, 200)),
        ("  learn :  2 / 7", Progress("learn", 2, 7)),
        ("no progress", None),
        ("cannot read http://x/1/2", None),
        (": 1/2", None),
    ],
)
def test_lines_of_progress(line: str, progress: Progress | None) -> None:
    assert processes.parse(line) == progress
