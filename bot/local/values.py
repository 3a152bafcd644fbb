"""Plain values of the local server: people, stored messages and files, and Telegram's limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Role = Literal["you", "demo", "admin"]

TEXT_MAX = 4096  # characters of a message after its markup was parsed
CAPTION_MAX = 1024  # characters of a caption after its markup was parsed
CALLBACK_DATA_MAX = 64  # bytes
ANSWER_MAX = 200  # characters of an answer to a callback query
PHOTO_MAX = 10 * 1024 * 1024  # bytes of an uploaded photo, and of the movement of a live one
UPLOAD_MAX = 50 * 1024 * 1024  # bytes of any other upload
DOWNLOAD_MAX = 20 * 1024 * 1024  # bytes that a bot may download
DELETE_WITHIN = 48 * 3600  # seconds after which a bot can no longer delete a message
DICE_STAYS = 24 * 3600  # seconds for which a dice in a private chat cannot be deleted
LIVE_SECONDS = (60, 86400)  # shortest and longest period of a live location
LIVE_FOREVER = 0x7FFFFFFF  # the period of a live location without an end
CALLBACK_SECONDS = 30  # seconds within which a callback query can be answered
HISTORY_MAX = 1000  # messages kept a chat; older ones are forgotten
UPDATES_KEPT = 24 * 3600  # seconds for which an update waits to be fetched
MEMORY_FILES_MAX = 256 * 1024 * 1024  # bytes of files kept where there is no folder
DISK_FILES_MAX = 2 * 1024 * 1024 * 1024  # bytes of files kept in the folder

# What a message is made of and what copyMessage copies; every other key of a message says where it stands.
MEDIA_KINDS = ("live_photo", "photo", "video", "animation", "audio", "voice", "video_note", "document", "sticker")
CAPTIONED_KINDS = tuple(kind for kind in MEDIA_KINDS if kind not in ("video_note", "sticker"))
CONTENT_KEYS = (
    "text",
    "entities",
    "link_preview_options",
    *MEDIA_KINDS,
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "location",
    "venue",
    "contact",
    "poll",
    "dice",
)
# What people can send, but no bot can copy or forward.
UNCOPIED_KINDS = ("story", "giveaway", "giveaway_winners", "invoice", "paid_media", "game", "checklist", "gift", "users_shared")


@dataclass(slots=True)
class Person:
    """Somebody who can talk to the bot on the chat page.

    `started`: they wrote to the bot at least once, so it may write to them.  `avatar`: file id of a picture, or None.
    """

    id: int
    name: str
    language: str = "en"
    role: Role = "you"
    avatar: str | None = None
    started: bool = False
    blocked: bool = False

    def row(self) -> Json:
        """The person as JSON for the store."""
        return asdict(self)


@dataclass(slots=True)
class Stored:
    """A message as the server keeps it.

    `data` is the Bot API's Message; `out`: a person wrote it (else the bot did); `read`: the bot fetched it;
    `keyboard`: it came with a reply keyboard, which makes it impossible to edit; `reactions`: emoji by "person" and "bot";
    `chosen`: the options of its poll that the person voted for, None before they voted.
    """

    chat: int
    id: int
    data: Json
    out: bool
    read: bool = False
    keyboard: bool = False
    reactions: dict[str, str] = field(default_factory=dict)
    chosen: list[int] | None = None

    def row(self) -> Json:
        """The message as JSON for the store; not by asdict, which copies everything below too."""
        return {name: getattr(self, name) for name in self.__slots__}

    def page(self) -> Json:
        """The message as JSON for the chat page: the Bot API's plus `out`, `status`, `reactions` and, for polls, `chosen`."""
        status = "read" if self.read or not self.out else "sent"
        reactions = [{"from": who, "emoji": emoji} for who, emoji in self.reactions.items()]
        body = {**self.data, "out": self.out, "status": status, "reactions": reactions}
        return body if self.chosen is None else {**body, "chosen": self.chosen}

    def content(self) -> Json:
        """What copyMessage copies of it."""
        return {key: self.data[key] for key in CONTENT_KEYS if key in self.data}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that can be sent again by its id: where its bytes are, and the media of a message as the Bot API words it."""

    file_id: str
    unique_id: str
    kind: str
    path: str
    size: int
    mime: str
    name: str | None
    media: Any

    def row(self) -> Json:
        """The file as JSON for the store."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    mime: str
    data: bytes
