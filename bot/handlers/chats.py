"""/matches, /chat, /leave and /unmatch, and the buttons of the chats."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import Command, Pressed
from bot.replies import Press
from bot.usecases import chats

PLAIN = {"chat": chats.current, "leave": chats.leave, "keep": chats.keep}
ABOUT = {"open": chats.enter, "whois": chats.profile, "unmatch": chats.ask_unmatch, "unmatch_yes": chats.unmatch}


def make() -> Router:
    """For members who are ready."""
    router = Router(name="chats")
    router.message.register(listing, Command("matches"))
    router.message.register(current, Command("chat"))
    router.message.register(leave, Command("leave"))
    router.message.register(unmatch, Command("unmatch"))
    router.callback_query.register(listing_pressed, Pressed("matches"))
    router.callback_query.register(plain, Pressed(*PLAIN))
    router.callback_query.register(about, Pressed(*ABOUT))
    return router


async def listing(message: Message, desk: Desk) -> None:
    """/matches."""
    await desk.run(message, chats.listing)


async def current(message: Message, desk: Desk) -> None:
    """/chat."""
    await desk.run(message, chats.current)


async def leave(message: Message, desk: Desk) -> None:
    """/leave."""
    await desk.run(message, chats.leave)


async def unmatch(message: Message, desk: Desk) -> None:
    """/unmatch."""
    await desk.run(message, chats.ask_unmatch)


async def listing_pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The chats by a button, or the next page of them."""
    await desk.run(query, chats.listing, int(press.choice) if press.choice.isdecimal() else 0)


async def plain(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A button that names no chat."""
    await desk.run(query, PLAIN[press.do])


async def about(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A button about one chat."""
    await desk.run(query, ABOUT[press.do], press.to)
