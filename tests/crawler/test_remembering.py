"""What the crawler remembers in the database, and the sources as they are made from the settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.errors import Refused
from crawler.httpcache import Kept
from crawler.remembering import DatabaseCache, DatabaseLedger
from crawler.settings import CrawlerSettings
from crawler.sources.remote import REMOTE, polite, remote
from db import crawls
from db.corpus_records import Cached
from db.session import Database
from db.settings import DatabaseSettings
from tests.crawler.servers.graph import TOKEN, USER, Graph
from tests.crawler.servers.mediawiki import MediaWiki
from tests.crawler.servers.openapi import CLIENT, SECRET, OpenApi
from tests.crawler.servers.site import Asked, Reply, Time, serving

DAY = 86_400.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/crawl.db"))
    database.open()
    yield database
    database.close()


def test_answers_are_kept_and_replaced(database: Database) -> None:
    cache = DatabaseCache(database)
    key = "a" * 64
    assert cache.get(key) is None
    cache.put(key, Kept('"v1"', "", b"\x00one"))
    cache.put(key, Kept('"v2"', "Sat, 21 Nov 2026 06:00:00 GMT", b"two"))
    assert DatabaseCache(database).get(key) == Kept('"v2"', "Sat, 21 Nov 2026 06:00:00 GMT", b"two")


def test_answers_of_long_ago_are_forgotten(database: Database) -> None:
    old = Cached('"v1"', "", "", b"old", dt.datetime.now(dt.UTC) - dt.timedelta(days=31))
    database.transact(crawls.cache, "a" * 64, old)
    DatabaseCache(database).put("b" * 64, Kept('"v1"', "", b"new"))
    assert DatabaseCache(database).get("a" * 64) is None
    assert DatabaseCache(database).get("b" * 64) is not None


def test_the_week_of_a_hashtag_runs_from_the_first_question(database: Database) -> None:
    ledger = DatabaseLedger(database)
    assert ledger.id_of("커플") is None
    three_days_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=8)
    database.transact(crawls.note_hashtag, "커플", "178", three_days_ago)
    database.transact(crawls.note_hashtag, "love", "179", long_ago)
    for tag, hashtag_id in (("커플", "178"), ("love", "179"), ("new", "180")):
        ledger.note(tag, hashtag_id)
    assert ledger.asked(7 * DAY) == {"커플", "love", "new"}
    assert ledger.asked(DAY) == {"love", "new"}
    assert ledger.id_of("커플") == "178"


def test_every_source_is_made_from_the_settings_and_says_what_it_lacks(database: Database) -> None:
    settings = CrawlerSettings()
    with polite(settings) as client:
        for name in REMOTE:
            source = remote(name, "couple", settings, client=client, ledger=DatabaseLedger(database))
            assert source.name == name
            with pytest.raises(Refused, match=rf"crawler\.({name}|contact)"):
                list(source.batches(""))
        with pytest.raises(KeyError):
            remote("myspace", "couple", settings, client=client, ledger=DatabaseLedger(database))
    assert TOKEN not in repr(replace(settings, instagram_token=TOKEN, naver_secret=TOKEN))


def test_a_list_that_did_not_change_is_not_sent_again_to_the_next_process(database: Database) -> None:
    class Tagged(MediaWiki):
        def answer(self, asked: Asked) -> Reply:
            if asked.headers.get("if-none-match") == '"same"':
                return Reply(304)
            reply = super().answer(asked)
            return Reply(reply.status, reply.body, {**reply.headers, "ETag": '"same"'})

    with serving(Tagged()) as wiki:
        wiki.fill(60)
        settings = CrawlerSettings(contact="ops@example.org", commons_base=f"{wiki.base}/w/api.php")
        found = []
        for _ in range(2):
            with polite(settings, DatabaseCache(database), Time().clock) as client:
                source = remote("commons", "Category:Couples", settings, client=client, ledger=DatabaseLedger(database))
                found.append([item.source_id for batch in source.batches("") for item in batch.items])
        assert found[0] == found[1]
        assert len(found[0]) == 60
        assert ["if-none-match" in asked.headers for asked in wiki.asked] == [False, False, True, True]


def test_sources_work_with_the_database_behind_them(database: Database) -> None:
    with serving(Graph()) as graph, serving(OpenApi()) as shop:
        graph.fill("couple", 60)
        shop.fill(10)
        settings = CrawlerSettings(
            instagram_base=f"{graph.base}/v23.0",
            instagram_token=TOKEN,
            instagram_user=USER,
            naver_base=shop.base,
            naver_id=CLIENT,
            naver_secret=SECRET,
        )
        with polite(settings, DatabaseCache(database), Time().clock) as client:
            for name, query, count in (("instagram", "#couple, 없음", 60), ("naver", "린넨 셔츠", 10)):
                source = remote(name, query, settings, client=client, ledger=DatabaseLedger(database))
                items = [item for batch in source.batches("") for item in batch.items]
                assert len(items) == count
                assert source.read(items[0])
    assert DatabaseLedger(database).asked(DAY) == {"couple"}
