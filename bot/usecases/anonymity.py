"""What a message must not carry to a partner: whom its sender is.

A copy made by the bot has no forward header, but its text can still name the sender: mentions of people without a user name,
links that open somebody's chat by number, phone, contact token or the chat's own token (behind words or written out), and the
sender's own user name or profile link.  Formatting and everything else stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

Entity = Mapping[str, Any]

FORMATS: Final = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "custom_emoji",
        "date_time",
    }
)
"""Entities that the sender made; the others (addresses, hashtags) Telegram finds by itself in the text."""
HIDDEN: Final = "•"
_SITE: Final = r"(?:t|telegram)\.(?:me|dog)\.?(?::\d+)?"
_USER_LINK = re.compile(
    r"tg:/*(?:user/*\?(?:\S*&)?id=\d+|openmessage/*\?(?:\S*&)?user_id=\d+|resolve/*\?\S*phone=\S+"
    r"|contact/*\?(?:\S*&)?token=\S+|message/*\?(?:\S*&)?slug=\S+)"
    rf"|(?:https?://)?(?:www\.)?{_SITE}/+(?:(?:contact|m)/+[\w-]+|(?:\+|%2B)\d{{6,}}(?![\w-])(?:\?\S*)?)"
    r"|(?:https?://)?web\.telegram\.org/\S*#\d{5,}",
    re.IGNORECASE | re.ASCII,
)
_WORD = re.compile(r"\S+")
_ENCODINGS: Final = 3
"""So often a link in a link is written in percent signs."""
_SIGNS = ("tg:", "t.me", "telegram.")
"""Without one of these, or the sender's user name, no text needs to be looked through."""


@dataclass(frozen=True, slots=True)
class Clean:
    """Text that names nobody, with its entities (offsets and lengths in UTF-16 code units, as Telegram counts)."""

    text: str
    entities: tuple[Entity, ...]
    changed: bool
    """Whether anything had to be taken out."""
    masked: bool
    """Whether letters of the text were hidden, which the sender should know."""


def clean(text: str, entities: Sequence[Entity], username: str | None) -> Clean:
    """The text without what links to a person or names the sender.

    Hidden letters are replaced one for one, so that the offsets of the entities stay right.

    >>> clean("I am @maru_9, t.me/Maru_9", (), "maru_9").text
    'I am •••••••, •••••••••••'
    >>> clean("me", ({"type": "text_mention", "offset": 0, "length": 2, "user": {"id": 7}},), None).entities
    ()
    """
    if not entities and not _suspicious(text, username):
        return Clean(text, (), False, False)
    kept = tuple(entity for entity in entities if not _points_to_person(entity, username))
    hidden = _hidden(text, username)
    changed = hidden != text or len(kept) != len(entities)
    return Clean(hidden, tuple(entity for entity in kept if entity.get("type") in FORMATS), changed, hidden != text)


def bare(text: str, username: str | None, limit: int, names: Sequence[str] = ()) -> str:
    """A line that takes no entities (a title, an option): cleaned, shortened, and empty where it is one of `names`' own.

    >>> bare("by @maru_9", "maru_9", 100), bare("Recorded by Maru Kim", None, 100, ("Maru", "Kim"))
    ('by •••••••', '')
    """
    folded = text.casefold()
    if any(len(name) > 1 and name.casefold() in folded for name in names):
        return ""
    return shorten(clean(text, (), username), limit).text


def shorten(cleaned: Clean, limit: int) -> Clean:
    """At most `limit` UTF-16 code units, ended by an ellipsis where something was cut off."""
    units = cleaned.text.encode("utf-16-le")
    if len(units) <= 2 * limit:
        return cleaned
    text = units[: 2 * (limit - 1)].decode("utf-16-le", errors="ignore") + "…"
    end = len(text.encode("utf-16-le")) // 2
    entities = tuple(
        {**entity, "length": min(int(entity["length"]), end - int(entity["offset"]))}
        for entity in cleaned.entities
        if int(entity["offset"]) < end
    )
    return Clean(text, entities, True, cleaned.masked)


def _hidden(text: str, username: str | None) -> str:
    """The text with dots for what leads to a person; of what is written in percent signs the whole word."""
    for pattern in _patterns(username):
        text = pattern.sub(_hide, text)
    if "%" not in text:
        return text
    return _WORD.sub(lambda found: _hide(found) if "%" in found[0] and _leads_to_person(found[0], username) else found[0], text)


def _leads_to_person(url: str, username: str | None) -> bool:
    """Whether an address, as a browser understands it, opens the chat of a person."""
    plain = _read(url)
    return any(pattern.search(plain) for pattern in _patterns(username))


def _patterns(username: str | None) -> tuple[re.Pattern[str], ...]:
    return (_USER_LINK, _own_name(username)) if username else (_USER_LINK,)


def _read(url: str) -> str:
    """An address without percent signs and with ordinary letters and dots, as browsers read it (UTS 46).

    >>> _read("https://ｔ。me/%256Daru")
    'https://t.me/maru'
    """
    for _ in range(_ENCODINGS):
        if "%" not in url:
            break
        url = unquote(url)
    return unicodedata.normalize("NFKC", url).replace("。", ".")


def _suspicious(text: str, username: str | None) -> bool:
    lowered = (_read(text) if "%" in text else text).lower()
    return any(sign in lowered for sign in _SIGNS) or bool(username and username.lower() in lowered)


def _points_to_person(entity: Entity, username: str | None) -> bool:
    if entity.get("type") == "text_mention":
        return True
    return _leads_to_person(str(entity.get("url") or ""), username)


def _own_name(username: str) -> re.Pattern[str]:
    name = re.escape(username)
    return re.compile(
        rf"@{name}(?!\w)"
        rf"|(?:https?://)?(?:www\.)?{_SITE}/+@?{name}(?!\w)(?:[/?]\S*)?"
        rf"|(?:https?://)?(?<![\w.]){name}\.{_SITE}(?!\w)(?:[/?]\S*)?"
        rf"|tg:/*resolve/*\?\S*domain=@?{name}(?!\w)\S*",
        re.IGNORECASE | re.ASCII,
    )


def _hide(found: re.Match[str]) -> str:
    return HIDDEN * (len(found[0].encode("utf-16-le")) // 2)
