"""The job that bounds by age what only the program needs: what is old goes, what is young stays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import func, select

from bot.desk import utc_now
from bot.settings import ScheduleSettings
from db import audit, crawls, daily, impressions, jobs, judgements, updates
from db.corpus_records import Cached
from db.session import Connection, Database
from db.tables import metadata
from tests.bot.runner import scheduler
from tests.db.people import people

QUIET = ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention="")
TABLES = ("audit", "updates", "impressions", "judgements", "daily_picks", "job_runs", "http_cache")


def rows(connection: Connection) -> dict[str, int]:
    return {name: connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0 for name in TABLES}


async def test_what_is_old_goes_and_what_is_young_stays(database: Database, tmp_path: Path) -> None:
    her, him = people(database, "woman", "man")

    def fill(connection: Connection, days: int) -> None:
        then = utc_now() - dt.timedelta(days=days)
        updates.add(connection, [updates.Arrived(1000 + days, 1, None)], "test", then, then)
        impressions.add(connection, her.id, him.id, then, "discover", p_out=0.2, features=b"1234")
        judgements.add(connection, her.id, him.id, True, then)
        daily.give(connection, then.date(), her.id, him.id)
        run = jobs.queue(connection, "retype", "schedule", {}, then)
        jobs.finish(connection, run, "done", {}, then)
        audit.add(connection, "9001", "stats.read", "all", then)
        crawls.cache(connection, f"{days:064}", Cached("", "", "", b"a list with captions of people", then))

    for days in (0, 400, 5):
        database.transact(fill, days)
    aged = utc_now() - dt.timedelta(days=1100)
    database.transact(audit.add, "9001", "stats.read", "all", aged)
    made, services = scheduler(database, tmp_path, QUIET)
    run = database.transact(jobs.queue, "retention", "schedule", {}, utc_now())
    assert database.transact(jobs.start, run, utc_now())
    row = database.read(jobs.by_id, run)
    assert row is not None
    await made._worker.execute(row)
    ended = database.read(jobs.by_id, run)
    assert ended is not None
    assert ended.state == "done", ended.result
    assert database.read(rows) == {
        "audit": 4,
        "updates": 2,
        "impressions": 2,
        "judgements": 2,
        "daily_picks": 4,
        "job_runs": 3,
        "http_cache": 2,
    }
    gone = {name: ended.result[name] for name in ("audit", "updates", "showings", "answers", "picks", "jobs", "lists")}
    assert gone == {"audit": 1, "updates": 1, "showings": 1, "answers": 1, "picks": 2, "jobs": 1, "lists": 1}
    services.runtime.close()
