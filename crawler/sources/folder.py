"""Pictures in a folder or a ZIP archive, in the order of their names, and what files beside them say of where they are from.

Nothing of an archive is written to disk, links are not followed, and a picture is read up to its limit and no further: an archive
that pretends to hold more than it does (a bomb) costs one picture's memory.

A picture's provenance may stand in `provenance.csv` at the top (columns `file`, and any of `licence`, `author`, `page`, `url`,
`caption`, `description`, `tags`), or in a JSON object with these names in a file beside the picture (`a.jpg.json` or `a.json`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote_to_bytes

from crawler.errors import Gone
from crawler.sources.base import SOURCE_ID_MAX, Batch, Item
from crawler.sources.files import Archive, Directory, Files
from crawler.sources.provenance import Provenance

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
)
"""Of pictures, also of kinds that we cannot read: they are counted as seen and refused, not passed over in silence."""
BATCH = 16
"""Pictures between two notes of how far we are."""
CURSOR_NAME = 4_000
"""Characters of a name in a cursor: archives have names that no column holds.  Files that begin alike up to here come again."""


class Folder:
    """A folder or a ZIP archive as a source."""

    name = "folder"

    def __init__(self, path: Path, max_bytes: int) -> None:
        """`max_bytes`: of a picture; larger ones are read up to one byte more, so that they are seen to be too large."""
        self.path = path
        self.max_bytes = max_bytes
        self._files: Files | None = None
        self._names: dict[str, str] = {}

    def batches(self, cursor: str) -> Iterator[Batch]:
        """All pictures whose name comes after `cursor`, in the order of the names.

        Raises:
            Gone: there is no such folder or file.
            Refused: it may not be read.
            Broken: the file is no ZIP archive that can be read.

        """
        files = self._open()
        provenance = Provenance(files)
        names = [name for name in files.names() if PurePosixPath(name).suffix.lower() in SUFFIXES]
        prefix = root(self.path)
        last = name_in(cursor)
        rest = [name for name in names if name > last]
        for start in range(0, len(rest), BATCH):
            chunk = rest[start : start + BATCH]
            items = tuple(self._item(prefix, name, provenance.of(name)) for name in chunk)
            yield Batch(items, cursor_of(chunk[-1]), len(names))

    def read(self, item: Item) -> bytes:
        """At most `max_bytes` + 1 bytes of a picture that `batches` gave.

        Raises:
            SourceError: it cannot be read (any more).

        """
        try:
            return self._open().read(self._names[item.source_id], self.max_bytes + 1)
        except KeyError:
            raise Gone(f"{item.file or item.source_id} was not among the files") from None

    def close(self) -> None:
        """Close the archive."""
        if self._files is not None:
            self._files.close()
            self._files = None

    def _open(self) -> Files:
        if self._files is None:
            self._files = Directory(self.path) if self.path.is_dir() else Archive(self.path)
        return self._files

    def _item(self, prefix: str, name: str, said: Mapping[str, str]) -> Item:
        source_id = identity(prefix, name)
        self._names[source_id] = name
        return Item(
            self.name,
            source_id,
            said.get("url", ""),
            said.get("page", ""),
            said.get("licence", "") or "unknown",
            said.get("author", ""),
            tuple(said.get("tags", "").replace(",", " ").replace("#", " ").split()),
            said.get("caption", ""),
            said.get("description", ""),
            printable(name),
        )


def root(path: Path) -> str:
    """Names a folder so that pictures of the same name in two folders have two ids: its name and where it lies."""
    absolute = path.resolve()
    return f"{printable(absolute.name)[:60]}-{hashlib.sha256(bytes(absolute)).hexdigest()[:8]}"


def cursor_of(name: str) -> str:
    r"""A file name as a cursor: as it is where it can be stored as text, else its bytes after a slash, with which no name begins.

    >>> cursor_of("여름/a.jpg"), cursor_of("a\udcff.jpg"), name_in(cursor_of("a\udcff.jpg"))
    ('여름/a.jpg', '/a%FF.jpg', 'a\udcff.jpg')
    """
    name = name[:CURSOR_NAME]
    return name if printable(name) == name else "/" + quote(name.encode("utf-8", "surrogateescape"))


def name_in(cursor: str) -> str:
    """The name that `cursor_of` was given; cursors of before it were names as they are."""
    return unquote_to_bytes(cursor[1:]).decode("utf-8", "surrogateescape") if cursor.startswith("/") else cursor


def identity(prefix: str, name: str) -> str:
    """The id of a file, at most `SOURCE_ID_MAX` characters.

    >>> identity("pairs-1a2b3c4d", "summer/a.jpg")
    'pairs-1a2b3c4d/summer/a.jpg'
    >>> len(identity("pairs-1a2b3c4d", "x" * 500))
    190
    """
    whole = f"{prefix}/{printable(name)}"
    if len(whole) <= SOURCE_ID_MAX and printable(name) == name:
        return whole
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return f"{whole[: SOURCE_ID_MAX - 25]}~{digest}"


def printable(name: str) -> str:
    r"""A file name as text that can be stored and printed, whatever bytes it is made of.

    >>> printable("a\udcff\n.jpg")
    'a\\xff\\x0a.jpg'
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
