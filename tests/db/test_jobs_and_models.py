"""Runs of jobs, versions of the types, crawls: their states change as their modules say, once."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from db import crawls, jobs, members, models
from db.corpus_records import Cached
from db.errors import NotFound
from db.session import Database
from tests.db.people import NOW, people

MINUTE = dt.timedelta(minutes=1)


def test_a_run_from_wish_to_result(database: Database) -> None:
    run = database.transact(jobs.queue, "collect", "schedule", {"query": "커플"}, NOW)
    assert [one.id for one in database.read(jobs.queued)] == [run]
    assert not database.transact(jobs.beat, run, NOW)
    assert database.transact(jobs.start, run, NOW + MINUTE)
    assert not database.transact(jobs.start, run, NOW)
    assert database.transact(jobs.beat, run, NOW + 2 * MINUTE, {"done": 3, "total": 9})
    assert database.transact(jobs.beat, run, NOW + 3 * MINUTE)
    (running,) = database.read(jobs.running, "collect")
    assert (running.progress, running.arguments, running.heartbeat_at) == ({"done": 3, "total": 9}, {"query": "커플"}, NOW + 3 * MINUTE)
    assert database.read(jobs.running, "learn") == []
    assert database.transact(jobs.finish, run, "done", {"accepted": 3}, NOW + 4 * MINUTE)
    assert not database.transact(jobs.finish, run, "failed", {}, NOW)
    assert not database.transact(jobs.beat, run, NOW)
    ended = database.read(jobs.by_id, run)
    assert ended is not None
    assert (ended.state, ended.result, ended.queued_at, ended.started_at) == ("done", {"accepted": 3}, NOW, NOW + MINUTE)
    assert database.transact(jobs.forget_before, NOW + MINUTE) == 0
    assert database.transact(jobs.forget_before, NOW + 5 * MINUTE) == 1
    assert database.read(jobs.by_id, run) is None


def test_silent_runs_are_buried(database: Database) -> None:
    silent, alive, waiting = (database.transact(jobs.queue, job, "1", {}, NOW) for job in ("learn", "retype", "learn"))
    database.transact(jobs.start, silent, NOW)
    database.transact(jobs.start, alive, NOW + 5 * MINUTE)
    (buried,) = database.transact(jobs.bury, NOW + MINUTE, NOW + 6 * MINUTE)
    assert (buried.id, buried.state, buried.finished_at) == (silent, "killed", NOW + 6 * MINUTE)
    assert database.transact(jobs.bury, NOW + MINUTE, NOW) == []
    assert [(run.id, run.state) for run in database.read(jobs.recent, 2)] == [(waiting, "queued"), (alive, "running")]
    assert [run.id for run in database.read(jobs.recent, job="learn")] == [waiting, silent]


def test_a_run_is_started_once(database: Database) -> None:
    run = database.transact(jobs.queue, "learn", "1", {}, NOW)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: database.transact(jobs.start, run, NOW), range(8))) == 1


def test_an_erased_admin_is_named_no_more(database: Database) -> None:
    (admin,) = people(database, "other")
    run = database.transact(jobs.queue, "learn", str(admin.telegram_id), {"note": 1}, NOW)
    database.transact(members.erase, admin.id, NOW)
    left = database.read(jobs.by_id, run)
    assert left is not None
    assert left.requested_by.startswith("erased:")
    assert left.arguments == {}


def test_one_version_is_published(database: Database) -> None:
    assert database.read(models.current) is None
    first = database.transact(models.add, "v1", {"k": 3}, NOW)
    assert (first.state, first.activated_at) == ("candidate", None)
    database.transact(models.add, "v2", {}, NOW + MINUTE)
    database.transact(models.add, "v3", {}, NOW + 2 * MINUTE)
    assert database.transact(models.activate, "v1", NOW) is None
    assert database.transact(models.activate, "v2", NOW + MINUTE) == "v1"
    assert database.transact(models.activate, "v2", NOW + 9 * MINUTE) == "v2"
    assert database.transact(models.refuse, "v3")
    assert not database.transact(models.refuse, "v2")
    assert [(one.version, one.state) for one in database.read(models.versions)] == [
        ("v3", "refused"),
        ("v2", "published"),
        ("v1", "retired"),
    ]
    assert database.transact(models.activate, "v1", NOW + 3 * MINUTE) == "v2"
    current = database.read(models.current)
    assert current is not None
    assert (current.version, current.activated_at, current.manifest) == ("v1", NOW + 3 * MINUTE, {"k": 3})
    assert database.transact(models.add, "v1", {"k": 4}, NOW).state == "published"
    assert not database.transact(models.forget, "v1")
    assert database.transact(models.forget, "v3")
    assert database.read(models.by_version, "v3") is None
    with pytest.raises(NotFound):
        database.transact(models.activate, "v3", NOW)


def test_two_publish_at_once(database: Database) -> None:
    names = [f"v{number}" for number in range(4)]
    for name in names:
        database.transact(models.add, name, {}, NOW)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: database.transact(models.activate, name, NOW), names * 3))
    assert sorted(one.state for one in database.read(models.versions)) == ["published", "retired", "retired", "retired"]


def test_crawls_go_on_where_they_were(database: Database) -> None:
    assert database.read(crawls.cursor, "instagram", "커플") == ""
    database.transact(crawls.save, "instagram", "커플", "page 2", NOW)
    database.transact(crawls.save, "instagram", "커플룩", "page 9", NOW + MINUTE)
    database.transact(crawls.save, "instagram", "커플", "page 3" * 100, NOW + 2 * MINUTE, state="done", figures={"seen": 50})
    assert database.read(crawls.cursor, "instagram", "커플") == "page 3" * 100
    rows = database.read(crawls.everything)
    assert [(row.query, row.state, row.figures) for row in rows] == [("커플", "done", {"seen": 50}), ("커플룩", "running", {})]


def test_hashtags_of_the_last_days(database: Database) -> None:
    database.transact(crawls.note_hashtag, "커플", "17", NOW)
    database.transact(crawls.note_hashtag, "couple", "18", NOW + MINUTE)
    assert database.read(crawls.hashtag, "커플") == "17"
    assert database.read(crawls.hashtag, "COUPLE") is None
    assert database.read(crawls.hashtags_since, NOW) == {"커플", "couple"}
    assert database.read(crawls.hashtags_since, NOW + MINUTE) == {"couple"}


def test_answers_are_kept(database: Database) -> None:
    answer = Cached('"1"', "Sat, 21 Nov 2026 12:00:00 GMT", "application/json", b"\0" * 70_000, NOW)
    database.transact(crawls.cache, "a" * 64, answer)
    assert database.read(crawls.cached, "a" * 64) == answer
    newer = Cached("", "", "", None, NOW + MINUTE)
    database.transact(crawls.cache, "a" * 64, newer)
    assert database.read(crawls.cached, "a" * 64) == newer
    assert database.transact(crawls.forget_cached_before, NOW + MINUTE) == 0
    assert database.transact(crawls.forget_cached_before, NOW + 2 * MINUTE) == 1
    assert database.read(crawls.cached, "a" * 64) is None
