"""Buttons below hints against fraud."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.desk import Desk
from bot.handlers.filters import Pressed
from bot.replies import Press
from bot.usecases import nudges


def make() -> Router:
    """For members who are ready."""
    router = Router(name="care")
    router.callback_query.register(fine, Pressed("nudge_fine"))
    return router


async def fine(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The receiver says that it is fine."""
    await desk.run(query, nudges.fine, press.to, press.choice)
