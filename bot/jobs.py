"""What jobs do: a run out of the database is carried out, its progress told, its end noted, whoever asked for it is answered.

Collecting, learning and rolling back are commands in processes of their own (`bot.processes`), which neither slow the event loop
down nor take its memory; retyping, the day's suggestion and retention are work within the bot.  Every job can be killed at any
moment and run again: commands keep their own checkpoints, the others note behind whom they go on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, Final

from bot import processes, returning, retyping
from bot.context import Context
from bot.desk import Services
from bot.progress import Ticker
from bot.switching import Switcher
from bot.times import zone
from bot.usecases import daily, steering
from configuration import Settings
from crawler.remembering import KEEP as LISTS
from db import (
    audit,
    bans,
    changes,
    crawls,
    evidence,
    exhibits,
    impressions,
    jobs,
    judgements,
    members,
    messages,
    nudges,
    outbox,
    updates,
    upkeep,
    uploads,
    verifications,
)
from db import daily as picks
from db.corpus_records import JobRun, JobState
from db.errors import DatabaseError
from db.session import Connection
from engine.matching.daily import stable
from engine.training.checkpoints import Runs

HEAVY: Final = ("collect", "learn")
"""Jobs that take long; one at a time."""
LIGHT: Final = ("rollback", "retype", "daily_pick", "retention", "bans")
"""Jobs that do not wait for those; one at a time."""
BEAT: Final = 2.0
"""Seconds between two notes of a run's progress; also how soon a stop is noticed."""
REFUSED: Final = 3
"""Exit code of `engine learn` where a gate failed."""
AGAIN: Final = 3
"""How often a run that was interrupted is taken up by itself."""
CHUNK: Final = 200
CHANGES: Final = 7
"""Days: who changed; an index that is further behind reads everybody again."""
PICKS: Final = 30
"""Days: who was suggested to whom."""
VERIFICATIONS: Final = 30
"""Days: figures of photo verifications."""
PRIVATE: Final = frozenset({"telegram", "local"})
"""Sections of the settings that commands have no business with."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    state: JobState
    result: dict[str, Any]


class Stopped(Exception):
    """Somebody ended the run while it ran."""


class Run:
    """One run under way: what it was asked for, how far it is, and who sees it."""

    def __init__(self, services: Services, row: JobRun, ticker: Ticker | None) -> None:
        self.services, self.row, self.ticker = services, row, ticker
        self.progress: dict[str, Any] = dict(row.progress)

    def told(self, progress: processes.Progress) -> None:
        """A command said how far it is."""
        self.progress.update(stage=progress.stage, done=progress.done, total=progress.total)

    async def note(self, stage: str, done: int, total: int, resume: dict[str, Any]) -> None:
        """Work within the bot says how far it is, and where to go on."""
        self.progress.update(stage=stage, done=done, total=total, resume=resume)
        await self.beat()

    async def beat(self) -> None:
        """Note the progress and show it.

        Raises:
            Stopped: the run was ended by somebody.

        """
        if self.ticker is not None:
            await self.ticker.show(steering.under_way(self.row, self.progress), steering.stop_button(self.row.id))
            self.progress["message_id"] = self.ticker.message_id
        if not await self.services.runtime.transact(jobs.beat, self.row.id, self.services.clock(), self.progress):
            raise Stopped

    async def watch(self) -> None:
        """Beat for ever."""
        while True:
            try:
                await self.beat()
            except DatabaseError as error:
                log.warning("the progress of run %d is noted later: %s", self.row.id, error)
            await asyncio.sleep(BEAT)


Work = Callable[[Run], Awaitable[Outcome]]


class Worker:
    """Carries runs out."""

    def __init__(
        self, services: Services, settings: Settings, switcher: Switcher, commands: Mapping[str, steering.Command] = steering.COMMANDS
    ) -> None:
        """`commands`: what follows `python` for each job that is a command, from the run's arguments."""
        self._services, self._settings, self._switcher, self._commands = services, settings, switcher, commands
        self._children = processes.Children()
        services.runtime.busy = self._children.hold
        self._inside: Mapping[str, Work] = {
            "retype": self._retype,
            "daily_pick": self._daily_pick,
            "retention": self._retention,
            "bans": self._bans,
        }

    async def execute(self, row: JobRun) -> None:
        """Carry out a run that was started; cancelling it puts it back into the queue."""
        run = Run(self._services, row, await self._ticker(row))
        log.info("job %s (run %d) begins", row.job, row.id)
        try:
            outcome = await self._supervised(run)
        except asyncio.CancelledError:
            await asyncio.shield(self._interrupted(run))
            raise
        except Stopped:
            outcome = Outcome("killed", {"why": "stopped"})
        except Exception as error:  # noqa: BLE001 one job that breaks must not end the others
            log.error("job %s (run %d) broke: %s", row.job, row.id, type(error).__name__)  # noqa: TRY400 its text may quote people
            outcome = Outcome("failed", {"why": type(error).__name__})
        log.info("job %s (run %d) ends: %s", row.job, row.id, outcome.state)
        ended = await self._services.runtime.transact(_finish, self._services.context(), row, outcome, watched=run.ticker is not None)
        if outcome.state == "done" and row.job in ("learn", "rollback"):
            with suppress(Exception):  # the switcher's own turn says what is wrong with the version
                await self._switcher.look()
        await self._report(run, ended)

    async def catch_up(self) -> None:
        """Tell whoever asked of runs that ended while they could not be told: the bot was killed between the two."""
        for row in await self._services.runtime.read(jobs.untold, self._services.clock() - dt.timedelta(days=1)):
            run = Run(self._services, row, await self._ticker(row))
            if run.ticker is not None:
                await self._report(run, row)

    async def _supervised(self, run: Run) -> Outcome:
        """The work, beside somebody who tells how far it is and ends it when it is to be stopped."""
        command = self._commands.get(run.row.job)
        work = asyncio.ensure_future(self._inside[run.row.job](run) if command is None else self._process(run, command))
        watch = asyncio.create_task(run.watch())
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done() and not work.done():
                watch.result()
            return await work
        finally:
            for task in (work, watch):
                task.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)

    async def _process(self, run: Run, command: steering.Command) -> Outcome:
        finished = await processes.run(command(run.row.arguments), environment(self._settings), run.told, self._children)
        if finished.code == 0:
            return Outcome("done", finished.result)
        if finished.code == REFUSED and finished.result:
            return Outcome("refused", finished.result)
        said = finished.said[-1] if finished.said else f"exit code {finished.code}"
        if any(line.startswith("Traceback") for line in finished.said) or re.match(r"[\w.]+(Error|Exception|Fault)\b", said):
            said = said.partition(":")[0]  # of an exception that nobody foresaw only the kind: its text may quote people
        return Outcome("failed", {"why": said[:500], "code": finished.code})

    async def _retype(self, run: Run) -> Outcome:
        with suppress(Exception):  # where the registry cannot be read, the types in use are the right ones
            await self._switcher.look()
        return Outcome("done", await retyping.retype(self._services, dict(run.progress.get("resume", {})), run.note))

    async def _bans(self, run: Run) -> Outcome:
        found = await returning.compare(self._services, run.row.arguments, run.progress.get("resume", {}), run.note)
        return Outcome("done", found)

    async def _daily_pick(self, run: Run) -> Outcome:
        """Everybody's choices, then the pairs; whom the day was given to already is known by the database, so a killed run goes on."""
        resume = run.progress.get("resume", {})
        services = self._services
        day = dt.date.fromisoformat(resume["day"]) if "day" in resume else services.clock().astimezone(zone(services.schedule)).date()
        scores, seen = await self._choices(run, day)
        told, pairs = int(resume.get("told", 0)), stable(((one, other, score) for (one, other), score in scores.items()))
        for place, (one, other) in enumerate(pairs, 1):
            with suppress(daily.AlreadyTold):
                told += await services.runtime.transact(daily.give, services.context(), one, other, day)
            if place % CHUNK == 0 or place == len(pairs):
                services.wake()
                await run.note("daily_pick", place, len(pairs), {"day": day.isoformat(), "told": told})
        return Outcome("done", {"day": day.isoformat(), "members": seen, "told": told})

    async def _choices(self, run: Run, day: dt.date) -> tuple[dict[tuple[int, int], float], int]:
        """The score of each pair that either of the two would choose, the mean where both would; and how many take part."""
        services = self._services
        found: dict[tuple[int, int], list[float]] = {}
        after, seen = 0, 0
        while batch := await services.runtime.read(daily.page, services.context(), after, CHUNK):
            for member in batch:
                for one, other, score in await services.runtime.read(daily.choices, services.context(), member, day):
                    found.setdefault((min(one, other), max(one, other)), []).append(score)
            after, seen = batch[-1].id, seen + len(batch)
            await run.note("daily_choices", seen, seen, {**run.progress.get("resume", {}), "day": day.isoformat()})
        return {pair: sum(scores) / len(scores) for pair, scores in found.items()}, seen

    async def _retention(self, run: Run) -> Outcome:
        """What only the program needed, bounded by age; in chunks, each a transaction."""
        schedule, now = self._services.schedule, self._services.clock()
        kept: tuple[tuple[str, int, Callable[[Connection, dt.datetime], int]], ...] = (
            ("updates", schedule.keep_updates, updates.forget_before),
            ("outbox", schedule.keep_outbox, outbox.forget_before),
            ("messages", schedule.keep_messages, messages.forget_before),
            ("jobs", schedule.keep_jobs, jobs.forget_before),
            ("showings", schedule.keep_answers, impressions.forget_before),
            ("answers", schedule.keep_answers, judgements.forget_before),
            ("changes", CHANGES, changes.forget_before),
            ("picks", PICKS, _forget_picks),
            ("evidence", 0, evidence.forget_before),  # each has its own time
            ("exhibits", 0, exhibits.sweep),
            ("bans", 0, bans.forget_before),
            ("verifications", VERIFICATIONS, verifications.forget_before),
            ("audit", schedule.keep_audit, audit.forget_before),
            ("nudges", schedule.keep_messages, nudges.forget_before),
            ("lists", LISTS.days, crawls.forget_cached_before),  # here, since a crawl that forgets them may never come
        )
        gone: dict[str, Any] = {}
        for place, (name, days, forget) in enumerate(kept):
            gone[name] = await self._services.runtime.repeat(forget, now - dt.timedelta(days=days))
            await run.note("retention", place + 1, len(kept), {})
        # Photos of couples that were never agreed to: people are told how long that is, so it is a setting of its own.
        unanswered = now - dt.timedelta(hours=self._services.couples.link_hours)
        gone["photos"] = await self._services.runtime.transact(uploads.expire, unanswered)
        said = now - dt.timedelta(hours=self._services.safety.keep_content)
        gone["content"] = await self._services.runtime.repeat(messages.forget_content, said)
        # Keys: interrupted erasures completed, older rows closed, the keys of past days destroyed.
        database = self._services.runtime.database
        gone |= await asyncio.to_thread(upkeep.look_after, database, now)
        # What learning that was stopped or broke left of people's faces; one that is at work deletes its own.
        gone["runs"] = await asyncio.to_thread(Runs(self._settings.var / "models" / "work", database.vault).sweep)
        return Outcome("done", gone)

    async def _interrupted(self, run: Run) -> None:
        """The bot stops, or another one takes over: the run is noted as killed, and the same is asked for again."""
        with suppress(DatabaseError):
            await self._services.runtime.transact(requeue, run.row, run.progress, self._services.clock())

    async def _ticker(self, row: JobRun) -> Ticker | None:
        """The message for whoever asked in the chat; nobody is told of what the schedule does while it does it."""
        admin = await self._services.runtime.read(_asker, row)
        if admin is None or admin[0] not in self._services.admins:
            return None
        return Ticker(self._services, admin[0], admin[1], row.progress.get("message_id"))

    async def _report(self, run: Run, ended: JobRun | None) -> None:
        """Tell whoever asked how it ended, with pictures; of what the schedule did, admins learn by `_finish`."""
        services = self._services
        if ended is None or run.ticker is None:
            services.wake()
            return
        pictures = await services.runtime.read(steering.pictures, services.context(), ended)
        if not await run.ticker.end(steering.told(ended), tuple(pictures)):
            await services.runtime.transact(steering.tell_asker, services.context(), ended)
            services.wake()
        await services.runtime.transact(jobs.told, ended.id)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a command that must see the same: all sections but those that it has no business with."""
    found = {}
    for section in fields(settings):
        if section.name in PRIVATE:
            continue
        values = getattr(settings, section.name)
        for item in fields(values):
            value = getattr(values, item.name)
            plain = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            found[f"INYEON_{section.name.upper()}__{item.name.upper()}"] = plain
    return found


def requeue(connection: Connection, row: JobRun, progress: Mapping[str, Any], now: dt.datetime) -> int | None:
    """End an interrupted run and ask for the same again, going on where it was; None where it ended otherwise, or too often."""
    if not jobs.finish(connection, row.id, "killed", {"why": "interrupted"}, now):
        return None
    times = int(row.arguments.get("again", 0)) + 1
    if times > AGAIN:
        return None
    run_id = jobs.queue(connection, row.job, row.requested_by, {**row.arguments, "again": times, "resume": dict(progress)}, now)
    audit.add(connection, "system", "job.again", steering.subject(run_id), now, {"job": row.job, "before": row.id})
    return run_id


def _finish(connection: Connection, context: Context, row: JobRun, outcome: Outcome, *, watched: bool) -> JobRun | None:
    """Note the end, once; the run as it ended.  Where nobody watches, all admins are told of it if it matters."""
    noted = jobs.finish(connection, row.id, outcome.state, outcome.result, context.now)
    if noted:
        audit.add(connection, "system", f"job.{outcome.state}", steering.subject(row.id), context.now, {"job": row.job})
    ended = jobs.by_id(connection, row.id)
    if noted and not watched and ended is not None and steering.worth_telling(ended):
        steering.tell_admins(connection, context, ended)
    return ended


def _forget_picks(connection: Connection, before: dt.datetime) -> int:
    return picks.forget_before(connection, before.date())


def _asker(connection: Connection, row: JobRun) -> tuple[int, str] | None:
    """Telegram id and language of whoever asked for a run; None where it was no person."""
    if not row.requested_by.isdigit():
        return None
    member = members.by_telegram(connection, int(row.requested_by))
    return None if member is None else (member.telegram_id, member.language)
