"""Whatever is no command and answers no question goes to the member's partner; edits follow."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.types import Message, Update

from bot.desk import Desk
from bot.usecases import relay
from bot.usecases.relay import Incoming


def make() -> Router:
    """The last of the features, since it takes every message."""
    router = Router(name="relay")
    router.message.register(receive, ~F.text.startswith("/"))
    router.edited_message.register(edited)
    return router


async def receive(message: Message, desk: Desk, event_update: Update) -> None:
    """A message."""
    await desk.run(message, relay.receive, incoming(message, event_update.update_id))


async def edited(message: Message, desk: Desk, event_update: Update) -> None:
    """An edited message."""
    await desk.run(message, relay.edited, incoming(message, event_update.update_id))


def incoming(message: Message, update_id: int) -> Incoming:
    """A Telegram message as the use case knows it."""
    entities: list[dict[str, Any]] = [
        entity.model_dump(exclude_none=True) for entity in (message.entities or message.caption_entities or ())
    ]
    return Incoming(
        message_id=message.message_id,
        kind=ContentType(message.content_type).value,
        text=message.text or message.caption or "",
        entities=entities,
        reply_to=message.reply_to_message.message_id if message.reply_to_message is not None else None,
        username=message.from_user.username if message.from_user is not None else None,
        mark=str(update_id),
    )
