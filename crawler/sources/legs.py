"""A crawl of several hashtags: one after the other, and where to go on in each of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.sources.reading import END, number, pack, unpack, words

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

    def cursor(self) -> str:
        """The crawl's cursor while this hashtag is not done."""
        return pack({"tag": self.tag, "after": self.after, "page": self.page})


def legs(tags: tuple[str, ...], cursor: str) -> Iterator[Leg]:
    """What is left of a crawl of `tags`; from its beginning where the cursor's hashtag is none of them any more.

    >>> [(leg.tag, leg.after, leg.following) for leg in legs(("a", "b"), '{"tag":"a","after":"x"}')]
    [('a', 'x', '{"tag":"b"}'), ('b', '', 'end')]

    Raises:
        Broken: the cursor is not one of ours.

    """
    place = unpack(cursor)
    known = place.get("tag") in tags
    first = tags.index(str(place["tag"])) if known else 0
    for index in range(first, len(tags)):
        following = pack({"tag": tags[index + 1]}) if index + 1 < len(tags) else END
        start = place if known and index == first else {}
        yield Leg(tags[index], words(start.get("after"), 2000), max(0, number(start.get("page")) or 0), following)
