"""What the crawler remembers between two runs, in the database: answers, and which hashtags were asked about."""

from __future__ import annotations

import datetime as dt

from crawler.httpcache import Kept
from db import crawls
from db.corpus_records import Cached
from db.session import Connection, Database

KEEP = dt.timedelta(days=30)
"""How long answers are kept: each night the job `retention` forgets what is older, and so does a crawl before it keeps its first."""


class DatabaseCache:
    """`crawler.httpcache.HttpCache` in the table `http_cache`."""

    def __init__(self, database: Database) -> None:
        """Store `database`, which must be open by the first use."""
        self._database = database
        self._tidy = False

    def get(self, key: str) -> Kept | None:
        """The answer kept under `key`."""
        row = self._database.read(crawls.cached, key)
        return Kept(row.etag, row.last_modified, row.body) if row and row.body is not None else None

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer in place of the one before; the first time, answers of long ago are forgotten."""
        now = dt.datetime.now(dt.UTC)
        if not self._tidy:
            self._database.transact(crawls.forget_cached_before, now - KEEP)
            self._tidy = True
        self._database.transact(crawls.cache, key, Cached(kept.etag, kept.last_modified, "", kept.body, now))


class DatabaseLedger:
    """`crawler.sources.instagram.Ledger` in the table `hashtags`."""

    def __init__(self, database: Database) -> None:
        """Store `database`, which must be open by the first use."""
        self._database = database

    def id_of(self, tag: str) -> str | None:
        """The id of a hashtag, where it is known."""
        return self._database.read(crawls.hashtag, tag)

    def asked(self, seconds: float) -> set[str]:
        """The hashtags that were first asked about within the last `seconds`."""
        return self._database.read(crawls.hashtags_since, dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds))

    def note(self, tag: str, hashtag_id: str) -> None:
        """A hashtag was asked about now, unless it was within the last week already: its week runs from the first question."""
        now = dt.datetime.now(dt.UTC)

        def noted(connection: Connection) -> None:
            if tag not in crawls.hashtags_since(connection, now - dt.timedelta(days=7)):
                crawls.note_hashtag(connection, tag, hashtag_id, now)

        self._database.transact(noted)
