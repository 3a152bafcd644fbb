"""Photos by hashtag through instaloader, for operators who switch it on; with the description that Instagram makes of each photo.

Know what this is: instaloader reads what Instagram's own pages read.  That is no interface anybody promised us, it mostly wants a
login, reading hashtags fails often and for weeks (instaloader's issues 1913, 2544 and 2547 are examples), and Instagram's robots.txt
and terms do not welcome it.  So it is off by default, and everything that can go wrong ends the crawl with one line.

The network is only reached through instaloader's context; what is added to it is a transport adapter (`Guard`) that bounds
answers, remembers their status (instaloader keeps it only in sentences) and, for tests and proxies, sends them to another host.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import requests
from instaloader import Post
from instaloader.exceptions import (
    AbortDownloadException,
    InstaloaderException,
    LoginException,
    LoginRequiredException,
    QueryReturnedBadRequestException,
    QueryReturnedNotFoundException,
    TooManyRequestsException,
)

from crawler.answers import Passing, retry_after
from crawler.captions import hashtags, machine, without_names
from crawler.errors import Broken, Gone, Refused, SourceError, Stale, Throttled, Unset
from crawler.http import PAGE_BYTES
from crawler.pacing import Clock
from crawler.retrying import Retrier
from crawler.sources.base import Batch, Item
from crawler.sources.instaloader_context import Context, Guard
from crawler.sources.legs import PAGES, Leg, legs, usable
from crawler.sources.reading import END, address, identity, number, record, records, words

log = logging.getLogger(__name__)

PAUSE = 660.0
"""Seconds after a 429 that says nothing: the window over which instaloader counts its questions."""

R = TypeVar("R")


class Instaloader:
    """Photos that carry one of some hashtags, newest first, hashtag after hashtag."""

    name = "instaloader"

    def __init__(
        self,
        tags: Iterable[str],
        *,
        switch: str,
        user: str = "",
        session: str = "",
        base: str = "",
        rate: float = 1.0,
        attempts: int = 4,
        patience: float = 120.0,
        timeout: float = 30.0,
        max_bytes: int = 20_000_000,
        clock: Clock | None = None,
    ) -> None:
        """Store what is asked for.

        `switch`: "on" or "off"; `user` and `session`: a login that `instaloader --login` stored in a file; `base`: an address to
        which everything for instagram.com goes instead.
        """
        self.tags = usable(tags)
        self._switch = switch
        self._user = user
        self._session = session
        self._max_bytes = max_bytes
        clock = clock or Clock()
        self._retrier = Retrier(attempts, patience, clock)
        self._guard = Guard(base, max(max_bytes, PAGE_BYTES))
        self._context = Context(self._guard, clock, 1.0 / rate if rate > 0 else 0.0, patience, timeout)
        self._open = False

    def batches(self, cursor: str) -> Iterator[Batch]:
        """A page a batch.

        Raises:
            SourceError: Instagram wants a login, throttles, or answers with something else.

        """
        if cursor == END:
            return
        self._log_in()
        seen: set[str] = set()
        for leg in legs(self.tags, cursor):
            try:
                yield from self._pages(leg, seen)
            except Gone:
                log.warning("#%s is passed over: Instagram does not know it", leg.tag)
                yield Batch((), leg.following)

    def read(self, item: Item) -> bytes:
        """The picture's bytes.

        Raises:
            SourceError: `Broken` where its address has expired.

        """
        try:
            return self._retrier.call(lambda: self._tell(lambda: bytes(self._context.get_raw(item.url).content)))
        except Refused:
            raise Broken("the address of this picture has expired, the next crawl brings a new one") from None

    def _log_in(self) -> None:
        if self._switch != "on":
            raise Unset("instaloader is switched off: read docs/collecting.md, then set crawler.instaloader to on")
        if not self.tags:
            raise Refused("name at least one hashtag of letters and digits, such as couple")
        if self._open or not self._user:
            return
        try:
            with Path(self._session).open("rb") as file:
                self._context.load_session_from_file(self._user, file)  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001  whatever a damaged pickle raises
            kind = type(error).__name__
            raise Refused(f"crawler.instaloader_session cannot be read ({kind}): make it with instaloader --login NAME") from None
        self._open = True

    def _pages(self, leg: Leg, seen: set[str]) -> Iterator[Batch]:
        met: set[str] = set()
        total: int | None = None
        while leg.page < PAGES:
            found = leg.read(lambda after: self._retrier.call(lambda: self._tell(lambda: self._page(leg.tag, after), after)))
            if found is None:
                yield Batch((), leg.following)
                return
            media, after, count = found
            total = count if count is not None else total
            ids = {words(medium.get("pk") or medium.get("id"), 190) for medium in media}
            last = not after or after == leg.after or not ids - met or leg.page + 1 >= PAGES
            leg.after, leg.page = after, leg.page + 1
            met |= ids
            fresh = {item.source_id: item for medium in media for item in self._items(medium, leg.tag) if item.source_id not in seen}
            seen.update(fresh)
            yield Batch(tuple(fresh.values()), leg.following if last else leg.cursor(), total)
            if last:
                return

    def _page(self, tag: str, after: str) -> tuple[list[dict[str, object]], str, int | None]:
        """Media of a page, where the next one begins, and how many there are; the two shapes that instaloader knows."""
        if not after or after.startswith("edges:"):
            maximum = {"max_id": after.removeprefix("edges:")} if after else {}
            answer = self._context.get_iphone_json("api/v1/tags/web_info/", {"__a": 1, "__d": "dis", **maximum, "tag_name": tag})
            hashtag = record(answer, "graphql", "hashtag")
            if hashtag:
                edges = record(hashtag, "edge_hashtag_to_media")
                info = record(edges, "page_info")
                upcoming = words(info.get("end_cursor"), 2000) if info.get("has_next_page") is True else ""
                nodes = [record(edge, "node") for edge in records(edges.get("edges"))]
                return nodes, f"edges:{upcoming}" if upcoming else "", number(edges.get("count"))
        else:
            answer = self._context.get_json(f"explore/tags/{tag}/", {"__a": 1, "__d": "dis", "max_id": after})
        data = record(answer, "data")
        recent = record(data, "recent")
        if not isinstance(recent.get("sections"), list):
            raise Passing("Instagram answered without photos: reading hashtags may have changed, see instaloader's issues")
        cells = [cell for section in records(recent["sections"]) for cell in records(record(section, "layout_content").get("medias"))]
        upcoming = words(recent.get("next_max_id"), 2000) if recent.get("more_available") is True else ""
        return [record(cell, "media") for cell in cells], upcoming, number(data.get("media_count"))

    def _items(self, medium: Mapping[str, Any], tag: str) -> Iterator[Item]:
        # Who posted it is not looked at; the defaults keep instaloader from asking again for what is missing.
        plain = {"has_liked": False, "like_count": 0, "taken_at": 0, "accessibility_caption": None, **medium}
        for key in ("user", "owner", "carousel_media", "image_versions2"):
            plain.pop(key, None)
        try:
            post = Post.from_iphone_struct(self._context, plain) if "pk" in plain else Post(self._context, plain)
            caption, seen_by_machine, page = (
                post.caption or "",
                post.accessibility_caption or "",
                f"https://www.instagram.com/p/{post.shortcode}/",
            )
        except (KeyError, TypeError, AttributeError, IndexError, AssertionError, ValueError):
            return
        pictures = records(medium.get("carousel_media"))
        pictures = pictures or [record(edge, "node") for edge in records(record(medium, "edge_sidecar_to_children").get("edges"))]
        for picture in pictures or [dict(medium)]:
            candidates = records(record(picture, "image_versions2").get("candidates"))
            url = address(candidates[0].get("url")) if candidates else address(picture.get("display_url"))
            source_id = identity(picture.get("pk") or picture.get("id"))
            if picture.get("media_type") == 2 or picture.get("is_video") is True or not url or not source_id:
                continue
            described = words(picture.get("accessibility_caption"), 4000) or ("" if pictures else words(seen_by_machine, 4000))
            yield Item(
                source=self.name,
                source_id=source_id,
                url=url,
                page=page,
                tags=tuple(dict.fromkeys((tag, *hashtags(str(caption)))))[:50],
                caption=without_names(str(caption)),
                # Whole: in Korean what tells a machine's sentence stands at its end.  Names are cut before it is stored.
                description=machine(described) or described,
            )

    def _tell(self, function: Callable[[], R], after: str = "") -> R:
        """What `function` returns; what instaloader and requests raise becomes ours, without their sentences: those hold addresses.

        `after`: where the page that it asks for begins; an answer of 400 may be about that.
        """
        try:
            return function()
        except SourceError:
            raise
        except (LoginRequiredException, LoginException, AbortDownloadException):
            raise Refused("Instagram wants a login, or one that it trusts: set crawler.instaloader_user and _session anew") from None
        except QueryReturnedNotFoundException:
            raise Gone("Instagram does not know it (404)") from None
        except QueryReturnedBadRequestException:
            kind = Stale if after else Broken
            raise kind("Instagram does not understand instaloader (400): a newer version may help") from None
        except (InstaloaderException, requests.RequestException, OSError) as error:
            raise self._by_status(error) from None
        except (KeyError, TypeError, AttributeError, IndexError, AssertionError, ValueError, RecursionError) as error:
            raise Passing(f"Instagram answered with something unexpected ({type(error).__name__})") from None

    def _by_status(self, error: Exception) -> SourceError:
        status = self._guard.status
        if status == 429 or isinstance(error, TooManyRequestsException):
            return Throttled("Instagram says that we ask too often (429)", retry_after(self._guard.headers, default=PAUSE) or PAUSE)
        if status in (401, 403):
            return Refused(f"Instagram refuses ({status}): most hashtags need a login, and often not even that helps")
        if status in (404, 410):
            return Gone(f"Instagram does not know it ({status})")
        return Passing(f"Instagram cannot be read ({status or type(error).__name__})")
