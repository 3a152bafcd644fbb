"""One runner among all processes, and another one as soon as it is gone."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from db.locks import single_runner
from db.session import Database

ROOT = Path(__file__).resolve().parents[2]
HOLDER = (
    "import sys, time; sys.path.insert(0, sys.argv[1])\n"
    "from db.locks import single_runner\n"
    "from db.session import Database\n"
    "from db.settings import DatabaseSettings\n"
    "runner = single_runner(Database(DatabaseSettings(url=sys.argv[2])), 'jobs')\n"
    "print(runner.acquire(), flush=True)\n"
    "time.sleep(600)\n"
)


def test_only_one_holds_it(database: Database) -> None:
    first, second, other = single_runner(database, "jobs"), single_runner(database, "jobs"), single_runner(database, "other")
    assert not first.held()
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert (first.held(), second.held()) == (True, False)
    assert other.acquire()
    first.release()
    first.release()
    assert not first.held()
    with second:
        assert second.held()
        assert not first.acquire()
    assert first.acquire()
    first.release()
    other.release()


def test_it_is_free_after_its_holder_was_killed(database: Database, database_url: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(ROOT), database_url], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        runner = single_runner(database, "jobs")
        assert not runner.acquire()
    finally:
        holder.kill()
        holder.communicate()
    deadline = time.monotonic() + 60
    while not runner.acquire():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    runner.release()


def test_whoever_lost_it_with_the_connection_knows(database: Database) -> None:
    if database.embedded:
        return
    runner = single_runner(database, "jobs")
    assert runner.acquire()
    assert runner._connection is not None
    number = runner._connection.scalar(text("SELECT CONNECTION_ID()"))
    database.transact(lambda connection: connection.execute(text(f"KILL {number}")))
    assert not runner.held()
    assert runner.acquire()
    runner.release()
