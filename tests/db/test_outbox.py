"""The outbox: numbers without gaps, lanes in order, leases, nothing twice in the queue."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections import defaultdict

import pytest
from sqlalchemy import select

from db import members, messages, outbox, updates
from db.errors import NotFound
from db.records import Member, OutboxRow
from db.session import Connection, Database
from db.settings import DatabaseSettings
from db.swift import Swift
from db.tables import outbox as table
from tests.db.people import NOW, people
from tests.db.test_messages import matched


def put(database: Database, member: Member, key: str, **more: object) -> bool:
    return database.transact(outbox.put, member.id, "sendMessage", {"text": key}, key, NOW, **more)  # type: ignore[arg-type]


def lease(database: Database, now: dt.datetime = NOW, limit: int = 10, owner: str = "a") -> list[OutboxRow]:
    return database.transact(outbox.lease, owner, now, 30, limit)


def seconds(count: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=count)


def test_put_numbers_each_lane_and_ignores_what_it_has(database: Database) -> None:
    one, two = people(database, "man", "woman")
    assert [put(database, one, key) for key in ("a", "b", "a", "c")] == [True, True, False, True]
    assert put(database, two, "a")
    rows = database.read(lambda connection: connection.execute(select(table).order_by(table.c.id)).all())
    assert [(row.telegram_id, row.seq, row.dedup_key) for row in rows] == [
        (one.telegram_id, 1, "a"),
        (one.telegram_id, 2, "b"),
        (one.telegram_id, 3, "c"),
        (two.telegram_id, 1, "a"),
    ]
    assert database.read(outbox.waiting) == 4
    with pytest.raises(NotFound):
        database.transact(outbox.put, two.id + 1, "sendMessage", {}, "a", NOW)


def test_a_put_that_is_rolled_back_leaves_no_gap(database: Database) -> None:
    (one,) = people(database, "man")

    def fail(connection: object) -> None:
        outbox.put(connection, one.id, "sendMessage", {}, "lost", NOW)  # type: ignore[arg-type]
        raise ZeroDivisionError

    put(database, one, "a")
    with pytest.raises(ZeroDivisionError):
        database.transact(fail)
    put(database, one, "b")
    assert [row.seq for row in database.read(lambda connection: connection.execute(select(table)).all())] == [1, 2]


def test_only_the_first_of_a_lane_is_leased(database: Database) -> None:
    one, two = people(database, "man", "woman")
    for key in ("a", "b"):
        put(database, one, key)
        put(database, two, key)
    first = lease(database)
    assert [(row.member_id, row.seq, row.attempts, row.lease_owner, row.leased_until) for row in first] == [
        (one.id, 1, 1, "a", seconds(30)),
        (two.id, 1, 1, "a", seconds(30)),
    ]
    assert first[0].payload == {"text": "a"}
    assert lease(database) == []
    assert database.transact(outbox.done, first[0].id, seconds(1), 55)
    assert not database.transact(outbox.done, first[0].id, seconds(1), 55)
    assert [(row.member_id, row.seq) for row in lease(database)] == [(one.id, 2)]
    row = database.read(lambda connection: connection.execute(select(table).where(table.c.id == first[0].id)).one())
    assert (row.state, row.sent_at, row.payload) == ("sent", seconds(1), {})


def test_a_lease_that_runs_out_is_given_again(database: Database) -> None:
    (one,) = people(database, "man")
    put(database, one, "a")
    assert len(lease(database)) == 1
    assert lease(database, seconds(29.9), owner="b") == []
    again = lease(database, seconds(30), owner="b")
    assert [(row.seq, row.attempts, row.lease_owner) for row in again] == [(1, 2, "b")]


def test_retry_holds_the_whole_lane_back(database: Database) -> None:
    one, two = people(database, "man", "woman")
    put(database, one, "a")
    put(database, one, "b")
    (row,) = lease(database)
    assert database.transact(outbox.retry, row.id, seconds(5))
    put(database, two, "a")
    assert [found.member_id for found in lease(database)] == [two.id]
    assert database.read(outbox.next_due) == NOW  # row b, which waits behind a
    assert [found.seq for found in lease(database, seconds(5))] == [1]


def test_a_dead_row_lets_its_lane_go_on(database: Database) -> None:
    (one,) = people(database, "man")
    for key in "abc":
        put(database, one, key)
    (row,) = lease(database)
    assert database.transact(outbox.dead, row.id, "Bad Request: " + "x" * 500, NOW)
    assert not database.transact(outbox.retry, row.id, NOW)
    assert [found.seq for found in lease(database)] == [2]
    assert database.transact(outbox.dead_lane, one.telegram_id, "blocked", NOW) == 2
    assert database.read(outbox.waiting) == 0
    assert database.read(outbox.next_due) is None
    rows = database.read(lambda connection: connection.execute(select(table)).all())
    assert {(found.state, found.payload == {}) for found in rows} == {("dead", True)}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_row_is_born_leased_unless_its_own_lane_is_busy(database: Database, fresh: bool) -> None:
    """What waits for somebody else, as for a chat that rests after 429, sends no message the long way."""
    one, two = people(database, "man", "woman")
    for member in (one, two):
        put(database, member, "first")
    (settled, waits) = lease(database)
    assert database.transact(outbox.done, settled.id, NOW)

    def write(connection: Connection) -> tuple[list[str], bool]:
        with outbox.born_leased(connection, "me", seconds(60), 5) as born:
            for member in (one, two):
                outbox.put(connection, member.id, "sendMessage", {}, "second", NOW, fresh=fresh)
        return [row.dedup_key for row in born.rows if row.member_id == one.id], born.others

    assert database.transact(write) == (["second"], True)
    assert sorted(database.read(outbox.owners)) == ["a", "me"]
    assert waits.member_id == two.id


def test_pause_and_release(database: Database) -> None:
    one, two = people(database, "man", "woman")
    put(database, one, "a")
    put(database, two, "a")
    assert len(lease(database)) == 2
    assert database.transact(outbox.release, "b") == 0
    assert database.transact(outbox.release, "a") == 2
    assert database.transact(outbox.pause_lane, one.telegram_id, seconds(9)) == 1
    assert [row.member_id for row in lease(database)] == [two.id]


def test_a_chat_of_no_member_has_a_lane_too(database: Database) -> None:
    (one,) = people(database, "man")
    put(database, one, "a")
    assert database.transact(outbox.put, None, "sendMessage", {}, "x", NOW, telegram_id=one.telegram_id)
    assert database.transact(outbox.put, None, "sendMessage", {}, "x", NOW, telegram_id=9001, not_before=seconds(3))
    assert [(row.telegram_id, row.member_id) for row in lease(database)] == [(one.telegram_id, one.id)]
    assert [(row.telegram_id, row.seq) for row in lease(database, seconds(3))] == [(9001, 1)]


def test_done_notes_where_the_message_arrived(database: Database) -> None:
    one, two, pair = matched(database)
    message = database.transact(messages.add, pair.id, one.id, 10, "text", NOW)
    put(database, two, "relay:10", message_id=message.id)
    (row,) = lease(database)
    assert row.message_id == message.id
    database.transact(outbox.done, row.id, NOW, 77)
    found = database.read(messages.by_recipient, two.id, 77)
    assert found is not None
    assert found.id == message.id


def test_forgetting_keeps_what_waits_and_the_numbers(database: Database) -> None:
    (one,) = people(database, "man")
    put(database, one, "a")
    put(database, one, "b")
    (row,) = lease(database)
    database.transact(outbox.done, row.id, NOW)
    assert database.transact(outbox.forget_before, NOW) == 0
    assert database.transact(outbox.forget_before, seconds(1)) == 1
    put(database, one, "c")
    assert [found.seq for found in lease(database)] == [2]


def test_many_writers_and_workers_lose_and_reorder_nothing(database: Database, database_url: str) -> None:
    """Four writers put into shared lanes while three workers on connections of their own send."""
    lanes = people(database, "man", "woman", "other")
    each, sent, failures = 25, defaultdict(list), []
    guard, writing_done = threading.Lock(), threading.Event()

    def write(writer: int) -> None:
        for number, member in itertools.product(range(each), lanes):
            key = f"{writer}:{number}"
            database.transact(lambda connection: [outbox.put(connection, member.id, "send", {}, key, NOW) for _ in range(2)])  # noqa: B023

    def work(worker: int) -> None:
        own = Database(DatabaseSettings(url=database_url))
        own.open(upgrade=False)
        while True:
            finished = writing_done.is_set()
            rows = own.transact(outbox.lease, f"worker {worker}", NOW, 30, 2)
            for row in rows:
                with guard:
                    sent[row.telegram_id].append(row.seq)
                own.transact(outbox.done, row.id, NOW)
            if finished and not rows and own.read(outbox.waiting) == 0:
                break
        own.close()

    def guarded(target: object, number: int) -> None:
        try:
            target(number)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 shown by the test
            failures.append(error)
            writing_done.set()

    writers = [threading.Thread(target=guarded, args=(write, number)) for number in range(4)]
    workers = [threading.Thread(target=guarded, args=(work, number)) for number in range(3)]
    for thread in writers + workers:
        thread.start()
    for thread in writers:
        thread.join()
    writing_done.set()
    for thread in workers:
        thread.join()
    assert not failures
    expected = list(range(1, 4 * each + 1))
    assert sent == {member.telegram_id: expected for member in lanes}
    assert database.read(members.by_id, lanes[0].id)


@pytest.mark.parametrize(
    ("statement", "given", "index"),
    [
        (outbox._PLACE, {"lane": 1}, "ix_outbox_state_telegram_id_seq"),
        (outbox._STEP, {"lane": 1}, "ix_outbox_state_telegram_id_seq"),
        (updates._KNOWN_ONE, {"number": 1, "person": 1}, "ix_updates_done_at_person_update_id"),
    ],
)
def test_sqlite_finds_what_waits_by_indexes_of_nothing_else(
    database: Database, statement: Swift, given: dict[str, int], index: str
) -> None:
    if not database.embedded:
        pytest.skip("MySQL has no partial indexes")

    def read(connection: Connection) -> tuple[str, str, set[str]]:
        held = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = ?", (index,)).scalar_one()
        plan = statement._plan(connection)
        rows = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + plan.text, tuple(plan.parameters(given))).all()
        return held, plan.text, {row.detail for row in rows if index in row.detail}

    definition, text, used = database.transact(read)
    assert " WHERE " in definition
    # A bound value would do as well, but prepared anew each time.
    assert index != "ix_outbox_state_telegram_id_seq" or "state = 'waiting'" in text
    assert all("SEARCH" in detail for detail in used)
    assert used
