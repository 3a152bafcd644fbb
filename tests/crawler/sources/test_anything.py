"""Whatever JSON a server sends in whatever shape, a source gives sound items or raises a CrawlError, and it comes to an end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.answers import Answer, Check
from crawler.errors import CrawlError
from crawler.pacing import Clock
from crawler.sources.base import SOURCE_ID_MAX, Source
from crawler.sources.commons import Commons
from crawler.sources.instagram import Instagram
from crawler.sources.naver import Naver
from crawler.sources.reading import END
from tests.crawler.servers.graph import Memory

KEYS = [
    "data", "id", "media_type", "media_url", "permalink", "caption", "children", "paging", "cursors", "after", "next", "error", "code",
    "error_subcode", "message", "is_transient", "query", "pages", "pageid", "imageinfo", "thumburl", "url", "mime", "width", "extmetadata",
    "value", "Artist", "LicenseShortName", "Restrictions", "continue", "gcmcontinue", "batchcomplete", "info", "items", "total", "title",
    "image", "productId", "lprice", "errorCode", "errorMessage",
]  # fmt: skip
VALUES = [
    "IMAGE",
    "CAROUSEL_ALBUM",
    "https://a/b.jpg",
    "https://a/?after=x",
    "image/jpeg",
    "maxlag",
    "1",
    "",
    "\ud800",
    "\0",
    "x" * 300,
    4,
    190,
]
LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(VALUES))
JSON = st.recursive(
    LEAF, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)), max_leaves=25
)
WITH = {"instagram": {"data": []}, "commons": {"batchcomplete": True}, "naver": {"items": [], "total": 5}}


class Stub:
    """A client to whom the same few things are answered again and again."""

    clock = Clock()

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.asked = 0

    def get(self, url: str, params: Mapping[str, Any] | None = None, *, check: Check, **_: Any) -> Answer:
        assert all(isinstance(value, str | int) for value in (params or {}).values())
        answer = Answer(200, {"x-app-usage": "[]"}, json.dumps(self.answers[self.asked % len(self.answers)]).encode(), url)
        self.asked += 1
        check(answer)
        return answer

    def said(self, words: object) -> str:
        return str(words)

    def hold(self, url: str, seconds: float) -> None:
        assert seconds >= 0


def make(name: str, client: Any) -> Source:
    sources: dict[str, Source] = {
        "instagram": Instagram(client, Memory(), ["couple", "love"], base="http://x", token="t", user="u"),
        "commons": Commons(client, "Category:Couples", base="http://x", contact="me@example.org"),
        "naver": Naver(client, "shirt", base="http://x", client_id="i", client_secret="s"),
    }
    return sources[name]


@pytest.mark.parametrize("name", ["instagram", "commons", "naver"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_json_is_borne(name: str, data: st.DataObject) -> None:
    wholes = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6).map(lambda more: {**WITH[name], **more})
    client = Stub(data.draw(st.lists(st.one_of(JSON, wholes), min_size=1, max_size=4)))
    batches = []
    with suppress(CrawlError):
        for batch in make(name, client).batches(""):
            batches.append(batch)
            assert len(batches) < 1000, "it never ends"
    items = [item for batch in batches for item in batch.items]
    assert len({item.source_id for item in items}) == len(items)
    for item in items:
        assert 0 < len(item.source_id) <= SOURCE_ID_MAX
        assert item.url.startswith("http")
        assert json.dumps([item.source_id, item.caption, item.author, item.licence, item.page, *item.tags], ensure_ascii=False).encode()
    for batch in batches:
        assert batch.cursor
        assert len(batch.cursor) < 4000
    assert all(batch.cursor != END for batch in batches[:-1])
