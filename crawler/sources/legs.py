"""A crawl of several hashtags: one after the other, and where to go on in each of them."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from crawler.errors import Stale
from crawler.sources.reading import END, number, pack, unpack, words

log = logging.getLogger(__name__)

P = TypeVar("P")

PAGES = 100
"""Pages of one hashtag that are read in one crawl."""


def usable(tags: Iterable[str]) -> tuple[str, ...]:
    """Hashtags as Instagram knows them: without the sign, in lower case, letters and digits only, once each.

    >>> usable(["#Couple", "couple", "커플 사진", "❤", "럽스타그램"])
    ('couple', '럽스타그램')
    """
    plain = (unicodedata.normalize("NFC", tag).strip().removeprefix("#").lower() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in plain if re.fullmatch(r"\w{1,100}", tag)))


@dataclass
class Leg:
    """One hashtag's part of a crawl."""

    tag: str
    after: str
    """Where its next page begins, "" for its first one."""
    page: int
    """Pages that were read."""
    following: str
    """The crawl's cursor once this hashtag is done."""
    resumed: bool = False
    """Whether `after` is of an earlier run, and was not taken by the server yet."""
    anew: bool = False
    """Whether it was begun anew in this run."""

    def cursor(self) -> str:
        """The crawl's cursor while this hashtag is not done."""
        return pack({"tag": self.tag, "after": self.after, "page": self.page})

    def read(self, page: Callable[[str], P]) -> P | None:
        """The next page, as `page` gives it from a place; None where the hashtag is over.

        An earlier run's place that the server refuses is forgotten, once: where it then refuses one of its own the hashtag is over.

        Raises:
            Stale: a place of this run was refused: the next one forgets it, should the server refuse it then as well.

        """
        while True:
            try:
                found = page(self.after)
            except Stale as error:
                if self.anew:
                    log.warning("#%s ends after %d pages: %s", self.tag, self.page, error)
                    return None
                if not self.resumed:
                    raise
                log.warning("#%s begins anew: %s", self.tag, error)
                self.after, self.page, self.resumed, self.anew = "", 0, False, True
            else:
                self.resumed = False
                return found


def legs(tags: tuple[str, ...], cursor: str) -> Iterator[Leg]:
    """What is left of a crawl of `tags`; from its beginning where the cursor's hashtag is none of them any more.

    >>> [(leg.tag, leg.after, leg.following) for leg in legs(("a", "b"), '{"tag":"a","after":"x"}')]
    [('a', 'x', '{"tag":"b"}'), ('b', '', 'end')]

    Raises:
        Stale: the cursor is not one of ours.

    """
    place = unpack(cursor)
    known = place.get("tag") in tags
    first = tags.index(str(place["tag"])) if known else 0
    for index in range(first, len(tags)):
        following = pack({"tag": tags[index + 1]}) if index + 1 < len(tags) else END
        start = place if known and index == first else {}
        after = words(start.get("after"), 2000)
        yield Leg(tags[index], after, max(0, number(start.get("page")) or 0), following, resumed=bool(after))
