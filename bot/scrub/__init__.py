"""Takes out of a file what tells whose it is: places, devices, names, times, and whatever hides behind the end.

What is shown or heard stays as it is: pixels and samples are not touched, only the boxes around them (HEIC alone is made anew as
a JPEG).  What a file is, its bytes say; the MIME type and the name that came with it are never believed.  Files come from
strangers: nothing here raises, and whatever is broken or not understood to the end comes back as it was, with `sure` False.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.scrub import archives, audio, gif, heic, jpeg, matroska, movie, ogg, pdf, png, webp
from bot.scrub.sniff import Kind, sniff

MAX_BYTES: Final = 50_000_000
"""What a bot can send; larger files are not even looked at."""


@dataclass(frozen=True, slots=True)
class Neutral:
    """A file that names nobody.

    Attributes:
        data: its bytes.
        name: one name for all files of its kind, such as `photo.jpg`.
        mime: what its bytes say that it is.
        sure: whether everything that could tell of its sender was understood and is gone; where False, `data` is what came.

    """

    data: bytes
    name: str
    mime: str
    sure: bool


_CLEANERS: Final[dict[Kind, Callable[[bytes], bytes]]] = {
    Kind.JPEG: jpeg.clean,
    Kind.PNG: png.clean,
    Kind.WEBP: webp.clean,
    Kind.GIF: gif.clean,
    Kind.HEIC: heic.clean,
    Kind.MP4: movie.clean,
    Kind.MOV: movie.clean,
    Kind.M4A: movie.clean,
    Kind.MP3: audio.mp3,
    Kind.AAC: audio.aac,
    Kind.FLAC: audio.flac,
    Kind.WAV: audio.wav,
    Kind.OGG: ogg.clean,
    Kind.WEBM: matroska.clean,
    Kind.MKV: matroska.clean,
    Kind.PDF: pdf.clean,
    Kind.DOCX: archives.office,
    Kind.XLSX: archives.office,
    Kind.PPTX: archives.office,
    Kind.ODT: archives.open_document,
    Kind.ODS: archives.open_document,
    Kind.ODP: archives.open_document,
    Kind.TEXT: bytes,
}
"""How each kind is made neutral; what is not here comes back as it was, not sure."""


def neutral(data: bytes, mime: str | None = None, name: str | None = None) -> Neutral:
    """The file without what tells of its sender.  Never raises; takes at most some times its size in memory.

    Args:
        data: the file.
        mime: what its sender says that it is; not believed, and here so that callers need not think about it.
        name: how its sender calls it; neither believed nor kept.

    >>> neutral(b"Hello", "image/png", "maru kim.png")
    Neutral(data=b'Hello', name='document.txt', mime='text/plain', sure=True)
    >>> neutral(b"\\x00\\x01\\x02", "image/png", "maru kim.png").sure
    False

    """
    del mime, name
    kind = sniff(data)
    cleaner = _CLEANERS.get(kind)
    if cleaner is not None and len(data) <= MAX_BYTES:
        try:
            cleaned = cleaner(data)
        except Exception:  # noqa: BLE001 hostile bytes may raise anything, and all of it means: not sure
            return _as_it_was(data, kind)
        made = Kind.JPEG if kind is Kind.HEIC else kind
        # Without its tags it must still be what it was: a file of two kinds at once is not.
        return Neutral(cleaned, made.file_name, made.mime, sure=True) if sniff(cleaned) is made else _as_it_was(data, kind)
    return _as_it_was(data, kind)


def _as_it_was(data: bytes, kind: Kind) -> Neutral:
    return Neutral(data, kind.file_name, kind.mime, sure=False)


__all__ = ["MAX_BYTES", "Kind", "Neutral", "neutral", "sniff"]
