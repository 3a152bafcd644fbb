"""WebP (RFC 9649): the chunks that make the picture or the animation; no EXIF, no XMP, nothing after the end."""

from __future__ import annotations

from typing import Final

from bot.scrub import icc, jpeg, riff
from bot.scrub.errors import demand

_PICTURE: Final = {b"VP8 ", b"VP8L", b"ALPH"}
_ICC, _ALPHA, _EXIF, _ANIMATED = 0x20, 0x10, 0x08, 0x02


def clean(data: bytes) -> bytes:
    """The picture alone, same pixels.

    Raises:
        UnsureError: it is broken or incomplete.

    """
    chunks = riff.content(data)
    names = [name for name, _ in chunks]
    demand(names and names[0] in {b"VP8 ", b"VP8L", b"VP8X"}, "no picture at its start")
    demand(names[0] != b"VP8X" or {b"VP8 ", b"VP8L", b"ANMF"} & set(names), "no picture")
    turned = jpeg.orientation(data, ("WEBP",)) if b"EXIF" in names else 1
    kept: list[riff.Chunk] = []
    flags = 0
    for name, body in chunks[1:] if names[0] == b"VP8X" else chunks:
        if name in _PICTURE or (name == b"ANIM" and len(body) == 6):
            kept.append((name, body))
        elif name == b"ICCP" and (profile := icc.neutral(body)):
            flags |= _ICC
            kept.append((name, profile))
        elif name == b"ANMF":
            frame = [part for part in riff.chunks(body, 16, len(body)) if part[0] in _PICTURE]
            kept.append((name, body[:16] + riff.joined(frame)))
    if turned != 1:
        kept.append((b"EXIF", jpeg.exif(turned)))
        flags |= _EXIF
    if names[0] == b"VP8X":
        head = chunks[0][1]
        demand(len(head) == 10, "a broken head")
        kept.insert(0, (b"VP8X", bytes((head[0] & (_ALPHA | _ANIMATED) | flags, 0, 0, 0)) + head[4:]))
    return riff.file(b"WEBP", kept)
