"""/likes."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import Command, Pressed
from bot.usecases import likes


def make() -> Router:
    """For members who are ready."""
    router = Router(name="likes")
    router.message.register(show, Command("likes"))
    router.callback_query.register(show_pressed, Pressed("likes"))
    return router


async def show(message: Message, desk: Desk) -> None:
    """/likes."""
    await desk.run(message, likes.show)


async def show_pressed(query: CallbackQuery, desk: Desk) -> None:
    """The same by a button."""
    await desk.run(query, likes.show)
