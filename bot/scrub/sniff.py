"""What a file is, by its first bytes."""

from __future__ import annotations

import io
import zipfile
from enum import Enum
from typing import Final

TEXT_MAX: Final = 2_000_000
"""Bytes up to which a file is read to the end to see whether it is text."""
_MOVIE_STARTS: Final = {b"moov", b"mdat", b"wide", b"pnot"}
"""Boxes with which old QuickTime files begin, which have no `ftyp`."""
_HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AUDIO_BRANDS: Final = {b"M4A ", b"M4B ", b"M4P ", b"F4A "}
_MOVIE_BRANDS: Final = {b"isom", b"avc1", b"mmp4", b"MSNV", b"dash", b"M4V ", b"M4VH", b"M4VP", b"F4V ", b"iso2", b"mp41", b"mp42", b"mp71"}
_MARKUP: Final = (b"<", b"{\\rtf", b"%!", b"BEGIN:")
"""How texts begin that keep facts about their author: SVG, HTML, GPX, RTF, PostScript, contacts and calendars."""


class Kind(Enum):
    """Kinds of files, each with its MIME type and the one name that all files of it get."""

    JPEG = ("image/jpeg", "photo.jpg")
    PNG = ("image/png", "image.png")
    WEBP = ("image/webp", "image.webp")
    GIF = ("image/gif", "animation.gif")
    HEIC = ("image/heic", "photo.heic")
    MP4 = ("video/mp4", "video.mp4")
    MOV = ("video/quicktime", "video.mov")
    M4A = ("audio/mp4", "audio.m4a")
    MP3 = ("audio/mpeg", "audio.mp3")
    AAC = ("audio/aac", "audio.aac")
    FLAC = ("audio/flac", "audio.flac")
    WAV = ("audio/wav", "audio.wav")
    OGG = ("audio/ogg", "audio.ogg")
    WEBM = ("video/webm", "video.webm")
    MKV = ("video/x-matroska", "video.mkv")
    PDF = ("application/pdf", "document.pdf")
    DOCX = ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document.docx")
    XLSX = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document.xlsx")
    PPTX = ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "document.pptx")
    ODT = ("application/vnd.oasis.opendocument.text", "document.odt")
    ODS = ("application/vnd.oasis.opendocument.spreadsheet", "document.ods")
    ODP = ("application/vnd.oasis.opendocument.presentation", "document.odp")
    ZIP = ("application/zip", "file.zip")
    TEXT = ("text/plain", "document.txt")
    UNKNOWN = ("application/octet-stream", "file.bin")

    @property
    def mime(self) -> str:
        """The MIME type."""
        return self.value[0]

    @property
    def file_name(self) -> str:
        """The name that says nothing."""
        return self.value[1]


def sniff(data: bytes) -> Kind:
    """What the bytes say that they are; never raises.

    >>> sniff(b"GIF89a...").name, sniff(b"%PDF-1.7").name, sniff(b"").name, sniff("안녕".encode()).name
    ('GIF', 'PDF', 'UNKNOWN', 'TEXT')
    """
    if data[:4] == b"RIFF":
        return {b"WEBP": Kind.WEBP, b"WAVE": Kind.WAV}.get(data[8:12], Kind.UNKNOWN)
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    if data[4:8] in _MOVIE_STARTS:
        return Kind.MOV
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return Kind.WEBM if b"webm" in data[:64] else Kind.MKV
    if data[:4] == b"PK\x03\x04":
        return _by_contents(data)
    if len(data) > 4 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return Kind.MP3 if data[1] & 0x06 else Kind.AAC
    return Kind.TEXT if _is_text(data) else Kind.UNKNOWN


_STARTS: Final = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"ID3", Kind.MP3),
    (b"fLaC", Kind.FLAC),
    (b"OggS", Kind.OGG),
    (b"%PDF-", Kind.PDF),
)


def _by_brand(data: bytes) -> Kind:
    """ISO/IEC 14496-12, 4.3: the brand, then those that the file is compatible with."""
    length = min(int.from_bytes(data[:4], "big"), 64)
    brand = data[8:12]
    brands = {brand, *(data[at : at + 4] for at in range(16, length, 4))}
    if brand == b"qt  ":
        return Kind.MOV
    if brand in _AUDIO_BRANDS:
        return Kind.M4A
    if brands & _HEIC_BRANDS:
        return Kind.UNKNOWN if brand in {b"avif", b"avis"} else Kind.HEIC
    if brands & _MOVIE_BRANDS or brand[:3] in {b"3gp", b"3g2", b"iso"}:
        return Kind.MP4
    return Kind.UNKNOWN


def _by_contents(data: bytes) -> Kind:
    """Of a ZIP: what its first entry (OpenDocument) or its names (Office) say."""
    if data[30:38] == b"mimetype":
        declared = data[38:120]
        for kind in (Kind.ODT, Kind.ODS, Kind.ODP):
            # Templates go on with "-template".
            if declared.startswith(kind.mime.encode() + b"PK"):
                return kind
        return Kind.ZIP
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except Exception:  # noqa: BLE001 a hostile directory may raise anything
        return Kind.ZIP
    for name, kind in (("word/document.xml", Kind.DOCX), ("xl/workbook.xml", Kind.XLSX), ("ppt/presentation.xml", Kind.PPTX)):
        if name in names and "[Content_Types].xml" in names:
            return kind
    return Kind.ZIP


def _is_text(data: bytes) -> bool:
    if not data or len(data) > TEXT_MAX or data.lstrip(b"\xef\xbb\xbf \t\r\n")[:6].startswith(_MARKUP):
        return False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\r\n\f" for character in text)
