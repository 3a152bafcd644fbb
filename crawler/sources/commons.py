"""Pictures of a category or a search on Wikimedia Commons, each with its licence and the author as the licence wants them named.

The action API is asked as its etiquette wants: one request after the other, `maxlag`, pages of 50, a user agent that says how to
reach us (without one Wikimedia blocks), thumbnails instead of originals.  The API answers for any width with the next larger of
Wikimedia's standard sizes (20 … 960, 1280, 1920, 3840); addresses of other sizes are refused there, so we never build one ourselves.

A generator answers in parts: `continue` says where to go on, sometimes with the same pages again and only their picture's data
missing before.  Pages without it are left for the answer that has it, so that nothing is lost or doubled.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import partial

from crawler.answers import Answer, Passing, by_status, retry_after
from crawler.captions import without_names
from crawler.errors import Broken, Refused, SourceError, Stale, Throttled, Unset
from crawler.http import PoliteClient
from crawler.sources.base import Batch, Item
from crawler.sources.reading import END, address, identity, number, pack, paged, plain, record, records, unpack, words

log = logging.getLogger(__name__)

PAGE = 50
"""With a thumbnail's width given, the API gives at most 50 thumbnails."""
MAXLAG = 5
"""Seconds that the replicas may lag behind; what Manual:Maxlag recommends to programs."""
MIMES = frozenset({"image/jpeg", "image/png", "image/webp", "image/tiff"})
FIELDS = "LicenseShortName|UsageTerms|Artist|Credit|Attribution|ImageDescription|Restrictions"
PASSING = ("internal_api_error", "readonly", "failed-", "timeout")
DEEPEST = "cirrussearch-offset-too-large"
"""What a search says beyond its first 10,000 results: it has no more to give."""


class _Deepest(Stale):
    """A search goes no deeper."""


class Commons:
    """Pictures of a category ("Category:Couples", with its files but not its sub-categories) or of a search."""

    name = "commons"

    def __init__(
        self, client: PoliteClient, query: str, *, base: str, contact: str, width: int = 1280, max_bytes: int = 20_000_000
    ) -> None:
        """`base`: address of api.php; `contact`: how Wikimedia can reach us; `width`: pixels; `max_bytes`: of one picture."""
        self.query = " ".join(query.split())
        self._client = client
        self._base = base
        self._contact = contact
        self._width = width
        self._max_bytes = max_bytes

    def batches(self, cursor: str) -> Iterator[Batch]:
        """An answer of the API a batch.

        Raises:
            SourceError: the API refuses, throttles or does not answer sensibly.

        """
        return paged(cursor, self._batch)

    def read(self, item: Item) -> bytes:
        """The thumbnail's bytes.

        Raises:
            SourceError: it cannot be had.

        """
        return self._client.picture(item.url, self._max_bytes)

    def _batch(self, cursor: str) -> Batch:
        if not self._contact.strip():
            raise Unset("set crawler.contact to an e-mail address or a page: Wikimedia blocks who cannot be reached")
        if not self.query:
            raise Refused('name a category, such as "Category:Couples", or words to search for')
        on = {key: words(value, 1000) for key, value in unpack(cursor).items()}
        check = partial(self._check, from_place=bool(on))
        try:
            answer = record(self._client.get(self._base, {**self._question(), **on}, api=True, check=check, conditional=True).json())
        except _Deepest as error:
            log.warning("the search for %r ends here: %s", self.query, error)
            return Batch((), END)
        pages = sorted(records(record(answer, "query").get("pages")), key=lambda page: number(page.get("index")) or 0)
        following = {key: words(value, 1000) for key, value in record(answer, "continue").items()}
        items = tuple(item for page in pages for item in self._items(page))
        return Batch(items, pack(following) if following else END)

    def _question(self) -> dict[str, str | int]:
        question: dict[str, str | int] = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            "maxlag": MAXLAG,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|extmetadata",
            "iiurlwidth": self._width,
            "iiextmetadatafilter": FIELDS,
            "iiextmetadatalanguage": "en",
        }
        if self.query.lower().startswith("category:"):
            return question | {"generator": "categorymembers", "gcmtitle": self.query, "gcmtype": "file", "gcmlimit": PAGE}
        return question | {"generator": "search", "gsrsearch": f"filetype:bitmap {self.query}", "gsrnamespace": 6, "gsrlimit": PAGE}

    def _items(self, page: Mapping[str, object]) -> Iterator[Item]:
        source_id = identity(page.get("pageid"))
        for info in records(page.get("imageinfo"))[:1]:
            wide = (number(info.get("width")) or 0) > self._width
            url = address(info.get("thumburl")) or ("" if wide else address(info.get("url")))
            if not source_id or not url or info.get("mime") not in MIMES:
                continue
            about = record(info, "extmetadata")
            restrictions = _field(about, "Restrictions")
            yield Item(
                source=self.name,
                source_id=source_id,
                url=url,
                page=address(info.get("descriptionurl")),
                licence=_field(about, "LicenseShortName", 100) or _field(about, "UsageTerms", 100) or "unknown",
                author=_field(about, "Attribution", 300) or _field(about, "Artist", 300) or _field(about, "Credit", 300),
                # "personality" warns that a licence of the photo is none of the people in it.
                tags=tuple(f"restriction:{word}" for word in restrictions.split("|") if word),
                caption=without_names(_field(about, "ImageDescription")),
            )

    def _check(self, answer: Answer, *, from_place: bool) -> None:
        try:
            body = record(answer.json())
        except Passing:
            if answer.status == 403:
                raise Refused(f"{answer.place} refuses us: see that crawler.contact is one at which Wikimedia can reach you") from None
            by_status(answer)
            raise
        error = record(body, "error")
        if error:
            raise self._error(error, answer, from_place=from_place)
        by_status(answer)
        if "batchcomplete" not in body and "continue" not in body and "query" not in body:
            raise Passing(f"{answer.place} answered with something else than a query's result")

    def _error(self, error: Mapping[str, object], answer: Answer, *, from_place: bool) -> SourceError:
        """Errors of the action API come with status 200, `maxlag` among them.

        A refused place has many codes (badcontinue, badinteger, …): where one was sent, what is left over may be that.
        """
        code = words(error.get("code"), 60)
        said = f"Commons says {self._client.said(words(error.get('info')) or 'nothing')} ({code})"
        if code in ("maxlag", "ratelimited"):
            # Manual:Maxlag: at least 5 seconds.
            return Throttled(said, max(5.0, retry_after(answer.headers)))
        if code.startswith(PASSING):
            return Passing(said)
        if code in ("blocked", "autoblocked", "readapidenied", "permissiondenied"):
            return Refused(said)
        if code == DEEPEST and from_place:
            return _Deepest(said)
        return Stale(said) if from_place else Broken(said)


def _field(about: Mapping[str, object], name: str, most: int = 1000) -> str:
    return plain(record(about, name).get("value"), most)
