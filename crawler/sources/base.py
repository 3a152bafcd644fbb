"""What a source of pictures is to the rest of the crawler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

SOURCE_ID_MAX = 190
"""Characters of `Item.source_id`: as long as a unique key of MySQL with four bytes a character may be."""


@dataclass(frozen=True, slots=True)
class Item:
    """A picture that a source offers, with where it comes from and under what terms."""

    source: str
    """`folder`, `instagram`, `instaloader`, `commons`, `naver` or `member`."""
    source_id: str
    """Stable within the source, at most `SOURCE_ID_MAX` characters."""
    url: str = ""
    """Where its bytes are; empty where `Source.read` knows."""
    page: str = ""
    """Page of origin for people to look at."""
    licence: str = "unknown"
    """As stated by the source, such as `CC BY-SA 4.0`, or `consent:couple-1` for a confirmed upload."""
    author: str = ""
    """As the licence wants the author named."""
    tags: tuple[str, ...] = ()
    """Without the number sign."""
    caption: str = ""
    """In people's own words."""
    description: str = ""
    """What is written for those who cannot see the picture, mostly by a machine: "May be an image of 2 people"."""
    file: str = ""
    """What people call the file, where it is one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some items and where to go on after them."""

    items: tuple[Item, ...]
    cursor: str
    """Opaque; stored once every item of the batch is dealt with."""
    total: int | None = None
    """How many items there will be in all, where that is known."""


class Source(Protocol):
    """Offers pictures in a fixed order, from a cursor on."""

    name: str

    def batches(self, cursor: str) -> Iterator[Batch]:
        """What comes after `cursor`; an empty one starts at the beginning.

        Raises:
            SourceError: the source cannot be read.

        """
        ...

    def read(self, item: Item) -> bytes:
        """The bytes of a picture.

        Raises:
            SourceError: they cannot be had: `Gone`, `Throttled`, `Refused` or `Broken`.

        """
        ...
