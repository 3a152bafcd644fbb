"""RIFF, in which WebP pictures and WAV sounds come: chunks of a name, a length and a body, padded to an even one."""

from __future__ import annotations

from collections.abc import Iterable

from bot.scrub.errors import demand

Chunk = tuple[bytes, bytes]
"""(name, body)"""


def content(data: bytes) -> list[Chunk]:
    """The chunks of a file up to its own end.

    Raises:
        UnsureError: they do not fill it.

    """
    size = int.from_bytes(data[4:8], "little")
    demand(8 + size <= len(data), "it ends too early")
    return chunks(data, 12, 8 + size)


def chunks(data: bytes, start: int, end: int) -> list[Chunk]:
    """The chunks from `start` to `end`.

    Raises:
        UnsureError: they do not fill it.

    """
    found: list[Chunk] = []
    at = start
    while at < end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        demand(at + 8 + length <= end, "a chunk that ends outside the file")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def joined(parts: Iterable[Chunk]) -> bytes:
    """Chunks as they stand in a file."""
    return b"".join(name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2) for name, body in parts)


def file(form: bytes, parts: Iterable[Chunk]) -> bytes:
    """A whole file of the kind `form`."""
    body = form + joined(parts)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
