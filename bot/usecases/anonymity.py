"""What a message must not carry to a partner: whom its sender is.

A copy made by the bot has no forward header, but its text can still name the sender: mentions of people without a user name,
links behind words, and the sender's own user name or profile link.  Formatting and everything else stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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
    }
)
"""Entities that the sender made; the others (addresses, hashtags) Telegram finds by itself in the text."""
HIDDEN: Final = "•"
_USER_LINK = re.compile(r"tg://(?:user\?id=\d+|openmessage\?user_id=\d+)", re.IGNORECASE)


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
    kept = tuple(entity for entity in entities if not _points_to_person(entity, username))
    hidden = _own_name(username).sub(_hide, _USER_LINK.sub(_hide, text)) if username else _USER_LINK.sub(_hide, text)
    changed = hidden != text or len(kept) != len(entities)
    return Clean(hidden, tuple(entity for entity in kept if entity.get("type") in FORMATS), changed, hidden != text)


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


def _points_to_person(entity: Entity, username: str | None) -> bool:
    if entity.get("type") == "text_mention":
        return True
    url = str(entity.get("url") or "")
    return bool(_USER_LINK.search(url) or (username and _own_name(username).search(url)))


def _own_name(username: str) -> re.Pattern[str]:
    name = re.escape(username)
    return re.compile(
        rf"@{name}(?!\w)"
        rf"|(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/@?{name}(?!\w)(?:[/?]\S*)?"
        rf"|(?:https?://)?(?<![\w.]){name}\.t\.me(?!\w)(?:[/?]\S*)?"
        rf"|tg://resolve\?\S*domain={name}(?!\w)\S*",
        re.IGNORECASE | re.ASCII,
    )


def _hide(found: re.Match[str]) -> str:
    return HIDDEN * (len(found[0].encode("utf-16-le")) // 2)
