"""Matroska and WebM (RFC 9559): tags, covers, titles, dates and programs become empty space of the same length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.scrub.errors import UnsureError, demand

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_INFO, _TRACKS, _TRACK = 0x1549A966, 0x1654AE6B, 0xAE
_SEEK_HEAD, _CUES, _VOID = 0x114D9B74, 0x1C53BB6B, 0xEC
_TOP: Final = {_INFO, _TRACKS, _CLUSTER, _SEEK_HEAD, _CUES, 0x1254C367, 0x1941A469, 0x1043A770, _VOID, 0xBF}
_INFO_KEPT: Final = {0x2AD7B1, 0x4489}
"""How long a tick is, and how many it has."""
_PROGRAMS: Final = {0x4D80, 0x5741}
"""Must be there, so they are overwritten by spaces."""
_TRACK_DROPPED: Final = {0x536E, 0x258688, 0x3A9697, 0x3B4040, 0x26B240, 0x7446, 0xBF}
"""A track's name, its codec's name, settings and addresses, its attachment."""
_UNKNOWN: Final = -1
ELEMENTS_MAX: Final = 500_000


@dataclass(frozen=True, slots=True)
class _Element:
    identity: int
    start: int
    body: int
    end: int
    """Of its content; of one of unknown size, of what it stands in."""
    sized: bool


def clean(data: bytes) -> bytes:
    """The film or sound alone; as long as it was.

    Raises:
        UnsureError: it is broken.

    """
    result = bytearray(data)
    elements = list(_elements(result, 0, len(result), top=True))
    demand([element.identity for element in elements[:2]] == [_EBML, _SEGMENT], "not a film")
    segment = elements[1]
    seen = set()
    for element in _elements(result, segment.body, segment.end):
        seen.add(element.identity)
        if element.identity == _INFO:
            _info(result, element)
        elif element.identity == _TRACKS:
            for track in _elements(result, element.body, element.end):
                _track(result, track)
        elif element.identity not in {_CLUSTER, _SEEK_HEAD, _CUES}:
            _blank(result, element)
    demand({_TRACKS, _CLUSTER} <= seen, "nothing to play")
    return bytes(result[: segment.end])


def _info(data: bytearray, info: _Element) -> None:
    for element in list(_elements(data, info.body, info.end)):
        if element.identity in _PROGRAMS:
            data[element.body : element.end] = b" " * (element.end - element.body)
        elif element.identity not in _INFO_KEPT:
            _blank(data, element)


def _track(data: bytearray, track: _Element) -> None:
    if track.identity != _TRACK:
        _blank(data, track)
        return
    for element in list(_elements(data, track.body, track.end)):
        if element.identity in _TRACK_DROPPED:
            _blank(data, element)


def _elements(data: bytearray, start: int, end: int, *, top: bool = False) -> Iterator[_Element]:
    at = start
    for _ in range(ELEMENTS_MAX):
        if at >= end or (top and data[at] != 0x1A and data[at] != 0x18):
            return
        identity, body = _identity(data, at)
        size, body = _size(data, body)
        element = _Element(identity, at, body, end if size == _UNKNOWN else body + size, size != _UNKNOWN)
        demand(element.end <= end, "an element that ends outside its container")
        if size == _UNKNOWN:
            demand(identity in {_SEGMENT, _CLUSTER}, "an element of unknown size")
            if identity == _CLUSTER:
                element = _Element(identity, at, body, _end_of_cluster(data, body, end), sized=False)
        yield element
        at = element.end
    raise UnsureError("too many elements")


def _end_of_cluster(data: bytearray, at: int, end: int) -> int:
    """Where a cluster of unknown size ends: before the next element that stands beside clusters."""
    for _ in range(ELEMENTS_MAX):
        if at >= end:
            return end
        identity, body = _identity(data, at)
        if identity in _TOP - {_VOID, 0xBF}:
            return at
        size, body = _size(data, body)
        demand(size != _UNKNOWN and body + size <= end, "an element that ends outside its container")
        at = body + size
    raise UnsureError("too many elements")


def _identity(data: bytearray, at: int) -> tuple[int, int]:
    demand(at < len(data), "it ends too early")
    width = 9 - data[at].bit_length()
    demand(width <= 4 and at + width <= len(data), "no element")
    return int.from_bytes(data[at : at + width], "big"), at + width


def _size(data: bytearray, at: int) -> tuple[int, int]:
    demand(at < len(data), "it ends too early")
    width = 9 - data[at].bit_length()
    demand(width <= 8 and at + width <= len(data), "no size")
    bits = 7 * width
    size = int.from_bytes(data[at : at + width], "big") & (1 << bits) - 1
    return (_UNKNOWN if size == (1 << bits) - 1 else size), at + width


def _blank(data: bytearray, element: _Element) -> None:
    """Turn an element into `Void` of the same length."""
    length = element.end - element.start
    demand(element.sized and length >= 2, "an element that cannot be blanked")
    width = next(width for width in range(1, 9) if length - 1 - width < (1 << 7 * width) - 1)
    content = length - 1 - width
    data[element.start : element.end] = bytes((_VOID,)) + (1 << 7 * width | content).to_bytes(width, "big") + bytes(content)
