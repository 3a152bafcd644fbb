"""The last router: messages and buttons that no feature took."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.usecases import help as help_usecases


def make() -> Router:
    """Say so, and show what there is."""
    router = Router(name="fallback")
    router.message.register(unknown)
    router.callback_query.register(unknown_press)
    return router


async def unknown(message: Message, desk: Desk) -> None:
    """A message that fits nowhere."""
    await desk.run(message, help_usecases.unknown, message.message_id)


async def unknown_press(query: CallbackQuery, desk: Desk) -> None:
    """A forged or outdated button."""
    await desk.run(query, help_usecases.unknown_press)
