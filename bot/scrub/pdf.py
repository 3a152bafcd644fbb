"""PDF (ISO 32000-1): author, program, dates and XMP are blanked in place, so that no offset moves.

Only what can be seen to the end is answered for: a file that is encrypted or signed, that keeps earlier versions, comments, files,
photos with EXIF or its facts in packed objects, is refused.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

from bot.scrub.errors import UnsureError, demand

_REFUSED: Final = re.compile(
    rb"/(?:Encrypt|Sig|ByteRange|EmbeddedFile|Filespec|PieceInfo|JavaScript|JS|XFA|AcroForm|Launch|PTEX|Perms)\b"
    rb"|/Subtype\s*/(?:Text|FreeText|Line|Square|Circle|Polygon|PolyLine|Highlight|Underline|Squiggly|StrikeOut|Stamp|Caret|Ink|Popup|"
    rb"FileAttachment|Sound|Movie|Screen|Widget|RichMedia)\b"
)
"""Names of what may tell who wrote, commented or signed."""
_FACTS: Final = re.compile(rb"/(?:Author|Creator|Producer|CreationDate|ModDate|Metadata|Info)\b")
_OBJECT_STREAM: Final = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM: Final = re.compile(rb"stream\r?\n")
_INFO: Final = re.compile(rb"/Info\s+(\d{1,9})\s+(\d{1,5})\s+R\b")
_METADATA: Final = re.compile(rb"/Metadata\s+(\d{1,9})\s+(\d{1,5})\s+R\b")
_IDENTITY: Final = re.compile(rb"/ID\s*\[\s*(<[0-9A-Fa-f]*>)\s*(<[0-9A-Fa-f]*>)\s*\]")
_PACKETS: Final = ((b"<?xpacket begin", b"<?xpacket end"), (b"<x:xmpmeta", b"</x:xmpmeta>"))
UNPACKED_MAX: Final = 50_000_000
GROUPS_MAX: Final = 5_000
"""Packed groups of objects that are opened."""
REFERENCES_MAX: Final = 20
"""References to facts that are followed, each a look through the whole file, and XMP packets."""


def clean(data: bytes) -> bytes:
    """The document without its facts; as long as it was, less what stands behind its end.

    Raises:
        UnsureError: it may hold more than can be seen.

    """
    end = data.rfind(b"%%EOF")
    demand(end > 0, "it ends too early")
    linear = b"/Linearized" in data[:1024]
    demand(data.count(b"%%EOF") == (2 if linear else 1), "earlier versions are in it")
    demand(_REFUSED.search(data) is None and b"Exif\0\0" not in data, "it may tell of its author elsewhere")
    _look_into_packed(data)
    result = bytearray(data[: end + 5] + b"\n")
    for number, generation in _references(_INFO, data):
        _blank_facts(result, number, generation)
    for number, generation in _references(_METADATA, data):
        _blank_stream(result, number, generation)
    for opening, closing in _PACKETS:
        _blank_packets(result, opening, closing)
    for found in _IDENTITY.finditer(bytes(result)):
        for group in (1, 2):
            start, stop = found.span(group)
            result[start + 1 : stop - 1] = b"0" * (stop - start - 2)
    demand(b"xmpmeta" not in result and b"xpacket" not in result, "facts that could not be blanked")
    return bytes(result)


def _references(pattern: re.Pattern[bytes], data: bytes) -> set[tuple[bytes, bytes]]:
    found = {(match[1], match[2]) for match in pattern.finditer(data)}
    word = pattern.pattern[: pattern.pattern.index(rb"\s")]
    named = len(re.findall(word + rb"\b", data)) - len(re.findall(rb"/Type\s*" + word + rb"\b", data))
    demand(named == len(pattern.findall(data)) and len(found) <= REFERENCES_MAX, "facts that stand elsewhere")
    return found


def _blank_packets(data: bytearray, opening: bytes, closing: bytes) -> None:
    """XMP that is not packed says itself where it begins and ends."""
    for _ in range(REFERENCES_MAX):
        start = data.find(opening)
        end = data.find(closing, start)
        if start < 0 or end < 0:
            return
        end = data.find(b">", end) + 1 or len(data)
        data[start:end] = b" " * (end - start)


def _object(data: bytearray, number: bytes, generation: bytes) -> tuple[int, int]:
    """Where the object's content starts and ends; it must be there exactly once."""
    places = list(re.finditer(rb"(?<!\d)" + number + rb"\s+" + generation + rb"\s+obj\b", data))
    demand(len(places) == 1, "facts that are packed, or there twice")
    end = data.find(b"endobj", places[0].end())
    demand(end > 0, "an object without an end")
    return places[0].end(), end


def _blank_facts(data: bytearray, number: bytes, generation: bytes) -> None:
    start, end = _object(data, number, generation)
    body = bytes(data[start:end]).strip()
    demand(body.startswith(b"<<") and body.endswith(b">>"), "facts of another shape")
    data[start:end] = b" <<>>" + b" " * (end - start - 5)


def _blank_stream(data: bytearray, number: bytes, generation: bytes) -> None:
    start, end = _object(data, number, generation)
    opening = _STREAM.search(data, start, end)
    closing = data.rfind(b"endstream", start, end)
    if opening is None or closing < opening.end():
        raise UnsureError("facts of another shape")
    demand(b"/Filter" not in data[start : opening.start()], "packed facts")
    data[opening.end() : closing] = b" " * (closing - opening.end())


def _look_into_packed(data: bytes) -> None:
    """Groups of packed objects must hold nothing that is blanked or refused."""
    room = UNPACKED_MAX
    for count, found in enumerate(_OBJECT_STREAM.finditer(data)):
        opening = _STREAM.search(data, found.end(), found.end() + 2000)
        if opening is None or count >= GROUPS_MAX:
            raise UnsureError("a packed group without content")
        unpacking = zlib.decompressobj()
        try:
            content = unpacking.decompress(data[opening.end() : data.find(b"endstream", opening.end())], room)
        except zlib.error:
            raise UnsureError("packed in another way") from None
        room -= len(content)
        demand(unpacking.eof and room > 0, "more packed than can be looked at")
        demand(_REFUSED.search(content) is None and _FACTS.search(content) is None, "facts that are packed")
