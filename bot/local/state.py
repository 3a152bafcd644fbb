"""What the world keeps of a chat, a pressed button and the webhook."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.local.values import Json, Stored


@dataclass(slots=True)
class Chat:
    """The private chat of one person with the bot, oldest message first."""

    messages: dict[int, Stored] = field(default_factory=dict)
    keyboard: Json | None = None
    typing_until: float = 0.0
    action: str = "typing"
    pinned: list[int] = field(default_factory=list)

    def row(self) -> Json:
        """What is kept of it besides its messages."""
        return {"keyboard": self.keyboard, "pinned": self.pinned}


@dataclass(slots=True)
class Callback:
    """A pressed button that waits for the bot's answer."""

    chat: int
    message_id: int
    at: float
    answer: asyncio.Future[Json]


@dataclass(slots=True)
class Webhook:
    """Where updates are delivered; an empty url means that the bot polls."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    error_at: float | None = None
    error: str = ""

    def set(self, url: str, secret: str, max_connections: int) -> None:
        """Another address; what went wrong with the old one is forgotten."""
        self.url, self.secret, self.max_connections = url, secret, max_connections
        self.error_at, self.error = None, ""

    def failed(self, at: float, error: str) -> None:
        """Remember the last failure for getWebhookInfo."""
        self.error_at, self.error = at, error
