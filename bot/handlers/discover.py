"""/discover and the buttons of the cards."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import Command, Pressed
from bot.replies import Press
from bot.usecases import discover


def make() -> Router:
    """For members who are ready."""
    router = Router(name="discover")
    router.message.register(show, Command("discover"))
    router.callback_query.register(show_pressed, Pressed("discover"))
    router.callback_query.register(answer, Pressed("like", "skip"))
    router.callback_query.register(more, Pressed("more"))
    router.callback_query.register(why, Pressed("why"))
    router.callback_query.register(widen, Pressed("widen"))
    return router


async def show(message: Message, desk: Desk) -> None:
    """/discover."""
    await desk.run(message, discover.show)


async def show_pressed(query: CallbackQuery, desk: Desk) -> None:
    """The same by a button."""
    await desk.run(query, discover.show)


async def answer(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """Like or skip."""
    await desk.run(query, discover.answer, press.to, liked=press.do == "like")


async def more(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """More photos."""
    await desk.run(query, discover.more, press.to)


async def why(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """What a suggestion rests on."""
    await desk.run(query, discover.why, press.to)


async def widen(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A wider filter."""
    await desk.run(query, discover.widen, press.choice)
