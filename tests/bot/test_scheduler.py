"""One runner among several bots: takeover after kill -9, nothing lost, nothing doubled; slots of the schedule once each."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot import times
from bot.errors import StartError
from bot.jobs import requeue
from bot.scheduler import Scheduler, _queue_slot, _take_over
from bot.settings import ScheduleSettings
from db import jobs
from db.corpus_records import JobRun
from db.session import Database
from tests.bot.runner import scheduler
from tests.db.people import NOW

ROOT = Path(__file__).resolve().parents[2]
QUIET = ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention="")


class Process:
    """`tests.bot.runner` beside the test."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.said: list[str] = []

    async def start(self) -> None:
        command = [sys.executable, "-m", "tests.bot.runner", self.url, str(self.folder)]
        self.process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.said.append(line.decode().strip())

    @property
    def leads(self) -> bool:
        return bool(self.said) and self.said[-1] == "leads"

    async def end(self, how: signal.Signals) -> None:
        if self.process.returncode is None:
            self.process.send_signal(how)
        await self.process.wait()
        await self.reading
        self.said.clear()


async def until(true: Callable[[], bool], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 other processes make it true
            await asyncio.sleep(0.02)


@pytest.fixture
async def two(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    made = Process(database_url, tmp_path), Process(database_url, tmp_path)
    for process in made:
        await process.start()
    yield made
    for process in made:
        await process.end(signal.SIGKILL)


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    return False


@pytest.mark.slow
async def test_a_killed_runner_is_replaced_and_its_run_goes_on(two: tuple[Process, Process], database: Database, tmp_path: Path) -> None:
    await until(lambda: any(one.leads for one in two) and all(one.said for one in two))
    first = next(one for one in two if one.leads)
    second = next(one for one in two if one is not first)
    (tmp_path / "hold").write_text("21")
    run_id = await asyncio.to_thread(database.transact, jobs.queue, "collect", "schedule", {"source": "member", "steps": 120}, NOW)
    await until(lambda: (tmp_path / "steps").exists() and len((tmp_path / "steps").read_text().split()) > 20)
    assert not second.leads
    await first.end(signal.SIGKILL)
    await until(lambda: second.leads, 60)
    child = int((tmp_path / "pids").read_text().split()[0])
    await until(lambda: not alive(child), 60)  # it would stay at its step for ever
    (tmp_path / "hold").unlink()
    await until(lambda: [row.state for row in database.read(jobs.recent, 5)] == ["done", "killed"])
    again, before = database.read(jobs.recent, 5)
    assert (before.id, again.arguments["again"]) == (run_id, 1)
    assert again.result["accepted"] == 120
    assert again.result["nice"] == 19
    steps = [int(step) for step in (tmp_path / "steps").read_text().split()]
    # The step during which it was killed may be done again, since its checkpoint was not written; none is left out.
    assert sorted(set(steps)) == list(range(1, 121))
    assert len(steps) <= 121


@pytest.mark.slow
async def test_a_stop_ends_the_command_and_the_next_start_goes_on(two: tuple[Process, Process], database: Database, tmp_path: Path) -> None:
    first, second = two
    await second.end(signal.SIGKILL)
    await until(lambda: first.leads)
    (tmp_path / "hold").write_text("11")
    await asyncio.to_thread(database.transact, jobs.queue, "collect", "schedule", {"source": "member", "steps": 60}, NOW)
    await until(lambda: (tmp_path / "steps").exists() and len((tmp_path / "steps").read_text().split()) > 10)
    await first.end(signal.SIGTERM)
    child = int((tmp_path / "pids").read_text().split()[0])
    assert not alive(child)
    assert [row.state for row in database.read(jobs.recent, 5)] == ["queued", "killed"]
    (tmp_path / "hold").unlink()
    await first.start()
    await until(lambda: database.read(jobs.recent, 1)[0].state == "done")
    assert database.read(jobs.recent, 1)[0].result["accepted"] == 60


async def led(made: Scheduler, true: Callable[[], bool]) -> None:
    """Let a scheduler run until something is so."""
    running = asyncio.create_task(made.run())
    try:
        await until(true)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        # Threads that wait for a child tell the loop of its end, and complain where the loop is gone before.
        await until(lambda: not any(thread.name.startswith("asyncio-waitpid") for thread in threading.enumerate()))


async def test_what_was_stopped_by_an_admin_ends_and_is_not_asked_for_again(database: Database, tmp_path: Path) -> None:
    made, services = scheduler(database, tmp_path, QUIET)
    run_id = database.transact(jobs.queue, "collect", "schedule", {"source": "member", "steps": 2000}, NOW)

    def stopped() -> bool:
        row = database.read(jobs.by_id, run_id)
        assert row is not None
        if row.state == "running" and row.progress.get("done", 0) > 0:
            database.transact(jobs.finish, run_id, "killed", {"why": "stopped"}, NOW)
        pids = (tmp_path / "pids").read_text().split() if (tmp_path / "pids").exists() else []
        return row.state == "killed" and bool(pids) and not alive(int(pids[0]))

    await led(made, stopped)
    services.runtime.close()
    assert [row.state for row in database.read(jobs.recent, 5)] == ["killed"]


def test_a_slot_is_asked_for_once(database: Database) -> None:
    for _ in range(3):
        database.transact(_queue_slot, "learn", {"slot": "2026-11-21T19:00"}, NOW)
    [row] = database.read(jobs.queued)
    database.transact(jobs.start, row.id, NOW)
    database.transact(jobs.finish, row.id, "done", {}, NOW)
    database.transact(_queue_slot, "learn", {"slot": "2026-11-21T19:00"}, NOW)
    assert database.read(jobs.queued) == []
    database.transact(_queue_slot, "learn", {"slot": "2026-11-22T19:00"}, NOW)
    database.transact(_queue_slot, "learn", {"slot": "2026-11-23T19:00"}, NOW)
    assert [row.arguments["slot"] for row in database.read(jobs.queued)] == ["2026-11-22T19:00"]


def test_two_sources_are_two_runs(database: Database) -> None:
    for source in ("member", "commons", "member"):
        database.transact(_queue_slot, "collect", {"source": source, "slot": "2026-11-21T19:00"}, NOW)
    assert [row.arguments["source"] for row in database.read(jobs.queued)] == ["member", "commons"]


def test_what_a_dead_runner_left_is_asked_for_again_but_not_for_ever(database: Database) -> None:
    def started() -> JobRun:
        [row] = database.read(jobs.queued)
        database.transact(jobs.start, row.id, NOW)
        database.transact(jobs.beat, row.id, NOW, {"done": 3, "total": 9})
        found = database.read(jobs.by_id, row.id)
        assert found is not None
        return found

    database.transact(jobs.queue, "learn", "9001", {}, NOW)
    for times_again in (1, 2, 3):
        started()
        database.transact(_take_over, NOW)
        [row] = database.read(jobs.queued)
        assert (row.requested_by, row.arguments["again"], row.arguments["resume"]) == ("9001", times_again, {"done": 3, "total": 9})
    started()
    database.transact(_take_over, NOW)
    assert database.read(jobs.queued) == []
    assert {row.state for row in database.read(jobs.recent)} == {"killed"}


def left(database: Database, job: str, asker: str) -> None:
    """A run under way, whose bot is gone."""
    run_id = database.transact(jobs.queue, job, asker, {}, NOW)
    database.transact(jobs.start, run_id, NOW)
    database.transact(jobs.beat, run_id, NOW, {"done": 3, "total": 9})


@pytest.mark.parametrize("silent", [dt.timedelta(minutes=9), dt.timedelta(minutes=11), dt.timedelta(days=3)])
def test_a_night_without_power_loses_no_run(database: Database, silent: dt.timedelta) -> None:
    left(database, "learn", "9001")
    left(database, "retention", "schedule")
    database.transact(_take_over, NOW + silent)
    again = database.read(jobs.queued)
    assert [(row.job, row.requested_by, row.arguments["resume"]) for row in again] == [
        ("learn", "9001", {"done": 3, "total": 9}),
        ("retention", "schedule", {"done": 3, "total": 9}),
    ]


def test_the_evenings_suggestion_is_not_made_up_for_at_night(database: Database) -> None:
    left(database, "daily_pick", "schedule")
    database.transact(_take_over, NOW + dt.timedelta(minutes=59))
    [again] = database.read(jobs.queued)
    database.transact(jobs.start, again.id, NOW)
    database.transact(_take_over, NOW + dt.timedelta(minutes=61))
    assert database.read(jobs.queued) == []
    assert {row.state for row in database.read(jobs.recent)} == {"killed"}


def test_a_run_that_ended_is_not_asked_for_again(database: Database) -> None:
    run_id = database.transact(jobs.queue, "learn", "schedule", {}, NOW)
    row = database.read(jobs.by_id, run_id)
    assert row is not None
    database.transact(jobs.finish, run_id, "done", {}, NOW)
    assert database.transact(requeue, row, {}, NOW) is None


def test_a_bad_time_or_zone_is_one_line_that_says_which() -> None:
    for settings, name in (
        (ScheduleSettings(learn="often"), "schedule.learn"),
        (ScheduleSettings(daily_pick="61 * * * *"), "schedule.daily_pick"),
        (ScheduleSettings(timezone="Asia/Nowhere"), "schedule.timezone"),
    ):
        with pytest.raises(StartError, match=name) as told:
            times.triggers(settings)
        assert "\n" not in str(told.value)


def test_a_time_that_fell_into_the_gap_is_known() -> None:
    trigger = times.triggers(ScheduleSettings())["daily_pick"]
    evening = dt.datetime(2026, 11, 21, 10, 20, tzinfo=dt.UTC)  # 19:20 in Seoul
    assert times.missed(trigger, evening, dt.timedelta(hours=1)) == dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
    assert times.missed(trigger, evening, dt.timedelta(minutes=5)) is None


def test_an_empty_time_means_never() -> None:
    assert times.triggers(QUIET) == {}
    assert times.upcoming(QUIET, NOW) == []
