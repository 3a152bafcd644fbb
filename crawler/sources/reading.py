"""Reading what servers sent: nothing is taken for granted, and what has the wrong shape is simply not there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html import unescape

from crawler.errors import Stale
from crawler.sources.base import SOURCE_ID_MAX, Batch

END = "end"
"""The cursor after the last item: nothing comes after it."""
CURSOR_MAX = 4000
"""Characters of a cursor that we believe to be ours."""

_TAG = re.compile(r"<[^<>]*>")


def record(value: object, *keys: str) -> dict[str, object]:
    """The mapping under `keys`, {} where there is none.

    >>> record({"a": {"b": {"c": 1}}}, "a", "b"), record([1], "a"), record(None)
    ({'c': 1}, {}, {})
    """
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[dict[str, object]]:
    """The mappings in a list, [] where it is none.

    >>> records([{"a": 1}, 2, None]), records("x")
    ([{'a': 1}], [])
    """
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def words(value: object, most: int = 1000) -> str:
    """Text (or a number as text) on one line, "" for anything else.

    >>> words(" a\\n b "), words(7), words({}), words(True)
    ('a b', '7', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    # A lone surrogate cannot be stored as UTF-8, nor can a NUL in some databases.
    return " ".join(str(value).encode("utf-8", "replace").decode().replace("\0", " ").split())[:most]


def identity(value: object) -> str:
    """An id that fits `Item.source_id`, "" where it does not.

    >>> identity("17 8"), identity(5), identity("x" * 200), identity(None)
    ('', '5', '', '')
    """
    text = words(value, SOURCE_ID_MAX + 1)
    return text if len(text) <= SOURCE_ID_MAX and text.isprintable() and " " not in text else ""


def number(value: object) -> int | None:
    """A whole number, also one that is written as text.

    >>> number("7"), number(7.0), number(True), number(""), number("9" * 50)
    (7, None, None, None, None)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 1 << 62 else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else None


def address(value: object) -> str:
    """An http or https address of at most 2000 characters, "" for anything else.

    >>> address("https://a/b.jpg"), address("javascript:x"), address(None)
    ('https://a/b.jpg', '', '')
    """
    text = value.strip() if isinstance(value, str) else ""
    return text if re.match(r"https?://[^\s/]+(?:/\S*)?$", text) and len(text) <= 2000 else ""


def plain(value: object, most: int = 1000) -> str:
    """HTML as plain text.

    >>> plain('<b>린넨</b> 셔츠 &amp; <a href="x">more</a>')
    '린넨 셔츠 & more'
    """
    return words(unescape(_TAG.sub("", value)) if isinstance(value, str) else value, most)


def pack(place: Mapping[str, object]) -> str:
    """A place in a source as a cursor."""
    return json.dumps(place, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def unpack(cursor: str) -> dict[str, object]:
    """A cursor as the place that `pack` was given, {} for "".

    Raises:
        Stale: the cursor is not one of ours.

    """
    if not cursor:
        return {}
    try:
        place = json.loads(cursor) if len(cursor) <= CURSOR_MAX else None
    except (ValueError, RecursionError):
        place = None
    if not isinstance(place, dict):
        raise Stale("the stored cursor of this crawl is damaged")
    return place


def paged(cursor: str, ask: Callable[[str], Batch]) -> Iterator[Batch]:
    """Batches from `cursor` until END, or until a source sends us back to where we were; no item comes twice.

    >>> from crawler.sources.base import Item
    >>> pages = {"": Batch((Item("x", "1"), Item("x", "2")), "on"), "on": Batch((Item("x", "2"), Item("x", "3")), "")}
    >>> [([item.source_id for item in batch.items], batch.cursor) for batch in paged("", pages.__getitem__)]
    [(['1', '2'], 'on'), (['3'], 'end')]
    """
    met: set[str] = set()
    seen: set[str] = set()
    while cursor != END:
        met.add(cursor)
        batch = ask(cursor)
        fresh = {item.source_id: item for item in batch.items if item.source_id not in seen}
        seen.update(fresh)
        cursor = END if batch.cursor in met else batch.cursor
        yield replace(batch, items=tuple(fresh.values()), cursor=cursor)
