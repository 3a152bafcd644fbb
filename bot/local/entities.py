"""Message entities: how formatted text becomes what Telegram stores.  Offsets and lengths are UTF-16 code units.

Order, merging and trimming follow TDLib's `MessageEntity.cpp` (fix_formatted_text), as far as private chats show it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import telegram

from bot.local.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.local.values import Json

SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
LITERAL = ("code", "pre")
QUOTES = ("blockquote", "expandable_blockquote")
GIVEN = (*SPLITTABLE, *LITERAL, *QUOTES, "text_link", "text_mention", "custom_emoji")
PRIORITY = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "pre": 11,
    "code": 20,
    "text_link": 49,
    "text_mention": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "custom_emoji": 99,
}
# What Telegram finds by itself, the first of overlapping finds wins.
FOUND = (
    (
        "url",
        re.compile(
            r"(?<![\w@])(?:(?:https?|ftp|tg)://[^\s<>\"']+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|kr|co|app|dev|info)\b(?:[/?#][^\s<>\"']*)?)",
            re.IGNORECASE,
        ),
    ),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("bot_command", re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@.])@[A-Za-z][A-Za-z0-9_]{2,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#&])#(?=\w*[^\W\d_])\w{1,256}")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?!\w)")),
    ("phone_number", re.compile(r"(?<![\w+])\+\d[\d -]{6,17}\d(?!\w)")),
)


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity; `argument` is a URL, a language, a user id or a custom emoji id."""

    kind: str
    offset: int
    length: int
    argument: str = ""

    @property
    def end(self) -> int:
        """Offset behind the entity."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text and its entities, ready for a message."""

    text: str
    entities: tuple[Entity, ...] = ()

    def json(self, user: Callable[[int], telegram.User | None]) -> list[Json]:
        """The entities as the Bot API words them; mentions of users that `user` does not know are left out."""
        made = []
        for entity in self.entities:
            extra: dict[str, Any] = {}
            if entity.kind == "text_link":
                extra["url"] = entity.argument
            elif entity.kind == "pre" and entity.argument:
                extra["language"] = entity.argument
            elif entity.kind == "custom_emoji":
                extra["custom_emoji_id"] = entity.argument
            elif entity.kind == "text_mention":
                extra["user"] = user(int(entity.argument))
                if extra["user"] is None:
                    continue
            made.append(telegram.MessageEntity(entity.kind, entity.offset, entity.length, **extra).to_dict())
        return made


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units.

    >>> units("a👍")
    3
    """
    return len(text) + sum(character > "\uffff" for character in text)


def ordered(entities: Iterable[Entity]) -> list[Entity]:
    """Entities in Telegram's order: by offset, the longer first, then by kind."""
    return sorted(entities, key=lambda entity: (entity.offset, -entity.length, PRIORITY.get(entity.kind, 50)))


def linked(url: str, offset: int, length: int) -> Entity | None:
    """The entity of a link: a mention for `tg://user?id=…`, else a text link; None where the URL is unusable."""
    parts = urlsplit(url if "://" in url or not url.startswith("tg:") else url.replace("tg:", "tg://", 1))
    if parts.scheme == "tg" and parts.netloc == "user":
        number = parse_qs(parts.query).get("id", [""])[0]
        return Entity("text_mention", offset, length, number) if number.isdecimal() else None
    checked = checked_url(url)
    return None if checked is None else Entity("text_link", offset, length, checked)


def checked_url(url: str) -> str | None:
    """A URL as Telegram stores it, or None where it would refuse it.

    >>> checked_url("telegram.org"), checked_url("localhost"), checked_url("https://telegram.dog?")
    ('http://telegram.org/', None, 'https://telegram.dog/?')
    """
    url = url.strip()
    match = re.match(r"([A-Za-z]+)://", url)
    scheme = match.group(1).lower() if match else "http"
    rest = url[match.end() :] if match else url
    if scheme in ("tg", "ton"):
        return f"{scheme}://{rest}" if rest else None
    if scheme not in ("http", "https", "ftp"):
        return None
    found = re.fullmatch(r"([^/?#\s]+)(.*)", rest, re.DOTALL)
    if found is None or re.search(r"\s", rest):
        return None
    host, tail = found.group(1), found.group(2)
    name = host.rsplit("@", 1)[-1].split(":", 1)[0]
    if "." not in name.strip(".") or re.search(r"[^\w.\-\[\]]", name):
        return None
    return f"{scheme}://{host.lower()}{tail if tail.startswith('/') else '/' + tail}"


def given_entities(items: list[Any], text: str) -> list[Entity]:
    """Entities that a bot sent with its text; kinds that Telegram finds by itself are ignored.

    Raises:
        ApiError: an entity that is no entity, or with an unusable link.

    """
    made = []
    size = units(text)
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("type"), str):
            raise bad_request("can't parse MessageEntity: expected an Object")
        kind = item["type"]
        offset, length = item.get("offset"), item.get("length")
        if not isinstance(offset, int) or not isinstance(length, int):
            raise bad_request('can\'t parse MessageEntity: field "offset" must be a Number')
        if kind not in GIVEN:
            continue
        argument = ""
        if kind == "text_link":
            checked = checked_url(str(item.get("url", "")))
            if checked is None:
                raise bad_request(f"entity URL '{item.get('url', '')}' is invalid: Wrong HTTP URL")
            argument = checked
        elif kind == "text_mention":
            user = item.get("user")
            argument = str(user.get("id", "") if isinstance(user, dict) else "")
            if not argument.isdecimal():
                raise bad_request("can't parse MessageEntity: user must be a User with an identifier")
        elif kind == "pre":
            argument = str(item.get("language") or "")
        elif kind == "custom_emoji":
            argument = str(item.get("custom_emoji_id", ""))
        if offset < 0 or length <= 0 or offset >= size:
            continue
        made.append(Entity(kind, offset, min(length, size - offset), argument))
    return made


def settle(text: str, entities: Iterable[Entity]) -> Formatted:
    """Trim the text, merge and order its entities, and add those that Telegram finds by itself."""
    text = text.replace("\r", "")
    kept = [entity for entity in entities if entity.length > 0]
    first = min((entity.offset for entity in kept), default=len(text))
    lead = 0
    while lead < len(text) and lead < first and text[lead].isspace():
        lead += 1
    trimmed = text[lead:].rstrip()
    size = units(trimmed)
    moved = []
    for entity in kept:
        start, end = max(0, entity.offset - lead), min(size, entity.end - lead)
        if start < end:
            moved.append(replace(entity, offset=start, length=end - start))
    merged = _merge(_outside_literals(moved))
    return Formatted(trimmed, tuple(ordered([*merged, *_find(trimmed, merged)])))


def _outside_literals(entities: list[Entity]) -> list[Entity]:
    """Cut everything but quotations out of code: nothing can be formatted in it."""
    literals = [entity for entity in entities if entity.kind in LITERAL]
    kept: list[Entity] = []
    for entity in entities:
        if entity.kind in LITERAL or entity.kind in QUOTES:
            kept.append(entity)
            continue
        pieces = [(entity.offset, entity.end)]
        for literal in literals:
            cut = []
            for start, end in pieces:
                if literal.end <= start or literal.offset >= end:
                    cut.append((start, end))
                elif entity.kind in SPLITTABLE:
                    cut += [(low, high) for low, high in ((start, literal.offset), (literal.end, end)) if low < high]
            pieces = cut
        kept += [replace(entity, offset=start, length=end - start) for start, end in pieces]
    return kept


def _merge(entities: list[Entity]) -> list[Entity]:
    """Join touching and nested spans of the same style."""
    merged: list[Entity] = [entity for entity in entities if entity.kind not in SPLITTABLE]
    for kind in SPLITTABLE:
        spans: list[Entity] = []
        for entity in sorted((entity for entity in entities if entity.kind == kind), key=lambda entity: entity.offset):
            if spans and entity.offset <= spans[-1].end:
                spans[-1] = replace(spans[-1], length=max(spans[-1].end, entity.end) - spans[-1].offset)
            else:
                spans.append(entity)
        merged += spans
    return merged


def _find(text: str, entities: list[Entity]) -> list[Entity]:
    taken = [(entity.offset, entity.end) for entity in entities if entity.kind not in (*SPLITTABLE, *QUOTES)]
    found = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            words = match.group().rstrip(".,;:!?)]}") if kind == "url" else match.group()
            offset = units(text[: match.start()])
            span = (offset, offset + units(words))
            if all(span[1] <= start or span[0] >= end for start, end in taken):
                taken.append(span)
                found.append(Entity(kind, offset, span[1] - span[0]))
    return found
