"""When jobs run, and that one process alone runs them.

Every bot on the same database tries to become the one runner (`db.locks`); only the one that is has a running APScheduler, whose
triggers put runs into the database, and takes runs out of it.  What admins ask for is put there by any of the bots.  When the
runner dies, another one is it within a second or two; runs that it left behind are asked for again, and a time that fell into the gap is
made up for.  A slot of the schedule is in its run's arguments, so that no slot is run twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import times
from bot.desk import Services
from bot.errors import StartError
from bot.jobs import HEAVY, LIGHT, Worker, requeue
from bot.settings import ScheduleSettings
from bot.usecases.steering import ASKING, COMMANDED, SOURCES, scheduled_arguments
from db import jobs, retyping
from db.corpus_records import JobRun
from db.errors import DatabaseError
from db.locks import SingleRunner, single_runner
from db.session import Connection

NAME: Final = "jobs"
RETRY: Final = 1.0
"""Seconds between two attempts to become the runner, and between two looks for runs that wait."""
GRACE: Final = timedelta(hours=1)
"""How long after its time a job of the schedule is still begun by whoever takes over."""
TIMELY: Final = ("daily_pick",)
"""Jobs that are worth something at their time alone: nobody wants the evening's suggestion in the middle of the night."""
SILENT: Final = timedelta(minutes=10)
"""After this time without a sign of life a command that somebody started by hand is taken for dead."""
log = logging.getLogger(__name__)


class Scheduler:
    """One of the bots that may run jobs."""

    def __init__(self, services: Services, worker: Worker) -> None:
        """Only stores; settings are checked here, so that a bad time stops the start.

        Raises:
            StartError: a time or the zone in the settings is none, or what is to be collected then.

        """
        _check_sources(services.schedule)
        self._services, self._worker = services, worker
        self._triggers = times.triggers(services.schedule)
        self._zone = times.zone(services.schedule)
        self._lock: SingleRunner = single_runner(services.runtime.database, NAME)
        self._asking = asyncio.Lock()
        self.leads = False

    async def run(self) -> None:
        """Try to lead, and lead, for ever; being cancelled puts back what runs and lets another one lead."""
        try:
            while True:
                try:
                    if await self._ask(self._lock.acquire):
                        await self._lead()
                except DatabaseError as error:
                    log.warning("jobs wait for the database: %s", error)
                except Exception as error:  # noqa: BLE001 members are served also where jobs are broken
                    log.error("jobs broke and begin anew: %s", type(error).__name__)  # noqa: TRY400 its text may quote people
                await asyncio.sleep(RETRY)
        finally:
            await asyncio.shield(self._ask(self._lock.release))

    async def held(self) -> bool:
        """Whether this process is the runner, asked of the lock itself."""
        return bool(await self._ask(self._lock.held))

    async def _lead(self) -> None:
        self.leads = True
        log.info("this process runs the jobs")
        clockwork = AsyncIOScheduler(timezone=self._zone)
        for job, trigger in self._triggers.items():
            clockwork.add_job(self._due, trigger, args=[job], id=job, coalesce=True, max_instances=1, misfire_grace_time=600)
        lanes: list[asyncio.Task[None]] = []
        telling: asyncio.Task[None] | None = None
        try:
            await self._services.runtime.transact(_take_over, self._services.clock())
            await self._make_up()
            clockwork.start()
            telling = asyncio.create_task(self._worker.catch_up())
            lanes = [asyncio.create_task(work) for work in (self._lane(HEAVY), self._lane(LIGHT), self._watch())]
            done, _ = await asyncio.wait(lanes, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.leads = False
            if clockwork.running:
                clockwork.shutdown(wait=False)
            under_way = [task for task in (*lanes, telling) if task is not None]
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self._ask(self._lock.release)
            log.info("this process no longer runs the jobs")

    async def _watch(self) -> None:
        """Return once the lock is lost."""
        while await self.held():  # noqa: ASYNC110 a lock of another system makes it false
            await asyncio.sleep(RETRY)

    async def _lane(self, names: tuple[str, ...]) -> None:
        """Take runs of these jobs one after the other, the oldest first."""
        while True:
            row = None
            with suppress(DatabaseError):
                if await self._services.runtime.read(_waits, names) and await self.held():
                    row = await self._services.runtime.transact(_take, names, self._services.clock())
            if row is None:
                await asyncio.sleep(RETRY)
            else:
                await self._worker.execute(row)

    async def _due(self, job: str) -> None:
        """A trigger fired."""
        if await self.held():
            await self._queue(job, self._services.clock())

    async def _make_up(self) -> None:
        """Ask for what fell into the time without a runner."""
        now = self._services.clock()
        for job, trigger in self._triggers.items():
            slot = times.missed(trigger, now, GRACE)
            if slot is not None:
                await self._queue(job, slot)

    async def _queue(self, job: str, slot: datetime) -> None:
        for arguments in scheduled_arguments(self._services.schedule, job):
            marked = {**arguments, "slot": slot.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")}
            await self._services.runtime.transact(_queue_slot, job, marked, self._services.clock())

    async def _ask(self, question: Callable[[], Any]) -> Any:
        """The lock is for one thread at a time."""
        async with self._asking:
            return await asyncio.to_thread(question)


def _check_sources(schedule: ScheduleSettings) -> None:
    """Else every night a run would fail."""
    for wanted in scheduled_arguments(schedule, "collect"):
        source = wanted["source"]
        if source not in SOURCES:
            raise StartError(f"schedule.sources names {source!r}: there are {', '.join(SOURCES)}")
        if source in ASKING and not wanted.get("query"):
            raise StartError(f"schedule.sources says nothing of what {source} is asked for: write {source}:{ASKING[source].upper()}")


def _waits(connection: Connection, names: tuple[str, ...]) -> bool:
    return any(row.job in names for row in jobs.queued(connection))


def _take(connection: Connection, names: tuple[str, ...], now: datetime) -> JobRun | None:
    """Start the oldest run of these jobs; progress that an interrupted run left goes over to it."""
    row = next((row for row in jobs.queued(connection) if row.job in names), None)
    if row is None or not jobs.start(connection, row.id, now):
        return None
    jobs.beat(connection, row.id, now, row.arguments.get("resume", {}))
    return jobs.by_id(connection, row.id)


def _queue_slot(connection: Connection, job: str, arguments: dict[str, Any], now: datetime) -> None:
    """Ask for a slot of the schedule, unless that was done, or the job waits or runs for somebody anyway."""
    mark = _same(arguments)
    known = jobs.recent(connection, 50, job)
    if any(row.arguments.get("slot") == arguments["slot"] and _same(row.arguments) == mark for row in known):
        return
    if any(row.state in jobs.LIVE and _same(row.arguments) == mark for row in known):
        return
    jobs.queue(connection, job, "schedule", arguments, now)


def _same(arguments: Any) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key not in ("slot", "again", "resume")}


def _take_over(connection: Connection, now: datetime) -> None:
    """Ask again for what the runner before left behind, however long ago; see that members with older types are retyped."""
    for row in jobs.running(connection):
        if row.requested_by == COMMANDED:
            continue
        if row.job in TIMELY and (row.heartbeat_at or row.queued_at) < now - GRACE:
            jobs.finish(connection, row.id, "killed", {"why": "late"}, now)
        else:
            requeue(connection, row, row.progress, now)
    jobs.bury(connection, now - SILENT, now)
    waiting = any(row.job == "retype" for row in (*jobs.queued(connection), *jobs.running(connection)))
    if not waiting and retyping.outdated(connection):
        jobs.queue(connection, "retype", "schedule", {}, now)
