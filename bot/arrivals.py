"""An update of the Bot API as raw JSON: from whom it is, and whether it is a plain message, without parsing the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.incoming import Incoming

Json = Mapping[str, Any]
LONGEST: Final = 2**63
"""Numbers beyond a 64-bit integer are not Telegram's."""
HALVES: Final = re.compile("[\ud800-\udfff]")
NO_WORDS: Final = frozenset({"service", "unknown"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update of one person in a private chat.

    Attributes:
        update_id: Telegram's number, by which an update is known when it comes twice.
        person: the Telegram account.
        raw: the update as it came.
        plain: the message, where it is one and says nothing to the bot itself.
        left: whether it was written down by a process that ended, or gave it back.

    """

    update_id: int
    person: int
    raw: Json
    plain: Incoming | None = field(default=None, compare=False)
    left: bool = False

    @property
    def talk(self) -> bool:
        """Whether people say it to each other, as far as this can be seen: no command, no button.

        >>> message = {"message_id": 1, "from": {"id": 7}, "chat": {"id": 7, "type": "private"}, "media_group_id": "5", "photo": []}
        >>> Arrival.of({"update_id": 3, "message": message}).talk, Arrival.of({"update_id": 4, "edited_message": message}).talk
        (True, True)
        >>> Arrival.of({"update_id": 5, "message": {**message, "text": "/help"}}).talk
        False
        """
        if self.plain is not None or "edited_message" in self.raw or "message_reaction" in self.raw:
            return True
        message = self.raw.get("message")
        return isinstance(message, Mapping) and "media_group_id" in message and not message.get("text")

    @classmethod
    def of(cls, raw: object) -> Arrival | None:
        """Read an update; None for what the bot does not serve: groups, channels, other bots, and what is no update at all.

        >>> person, chat = {"id": 7, "is_bot": False}, {"id": 7, "type": "private"}
        >>> hello = {"message_id": 1, "from": person, "chat": chat, "text": "hello"}
        >>> Arrival.of({"update_id": 3, "message": hello}).plain.text
        'hello'
        >>> Arrival.of({"update_id": 3, "message": {**hello, "text": "/help"}}).plain is None
        True
        >>> Arrival.of({"update_id": 3, "message": {**hello, "chat": {"id": -1, "type": "group"}}}) is None
        True
        >>> Arrival.of({"update_id": 3, "message": {**hello, "text": 5}}).plain is None
        True
        >>> Arrival.of({"update_id": 3, "message": {**hello, "text": "half \\ud83d a sign"}}).plain.text
        'half \ufffd a sign'
        """
        if not isinstance(raw, Mapping) or not _number(raw.get("update_id")):
            return None
        raw = readable(raw)
        kind, event = next(((key, value) for key, value in raw.items() if key != "update_id" and isinstance(value, Mapping)), ("", {}))
        person = event.get("from") or event.get("user")
        if not isinstance(person, Mapping) or not _number(person.get("id")) or person.get("is_bot"):
            return None
        chat = event.get("chat")
        if chat is None and isinstance(event.get("message"), Mapping):
            chat = event["message"].get("chat")
        if chat is not None and not (isinstance(chat, Mapping) and chat.get("type") == "private" and chat.get("id") == person["id"]):
            return None
        return cls(raw["update_id"], person["id"], raw, _plain(event, raw["update_id"]) if kind == "message" else None)


def readable(raw: Json) -> Json:
    """An update without halves of surrogate pairs: JSON can hold them, but neither a database nor an answer to Telegram.

    Each counts as one place in the offsets of entities, as does the sign that stands for it.
    """
    try:
        json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        found: Json = _mended(raw)
        return found
    except (RecursionError, TypeError, ValueError):
        pass  # no JSON of a server: whoever reads it says so
    return raw


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return HALVES.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return [_mended(one) for one in value] if isinstance(value, list) else value


def _plain(message: Json, update_id: int) -> Incoming | None:
    """The message as the relay knows it; None where it is a command, a part of an album or nothing that somebody said."""
    if not _number(message.get("message_id")) or not isinstance(message.get("chat"), Mapping) or "media_group_id" in message:
        return None
    try:
        incoming = Incoming.of(message, update_id)
        return incoming if not incoming.command and incoming.kind not in NO_WORDS else None  # noqa: TRY300 both may raise
    except (TypeError, KeyError, AttributeError, ValueError):
        return None  # not as documented: aiogram says so


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LONGEST <= value < LONGEST
