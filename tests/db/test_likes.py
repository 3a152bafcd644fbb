"""Likes, skips and the one match of two likes."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import pytest
from sqlalchemy import func, select

from db import likes, outbox, pairs, photos, safety
from db.records import Outcome, Pair
from db.session import Connection, Database
from db.settings import DatabaseSettings
from db.tables import likes as like_table
from db.tables import outbox as outbox_table
from db.tables import pairs as pair_table
from tests.db.people import NOW, people, person

LATER = NOW + dt.timedelta(seconds=1)
RACES = 1000


def test_two_likes_make_one_match_for_the_second(database: Database) -> None:
    one, two = people(database, "man", "woman")
    assert database.transact(likes.mark, two.id, one.id, True, NOW) == Outcome(None, True)
    outcome = database.transact(likes.mark, one.id, two.id, True, LATER)
    assert outcome.first
    pair = outcome.match
    assert pair is not None
    assert (pair.lo, pair.hi, pair.matched_at, pair.open, pair.ended_by) == (one.id, two.id, LATER, True, None)
    assert database.read(pairs.between, two.id, one.id) == database.read(pairs.by_id, pair.id) == pair
    assert database.read(pairs.of_member, one.id) == database.read(pairs.of_member, two.id) == [pair]
    assert (pair.partner(one.id), pair.partner(two.id)) == (two.id, one.id)


def test_a_second_tap_changes_nothing(database: Database) -> None:
    one, two = people(database, "man", "woman")
    assert database.transact(likes.mark, one.id, two.id, True, NOW).first
    assert database.transact(likes.mark, one.id, two.id, True, LATER) == Outcome(None, False)
    assert database.transact(likes.mark, one.id, two.id, False, LATER) == Outcome(None, False)
    assert database.transact(likes.mark, two.id, one.id, True, LATER).match is not None
    for who, whom in ((one.id, two.id), (two.id, one.id)):
        assert database.transact(likes.mark, who, whom, True, LATER) == Outcome(None, False)


def test_a_skip_is_final_unless_the_other_likes(database: Database) -> None:
    one, two = people(database, "man", "woman")
    assert database.transact(likes.mark, one.id, two.id, False, NOW) == Outcome(None, True)
    assert database.transact(likes.mark, one.id, two.id, True, NOW) == Outcome(None, False)
    assert database.transact(likes.mark, two.id, one.id, True, NOW) == Outcome(None, True)
    assert database.read(likes.received, one.id) == []
    assert database.read(likes.received, one.id, skipped=True) == [two.id]
    assert database.transact(likes.mark, one.id, two.id, True, LATER).match is not None


def test_an_ended_pair_never_opens_again(database: Database) -> None:
    one, two = people(database, "man", "woman")
    database.transact(likes.mark, one.id, two.id, True, NOW)
    pair = database.transact(likes.mark, two.id, one.id, True, NOW).match
    assert pair is not None
    assert database.transact(pairs.end, pair.id, one.id, "unmatch", LATER)
    assert not database.transact(pairs.end, pair.id, two.id, "unmatch", LATER)
    for who, whom in ((one.id, two.id), (two.id, one.id)):
        assert database.transact(likes.mark, who, whom, True, LATER) == Outcome(None, False)
    ended = database.read(pairs.between, one.id, two.id)
    assert ended is not None
    assert (ended.open, ended.ended_by, ended.end_reason, ended.ended_at) == (False, one.id, "unmatch", LATER)
    assert database.read(pairs.of_member, one.id) == []
    assert database.read(pairs.of_member, one.id, False) == [ended]


def test_received_lists_unanswered_likes_newest_first(database: Database) -> None:
    me, *others = people(database, "woman", "man", "man", "woman", "other", "man")
    for seconds, other in enumerate(others):
        database.transact(likes.mark, other.id, me.id, True, NOW + dt.timedelta(seconds=seconds))
    database.transact(likes.mark, me.id, others[1].id, False, NOW)
    database.transact(safety.block, others[2].id, me.id, NOW)
    database.transact(safety.ban, others[4].id, NOW)
    assert database.read(likes.received, me.id) == [others[3].id, others[0].id]
    assert database.read(likes.received, me.id, limit=1) == [others[3].id]
    assert database.read(likes.received, others[0].id) == []


def test_answers_that_must_do_nothing(database: Database) -> None:
    one, two, three = people(database, "man", "woman", "woman")
    database.transact(safety.block, two.id, one.id, NOW)
    database.transact(safety.ban, three.id, NOW)
    for whom in (two.id, three.id, three.id + 1000):
        assert database.transact(likes.mark, one.id, whom, True, NOW) == Outcome(None, False)
    assert database.transact(likes.mark, three.id + 1000, one.id, True, NOW) == Outcome(None, False)
    with pytest.raises(ValueError, match="themselves"):
        database.transact(likes.mark, one.id, one.id, True, NOW)


def test_partners_get_numbers_that_never_repeat(database: Database) -> None:
    me, *others = people(database, "woman", "man", "man", "man")
    seen = []
    for other in others:
        database.transact(likes.mark, other.id, me.id, True, NOW)
        pair = database.transact(likes.mark, me.id, other.id, True, NOW).match
        assert pair is not None
        seen.append(pair.alias_of(other.id))
        assert pair.alias_of(me.id) == 0  # each of them knows only one person
        database.transact(pairs.end, pair.id, me.id, "unmatch", NOW)
    assert seen == [0, 1, 2]


def _answer(connection: Connection, who: int, whom: int) -> Pair | None:
    """What the bot does on a like: tell both of a match, in the same transaction."""
    match = likes.mark(connection, who, whom, True, NOW).match
    if match is not None:
        for member_id in (match.lo, match.hi):
            outbox.put(connection, member_id, "sendMessage", {"text": "match"}, f"match:{match.id}", NOW)
    return match


@pytest.mark.slow
def test_simultaneous_likes_make_exactly_one_match_in_every_race(database: Database, database_url: str) -> None:
    """Two processes' worth of connections answer at the same moment, a thousand times."""
    second = Database(DatabaseSettings(url=database_url))
    second.open(upgrade=False)
    # Each race has two members of its own; without photos, which a like does not need.
    ids = database.transact(lambda connection: [person(connection, photo=False).id for _ in range(2 * RACES)])
    races = list(zip(ids[::2], ids[1::2], strict=True))
    # A new row already keeps the second one waiting; every other race starts with the row there, so that the lock must do it.
    database.transact(lambda connection: [likes.lock(connection, *race) for race in races[::2]])
    barrier = threading.Barrier(2, timeout=60)
    matches: list[list[Pair | None]] = [[], []]
    failures: list[BaseException] = []

    def like(side: int, own: Database) -> None:
        try:
            for race in races:
                barrier.wait()
                matches[side].append(own.transact(_answer, race[side], race[1 - side]))
        except BaseException as error:  # noqa: BLE001 shown by the test
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=like, args=(side, own)) for side, own in enumerate((database, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    assert not failures
    made = Counter((left is not None) + (right is not None) for left, right in zip(*matches, strict=True))
    assert made == {1: RACES}
    told = select(outbox_table.c.member_id, func.count()).group_by(outbox_table.c.member_id)
    assert database.read(lambda connection: connection.scalar(select(func.count()).select_from(pair_table))) == RACES
    assert {count for _, count in database.read(lambda connection: connection.execute(told).all())} == {1}
    assert database.read(outbox.waiting) == 2 * RACES
    # Both sides must really have won at times, or the test raced nothing.
    assert min(sum(match is not None for match in side) for side in matches) > 0


def test_a_block_and_a_like_at_once_never_leave_an_open_pair(database: Database, database_url: str) -> None:
    second = Database(DatabaseSettings(url=database_url))
    second.open(upgrade=False)
    for _ in range(50):
        one, two = people(database, "man", "woman")
        database.transact(likes.mark, one.id, two.id, True, NOW)
        barrier = threading.Barrier(2, timeout=60)

        def block(one: int = one.id, two: int = two.id, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            second.transact(safety.block, one, two, NOW)

        thread = threading.Thread(target=block)
        thread.start()
        barrier.wait()
        database.transact(likes.mark, two.id, one.id, True, NOW)
        thread.join()
        pair = database.read(pairs.between, one.id, two.id)
        assert pair is None or not pair.open
    second.close()


def test_the_row_is_canonical(database: Database) -> None:
    one, two = people(database, "man", "woman")
    database.transact(likes.mark, two.id, one.id, False, NOW)
    row = database.read(lambda connection: connection.execute(select(like_table)).one())
    assert tuple(row) == (one.id, two.id, None, 0, None, NOW)
    assert database.read(photos.of, one.id)
