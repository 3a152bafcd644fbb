"""The Naver source against a server that behaves as documented, and against everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crawler.errors import Broken, CrawlError, Gone, Refused, Throttled
from crawler.http import PoliteClient
from crawler.sources.base import Item
from crawler.sources.naver import Naver, ShopItem
from crawler.sources.reading import END
from tests.crawler.servers.openapi import CLIENT, SECRET, OpenApi, error
from tests.crawler.servers.site import GARBAGE, RESET, Reply, Time, page, serving
from tests.crawler.sources.crawling import ids, resumed, web


@pytest.fixture
def shop() -> Iterator[OpenApi]:
    with serving(OpenApi()) as shop:
        yield shop


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(shop: OpenApi, time: Time) -> Iterator[PoliteClient]:
    with web(shop, time, secrets=[CLIENT, SECRET]) as client:
        yield client


def source(client: PoliteClient, shop: OpenApi, query: str = "린넨 셔츠", **options: Any) -> Naver:
    return Naver(client, query, **{"base": shop.base, "client_id": CLIENT, "client_secret": SECRET, **options})


def test_all_that_is_found_is_read_once(client: PoliteClient, shop: OpenApi) -> None:
    shop.fill(250)
    batches = list(source(client, shop).batches(""))
    assert ids(batches) == [str(80_000 + number) for number in range(250)]
    assert [batch.total for batch in batches] == [250] * 3
    assert batches[-1].cursor == END
    assert [asked.query["start"] for asked in shop.asked] == ["1", "101", "201"]
    assert shop.asked[0].query["exclude"] == "used:rental:cbshop"


def test_the_last_page_begins_at_item_1000(client: PoliteClient, shop: OpenApi) -> None:
    shop.fill(1500)
    batches = list(source(client, shop).batches(""))
    assert ids(batches) == [str(80_000 + number) for number in range(1099)]
    assert batches[0].total == 1099
    assert shop.asked[-1].query["start"] == "1000"


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("half", [0, 40])
def test_a_killed_crawl_loses_and_doubles_nothing(client: PoliteClient, shop: OpenApi, cut: int, half: int) -> None:
    shop.half = half
    shop.fill(330)
    found = resumed(lambda: source(client, shop), cut)
    assert [item.source_id for item in found] == [str(80_000 + number) for number in range(330)]


def test_what_is_sold_as_a_plain_value_and_as_a_picture(client: PoliteClient, shop: OpenApi) -> None:
    shop.goods = [shop.good(7), shop.good(8, hprice="30000", lprice="0", brand="", mallName="<i>A</i>", productType=2)]
    found = source(client, shop).search()
    assert found.items[0] == ShopItem(
        product_id="80007",
        title="린넨 셔츠 7 & 팬츠",
        link="https://search.shopping.naver.com/catalog/7",
        image=f"{shop.base}/main/7.jpg",
        price_low=19900,
        price_high=None,
        mall="네이버",
        brand="린넨하우스",
        maker="",
        product_type=1,
        categories=("패션의류", "남성의류", "셔츠/남방"),
    )
    assert (found.items[1].price_low, found.items[1].price_high, found.items[1].mall, found.items[1].product_type) == (None, 30000, "A", 2)
    (batch,) = source(client, shop).batches("")
    assert batch.items[0] == Item(
        source="naver",
        source_id="80007",
        url=f"{shop.base}/main/7.jpg",
        page="https://search.shopping.naver.com/catalog/7",
        author="네이버",
        tags=("패션의류", "남성의류", "셔츠/남방", "린넨하우스"),
        caption="린넨 셔츠 7 & 팬츠",
    )


def test_unusable_goods_are_passed_over(client: PoliteClient, shop: OpenApi) -> None:
    shop.goods = [shop.good(1, productId=None), shop.good(2, image="x"), shop.good(3, title=5), shop.good(4, title=""), shop.good(5)]
    assert ids(list(source(client, shop).batches(""))) == ["80003", "80005"]


@pytest.mark.parametrize(
    ("reply", "kind", "word"),
    [
        (error(401, "024", "Authentication failed. (인증에 실패했습니다.)"), Refused, "crawler.naver_id"),
        (error(403, "SE00", "Forbidden"), Refused, "crawler.naver_id"),
        (error(429, "012", "Rate limit exceeded. (속도 제한을 초과했습니다.)"), Throttled, "012"),
        (error(429, "010", "Query limit exceeded (쿼리 한도를 초과했습니다.)"), Throttled, "today's calls are spent"),
        (error(400, "SE01", "Incorrect query request (잘못된 쿼리요청입니다.)"), Broken, "SE01"),
        (error(404, "SE05", "Invalid search api (존재하지 않는 검색 api 입니다.)"), Broken, "SE05"),
        (error(500, "SE99", "System Error (시스템 에러)"), Broken, "SE99"),
        (page(429, Retry_After="900"), Throttled, "429"),
        (page(404), Gone, "404"),
        (page(500), Broken, "500"),
        (Reply(200, b'{"total": 3, "items": [{"title"'), Broken, "JSON"),
        (Reply(200, b'{"total": 3}'), Broken, "without items"),
        (RESET, Broken, "cannot be reached"),
    ],
)
def test_errors_are_told_apart(client: PoliteClient, shop: OpenApi, reply: Reply, kind: type[CrawlError], word: str) -> None:
    shop.fill(150)
    shop.fail(reply, part="shop.json", times=100, after=1)
    crawl = source(client, shop).batches("")
    first = next(crawl)
    with pytest.raises(kind, match=word):
        next(crawl)
    shop.faults.clear()
    with web(shop, Time()) as fresh:
        rest = list(source(fresh, shop).batches(first.cursor))
    assert ids([first, *rest]) == [str(80_000 + number) for number in range(150)]


def test_a_spent_day_ends_at_midnight_in_seoul(client: PoliteClient, shop: OpenApi, time: Time) -> None:
    time.start = 1_795_215_600.0  # 2026-11-20 23:00 UTC: eight in the morning in Seoul
    shop.fail(error(429, "010", "Query limit exceeded"), times=9)
    with pytest.raises(Throttled) as caught:
        source(client, shop).search()
    assert caught.value.retry_after == 16 * 3600
    assert len(shop.asked) == 1


def test_asking_too_fast_is_mended_by_waiting(client: PoliteClient, shop: OpenApi, time: Time) -> None:
    shop.fill(5)
    shop.fail(error(429, "012", "Rate limit exceeded."), times=2)
    assert len(source(client, shop).search().items) == 5
    assert len([wait for wait in time.slept if 1.0 <= wait <= 2.0]) == 2


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_breaks_nothing_but_the_crawl(client: PoliteClient, shop: OpenApi, body: bytes) -> None:
    shop.fail(Reply(200, body), part="shop.json", times=100)
    try:
        batches = list(source(client, shop).batches(""))
    except CrawlError:
        return
    assert ids(batches) == []


@pytest.mark.parametrize("options", [{"client_id": ""}, {"client_secret": ""}])
def test_nothing_is_asked_without_keys(client: PoliteClient, shop: OpenApi, options: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"crawler\.naver_id"):
        list(source(client, shop, **options).batches(""))
    with pytest.raises(Refused, match="search for"):
        list(source(client, shop, " ").batches(""))
    assert shop.asked == []


def test_keys_go_to_the_api_and_not_to_pictures(client: PoliteClient, shop: OpenApi) -> None:
    shop.fill(1)
    crawler = source(client, shop)
    (batch,) = crawler.batches("")
    assert crawler.read(batch.items[0]).startswith(b"\xff\xd8")
    assert "x-naver-client-secret" not in shop.asked[-1].headers
    shop.fail(page(404), part="main")
    with pytest.raises(Gone):
        crawler.read(batch.items[0])
