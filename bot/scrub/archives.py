"""Office and OpenDocument files: ZIP archives that are written anew, with bounds, without the parts that tell of their author.

Pictures in them are cleaned like pictures that are sent.  Comments, tracked changes, macros and embedded files name people in ways
too many to know, so a file with any of them is refused.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Final

from bot.scrub import gif, jpeg, png, webp
from bot.scrub.errors import UnsureError, demand
from bot.scrub.sniff import Kind, sniff

ENTRIES_MAX: Final = 2_000
UNPACKED_MAX: Final = 60_000_000
"""Bytes of all entries together."""
_NAME: Final = re.compile(r"[\w\[\]][\w\-. \[\]/]{0,200}")
_DAY: Final = (1980, 1, 1, 0, 0, 0)
_PICTURES: Final[dict[Kind, Callable[[bytes], bytes]]] = {
    Kind.JPEG: jpeg.clean,
    Kind.PNG: png.clean,
    Kind.WEBP: webp.clean,
    Kind.GIF: gif.clean,
}
_PROPERTIES: Final = "http://schemas.openxmlformats.org/officeDocument/2006/"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE_EMPTY: Final = {
    "docProps/core.xml": '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "docProps/app.xml": f'<Properties xmlns="{_PROPERTIES}extended-properties"/>',
    "docProps/custom.xml": f'<Properties xmlns="{_PROPERTIES}custom-properties"/>',
}
_OPEN_NAMES: Final = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"'
_OPEN_EMPTY: Final = {
    "meta.xml": f"<office:document-meta {_OPEN_NAMES}><office:meta/></office:document-meta>",
    "settings.xml": f"<office:document-settings {_OPEN_NAMES}><office:settings/></office:document-settings>",
}
_PEOPLE: Final = re.compile(
    rb"author(?:s|id)?\b|creator|initials|userName|lastModifiedBy|w:ins\b|w:del\b|<people|personId|tracked-changes|office:annotation|printer"
    rb"|(?:Target|href)=\"(?:file:|mailto:|\\\\|[A-Za-z]:)|<!ENTITY|<!DOCTYPE",
    re.IGNORECASE,
)
"""Signs that a part names people, printers or paths."""
_SAVED_AT: Final = re.compile(rb"<x15ac:absPath [^<>]*/>")
"""Where a workbook was saved last, which tells the name of the account."""
_PASSED: Final = {"mimetype", "layout-cache"}


def office(data: bytes) -> bytes:
    """A Word, Excel or PowerPoint file without its properties.

    Raises:
        UnsureError: it is broken, too large, or may name people elsewhere.

    """
    return _rewritten(data, _OFFICE_EMPTY)


def open_document(data: bytes) -> bytes:
    """An OpenDocument file without its properties and settings.

    Raises:
        UnsureError: it is broken, too large, or may name people elsewhere.

    """
    return _rewritten(data, _OPEN_EMPTY)


def _rewritten(data: bytes, empty: dict[str, str]) -> bytes:
    target = io.BytesIO()
    room = UNPACKED_MAX
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as result:
        entries = source.infolist()
        names = [entry.filename for entry in entries]
        demand(len(entries) <= ENTRIES_MAX and len(set(names)) == len(names), "too many entries, or two of a name")
        for entry in entries:
            demand(_NAME.fullmatch(entry.filename) and ".." not in entry.filename, "an odd name")
            content = _read(source, entry, room)
            room -= len(content)
            first = entry.filename == "mimetype"
            info = zipfile.ZipInfo(entry.filename, _DAY)
            info.compress_type = zipfile.ZIP_STORED if first else zipfile.ZIP_DEFLATED
            result.writestr(info, _neutral(entry.filename, content, empty))
    return target.getvalue()


def _read(source: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    """At most `room` bytes of an entry, whatever it says of its size."""
    with source.open(entry) as stream:
        content = stream.read(room + 1)
    demand(len(content) <= room, "more than can be unpacked")
    return content


def _neutral(name: str, content: bytes, empty: dict[str, str]) -> bytes:
    if name in empty:
        return (_HEAD + empty[name]).encode()
    if name in _PASSED or (name.endswith("/") and not content):
        return content
    if name.endswith((".xml", ".rels", ".rdf")):
        content = _SAVED_AT.sub(b"", content)
        demand(content[:2] not in {b"\xff\xfe", b"\xfe\xff"}, "not UTF-8")
        demand(not name.startswith("customXml/") and _PEOPLE.search(content) is None, "people may be named in it")
        return content
    cleaner = _PICTURES.get(sniff(content))
    if cleaner is None:
        raise UnsureError("a part that is not known")
    return cleaner(content)
