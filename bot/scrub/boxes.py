"""Boxes of ISO/IEC 14496-12 (MP4, M4A, QuickTime): walked with bounds, blanked in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.scrub.errors import demand

BOXES_MAX: Final = 200_000


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, where it starts, where its content starts and ends (bytes of the file)."""

    name: bytes
    start: int
    body: int
    end: int

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.end - self.body


def boxes(data: bytearray, start: int, end: int) -> Iterator[Box]:
    """The boxes from `start` to `end`.

    Raises:
        UnsureError: they do not fill it.

    """
    at = start
    for _ in range(BOXES_MAX):
        # QuickTime ends some containers with four zero bytes.
        if at == end or (end - at == 4 and not any(data[at:end])):
            return
        demand(at + 8 <= end, "a box that ends outside its container")
        size, name, body = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8]), at + 8
        if size == 1:
            demand(at + 16 <= end, "a box that ends outside its container")
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif size == 0:
            size = end - at
        demand(body <= at + size <= end, "a box that ends outside its container")
        yield Box(name, at, body, at + size)
        at += size
    demand(at == end, "too many boxes")


def blank(data: bytearray, box: Box) -> None:
    """Turn a box into free space of zeros."""
    data[box.start + 4 : box.start + 8] = b"free"
    zero(data, box.body, box.end)


def zero(data: bytearray, start: int, end: int) -> None:
    """Write zeros from `start` to `end`."""
    data[start:end] = bytes(max(0, end - start))


def number(data: bytearray, at: int, width: int = 4) -> int:
    """The big-endian number at a place."""
    return int.from_bytes(data[at : at + width], "big")
