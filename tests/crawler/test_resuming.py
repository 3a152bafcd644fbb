"""Where a crawl goes on: nothing that a file is called and nothing that a server answers ends it for ever."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.couples import Decision
from crawler.errors import Broken
from crawler.ingest import FAILURES_MAX, Ingest, Report
from crawler.sources.base import Source
from crawler.sources.commons import DEEPEST, Commons
from crawler.sources.folder import BATCH, Folder
from crawler.sources.instagram import Instagram
from crawler.sources.instaloader import Instaloader
from db import crawls
from db.session import Database
from engine.images import Decoded
from engine.settings import EngineSettings
from tests.crawler.servers.graph import TOKEN, USER, Graph, Memory, error
from tests.crawler.servers.instagram_web import InstagramWeb
from tests.crawler.servers.mediawiki import MediaWiki
from tests.crawler.servers.site import Asked, Reply, Site, Time, as_json, serving
from tests.crawler.sources.crawling import web

LIMIT = 1000


class Nobody:
    """In place of the models: no picture shows anybody."""

    def predict(self, data: bytes) -> Decision:
        return Decision(False, "no_face")

    def separate(self, photo: Decoded) -> Decision:
        return Decision(False, "no_face")


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return Ingest(database, Nobody(), None, EngineSettings())  # type: ignore[arg-type]


def state(database: Database, source: Source, query: str = "q") -> tuple[str, str]:
    (crawl,) = [one for one in database.read(crawls.everything) if (one.source, one.query) == (source.name, query)]
    return crawl.state, crawl.cursor


def rejected(report: Report) -> int:
    return sum(report.rejected.values())


def test_a_file_name_that_is_no_text_ends_no_crawl(ingest: Ingest, database: Database, tmp_path: Path) -> None:
    """It is the last of its batch, so that the crawl is stopped and gone on from there."""
    for number in range(BATCH - 1):
        (tmp_path / f"{number:03}.jpg").write_bytes(b"x%d" % number)
    for name in (b"a\xff.jpg", b"b\xff\n.jpg"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    assert ingest.run(Folder(tmp_path, LIMIT), "q", limit=BATCH).seen == BATCH
    assert state(database, Folder(tmp_path, LIMIT))[1] != "", "or this shows nothing"
    report = ingest.run(Folder(tmp_path, LIMIT), "q")
    assert (report.seen, rejected(report)) == (1, 1)
    assert state(database, Folder(tmp_path, LIMIT)) == ("done", "")


def offset(asked: Asked) -> int:
    return int(asked.query.get("gsroffset", "0"))


def after(asked: Asked) -> int:
    return int(asked.query.get("after", asked.query.get("max_id", "0")).rpartition("-")[2])


class Picky(Site):
    """Answers where `refusal` says nothing to a request."""

    refusal: Callable[[Asked], Reply | None] | None = None

    def answer(self, asked: Asked) -> Reply:
        refused = None if self.refusal is None else self.refusal(asked)
        return super().answer(asked) if refused is None else refused


class PickyWiki(Picky, MediaWiki):
    pass


class PickyGraph(Picky, Graph):
    pass


class PickyWeb(Picky, InstagramWeb):
    pass


@pytest.fixture
def wiki() -> Iterator[PickyWiki]:
    with serving(PickyWiki()) as site:
        site.fill(300)
        yield site


def collect(ingest: Ingest, site: Site, *, pictures: bool = False, **how: Any) -> Report:
    """One run, as the command makes it, of lists alone or also of pictures; the site's requests of it alone are kept."""
    site.asked.clear()
    with web(site, Time(), secrets=[TOKEN]) as client:
        source: Source
        if isinstance(site, MediaWiki):
            source = Commons(client, "couple", base=f"{site.base}/w/api.php", contact="ops@example.org")
        elif isinstance(site, Graph):
            source = Instagram(client, Memory(), ["couple", "love"], base=f"{site.base}/v23.0", token=TOKEN, user=USER)
        else:
            source = Instaloader(["couple", "love"], switch="on", base=site.base, rate=100.0, timeout=60.0, clock=Time().clock)
        if not pictures:
            source.read = lambda item: item.source_id.encode()  # type: ignore[method-assign]
        return ingest.run(source, "q", **how)


def named(database: Database) -> tuple[str, str]:
    (crawl,) = database.read(crawls.everything)
    return crawl.state, crawl.cursor


def badcontinue(asked: Asked) -> Reply | None:
    refused = as_json({"error": {"code": "badcontinue", "info": "Invalid continue param. You should pass the original value."}})
    return refused if offset(asked) >= 100 else None


def test_where_a_search_goes_no_deeper_it_is_done(
    ingest: Ingest, database: Database, wiki: PickyWiki, caplog: pytest.LogCaptureFixture
) -> None:
    about = {"code": DEEPEST, "info": "Up to 100 search results are supported, but results starting at 100 were requested."}
    wiki.refusal = lambda asked: as_json({"error": about}) if offset(asked) >= 100 else None
    for fresh in (0, 5):
        wiki.files = [wiki.file(9000 + number) for number in range(fresh)] + wiki.files
        with caplog.at_level(logging.WARNING):
            report = collect(ingest, wiki)
        assert (report.seen, report.duplicates) == (100, 95 if fresh else 0)
        assert named(database) == ("done", "")
        assert len(wiki.paths("api.php")) == 3
        assert "the search for 'couple' ends here" in caplog.text
        caplog.clear()


def test_a_place_that_is_refused_later_is_forgotten_once(
    ingest: Ingest, database: Database, wiki: PickyWiki, caplog: pytest.LogCaptureFixture
) -> None:
    assert collect(ingest, wiki, limit=150).seen == 150
    wiki.refusal = lambda asked: badcontinue(asked) if len(wiki.paths("api.php")) == 1 else None
    with caplog.at_level(logging.WARNING):
        report = collect(ingest, wiki)
    assert (report.seen, report.duplicates) == (300, 150)
    assert named(database) == ("done", "")
    assert "begins anew" in caplog.text


def test_a_place_that_is_refused_for_good_ends_the_crawl_and_not_all_later_ones(
    ingest: Ingest, database: Database, wiki: PickyWiki
) -> None:
    wiki.refusal = badcontinue
    for fresh in (0, 5):
        wiki.files = [wiki.file(9000 + number) for number in range(fresh)] + wiki.files
        with pytest.raises(Broken, match="badcontinue"):
            collect(ingest, wiki)
        assert named(database)[0] == "running", "somebody may look at it"
        report = collect(ingest, wiki)
        assert (report.seen, report.duplicates) == (100, 100), "the new ones were seen by the run before"
        assert named(database) == ("done", "")
        assert len(wiki.paths("api.php")) == 4


def test_what_has_nothing_to_do_with_a_place_is_raised(ingest: Ingest, database: Database, wiki: PickyWiki) -> None:
    collect(ingest, wiki, limit=60)
    wiki.refusal = lambda asked: as_json({"error": {"code": "gcminvalidcategory", "info": "no"}})
    for _ in range(2):
        with pytest.raises(Broken, match="gcminvalidcategory"):
            collect(ingest, wiki)
        assert len(wiki.paths("api.php")) <= 2
    wiki.refusal = None
    assert collect(ingest, wiki).seen == 300


@pytest.mark.parametrize("damaged", ["{", "[]", "x" * 9000])
def test_a_damaged_place_is_forgotten(ingest: Ingest, database: Database, wiki: PickyWiki, damaged: str) -> None:
    database.transact(crawls.save, "commons", "q", damaged, dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    assert collect(ingest, wiki).seen == 300
    assert named(database) == ("done", "")


def test_pictures_that_robots_forbid_are_passed_over_without_asking(ingest: Ingest, database: Database, wiki: PickyWiki) -> None:
    wiki.robots = "User-agent: *\nDisallow: /thumb/"
    report = collect(ingest, wiki, pictures=True)
    assert (report.seen, report.rejected["unreadable"]) == (300, 300)
    assert named(database) == ("done", "")
    assert (len(wiki.paths("robots")), len(wiki.paths("thumb"))) == (1, 0)
    wiki.robots, wiki.files = "", wiki.files[:10]
    assert collect(ingest, wiki, pictures=True).rejected["not_an_image"] == 10, "they are tried again"


def test_a_page_whose_pictures_are_refused_does_not_end_all_later_runs(ingest: Ingest, database: Database, wiki: PickyWiki) -> None:
    wiki.files = wiki.files[:120]
    wiki.refusal = lambda asked: Reply(403) if "thumb" in asked.path and int(asked.path.split("_")[1].split(".")[0]) < 50 else None
    with pytest.raises(Broken, match="in a row"):
        collect(ingest, wiki, pictures=True)
    assert len(wiki.paths("thumb")) == FAILURES_MAX
    report = collect(ingest, wiki, pictures=True)
    assert (report.seen, report.rejected["not_an_image"]) == (70, 70)
    assert named(database) == ("done", "")
    wiki.refusal, wiki.files = None, wiki.files[:60]
    report = collect(ingest, wiki, pictures=True)
    assert (report.duplicates, report.rejected["not_an_image"]) == (10, 50), "what was passed over is tried again"


@pytest.fixture(params=[PickyGraph, PickyWeb])
def hashtags(request: pytest.FixtureRequest) -> Iterator[Graph | InstagramWeb]:
    """Two hashtags; more than two pages of each."""
    with serving(request.param()) as site:
        site.media["couple"] = [site.picture(n) if isinstance(site, InstagramWeb) else site.image(n) for n in range(160)]
        site.media["love"] = [site.picture(n) if isinstance(site, InstagramWeb) else site.image(n) for n in range(200, 360)]
        yield site


def refused(site: Site) -> Reply:
    """As the Graph API and Instagram's pages answer to a place that they do not know."""
    expired = error(100, "Invalid parameter: the cursor has expired")
    return expired if isinstance(site, Graph) else as_json({"message": "invalid max_id", "status": "fail"}, 400)


def test_a_hashtag_begins_anew_where_its_place_is_refused(
    ingest: Ingest, database: Database, hashtags: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert collect(ingest, hashtags, limit=230).seen == 230, "it stops within the second hashtag"
    old: set[str] = set()

    def expired(asked: Asked) -> Reply | None:
        place = asked.query.get("after", asked.query.get("max_id", ""))
        if place and not old:
            old.add(place)
            return refused(hashtags)
        return None

    hashtags.refusal = expired
    with caplog.at_level(logging.WARNING):
        report = collect(ingest, hashtags)
    assert (report.seen, report.duplicates) == (160, 70), "the first hashtag is not read again"
    assert named(database) == ("done", "")
    assert "#love begins anew" in caplog.text


def test_a_hashtag_whose_pages_are_refused_for_good_does_not_keep_the_others_waiting(
    ingest: Ingest, database: Database, hashtags: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def never(asked: Asked) -> Reply | None:
        first = "couple" in asked.query.get("tag_name", "") + asked.path or (
            isinstance(hashtags, Graph) and hashtags.ids.get(asked.path.split("/")[2]) == "couple"
        )
        return refused(hashtags) if first and after(asked) >= 100 else None

    hashtags.refusal = never
    with pytest.raises(Broken):
        collect(ingest, hashtags)
    with caplog.at_level(logging.WARNING):
        report = collect(ingest, hashtags)
    assert report.rejected["not_an_image"] == 160, "all of the second hashtag"
    assert named(database) == ("done", "")
    assert "#couple ends after" in caplog.text
    assert len(hashtags.asked) < 20


def test_a_hashtag_that_cannot_be_read_at_all_is_no_refused_place(ingest: Ingest, database: Database, hashtags: Any) -> None:
    collect(ingest, hashtags, limit=60)
    hashtags.refusal = lambda asked: None if "ig_hashtag_search" in asked.path else refused(hashtags)
    for _ in range(2):
        with pytest.raises(Broken, match=r"code 100|\(400\)"):
            collect(ingest, hashtags)
        assert len(hashtags.asked) <= 4
    hashtags.refusal = None
    assert collect(ingest, hashtags).seen >= 160
