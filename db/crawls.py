"""How far sources were read, which hashtags were asked about, and what servers answered before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import writing
from db.corpus_records import Cached, Crawl
from db.corpus_tables import crawls, hashtags, http_cache


def cursor(connection: Connection, source: str, query: str) -> str:
    """Where to go on with a query, "" for its beginning."""
    where = (crawls.c.source == source, crawls.c.query == query)
    return connection.scalar(select(crawls.c.cursor).where(*where)) or ""


def save(
    connection: Connection,
    source: str,
    query: str,
    cursor: str,
    now: dt.datetime,
    *,
    state: str = "running",
    figures: Mapping[str, Any] | None = None,
) -> None:
    """Note where to go on; in the transaction that stores what was read up to there."""
    row = {"source": source, "query": query, "cursor": cursor, "state": state, "figures": dict(figures or {}), "updated_at": now}
    writing.upsert(connection, crawls, [row])


def everything(connection: Connection) -> list[Crawl]:
    """All queries, the one that moved last first."""
    rows = connection.execute(select(crawls).order_by(crawls.c.updated_at.desc(), crawls.c.source, crawls.c.query))
    return [Crawl(**row) for row in rows.mappings()]


def hashtag(connection: Connection, tag: str) -> str | None:
    """The id that the API gave a hashtag: asking for it again would be one of the few allowed questions."""
    return connection.scalar(select(hashtags.c.hashtag_id).where(hashtags.c.tag == tag))


def note_hashtag(connection: Connection, tag: str, hashtag_id: str, now: dt.datetime) -> None:
    """Note that a hashtag was asked about."""
    writing.upsert(connection, hashtags, [{"tag": tag, "hashtag_id": hashtag_id, "queried_at": now}])


def hashtags_since(connection: Connection, when: dt.datetime) -> set[str]:
    """The hashtags that were asked about at or after `when`."""
    return set(connection.scalars(select(hashtags.c.tag).where(hashtags.c.queried_at >= when)))


def cached(connection: Connection, url_hash: str) -> Cached | None:
    """What a server answered for an address (its SHA-256 in hexadecimal)."""
    columns = [column for column in http_cache.c if column.name != "url_hash"]
    row = connection.execute(select(*columns).where(http_cache.c.url_hash == url_hash)).mappings().one_or_none()
    return None if row is None else Cached(**row)


def cache(connection: Connection, url_hash: str, answer: Cached) -> None:
    """Keep what a server answered, in place of what it answered before."""
    row = {
        "url_hash": url_hash,
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "content_type": answer.content_type,
        "at": answer.at,
        "body": answer.body,
    }
    writing.upsert(connection, http_cache, [row])


def forget_cached_before(connection: Connection, when: dt.datetime) -> int:
    """Forget answers from before `when`; how many there were."""
    return connection.execute(http_cache.delete().where(http_cache.c.at < when)).rowcount
