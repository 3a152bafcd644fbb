"""GIF (89a): pictures, their delays and how often they repeat; no comments, words or programs' data."""

from __future__ import annotations

from typing import Final

from bot.scrub.errors import UnsureError, demand

_LOOPS: Final = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}
_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
BLOCKS_MAX: Final = 100_000


def clean(data: bytes) -> bytes:
    """The pictures alone, same pixels.

    Raises:
        UnsureError: it is broken or incomplete.

    """
    demand(len(data) >= 13, "no head")
    at = 13 + _colours(data[10])
    kept = [data[:at]]
    pictures = 0
    for _ in range(BLOCKS_MAX):
        start = at
        demand(at < len(data), "it ends too early")
        kind = data[at]
        if kind == _END:
            demand(pictures, "no picture")
            return b"".join((*kept, b";"))
        if kind == _IMAGE:
            demand(at + 10 < len(data), "it ends too early")
            at = _end_of_blocks(data, at + 11 + _colours(data[at + 9]))
            kept.append(data[start:at])
            pictures += 1
            continue
        demand(kind == _EXTENSION and at + 2 < len(data), "an unknown block")
        at = _end_of_blocks(data, at + 2)
        kept.append(_needed(data[start:at]))
    raise UnsureError("too many blocks")


def _needed(extension: bytes) -> bytes:
    """The delay of a picture, or how often all repeat; else nothing."""
    if extension[1] == _CONTROL and len(extension) == 8:
        return extension
    if extension[1] == _APPLICATION and extension[2] == 11 and extension[3:14] in _LOOPS and extension[14:16] == b"\x03\x01":
        return extension[:18] + b"\0"
    return b""


def _colours(packed: int) -> int:
    """Bytes of the colour table that a packed field announces."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _end_of_blocks(data: bytes, at: int) -> int:
    while True:
        demand(at < len(data), "it ends too early")
        length = data[at]
        at += 1 + length
        if not length:
            return at
