"""PNG (https://www.w3.org/TR/png-3): the chunks that make the picture or the animation, with their colours; no words, days or EXIF.

The compressed picture is read once, in small pieces, so that what somebody hid behind its end within the file is cut off too: that
is how cropped screenshots have kept what was cropped.
"""

from __future__ import annotations

import zlib
from typing import Final

from bot.scrub import icc, jpeg
from bot.scrub.errors import demand

_KEPT: Final = {b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"pHYs"}
_ANIMATION: Final = {b"acTL", b"fcTL", b"fdAT"}
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PIXELS_MAX: Final = 100_000_000
CHUNKS_MAX: Final = 100_000
PIECE: Final = 1 << 16
"""Bytes that the picture is unpacked by."""


def clean(data: bytes) -> bytes:
    """The picture alone, same pixels.

    Raises:
        UnsureError: it is broken, incomplete or larger than any picture.

    """
    chunks = _chunks(data)
    demand(chunks and chunks[0][0] == b"IHDR" and len(chunks[0][1]) == 13 and chunks[-1][0] == b"IEND", "not from IHDR to IEND")
    size = _unpacked_size(chunks[0][1])
    picture = _trimmed(b"".join(body for name, body in chunks if name == b"IDAT"), size)
    turned = jpeg.orientation(data, ("PNG",)) if any(name == b"eXIf" for name, _ in chunks) else 1
    kept = [_chunk(b"IHDR", chunks[0][1])]
    written = False
    for name, body in chunks[1:-1]:
        if name == b"IDAT":
            if not written:
                kept += [_chunk(b"eXIf", jpeg.exif(turned))] if turned != 1 else []
                kept.append(_chunk(b"IDAT", picture))
            written = True
        elif name in _KEPT or name in _ANIMATION:
            kept.append(_chunk(name, body))
        elif name == b"iCCP":
            profile = _profile(body)
            kept += [_chunk(b"iCCP", b"c\0\0" + zlib.compress(profile))] if profile else []
        else:
            demand(name[0] & 0x20, "an unknown chunk without which it cannot be read")
    demand(written, "no picture in it")
    return _SIGNATURE + b"".join(kept) + _chunk(b"IEND", b"")


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(name, body) up to IEND; what comes after that is not looked at."""
    found: list[tuple[bytes, bytes]] = []
    at = len(_SIGNATURE)
    while len(found) < CHUNKS_MAX:
        length = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        crc = data[at + 8 + length : at + 12 + length]
        demand(len(name) == 4 and name.isalpha() and len(crc) == 4, "a chunk that ends outside the file")
        demand(int.from_bytes(crc, "big") == zlib.crc32(body, zlib.crc32(name)), "a broken chunk")
        found.append((name, body))
        at += 12 + length
        if name == b"IEND":
            break
    return found


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(body, zlib.crc32(name)).to_bytes(4, "big")


def _unpacked_size(header: bytes) -> int:
    """The most bytes that the picture can have unpacked: rows with their filter bytes, in seven passes where interlaced."""
    width, height, depth, colour = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big"), header[8], header[9]
    demand(width > 0 and height > 0 and width * height <= PIXELS_MAX, "larger than any picture")
    demand(colour in _CHANNELS and depth in {1, 2, 4, 8, 16}, "unknown colours")
    row = (width * depth * _CHANNELS[colour] + 7) // 8
    return height * (row + 1) + (7 * (height + width) * 2 if header[12] else 0)


def _trimmed(packed: bytes, size: int) -> bytes:
    """The compressed picture up to its own end."""
    unpacking = zlib.decompressobj()
    pending, read, unpacked = b"", 0, 0
    while not unpacking.eof:
        if not pending:
            pending = packed[read : read + PIECE]
            read += len(pending)
        piece = unpacking.decompress(pending, PIECE)
        demand(piece or pending or unpacking.eof, "the picture is not complete")
        pending = unpacking.unconsumed_tail
        unpacked += len(piece)
        demand(unpacked <= size, "more picture than it says")
    demand(unpacked, "no picture")
    return packed[: read - len(unpacking.unused_data)]


def _profile(body: bytes) -> bytes:
    at = body.find(b"\0", 0, 80)
    if at < 0:
        return b""
    unpacking = zlib.decompressobj()
    try:
        return icc.neutral(unpacking.decompress(body[at + 2 :], icc.PROFILE_MAX))
    except zlib.error:
        return b""
