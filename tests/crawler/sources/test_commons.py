"""The Commons source against a server that behaves as the action API's documentation says, and against everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crawler.errors import Broken, CrawlError, Gone, Refused, Throttled
from crawler.http import PoliteClient, agent
from crawler.sources.base import Item
from crawler.sources.commons import Commons
from crawler.sources.reading import END
from tests.crawler.servers.mediawiki import MediaWiki, maxlag
from tests.crawler.servers.site import GARBAGE, RESET, Reply, Time, as_json, page, serving
from tests.crawler.sources.crawling import ids, resumed, web

FREE = {
    "LicenseShortName": "CC BY-SA 4.0",
    "Artist": '<a href="//commons.wikimedia.org/wiki/User:Mina" title="User:Mina">Mina &amp; Jun</a>',
    "ImageDescription": "<p>A couple at the <b>sea</b></p>",
    "Restrictions": "personality",
}


@pytest.fixture
def wiki() -> Iterator[MediaWiki]:
    with serving(MediaWiki()) as wiki:
        yield wiki


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(wiki: MediaWiki, time: Time) -> Iterator[PoliteClient]:
    with web(wiki, time) as client:
        yield client


def source(client: PoliteClient, wiki: MediaWiki, query: str = "Category:Couples", **options: Any) -> Commons:
    return Commons(client, query, **{"base": f"{wiki.base}/w/api.php", "contact": "ops@example.org", "width": 960, **options})


@pytest.mark.parametrize("query", ["Category:Couples", "couple portrait"])
def test_all_files_are_read_once(client: PoliteClient, wiki: MediaWiki, query: str) -> None:
    wiki.fill(120)
    batches = list(source(client, wiki, query).batches(""))
    assert ids(batches) == [str(1000 + number) for number in range(120)]
    assert batches[-1].cursor == END
    first = wiki.asked[0].query
    assert first["maxlag"] == "5"
    if query.startswith("Category"):
        assert (first["generator"], first["gcmtitle"], first["gcmtype"]) == ("categorymembers", "Category:Couples", "file")
    else:
        assert (first["generator"], first["gsrsearch"], first["gsrnamespace"]) == ("search", "filetype:bitmap couple portrait", "6")


@pytest.mark.parametrize("at_once", [50, 7])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_killed_crawl_loses_and_doubles_nothing(client: PoliteClient, wiki: MediaWiki, at_once: int, cut: int) -> None:
    wiki.info_at_once = at_once
    wiki.fill(120)
    found = resumed(lambda: source(client, wiki), cut)
    assert [item.source_id for item in found] == [str(1000 + number) for number in range(120)]


def test_licence_and_author_are_kept(client: PoliteClient, wiki: MediaWiki) -> None:
    wiki.fill(1, about=FREE)
    wiki.fill(1, about={"UsageTerms": "Public domain", "Attribution": "City of Seoul", "Artist": "X"}, width=500)
    wiki.fill(1)
    (batch,) = source(client, wiki).batches("")
    assert batch.items[0] == Item(
        source="commons",
        source_id="1000",
        url=f"{wiki.base}/thumb/Couple_0.jpg/960px-Couple_0.jpg",
        page="https://commons.wikimedia.org/wiki/File:Couple_0.jpg",
        licence="CC BY-SA 4.0",
        author="Mina & Jun",
        tags=("restriction:personality",),
        caption="A couple at the sea",
    )
    assert (batch.items[1].licence, batch.items[1].author) == ("Public domain", "City of Seoul")
    assert batch.items[1].url.endswith("/original/Couple_1.jpg"), "small originals have no thumbnail"
    assert (batch.items[2].licence, batch.items[2].author) == ("unknown", "")


def test_only_pictures_of_people_are_taken(client: PoliteClient, wiki: MediaWiki) -> None:
    for mime in ("image/svg+xml", "video/webm", "application/pdf", "audio/ogg", "image/gif"):
        wiki.fill(1, mime=mime)
    wiki.fill(1, mime="image/png")
    assert ids(list(source(client, wiki).batches(""))) == ["1005"]


def test_lag_is_waited_for(client: PoliteClient, wiki: MediaWiki, time: Time) -> None:
    wiki.fill(3)
    wiki.fail(maxlag(), part="api.php", times=2)
    assert len(ids(list(source(client, wiki).batches("")))) == 3
    assert [wait for wait in time.slept if wait >= 5.0] == [wait for wait in time.slept if 5.0 <= wait <= 6.0]
    assert len([wait for wait in time.slept if wait >= 5.0]) == 2


def test_a_loop_of_pages_ends(client: PoliteClient, wiki: MediaWiki) -> None:
    wiki.fill(200)
    wiki.loop = True
    batches = list(source(client, wiki).batches(""))
    assert len(batches) == 2
    assert batches[-1].cursor == END


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (maxlag(), Throttled),
        (as_json({"error": {"code": "ratelimited", "info": "You've exceeded your rate limit."}}), Throttled),
        (page(429, Retry_After="600"), Throttled),
        (as_json({"error": {"code": "internal_api_error_DBQueryError", "info": "[x] Caught exception"}}), Broken),
        (as_json({"error": {"code": "badcontinue", "info": "Invalid continue param."}}), Broken),
        (as_json({"error": {"code": "gcminvalidcategory", "info": "The category name you entered is not valid."}}), Broken),
        (as_json({"error": {"code": "blocked", "info": "You have been blocked from editing."}}, 200), Refused),
        (page(403), Refused),
        (page(401), Refused),
        (page(404), Gone),
        (page(503), Broken),
        (Reply(200, b'{"batchcomplete": true, "query": {"pages": [{"pageid"'), Broken),
        (RESET, Broken),
    ],
)
def test_errors_are_told_apart(client: PoliteClient, wiki: MediaWiki, reply: Reply, kind: type[CrawlError]) -> None:
    wiki.fill(120)
    wiki.fail(reply, part="api.php", times=100, after=1)
    crawl = source(client, wiki).batches("")
    first = next(crawl)
    with pytest.raises(kind):
        next(crawl)
    wiki.faults.clear()
    with web(wiki, Time()) as fresh:
        rest = list(source(fresh, wiki).batches(first.cursor))
    assert ids([first, *rest]) == [str(1000 + number) for number in range(120)]


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_breaks_nothing_but_the_crawl(client: PoliteClient, wiki: MediaWiki, body: bytes) -> None:
    wiki.fail(Reply(200, body), part="api.php", times=100)
    try:
        batches = list(source(client, wiki).batches(""))
    except CrawlError:
        return
    assert ids(batches) == []


def test_who_cannot_be_reached_asks_nothing(client: PoliteClient, wiki: MediaWiki, time: Time) -> None:
    with pytest.raises(Refused, match=r"crawler\.contact"):
        list(source(client, wiki, contact=" ").batches(""))
    with pytest.raises(Refused, match="category"):
        list(source(client, wiki, "  ").batches(""))
    assert wiki.asked == []
    with PoliteClient(agent(""), trusted=[wiki.base], clock=time.clock) as anonymous, pytest.raises(Refused, match=r"crawler\.contact"):
        list(source(anonymous, wiki).batches(""))


def test_thumbnails_are_fetched_as_robots_allow(client: PoliteClient, wiki: MediaWiki) -> None:
    wiki.fill(1)
    crawler = source(client, wiki)
    (batch,) = crawler.batches("")
    assert crawler.read(batch.items[0]).startswith(b"\xff\xd8")
    assert wiki.paths() == ["/w/api.php", "/robots.txt", "/thumb/Couple_0.jpg/960px-Couple_0.jpg"]
    wiki.fail(page(404), part="thumb")
    with pytest.raises(Gone):
        crawler.read(batch.items[0])
