"""A message of the Bot API as the relay knows it: plain values out of raw JSON, whatever the kind.

`Incoming.of` reads what Telegram sent; a message that aiogram has parsed goes through `dumped` first.  Nothing here names the
sender but `username` and `names`, which exist so that they can be hidden from the partner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

Json = Mapping[str, Any]

FILES: Final = ("animation", "audio", "live_photo", "photo", "sticker", "video_note", "video", "voice", "document")
"""Kinds with a file; an animation is described as a document too, a live photo as a photo, so the order counts."""
PLACES: Final = ("venue", "location")
"""A venue is described as a location too."""
OTHERS: Final = (
    "poll",
    "contact",
    "dice",
    "story",
    "paid_media",
    "game",
    "invoice",
    "giveaway",
    "giveaway_winners",
    "checklist",
    "gift",
    "unique_gift",
)
SERVICE: Final = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "chat_background_set",
        "write_access_allowed",
        "boost_added",
        "giveaway_created",
        "giveaway_completed",
        "connected_website",
        "web_app_data",
        "successful_payment",
        "refunded_payment",
    }
)
"""What a client writes about itself: nobody said it."""
KINDS: Final = ("text", *FILES, *PLACES, *OTHERS)
LOOK_MIN: Final = 256
"""Pixels of the shorter side of the size of a photo from which its safety is read: the network's own input."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message, by its id at Telegram.

    Attributes:
        id: under which the bot may send and fetch it.
        unique: the same for the same file whoever sends it.
        name: as the sender's device named it, which must not reach the partner.
        mime: as the sender's client says.
        size: bytes, 0 where Telegram does not say.
        look: id of a small picture of it.
        still: id of the photo of a live photo, whose own id is that of the movement.
        about: width, height, duration, length, title, performer, emoji: whatever of them there is.

    """

    id: str
    unique: str = ""
    name: str | None = None
    mime: str | None = None
    size: int = 0
    look: str | None = None
    about: Json = field(default_factory=dict)
    still: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that a member sent to the bot.

    Attributes:
        message_id: Telegram's, in the member's chat.
        kind: Telegram's name of the content (`text`, `photo`, `video_note`, …); `service` and `unknown` for the rest.
        text: the text or caption.
        entities: of the text or caption, as in the Bot API.
        reply_to: the message in the member's chat that it answers.
        username: the sender's, which must not reach the partner.
        mark: tells one edit of the message from another.
        names: first and last name of the sender.
        album: what the parts of one album share.
        file: of kinds that have one.
        body: the content of kinds without text and file, as in the Bot API (poll, location, venue, contact, dice).
        spoiler: whether the sender covered the picture.
        above: whether the caption stands above it.
        quote: the part of the answered message that was quoted: text, position and entities, as in the Bot API.
        pages: how pages that the text leads to are shown below it, `link_preview_options` of the Bot API.

    """

    message_id: int
    kind: str
    text: str = ""
    entities: Sequence[Json] = ()
    reply_to: int | None = None
    username: str | None = None
    mark: str = ""
    names: tuple[str, ...] = ()
    album: str | None = None
    file: File | None = None
    body: Json = field(default_factory=dict)
    spoiler: bool = False
    above: bool = False
    quote: Json | None = None
    pages: Json = field(default_factory=dict)

    @classmethod
    def of(cls, message: Json, mark: str | int = "") -> Incoming:
        """Out of a `Message` of the Bot API; `mark` is the number of its update.

        >>> Incoming.of({"message_id": 5, "text": "hi", "from": {"id": 7, "username": "maru"}}).username
        'maru'
        >>> Incoming.of({"message_id": 6, "voice": {"file_id": "x", "mime_type": "audio/ogg"}}).kind
        'voice'
        >>> Incoming.of({"message_id": 7, "pinned_message": {}}).kind
        'service'
        """
        sender: Json = message.get("from") or {}
        answered = message.get("reply_to_message")
        words = message.get("text")
        if words is not None and "media_group_id" not in message:
            # By far the most frequent kind, read without looking for the others.
            return cls(
                message["message_id"],
                "text",
                words,
                message.get("entities") or (),
                None if answered is None else answered.get("message_id"),
                sender.get("username"),
                str(mark),
                quote=message.get("quote"),
                pages=message.get("link_preview_options") or {},
            )
        kind = _kind(message)
        content = message.get(kind)
        if kind == "live_photo" and isinstance(content, Mapping):
            content = {"photo": message.get("photo"), **content}
        return cls(
            message["message_id"],
            kind,
            message.get("caption") or "",
            message.get("caption_entities") or (),
            None if answered is None else answered.get("message_id"),
            sender.get("username"),
            str(mark),
            names=tuple(sender[name] for name in ("first_name", "last_name") if sender.get(name)),
            album=message.get("media_group_id"),
            file=_file(kind, content) if kind in FILES else None,
            body=content if isinstance(content, Mapping) and kind not in FILES else {},
            spoiler=bool(message.get("has_media_spoiler")),
            above=bool(message.get("show_caption_above_media")),
            quote=message.get("quote"),
        )

    @property
    def command(self) -> bool:
        """Whether it speaks to the bot and not to a partner."""
        return self.kind == "text" and is_command(self.text)


def is_command(text: str) -> bool:
    """Whether Telegram would show a text as beginning with a command: such letters, digits or `_` behind the slash.

    >>> is_command("/help me"), is_command("/7"), is_command("/ㅋㅋㅋ"), is_command("// so"), is_command("no /help")
    (True, True, False, False, False)
    """
    return text[:1] == "/" and (text[1:2] == "_" or (text[1:2].isascii() and text[1:2].isalnum()))


class Dumps(Protocol):
    """A message as aiogram knows it."""

    def model_dump(self, *, mode: str, by_alias: bool, exclude_unset: bool) -> dict[str, Any]:
        """Its fields."""


def dumped(message: Dumps) -> dict[str, Any]:
    """A message that aiogram parsed, as the JSON that it came from: fields that did not come are left out, as Telegram does."""
    return message.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _kind(message: Json) -> str:
    for kind in KINDS:
        if message.get(kind) is not None:
            return kind
    return "service" if any(name in message for name in SERVICE) else "unknown"


def _file(kind: str, content: Any) -> File | None:
    """The file of a message; of a photo the largest size, and a middle one to look at."""
    if kind == "photo":
        sizes = _sized(content)
        if sizes is None:
            return None
        large, look = sizes
        return File(large["file_id"], large.get("file_unique_id", ""), size=large.get("file_size") or 0, look=look["file_id"])
    if not isinstance(content, Mapping) or "file_id" not in content:
        return None
    sizes = _sized(content.get("photo")) if kind == "live_photo" else None
    if kind == "live_photo" and sizes is None:
        return None
    still, small = sizes or ({}, content.get("thumbnail") or {})
    names = ("width", "height", "duration", "length", "title", "performer", "emoji", "is_animated", "is_video")
    return File(
        content["file_id"],
        content.get("file_unique_id", ""),
        content.get("file_name"),
        content.get("mime_type"),
        content.get("file_size") or 0,
        small.get("file_id"),
        {name: content[name] for name in names if content.get(name) is not None},
        still.get("file_id"),
    )


def _sized(content: Any) -> tuple[Json, Json] | None:
    """Of the sizes of a photo the largest, and the one to look at."""
    sizes = sorted(_sizes(content), key=lambda size: size.get("width", 0) * size.get("height", 0))
    if not sizes:
        return None
    return sizes[-1], next((size for size in sizes if min(size.get("width", 0), size.get("height", 0)) >= LOOK_MIN), sizes[-1])


def _sizes(content: Any) -> Iterator[Json]:
    for size in content if isinstance(content, Sequence) and not isinstance(content, str) else ():
        if isinstance(size, Mapping) and "file_id" in size:
            yield size
