"""Items of Naver Shopping's search (an open API without login): for garments, their pictures and where they are sold.

`GET /v1/search/shop.json` with the two headers of the application; at most 100 items a page, the last one from item 1000 on;
25,000 calls a day for all of an application's searches.  Errors are `{"errorMessage", "errorCode"}`: SE01 … SE06 for unusable
questions, SE99 for Naver's own trouble, 024 for keys that are wrong or lack the search API, 010 for a spent day, 012 for too fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crawler.answers import Answer, Passing, by_status, retry_after
from crawler.errors import Broken, Refused, SourceError, Throttled, Unset
from crawler.http import PoliteClient
from crawler.sources.base import Batch, Item
from crawler.sources.reading import END, address, identity, number, pack, paged, plain, record, records, unpack, words

PAGE = 100
LAST_START = 1000
SEOUL = 9 * 3600.0
"""Seconds that Seoul is ahead of UTC; the quota begins anew at its midnight."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class ShopItem:
    """Something that is sold; prices in won, None where there is none."""

    product_id: str
    title: str
    link: str
    image: str
    price_low: int | None
    price_high: int | None
    mall: str
    brand: str
    maker: str
    product_type: int | None
    """1–3 new, 4–6 used, 7–9 discontinued, 10–12 announced; of each three: price comparison, offer without one, offer within one."""
    categories: tuple[str, ...]
    """From the widest to the narrowest."""


@dataclass(frozen=True, slots=True)
class ShopPage:
    """A page of a search."""

    items: tuple[ShopItem, ...]
    received: int
    """How many there were, usable or not."""
    total: int


def shop_item(value: Mapping[str, object]) -> ShopItem | None:
    """What is sold out of an item of the API, None where it has no id, title or picture.

    >>> item = shop_item({"title": "<b>린넨</b> 셔츠 &amp; 팬츠", "productId": "7", "image": "https://a/i.jpg", "lprice": "19900",
    ...                   "hprice": "", "category1": "패션의류", "category2": ""})
    >>> item.title, item.price_low, item.price_high, item.categories
    ('린넨 셔츠 & 팬츠', 19900, None, ('패션의류',))
    """
    product_id, title, image = identity(value.get("productId")), plain(value.get("title"), 300), address(value.get("image"))
    if not product_id or not title or not image:
        return None
    return ShopItem(
        product_id=product_id,
        title=title,
        link=address(value.get("link")),
        image=image,
        price_low=number(value.get("lprice")) or None,
        price_high=number(value.get("hprice")) or None,
        mall=plain(value.get("mallName"), 100),
        brand=plain(value.get("brand"), 100),
        maker=plain(value.get("maker"), 100),
        product_type=number(value.get("productType")),
        categories=tuple(filter(None, (plain(value.get(f"category{level}"), 100) for level in range(1, 5)))),
    )


def as_item(shop: ShopItem) -> Item:
    """The picture of what is sold; its rights are the shop's."""
    return Item(
        source="naver",
        source_id=shop.product_id,
        url=shop.image,
        page=shop.link,
        author=shop.mall,
        tags=tuple(dict.fromkeys(filter(None, (*shop.categories, shop.brand)))),
        caption=shop.title,
    )


class Naver:
    """What a search of Naver Shopping finds."""

    name = "naver"

    def __init__(
        self,
        client: PoliteClient,
        query: str,
        *,
        base: str,
        client_id: str,
        client_secret: str,
        sort: str = "sim",
        exclude: str = "used:rental:cbshop",
        max_bytes: int = 20_000_000,
    ) -> None:
        """`base`: address of the open API; `sort`: sim, date, asc or dsc; `exclude`: kinds of offers, joined by colons."""
        self.query = " ".join(query.split())
        self._client = client
        self._base = base.rstrip("/")
        self._keys = {"X-Naver-Client-Id": client_id, "X-Naver-Client-Secret": client_secret}
        self._sort = sort
        self._exclude = exclude
        self._max_bytes = max_bytes

    def search(self, start: int = 1, display: int = PAGE) -> ShopPage:
        """One page of the search: `display` items from number `start` on, both counted as Naver does.

        Raises:
            SourceError: the API refuses, throttles or does not answer sensibly.

        """
        if not all(self._keys.values()):
            raise Unset("set crawler.naver_id and crawler.naver_secret: the keys of an application with the search API")
        if not self.query:
            raise Refused("name something to search for, such as 린넨 셔츠")
        parameters: dict[str, str | int] = {"query": self.query, "display": display, "start": start, "sort": self._sort}
        if self._exclude:
            parameters["exclude"] = self._exclude
        url = f"{self._base}/v1/search/shop.json"
        answer = record(self._client.get(url, parameters, headers=self._keys, api=True, check=self._check).json())
        found = records(answer.get("items"))
        items = tuple(item for item in map(shop_item, found) if item is not None)
        return ShopPage(items, len(found), max(0, number(answer.get("total")) or 0))

    def batches(self, cursor: str) -> Iterator[Batch]:
        """A page a batch; a page with fewer items than asked for is gone on from after its last one.

        Raises:
            SourceError: see `search`.

        """
        return paged(cursor, self._batch)

    def read(self, item: Item) -> bytes:
        """The picture's bytes.

        Raises:
            SourceError: it cannot be had.

        """
        return self._client.picture(item.url, self._max_bytes)

    def _batch(self, cursor: str) -> Batch:
        start = min(max(number(unpack(cursor).get("start")) or 1, 1), LAST_START)
        page = self.search(start)
        total = min(page.total, LAST_START + PAGE - 1)
        following = start + page.received
        last = page.received == 0 or following > total or start >= LAST_START
        # The last page may begin at 1000 at the latest, so it may repeat some of the one before.
        on = END if last else pack({"start": min(following, LAST_START)})
        return Batch(tuple(map(as_item, page.items)), on, total)

    def _check(self, answer: Answer) -> None:
        try:
            body = record(answer.json())
        except Passing:
            by_status(answer)
            raise
        code = words(body.get("errorCode"), 20)
        if code or answer.status >= 400:
            raise self._error(code, words(body.get("errorMessage")), answer)
        by_status(answer)
        if not isinstance(body.get("items"), list) or number(body.get("total")) is None:
            raise Passing(f"{answer.place} answered without items")

    def _error(self, code: str, message: str, answer: Answer) -> SourceError:
        said = f"Naver says {self._client.said(message) or 'nothing'} ({code or answer.status})"
        if code == "010":
            now = self._client.clock.now() + SEOUL
            return Throttled(f"today's calls are spent: {said}", DAY - now % DAY)
        if code == "012" or answer.status == 429:
            return Throttled(said, retry_after(answer.headers, default=1.0) or 1.0)
        if code in ("024", "028") or answer.status in (401, 403):
            return Refused(f"see crawler.naver_id and crawler.naver_secret, and that the application has the search API: {said}")
        if code == "SE99" or answer.status >= 500:
            return Passing(said)
        return Broken(said)
