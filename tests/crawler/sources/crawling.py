"""What tests of all sources share."""

from __future__ import annotations

from typing import Any

from crawler.http import PoliteClient, agent
from crawler.sources.base import Batch, Item, Source
from tests.crawler.servers.site import Site, Time


def web(site: Site, time: Time, **options: Any) -> PoliteClient:
    """A client that may ask `site` and whose waits take no time."""
    whole = {"rate": 1000.0, "attempts": 3, "patience": 60.0, "timeout": 60.0, "trusted": [site.base], "seed": 1, "clock": time.clock}
    return PoliteClient(agent("ops@example.org"), **{**whole, **options})


def ids(batches: list[Batch]) -> list[str]:
    """Ids of all items, in order."""
    return [item.source_id for batch in batches for item in batch.items]


def resumed(make: Any, cut: int) -> list[Item]:
    """All items where the crawl is killed after every `cut` batches and a new source goes on from the last stored cursor."""
    found: list[Item] = []
    cursor = ""
    for _ in range(200):
        source: Source = make()
        count = 0
        for batch in source.batches(cursor):
            found += batch.items
            cursor = batch.cursor
            count += 1
            if count == cut:
                break
        if count < cut:
            return found
    raise AssertionError("it never ends")
