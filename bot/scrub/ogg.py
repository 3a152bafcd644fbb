"""Ogg (RFC 3533) with Opus or Vorbis: the comments of each stream are blanked in place, so that no other page changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bot.scrub.errors import demand

_HEADS: Final = {b"OpusHead": b"OpusTags", b"\x01vorbis": b"\x03vorbis"}
"""How a stream's first packet begins → how its second one, the comments, does."""
_BEGINS: Final = 0x02
COMMENTS_MAX: Final = 2_000_000
"""Bytes of pages whose checksum is made anew, a byte at a time; a cover takes some hundred thousand."""


@dataclass(slots=True)
class _Stream:
    magic: bytes
    packets: int = 0
    comments: list[tuple[int, int]] = field(default_factory=list)
    """Where the bytes of the second packet stand: (start, end) by page."""
    pages: list[tuple[int, int]] = field(default_factory=list)
    """The pages that hold them: (start, end)."""
    done: bool = False


def clean(data: bytes) -> bytes:
    """The sound alone; as long as it was.

    Raises:
        UnsureError: it is broken, or holds streams of other kinds.

    """
    result = bytearray(data)
    streams: dict[bytes, _Stream] = {}
    at = 0
    while at < len(data):
        demand(data[at : at + 5] == b"OggS\0" and at + 27 <= len(data), "no page where one must be")
        table = data[at + 27 : at + 27 + data[at + 26]]
        body = at + 27 + data[at + 26]
        end = body + sum(table)
        demand(end <= len(data), "it ends too early")
        serial = data[at + 14 : at + 18]
        if data[at + 5] & _BEGINS:
            first = data[body : body + 8]
            magic = next((second for head, second in _HEADS.items() if first.startswith(head)), None)
            demand(magic is not None, "a stream of another kind")
            streams[serial] = _Stream(magic or b"")
        demand(serial in streams, "a stream without a head")
        stream = streams[serial]
        if not stream.done and _comments_end(stream, table, at, body):
            stream.done = True
            _blank(result, stream)
        at = end
    demand(streams and all(stream.done for stream in streams.values()), "no sound")
    return bytes(result)


def _comments_end(stream: _Stream, table: bytes, page: int, body: int) -> bool:
    """Follow the packets of a page up to the end of the second one; whether it is on this page."""
    at = start = body
    for lace in table:
        at += lace
        if lace < 255:
            if stream.packets == 1:
                stream.comments.append((start, at))
                stream.pages.append((page, body + sum(table)))
                return True
            stream.packets += 1
            start = at
    if stream.packets == 1 and at > start:
        stream.comments.append((start, at))
        stream.pages.append((page, body + sum(table)))
    return False


def _blank(data: bytearray, stream: _Stream) -> None:
    """Write comments of the same length that say nothing: a vendor of spaces, no entries."""
    length = sum(end - start for start, end in stream.comments)
    framing = 1 if stream.magic == b"\x03vorbis" else 0
    demand(sum(end - start for start, end in stream.pages) <= COMMENTS_MAX, "comments that are too long")
    vendor = length - len(stream.magic) - 8 - framing
    demand(vendor >= 0, "comments that are too short")
    packet = stream.magic + vendor.to_bytes(4, "little") + b" " * vendor + bytes(4) + b"\x01" * framing
    start, end = stream.comments[0]
    demand(bytes(data[start : start + len(stream.magic)]) == stream.magic, "no comments where they must be")
    used = 0
    for start, end in stream.comments:
        data[start:end] = packet[used : used + end - start]
        used += end - start
    for start, end in stream.pages:
        data[start + 22 : start + 26] = bytes(4)
        data[start + 22 : start + 26] = _crc(bytes(data[start:end])).to_bytes(4, "little")


def _table() -> tuple[int, ...]:
    found = []
    for number in range(256):
        value = number << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
        found.append(value)
    return tuple(found)


_CRC: Final = _table()


def _crc(page: bytes) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value
