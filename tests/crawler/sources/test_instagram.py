"""The Graph API source against a server that behaves as documented, and against everything else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.errors import Broken, CrawlError, Gone, Refused, Throttled
from crawler.http import PoliteClient
from crawler.sources.base import Item
from crawler.sources.instagram import DAY, Instagram
from crawler.sources.reading import END
from tests.crawler.servers.graph import TOKEN, USER, Graph, Memory, error
from tests.crawler.servers.site import GARBAGE, RESET, Reply, Time, as_json, page, serving
from tests.crawler.sources.crawling import ids, resumed, web


@pytest.fixture
def graph() -> Iterator[Graph]:
    with serving(Graph()) as graph:
        yield graph


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(graph: Graph, time: Time) -> Iterator[PoliteClient]:
    with web(graph, time, secrets=[TOKEN]) as client:
        yield client


@pytest.fixture
def ledger() -> Memory:
    return Memory()


def source(client: PoliteClient, graph: Graph, ledger: Memory, *tags: str, **options: Any) -> Instagram:
    whole = {"base": f"{graph.base}/v23.0", "token": TOKEN, "user": USER, **options}
    return Instagram(client, ledger, tags or ("couple",), **whole)


@pytest.mark.parametrize("constant", [False, True], ids=["cursor a page", "one cursor for all, as documented"])
def test_all_pages_of_all_hashtags_are_read_once(client: PoliteClient, graph: Graph, ledger: Memory, constant: bool) -> None:
    graph.constant_cursor = constant
    graph.fill("couple", 120)
    graph.media["커플"] = [graph.image(number, "#커플") for number in range(110, 180)]
    batches = list(source(client, graph, ledger, "#Couple", "커플").batches(""))
    assert ids(batches) == [f"1780{number}" for number in range(180)]
    assert [len(batch.items) for batch in batches] == [50, 50, 20, 40, 20]
    assert batches[-1].cursor == END
    assert TOKEN not in "".join(batch.cursor for batch in batches)
    assert list(source(client, graph, ledger, "couple", "커플").batches(END)) == []


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_killed_crawl_loses_and_doubles_nothing(client: PoliteClient, graph: Graph, ledger: Memory, cut: int) -> None:
    graph.fill("couple", 120)
    graph.media["love"] = [graph.image(number) for number in range(120, 240)]
    found = resumed(lambda: source(client, graph, ledger, "couple", "love"), cut)
    assert [item.source_id for item in found] == [f"1780{number}" for number in range(240)]
    assert len(graph.paths("ig_hashtag_search")) == 2, "ids of hashtags are asked for once"


def test_what_a_photo_is_known_by(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    graph.media["couple"] = [graph.image(1, "우리 #데이트 with @mina_k #couple\nMay be an image of 2 people. 010-1234-5678")]
    (batch,) = source(client, graph, ledger).batches("")
    assert batch.items == (
        Item(
            source="instagram",
            source_id="17801",
            url=f"{graph.base}/cdn/1.jpg",
            page="https://www.instagram.com/p/C1/",
            tags=("couple", "데이트"),
            caption="우리 #데이트 with #couple May be an image of 2 people.",
        ),
    )


def test_albums_give_their_pictures_and_videos_nothing(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    picture = {"id": "21", "media_type": "IMAGE", "media_url": f"{graph.base}/cdn/21.jpg"}
    video = {"id": "22", "media_type": "VIDEO", "media_url": f"{graph.base}/cdn/22.mp4"}
    expired = {"id": "23", "media_type": "IMAGE"}
    album = {"id": "20", "media_type": "CAROUSEL_ALBUM", "caption": "two", "permalink": "https://www.instagram.com/p/A/"}
    graph.media["couple"] = [
        {**album, "children": {"data": [picture, video, expired, None]}},
        {"id": "30", "media_type": "VIDEO", "media_url": f"{graph.base}/cdn/30.mp4"},
        {"id": "31", "media_type": "CAROUSEL_ALBUM"},
        graph.image(4),
        graph.image(4),
    ]
    (batch,) = source(client, graph, ledger).batches("")
    assert [(item.source_id, item.page, item.caption) for item in batch.items] == [
        ("21", "https://www.instagram.com/p/A/", "two"),
        ("17804", "https://www.instagram.com/p/C4/", ""),
    ]


def test_the_right_questions_are_asked(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    graph.fill("couple", 60)
    list(source(client, graph, ledger, edge="top_media").batches(""))
    search, first, second = graph.asked
    assert search.query == {"user_id": USER, "q": "couple", "access_token": TOKEN}
    assert first.path.endswith("/top_media")
    assert first.query["limit"] == "50"
    assert first.query["fields"] == "id,media_type,media_url,permalink,caption,children{id,media_type,media_url}"
    assert second.query["after"] == "at-50"


@pytest.mark.parametrize("constant", [False, True])
def test_a_loop_of_pages_ends(client: PoliteClient, graph: Graph, ledger: Memory, constant: bool) -> None:
    graph.constant_cursor, graph.loop = constant, True
    graph.fill("couple", 200)
    batches = list(source(client, graph, ledger).batches(""))
    assert [len(batch.items) for batch in batches] == [50, 0]
    assert batches[-1].cursor == END


def test_a_page_with_fewer_than_asked_for_is_not_the_last(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    graph.size = 7
    graph.fill("couple", 30)
    assert len(ids(list(source(client, graph, ledger).batches("")))) == 30


def test_thirty_different_hashtags_a_week(client: PoliteClient, graph: Graph, ledger: Memory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for number in range(29):
        ledger.tags[f"old{number}"] = (str(number), 0.0)
    ledger.now = DAY + 1
    for tag in ("a", "b", "c"):
        graph.fill(tag, 2)
    list(source(client, graph, ledger, "a", "b", "c").batches(""))
    assert set(ledger.tags) & {"a", "b", "c"} == {"a"}
    assert len(caplog.records) == 2
    list(source(client, graph, ledger, "a").batches(""))  # asking again does not count
    assert ledger.tags["a"][1] == DAY + 1, "and does not start its week anew"
    with pytest.raises(Throttled) as caught:
        list(source(client, graph, ledger, "b", "c").batches(""))
    assert caught.value.retry_after == 6 * DAY
    ledger.now = 8 * DAY
    list(source(client, graph, ledger, "b", "c").batches(""))
    assert {"b", "c"} < set(ledger.tags)


def test_a_hashtag_that_does_not_exist_is_passed_over(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    graph.fill("couple", 3)
    batches = list(source(client, graph, ledger, "없는태그", "couple", "gone").batches(""))
    assert len(ids(batches)) == 3
    assert batches[-1].cursor == END


@pytest.mark.parametrize(
    ("reply", "kind", "word"),
    [
        (error(4, "Application request limit reached", status=403), Throttled, "code 4"),
        (error(17, "User request limit reached"), Throttled, "code 17"),
        (error(32, "Page request limit reached"), Throttled, "code 32"),
        (error(613, "Calls to this api have exceeded the rate limit."), Throttled, "code 613"),
        (error(80002, "There have been too many calls to this Instagram account"), Throttled, "80002"),
        (error(18, "max hashtags"), Throttled, "code 18"),
        (error(190, "Error validating access token", status=401, subcode=463), Refused, "renew crawler.instagram_token"),
        (error(10, "Application does not have permission for this action", status=403), Refused, "Public Content Access"),
        (error(200, "Permissions error", status=403), Refused, "Public Content Access"),
        (error(3, "Application does not have the capability"), Refused, "Public Content Access"),
        (error(2, "Service temporarily unavailable", status=500), Broken, "code 2"),
        (error(100, "Invalid parameter"), Broken, "code 100"),
        (page(401), Refused, "401"),
        (page(429, Retry_After="7200"), Throttled, "429"),
        (page(500), Broken, "500"),
        (as_json({"data": {"no": "list"}}), Broken, "without data"),
        (Reply(200, b'{"data": [{"id": "1"', {}), Broken, "JSON"),
        (RESET, Broken, "cannot be reached"),
    ],
)
def test_errors_are_told_apart(client: PoliteClient, graph: Graph, ledger: Memory, reply: Reply, kind: type[CrawlError], word: str) -> None:
    graph.fill("couple", 120)
    graph.fail(reply, part="recent_media", times=100, after=1)
    crawl = source(client, graph, ledger).batches("")
    first = next(crawl)
    with pytest.raises(kind, match=word) as caught:
        next(crawl)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    graph.faults.clear()
    with web(graph, Time()) as fresh:
        rest = list(source(fresh, graph, ledger).batches(first.cursor))
    assert ids([first, *rest]) == [f"1780{number}" for number in range(120)]


def test_errors_that_pass_are_not_even_noticed(graph: Graph, ledger: Memory, time: Time) -> None:
    graph.fill("couple", 60)
    for reply in (error(2, "Service temporarily unavailable", status=500), RESET, page(502), Reply(200, b'{"data": [')):
        graph.fail(reply, part="recent_media", after=len(graph.faults) % 2)
    with web(graph, time, attempts=5) as client:
        assert len(ids(list(source(client, graph, ledger).batches("")))) == 60
    assert len(graph.paths("recent_media")) == 6


def test_a_token_that_is_repeated_by_the_server_is_cut_out(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    graph.fail(error(190, f"The access token {TOKEN} could not be decrypted"), times=9)
    with pytest.raises(Refused) as caught:
        list(source(client, graph, ledger).batches(""))
    assert TOKEN not in str(caught.value)


def test_usage_near_the_limit_slows_down_and_at_it_stops(client: PoliteClient, graph: Graph, ledger: Memory, time: Time) -> None:
    graph.fill("couple", 120)
    graph.usage = {"X_App_Usage": '{"call_count":90,"total_time":10,"total_cputime":5}'}
    crawl = source(client, graph, ledger).batches("")
    next(crawl)
    assert max(time.slept) == pytest.approx(36.0, abs=0.1)
    regain = '{"17841":[{"type":"instagram","call_count":100,"total_time":1,"total_cputime":1,"estimated_time_to_regain_access":19}]}'
    graph.usage = {"X_Business_Use_Case_Usage": regain}
    next(crawl)
    with pytest.raises(Throttled) as caught:
        next(crawl)
    assert caught.value.retry_after == pytest.approx(19 * 60, abs=1)
    assert len(graph.paths("recent_media")) == 2


@pytest.mark.parametrize("part", ["ig_hashtag_search", "recent_media"])
@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_breaks_nothing_but_the_crawl(client: PoliteClient, graph: Graph, ledger: Memory, body: bytes, part: str) -> None:
    graph.fill("couple", 3)
    graph.fail(Reply(200, body), part=part, times=100)
    try:
        batches = list(source(client, graph, ledger).batches(""))
    except CrawlError:
        return
    assert ids(batches) == []


@pytest.mark.parametrize("cursor", ["{", "[]", "x" * 9000, '{"tag": 5, "after": [], "page": "x"}', '{"tag": "other"}', "null"])
def test_a_strange_cursor_is_refused_or_starts_anew(client: PoliteClient, graph: Graph, ledger: Memory, cursor: str) -> None:
    graph.fill("couple", 3)
    try:
        batches = list(source(client, graph, ledger).batches(cursor))
    except Broken:
        return
    assert len(ids(batches)) == 3


@pytest.mark.parametrize("options", [{"token": ""}, {"user": ""}])
def test_nothing_is_asked_without_a_token(client: PoliteClient, graph: Graph, ledger: Memory, options: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"crawler\.instagram_token"):
        list(source(client, graph, ledger, **options).batches(""))
    with pytest.raises(Refused, match="hashtag"):
        list(source(client, graph, ledger, "❤️❤️").batches(""))
    assert graph.asked == []


def test_pictures_are_read_and_expired_addresses_are_no_end(client: PoliteClient, graph: Graph, ledger: Memory) -> None:
    graph.fill("couple", 1)
    crawler = source(client, graph, ledger)
    (batch,) = crawler.batches("")
    (item,) = batch.items
    assert crawler.read(item).startswith(b"\xff\xd8")
    graph.fail(page(403))
    with pytest.raises(Broken, match="expire"):
        crawler.read(item)
    graph.fail(page(404))
    with pytest.raises(Gone):
        crawler.read(item)


@pytest.mark.parametrize("hashtag_id", ["../me/accounts", "1?fields=x", "9" * 100, "", None, {"a": 1}, "１７"])
def test_an_id_that_is_no_number_is_never_part_of_an_address(
    client: PoliteClient, graph: Graph, ledger: Memory, hashtag_id: object
) -> None:
    graph.fail(as_json({"data": [{"id": hashtag_id}]}), part="ig_hashtag_search", times=9)
    assert ids(list(source(client, graph, ledger).batches(""))) == []
    assert [asked.path for asked in graph.asked] == ["/v23.0/ig_hashtag_search"]
    assert ledger.tags == {}
