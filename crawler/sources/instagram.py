"""Photos by hashtag from the official Instagram Graph API (hashtag search of the Instagram API with Facebook Login).

Documented, and held to here: 30 different hashtags within 7 days (asking for one again neither counts nor starts its week anew);
ids of hashtags never change; 50 media a page; no user names and no alternative texts; videos are among the media; the address of
a picture expires; albums have no address of their own, their children do.  "The after cursor value will always be the same for
each page, but it can still be used to get the next page": so a page is the last one when it brings no medium that was not there
before, or when it has no link to a next one, whatever its cursor says.

The token travels as a parameter, as documented; `paging.next` repeats it and is therefore never followed or stored.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from crawler.answers import Answer, Passing, by_status, retry_after
from crawler.captions import hashtags, without_names
from crawler.errors import Broken, Gone, Refused, SourceError, Stale, Throttled, Unset
from crawler.http import PoliteClient
from crawler.sources.base import Batch, Item
from crawler.sources.legs import PAGES, Leg, legs, usable
from crawler.sources.reading import END, address, identity, number, record, records, words

log = logging.getLogger(__name__)

TAGS_A_WEEK = 30
DAY = 86_400.0
PAGE = 50
SLOW_FROM = 75.0
"""Per cent of what we may ask from which we slow down."""
FIELDS = "id,media_type,media_url,permalink,caption,children{id,media_type,media_url}"

# https://developers.facebook.com/docs/graph-api/guides/error-handling and …/overview/rate-limiting
TOO_OFTEN = frozenset({4, 17, 32, 341, 613, 80002})
PASSING = frozenset({-2, -1, 1, 2})
TOKEN = frozenset({102, 190, 463, 467})
PERMISSION = frozenset({3, 10})
TAGS_SPENT = 18
NO_HASHTAG = 24
PAUSE = 900.0
"""Seconds that are waited where the API says "too often" and not how long."""


class Ledger(Protocol):
    """Which hashtags were asked about, kept between crawls."""

    def id_of(self, tag: str) -> str | None:
        """The id of a hashtag, where it is known."""
        ...

    def asked(self, seconds: float) -> set[str]:
        """The hashtags that were first asked about within the last `seconds`."""
        ...

    def note(self, tag: str, hashtag_id: str) -> None:
        """A hashtag was asked about now."""
        ...


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of what we may ask is spent."""

    percent: float
    regain: float
    """Seconds until we may ask again, 0.0 where we may."""


def usage(headers: Mapping[str, str]) -> Usage:
    """Reads X-App-Usage and X-Business-Use-Case-Usage.

    >>> usage({"x-app-usage": '{"call_count":28,"total_time":81,"total_cputime":25}'})
    Usage(percent=81.0, regain=0.0)
    >>> usage({"x-business-use-case-usage": '{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}'})
    Usage(percent=100.0, regain=1140.0)
    >>> usage({"x-app-usage": "garbage"})
    Usage(percent=0.0, regain=0.0)
    """
    percent, regain = 0.0, 0.0
    for name in ("x-app-usage", "x-business-use-case-usage"):
        try:
            value = json.loads(headers.get(name, "{}"))
        except (ValueError, RecursionError):
            continue
        cases = [case for listed in record(value).values() for case in records(listed)] + [record(value)]
        for case in cases:
            spent = (number(case.get(key)) or 0 for key in ("call_count", "total_time", "total_cputime"))
            percent = max(percent, *map(float, spent))
            regain = max(regain, 60.0 * (number(case.get("estimated_time_to_regain_access")) or 0))
    return Usage(min(percent, 1000.0), min(regain, 7 * DAY))


class Instagram:
    """Photos that carry one of some hashtags, hashtag after hashtag."""

    name = "instagram"

    def __init__(
        self,
        client: PoliteClient,
        ledger: Ledger,
        tags: Iterable[str],
        *,
        base: str,
        token: str,
        user: str,
        edge: str = "recent_media",
        max_bytes: int = 20_000_000,
    ) -> None:
        """Store what is asked for.

        `base`: address of the Graph API with its version; `user`: id of the Instagram account that asks; `edge`:
        `recent_media` (of the last 24 hours) or `top_media`; `max_bytes`: of one picture.
        """
        self.tags = usable(tags)
        self._client = client
        self._ledger = ledger
        self._base = base.rstrip("/")
        self._token = token
        self._user = user
        self._edge = edge
        self._max_bytes = max_bytes

    def batches(self, cursor: str) -> Iterator[Batch]:
        """A page a batch.  Hashtags that do not exist are passed over, and so are those for which the week has no room.

        Raises:
            SourceError: the API refuses, throttles or does not answer sensibly; the last batch's cursor is where to go on.

        """
        if cursor == END:
            return
        if not self._token or not self._user:
            raise Unset("set crawler.instagram_token and crawler.instagram_user: the Graph API answers nobody without them")
        if not self.tags:
            raise Refused("name at least one hashtag of letters and digits, such as couple")
        asked = 0
        seen: set[str] = set()
        for leg in legs(self.tags, cursor):
            try:
                hashtag_id = self._hashtag(leg.tag)
                if hashtag_id:
                    asked += 1
                    yield from self._pages(leg, hashtag_id, seen)
                    continue
                log.warning("#%s waits: %d different hashtags were asked about within 7 days", leg.tag, TAGS_A_WEEK)
            except Gone as error:
                log.warning("#%s is passed over: %s", leg.tag, error)
                asked += 1
                yield Batch((), leg.following)
        if not asked:
            raise Throttled(f"{TAGS_A_WEEK} different hashtags were asked about within 7 days", self._week_has_room_in())

    def read(self, item: Item) -> bytes:
        """The picture's bytes.

        Raises:
            SourceError: `Broken` where its address has expired: the next crawl finds it under a new one.

        """
        # The API gives these addresses to be fetched, under its own terms.
        return self._client.picture(item.url, self._max_bytes, api=True, check=_fresh)

    def _pages(self, leg: Leg, hashtag_id: str, seen: set[str]) -> Iterator[Batch]:
        met: set[str] = set()
        while leg.page < PAGES:
            answer = leg.read(lambda after: self._page(hashtag_id, after))
            if answer is None:
                yield Batch((), leg.following)
                return
            media = records(answer.get("data"))
            ids = {identity(medium.get("id")) for medium in media} - {""}
            leg.after, leg.page = _after(answer), leg.page + 1
            last = not leg.after or not ids - met or leg.page >= PAGES
            met |= ids
            # A picture may be on two pages, also of two hashtags, and twice on one.
            found = {item.source_id: item for medium in media for item in self._items(medium, leg.tag) if item.source_id not in seen}
            seen.update(found)
            yield Batch(tuple(found.values()), leg.following if last else leg.cursor())
            if last:
                return

    def _page(self, hashtag_id: str, after: str) -> dict[str, object]:
        place = {"after": after} if after else {}
        return record(self._ask(f"{hashtag_id}/{self._edge}", {"fields": FIELDS, "limit": PAGE, **place}))

    def _items(self, medium: Mapping[str, object], tag: str) -> Iterator[Item]:
        caption = medium.get("caption") if isinstance(medium.get("caption"), str) else ""
        pictures = records(record(medium, "children").get("data")) if medium.get("media_type") == "CAROUSEL_ALBUM" else [dict(medium)]
        for picture in pictures:
            source_id, url = identity(picture.get("id")), address(picture.get("media_url"))
            if picture.get("media_type") == "IMAGE" and source_id and url:
                yield Item(
                    source=self.name,
                    source_id=source_id,
                    url=url,
                    page=address(medium.get("permalink")),
                    tags=tuple(dict.fromkeys((tag, *hashtags(str(caption)))))[:50],
                    caption=without_names(str(caption)),
                )

    def _hashtag(self, tag: str) -> str:
        """The id of a hashtag, "" where the week has no room for it."""
        week = self._ledger.asked(7 * DAY)
        if tag not in week and len(week) >= TAGS_A_WEEK:
            return ""
        known = self._ledger.id_of(tag)
        if not known:
            found = records(record(self._ask("ig_hashtag_search", {"q": tag})).get("data"))
            # It becomes part of an address, so it must be what the documentation says: a number.
            known = next((each for each in (identity(one.get("id")) for one in found) if re.fullmatch(r"\d{1,64}", each, re.ASCII)), "")
            if not known:
                raise Gone(f"#{tag} is unknown to Instagram")
        if tag not in week:
            self._ledger.note(tag, known)
        return known

    def _week_has_room_in(self) -> float:
        return next((day * DAY for day in range(1, 7) if len(self._ledger.asked((7 - day) * DAY)) < TAGS_A_WEEK), 7 * DAY)

    def _ask(self, path: str, parameters: Mapping[str, str | int]) -> object:
        whole = {"user_id": self._user, **parameters, "access_token": self._token}
        return self._client.get(
            f"{self._base}/{path}", whole, api=True, check=partial(self._check, from_place="after" in parameters)
        ).json()

    def _check(self, answer: Answer, *, from_place: bool) -> None:
        spent = usage(answer.headers)
        try:
            body = record(answer.json())
        except Passing:
            by_status(answer)
            raise
        error = record(body, "error")
        if error:
            raise self._error(error, answer, spent, from_place=from_place)
        by_status(answer)
        if not isinstance(body.get("data"), list):
            raise Passing(f"{answer.place} answered without data")
        if spent.percent >= 100 or spent.regain:
            self._client.hold(self._base, spent.regain or PAUSE)
        elif spent.percent > SLOW_FROM:
            self._client.hold(self._base, 60.0 * (spent.percent - SLOW_FROM) / (100.0 - SLOW_FROM))

    def _error(self, error: Mapping[str, object], answer: Answer, spent: Usage, *, from_place: bool) -> SourceError:
        """Common values: code, error_subcode, message, is_transient, fbtrace_id; HTTP's status says little.

        A refused `after` has no code of its own, mostly 100 for "invalid parameter": where one was sent it may be that.
        """
        code, subcode = number(error.get("code")), number(error.get("error_subcode"))
        said = f"Instagram says {self._client.said(words(error.get('message')) or 'nothing')} (code {code}, {subcode or 'no'} subcode)"
        if code in TOO_OFTEN or answer.status == 429:
            return Throttled(said, spent.regain or retry_after(answer.headers, default=PAUSE) or PAUSE)
        if code == TAGS_SPENT:
            return Throttled(said, self._week_has_room_in())
        if code in TOKEN:
            return Refused(f"renew crawler.instagram_token: {said}")
        if code in PERMISSION or (code is not None and 200 <= code <= 299):
            return Refused(f"the app needs instagram_basic and Instagram Public Content Access: {said}")
        if code == NO_HASHTAG or (code == 100 and subcode == 33):
            return Gone(said)
        if code in PASSING or error.get("is_transient") is True or answer.status >= 500:
            return Passing(said)
        return Stale(said) if from_place else Broken(said)


def _fresh(answer: Answer) -> None:
    if answer.status in (401, 403):
        raise Broken(f"{answer.place} answered {answer.status}: addresses of Instagram's pictures expire, the next crawl brings a new one")
    by_status(answer)


def _after(answer: Mapping[str, object]) -> str:
    """The cursor of the next page, "" where there is none."""
    paging = record(answer, "paging")
    link = address(paging.get("next"))
    if not link:
        return ""
    return words(record(paging, "cursors").get("after"), 2000) or "".join(parse_qs(urlsplit(link).query).get("after", [])[:1])
