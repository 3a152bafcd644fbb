"""Retention deletes what learning left that was stopped, and not what learning is at."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bot.desk import utc_now
from bot.settings import ScheduleSettings
from db import jobs
from db.session import Database
from db.settings import DatabaseSettings, keys_under
from engine.training.checkpoints import Runs
from tests.bot.runner import scheduler

QUIET = ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention="")


async def test_runs_that_were_stopped_go_with_their_keys(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/inyeon.db"), keys_under(tmp_path))
    database.open()
    vault, work = database.vault, tmp_path / "models" / "work"
    assert vault is not None
    runs = Runs(work, vault)
    made, services = scheduler(database, tmp_path, QUIET)

    async def retain() -> int:
        run = database.transact(jobs.queue, "retention", "schedule", {}, utc_now())
        assert database.transact(jobs.start, run, utc_now())
        row = database.read(jobs.by_id, run)
        assert row is not None
        await made._worker.execute(row)
        ended = database.read(jobs.by_id, run)
        assert ended is not None
        assert ended.state == "done", ended.result
        return int(ended.result["runs"])

    with runs.held():
        kept = runs.begin("5f3a9c1e5f3a9c1e", utc_now() - dt.timedelta(minutes=5))
        kept.stage("begun", lambda: ({}, {}))
        assert await retain() == 0
        assert kept.folder.is_dir()
    assert await retain() == 1  # the process is gone, and with it who would have deleted it
    assert [one.name for one in work.iterdir()] == ["lock"]
    assert not vault.scopes("learn:")
    assert await retain() == 0
    services.runtime.close()
    database.close()
