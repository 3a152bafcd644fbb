"""JPEG (ITU T.81, annex B): only the segments that decoding needs, and nothing after the end of the picture.

EXIF goes as a whole; where it turned the picture, a new one of 36 bytes says so and nothing else.  Motion photos and second
pictures (MPF) lie behind the end, so they go too.
"""

from __future__ import annotations

import io
import re
from typing import Final

from PIL import Image

from bot.scrub import icc
from bot.scrub.errors import UnsureError, demand

ORIENTATION: Final = 0x0112
_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_TABLES: Final = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD}
_DROPPED: Final = {*range(0xE0, 0xF0), 0xFE}
_SCAN, _END = 0xDA, 0xD9
_NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""A marker that ends the coded data of a scan: no stuffed byte, no restart."""
SEGMENTS_MAX: Final = 20_000
"""A camera writes some dozens, the most patient progressive encoder some hundreds."""


def clean(data: bytes) -> bytes:
    """The picture alone, same coefficients.

    Raises:
        UnsureError: it is not complete, or has segments that no decoder of ours knows.

    """
    kept: list[bytes] = []
    profile: dict[int, bytes] = {}
    frames = scans = 0
    at = 2
    for _ in range(SEGMENTS_MAX):
        marker, at = _marker(data, at)
        if marker == _END:
            demand(frames == 1 and scans, "no picture before the end")
            return b"".join((b"\xff\xd8", _head(data, profile), *kept, b"\xff\xd9"))
        body, at = _body(data, at)
        if marker in _DROPPED:
            kept += _needed(marker, body, profile)
            continue
        demand(marker in _FRAMES or marker in _TABLES or marker == _SCAN, "an unknown segment")
        kept.append(segment(marker, body))
        frames += marker in _FRAMES
        if marker == _SCAN:
            scans += 1
            found = _NEXT_MARKER.search(data, at)
            if found is None:
                raise UnsureError("the picture is not complete")
            kept.append(data[at : found.start()])
            at = found.start()
    raise UnsureError("too many segments")


def segment(marker: int, body: bytes) -> bytes:
    """A segment with its length."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def exif(orientation: int) -> bytes:
    """EXIF data (TIFF, big-endian) that says how the picture is turned and nothing else.

    >>> len(exif(6)), exif(6)[18:20]
    (26, b'\\x00\\x06')
    """
    entry = ORIENTATION.to_bytes(2, "big") + (3).to_bytes(2, "big") + (1).to_bytes(4, "big") + orientation.to_bytes(2, "big") + bytes(2)
    return b"MM\x00\x2a" + (8).to_bytes(4, "big") + (1).to_bytes(2, "big") + entry + bytes(4)


def orientation(data: bytes, formats: tuple[str, ...] = ("JPEG", "MPO")) -> int:
    """How EXIF says that the picture in `data` is turned, 1 to 8; 1 where it says nothing that can be read."""
    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            value = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 broken metadata may raise anything, and the photo may be good all the same
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _marker(data: bytes, at: int) -> tuple[int, int]:
    demand(at + 1 < len(data) and data[at] == 0xFF, "no marker where one must be")
    while at < len(data) and data[at] == 0xFF:
        at += 1
    demand(at < len(data), "it ends within a marker")
    return data[at], at + 1


def _body(data: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[at : at + 2], "big")
    demand(length >= 2 and at + length <= len(data), "a segment that ends outside the file")
    return data[at + 2 : at + length], at + length


def _needed(marker: int, body: bytes, profile: dict[int, bytes]) -> list[bytes]:
    """What decoders need of application data: density (without thumbnail) and colour transform; colour profiles are gathered."""
    if marker == 0xE0 and body[:5] == b"JFIF\x00" and len(body) >= 14:
        return [segment(0xE0, body[:12] + bytes(2))]
    if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
        return [segment(0xEE, body[:12])]
    if marker == 0xE2 and body[:12] == b"ICC_PROFILE\x00" and len(body) > 14:
        profile[body[12]] = body[14:]
    return []


def _head(data: bytes, profile: dict[int, bytes]) -> bytes:
    """What stands before all else: how it is turned, and its colours."""
    turned = orientation(data)
    head = b"" if turned == 1 else segment(0xE1, b"Exif\x00\x00" + exif(turned))
    neutral = icc.neutral(b"".join(profile[number] for number in sorted(profile)))
    parts = [neutral[start : start + 60_000] for start in range(0, len(neutral), 60_000)]
    for number, part in enumerate(parts, 1):
        head += segment(0xE2, b"ICC_PROFILE\x00" + bytes((number, len(parts))) + part)
    return head
