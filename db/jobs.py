"""Runs of jobs: asked for, started, alive, finished; what an admin sees under /jobs.

queued ──▶ running ──▶ done | failed | killed      killed: its process went without a word, its heartbeat stopped
   └─────▶ refused
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import writing
from db.corpus_records import JobRun, JobState
from db.corpus_tables import job_runs

LIVE: tuple[JobState, ...] = ("queued", "running")


def queue(connection: Connection, job: str, requested_by: str, arguments: Mapping[str, Any], now: dt.datetime) -> int:
    """Ask for a run; its id.  `requested_by` is a Telegram id, "schedule" or "command"."""
    values = {
        "job": job,
        "state": "queued",
        "requested_by": requested_by,
        "arguments": dict(arguments),
        "progress": {},
        "result": {},
        "queued_at": now,
        "started_at": None,
        "finished_at": None,
        "heartbeat_at": None,
    }
    return writing.insert(connection, job_runs, values)


def start(connection: Connection, run_id: int, now: dt.datetime) -> bool:
    """Take a queued run; False where another one took it."""
    return _set(connection, run_id, job_runs.c.state == "queued", state="running", started_at=now, heartbeat_at=now)


def beat(connection: Connection, run_id: int, now: dt.datetime, progress: Mapping[str, Any] | None = None) -> bool:
    """Say that a run is alive, and how far it is; False where it is not running any more: whoever works on it must stop."""
    news = {} if progress is None else {"progress": dict(progress)}
    return _set(connection, run_id, job_runs.c.state == "running", heartbeat_at=now, **news)


def finish(connection: Connection, run_id: int, state: JobState, result: Mapping[str, Any], now: dt.datetime) -> bool:
    """End a run that is queued or running; False where it had ended."""
    return _set(connection, run_id, job_runs.c.state.in_(LIVE), state=state, result=dict(result), finished_at=now)


def told(connection: Connection, run_id: int) -> None:
    """Note that whoever asked for a run was told how it ended."""
    row = by_id(connection, run_id)
    if row is not None:
        connection.execute(job_runs.update().where(job_runs.c.id == run_id).values(progress={**row.progress, "told": True}))


def untold(connection: Connection, since: dt.datetime) -> list[JobRun]:
    """Runs that ended after `since` without anybody having been told, oldest first; those that are asked for again are not among them."""
    wanted = select(job_runs).where(job_runs.c.finished_at > since).order_by(job_runs.c.id)
    ended = (row for row in _rows(connection, wanted) if row.state != "killed" or row.result.get("why") == "stopped")
    return [row for row in ended if not row.progress.get("told")]


def by_id(connection: Connection, run_id: int) -> JobRun | None:
    """A run."""
    row = connection.execute(select(job_runs).where(job_runs.c.id == run_id)).mappings().one_or_none()
    return None if row is None else JobRun(**row)


def queued(connection: Connection) -> list[JobRun]:
    """What waits to be started, oldest first."""
    return _rows(connection, select(job_runs).where(job_runs.c.state == "queued").order_by(job_runs.c.id))


def running(connection: Connection, job: str | None = None) -> list[JobRun]:
    """What runs now, of one job or of all."""
    wanted = select(job_runs).where(job_runs.c.state == "running").order_by(job_runs.c.id)
    return _rows(connection, wanted if job is None else wanted.where(job_runs.c.job == job))


def recent(connection: Connection, limit: int = 20, job: str | None = None) -> list[JobRun]:
    """The last runs, newest first."""
    wanted = select(job_runs).order_by(job_runs.c.id.desc()).limit(limit)
    return _rows(connection, wanted if job is None else wanted.where(job_runs.c.job == job))


def bury(connection: Connection, before: dt.datetime, now: dt.datetime) -> list[JobRun]:
    """End runs whose last sign of life is from before `before`; these runs."""
    silent = (job_runs.c.state == "running", job_runs.c.heartbeat_at < before)
    ids = list(connection.scalars(select(job_runs.c.id).where(*silent).order_by(job_runs.c.id).with_for_update()))
    connection.execute(job_runs.update().where(job_runs.c.id.in_(ids)).values(state="killed", finished_at=now))
    return _rows(connection, select(job_runs).where(job_runs.c.id.in_(ids)).order_by(job_runs.c.id))


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete runs that ended before `when`; how many."""
    return connection.execute(job_runs.delete().where(job_runs.c.finished_at < when)).rowcount


def _rows(connection: Connection, wanted: Any) -> list[JobRun]:
    return [JobRun(**row) for row in connection.execute(wanted).mappings()]


def _set(connection: Connection, run_id: int, where: Any, **values: Any) -> bool:
    return connection.execute(job_runs.update().where(job_runs.c.id == run_id, where).values(**values)).rowcount == 1
