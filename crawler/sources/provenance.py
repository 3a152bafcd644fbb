"""What files beside pictures say of where the pictures are from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from crawler.errors import SourceError
from crawler.sources.files import Files

TABLE = "provenance.csv"
FIELDS = ("licence", "author", "page", "url", "caption", "description", "tags")
TABLE_MAX, BESIDE_MAX = 50_000_000, 100_000
"""Bytes that are read of the table, and of one file beside a picture."""
TEXT_MAX = 2_000
"""Characters of a field that are kept."""


class Provenance:
    """What is said of each file."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._names = frozenset(files.names())
        self._table = self._read_table() if TABLE in self._names else {}

    def of(self, name: str) -> Mapping[str, str]:
        """The fields of a file that are known; what cannot be read says nothing."""
        beside = next((one for one in (f"{name}.json", str(PurePosixPath(name).with_suffix(".json"))) if one in self._names), None)
        said = {} if beside is None else self._read_beside(beside)
        return {**self._table.get(name, {}), **said}

    def _read_table(self) -> dict[str, dict[str, str]]:
        text = self._text(TABLE, TABLE_MAX)
        try:
            rows = list(csv.DictReader(io.StringIO(text)))
        except csv.Error:
            return {}
        return {row["file"]: _fields(row) for row in rows if row.get("file")}

    def _read_beside(self, name: str) -> dict[str, str]:
        try:
            said = json.loads(self._text(name, BESIDE_MAX))
        except (ValueError, RecursionError):
            return {}
        return _fields(said) if isinstance(said, dict) else {}

    def _text(self, name: str, most: int) -> str:
        try:
            return self._files.read(name, most).decode("utf-8-sig", "replace")
        except SourceError:
            return ""


def _fields(said: Mapping[str, object]) -> dict[str, str]:
    """The known fields as one line of text each; a list of tags is joined.

    >>> _fields({"licence": "CC0 1.0", "tags": ["couple", "커플"], "author": None, "size": 3})
    {'licence': 'CC0 1.0', 'tags': 'couple 커플'}
    """
    found = {}
    for name in FIELDS:
        value = said.get(name)
        if isinstance(value, list):
            value = " ".join(one for one in value if isinstance(one, str))
        if isinstance(value, str) and value.strip():
            text = value.encode("utf-8", "replace").decode().replace("\0", " ")
            found[name] = " ".join(text.split())[:TEXT_MAX]
    return found
