"""Transactions: all or nothing, retried after conflicts and lost connections, from many threads."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from db import engines, members, session, swift
from db.errors import BadUrl, Busy, CommitUnknown, DatabaseError, Unavailable
from db.session import Database
from db.settings import DatabaseSettings
from db.tables import lanes
from db.tables import members as table
from tests.db.people import NOW, people, person
from tests.mariadb import Server


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def test_an_exception_undoes_everything(database: Database) -> None:
    def fail(connection: Connection) -> None:
        person(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.transact(fail)
    assert database.read(count) == 0
    assert database.transact(count) == 0


def test_read_refuses_to_write(database: Database) -> None:
    people(database, "man")
    with pytest.raises(DBAPIError):
        database.read(members.touch, 1, NOW)


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(DBAPIError):
        database.transact(lambda connection: connection.execute(text("INSERT INTO blocks VALUES (1, 2, '2026-01-01')")))


def test_values_are_not_cut_or_guessed(database: Database) -> None:
    (member,) = people(database, "man")
    database.transact(members.update, member.id, NOW, about="🙂" * 4000)
    found = database.read(members.by_id, member.id)
    assert found is not None
    assert found.about == "🙂" * 4000


def test_many_threads_read_while_others_write(database: Database) -> None:
    people(database, "man", "woman")
    # MySQL's pool is as large as the setting says, twice over at peaks; SQLite's readers are not limited so.
    readers = 24 if database.embedded else 8
    together = threading.Barrier(readers, timeout=90)

    def read(connection: Connection) -> int:
        together.wait()  # every reader is inside its transaction
        return count(connection)

    with ThreadPoolExecutor(readers + 2) as pool:
        writes = [pool.submit(database.transact, person) for _ in range(10)]
        reads = [pool.submit(database.read, read) for _ in range(readers)]
        assert all(future.result() >= 2 for future in reads)
        assert len({future.result().id for future in writes}) == 10
    assert database.read(count) == 12


def test_deadlocks_are_retried(database: Database) -> None:
    """Two threads lock two rows in opposite orders; on SQLite they queue instead."""
    one, two = people(database, "man", "woman")
    barrier = threading.Barrier(2)
    runs: list[int] = []

    def swap(connection: Connection, first: int, second: int) -> None:
        runs.append(first)
        connection.execute(table.update().where(table.c.id == first).values(distance_km=table.c.distance_km + 1))
        if len(runs) <= 2 and not database.embedded:
            barrier.wait(60)
        connection.execute(table.update().where(table.c.id == second).values(distance_km=table.c.distance_km + 1))

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(database.transact, swap, one.id, two.id), pool.submit(database.transact, swap, two.id, one.id)]
        for future in futures:
            future.result()
    assert len(runs) == (2 if database.embedded else 3)
    changed = [database.read(members.by_id, member.id) for member in (one, two)]
    assert [member.distance_km for member in changed if member] == [one.distance_km + 2] * 2


def test_a_lock_that_stays_is_an_error_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0)
    monkeypatch.setattr(session, "CONFLICT_TRIES", 3)
    file = tmp_path / "inyeon.db"
    database = Database(DatabaseSettings(url=f"sqlite:///{file}"))
    database.open()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="stayed locked"):
        database.transact(count)
    assert database.read(count) == 0  # readers go on
    other.execute("ROLLBACK")
    other.close()
    assert database.transact(count) == 0
    database.close()


def test_sqlite_is_set_up_as_intended(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'deep' / 'er' / 'inyeon.db'}"))
    database.open()
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1}
    assert {name: database.transact(lambda c, name=name: c.scalar(text(f"PRAGMA {name}"))) for name in wanted} == wanted
    database.close()
    with pytest.raises(RuntimeError, match="not open"):
        database.read(count)


def test_an_sqlite_without_mathematics_gets_the_functions_it_lacks() -> None:
    class Bare(sqlite3.Connection):
        def execute(self, *_: object) -> sqlite3.Cursor:  # type: ignore[override]
            raise sqlite3.OperationalError("no such function: sin")

    connection = sqlite3.connect(":memory:", factory=Bare)
    engines._add_math(connection)
    cursor = connection.cursor()
    assert cursor.execute("SELECT round(sin(1), 6), cos(0), round(radians(180), 6), sin(NULL)").fetchone() == (0.841471, 1, 3.141593, None)
    connection.close()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql+pymysql://localhost", "postgresql://x/y"])
def test_unusable_urls_are_refused(url: str) -> None:
    with pytest.raises(BadUrl, match=r"^database\.url "):
        Database(DatabaseSettings(url=url))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mariadb+pymysql", "mysql+pymysql"])
def test_mysql_is_reached_by_its_url_alone(scheme: str) -> None:
    database = Database(DatabaseSettings(url=f"{scheme}://me:p%40ss@host:3307/name"))
    assert (database.url.drivername, database.url.password, database.url.port, database.embedded) == ("mysql+pymysql", "p@ss", 3307, False)


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    database = Database(DatabaseSettings(url="mysql+pymysql://root:secret@127.0.0.1:1/x"))
    with pytest.raises(Unavailable) as caught:
        database.open()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, DatabaseError)


@pytest.mark.mariadb
def test_a_killed_connection_is_replaced_and_the_transaction_runs_again(mariadb_server: Server, mariadb_url: str) -> None:
    database = Database(DatabaseSettings(url=mariadb_url))
    database.open()
    runs = []

    def cut_once(connection: Connection) -> None:
        person(connection)
        runs.append(connection.scalar(text("SELECT CONNECTION_ID()")))
        if len(runs) == 1:
            mariadb_server.run(f"KILL {runs[0]}")
        person(connection)

    database.transact(cut_once)
    assert len(runs) == 2
    assert database.read(count) == 2
    database.close()


@pytest.mark.mariadb
def test_a_connection_lost_while_committing_is_said_so(mariadb_server: Server, mariadb_url: str) -> None:
    database = Database(DatabaseSettings(url=mariadb_url))
    database.open()
    assert database._writer is not None

    def cut(connection: Connection) -> None:
        mariadb_server.run(f"KILL {connection.scalar(text('SELECT CONNECTION_ID()'))}")

    event.listen(database._writer, "commit", cut)
    with pytest.raises(CommitUnknown):
        database.transact(person)
    event.remove(database._writer, "commit", cut)
    assert database.read(count) == 0
    database.close()


@pytest.mark.mariadb
@pytest.mark.slow
def test_a_restart_of_the_server_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads write while the server crashes and comes back: every call that returned is there, once."""
    monkeypatch.setattr(session, "LOST_SECONDS", 120.0)  # as long as a start may take here
    server = Server()
    try:
        server.install()
        server.start()
        database = Database(DatabaseSettings(url=server.url(server.make_database())))
        database.open()
        done: list[int] = []
        unknown: list[int] = []
        stop = threading.Event()

        def write(first: int) -> None:
            number = first
            while not stop.is_set():
                number += 2
                try:
                    database.transact(members.create, number, "ko", NOW)
                except CommitUnknown:
                    unknown.append(number)
                else:
                    done.append(number)

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write, first) for first in (0, 1)]
            while len(done) < 50:
                stop.wait(0.02)
            server.kill()
            server.start()
            enough = len(done) + 50
            while len(done) < enough and not any(writer.done() for writer in writers):
                stop.wait(0.02)
            stop.set()
            for writer in writers:
                writer.result()
        stored = database.read(lambda connection: list(connection.scalars(select(table.c.telegram_id))))
        assert set(done) <= set(stored) <= set(done) | set(unknown)
        assert len(stored) == len(set(stored))
        database.close()
    finally:
        server.remove()


def test_what_may_not_wait_does_all_or_nothing(database: Database) -> None:
    if not database.embedded:
        with pytest.raises(Busy):
            database.transact_now(lambda connection: members.create(connection, 1, "en", NOW))
        return
    made = database.transact_now(lambda connection: members.create(connection, 1, "en", NOW))
    assert database.read(members.by_id, made.id) == made

    def breaks(connection: Connection) -> None:
        members.create(connection, 2, "en", NOW)
        raise LookupError

    with pytest.raises(LookupError):
        database.transact_now(breaks)
    assert database.read(members.by_telegram, 2) is None

    def while_somebody_writes(_: Connection) -> None:
        with pytest.raises(Busy):
            database.transact_now(lambda connection: members.create(connection, 3, "en", NOW))

    database.transact(while_somebody_writes)
    assert database.read(members.by_telegram, 3) is None

    other = Database(database.settings)
    other.open(upgrade=False)
    other.transact(while_somebody_writes)  # as another process would
    other.close()
    assert database.read(members.by_telegram, 3) is None
    assert database.transact_now(lambda connection: connection.execute(text("PRAGMA busy_timeout")).scalar()) == 0

    database.close()
    database.open()
    made = database.transact_now(lambda connection: members.create(connection, 4, "en", NOW))
    assert database.read(members.by_id, made.id) == made


def test_errors_of_prepared_statements_are_those_of_sqlalchemy(database: Database) -> None:
    lane = {"telegram_id": 4711, "last_seq": 0}
    database.transact(lambda connection: swift.insert(connection, lanes, lane))
    with pytest.raises(IntegrityError) as caught:
        database.transact(lambda connection: swift.insert(connection, lanes, lane))
    assert "lanes" in str(caught.value)
