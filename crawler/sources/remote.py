"""The sources that are reached over the network, made from the settings and what somebody asked for."""

from __future__ import annotations

from collections.abc import Callable

from crawler.http import PoliteClient, agent
from crawler.httpcache import HttpCache
from crawler.pacing import Clock
from crawler.settings import CrawlerSettings
from crawler.sources.base import Source
from crawler.sources.commons import Commons
from crawler.sources.instagram import Instagram, Ledger
from crawler.sources.instaloader import Instaloader
from crawler.sources.naver import Naver

REMOTE = ("instagram", "instaloader", "commons", "naver")


def polite(settings: CrawlerSettings, cache: HttpCache | None = None, clock: Clock | None = None) -> PoliteClient:
    """The client that all of them but instaloader share; the caller closes it."""
    return PoliteClient(
        agent(settings.contact),
        rate=settings.rate,
        attempts=settings.attempts,
        patience=settings.patience,
        timeout=settings.timeout,
        trusted=(settings.instagram_base, settings.commons_base, settings.naver_base),
        secrets=(settings.instagram_token, settings.naver_id, settings.naver_secret),
        cache=cache,
        clock=clock,
    )


def remote(
    name: str,
    query: str,
    settings: CrawlerSettings,
    *,
    client: PoliteClient,
    ledger: Ledger,
    max_bytes: int = 20_000_000,
    clock: Clock | None = None,
) -> Source:
    """The source `name` (one of `REMOTE`) for `query`.

    For Instagram and instaloader the query is hashtags, separated by spaces or commas; for Commons a category ("Category:…") or
    words to search for; for Naver words to search for.  `max_bytes`: of one picture.

    Raises:
        KeyError: there is no such source.

    """
    tags = query.replace(",", " ").split()
    made: dict[str, Callable[[], Source]] = {
        "instagram": lambda: Instagram(
            client,
            ledger,
            tags,
            base=settings.instagram_base,
            token=settings.instagram_token,
            user=settings.instagram_user,
            edge=settings.instagram_edge,
            max_bytes=max_bytes,
        ),
        "instaloader": lambda: Instaloader(
            tags,
            switch=settings.instaloader,
            user=settings.instaloader_user,
            session=settings.instaloader_session,
            base=settings.instaloader_base,
            rate=settings.rate,
            attempts=settings.attempts,
            patience=settings.patience,
            timeout=settings.timeout,
            max_bytes=max_bytes,
            clock=clock,
        ),
        "commons": lambda: Commons(
            client, query, base=settings.commons_base, contact=settings.contact, width=settings.commons_width, max_bytes=max_bytes
        ),
        "naver": lambda: Naver(
            client,
            query,
            base=settings.naver_base,
            client_id=settings.naver_id,
            client_secret=settings.naver_secret,
            max_bytes=max_bytes,
        ),
    }
    return made[name]()
