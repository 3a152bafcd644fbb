"""/profile, /types and /settings, and changing what is in them."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import AtStep, Command, Pressed
from bot.replies import Press
from bot.usecases import profile, settings, types

SHOWN = {"profile": profile.show, "types": types.show, "settings": settings.show, "languages": settings.languages}
CHOSEN = {
    "pause": settings.pause,
    "speak": settings.speak,
    "share": settings.same_language,
    "protect": settings.protect,
    "by_photos": settings.by_photos,
    "verified": settings.verified_only,
}


def make() -> Router:
    """For members who are ready."""
    router = Router(name="profile")
    router.message.register(show_profile, Command("profile"))
    router.message.register(show_types, Command("types"))
    router.message.register(show_settings, Command("settings"))
    router.callback_query.register(show_pressed, Pressed(*SHOWN))
    router.callback_query.register(edit, Pressed("ask"))
    router.callback_query.register(press, Pressed("set"))
    router.callback_query.register(cancel, Pressed("cancel"))
    router.callback_query.register(chosen, Pressed(*CHOSEN))
    router.message.register(text, F.text & ~F.text.startswith("/"), AtStep("edit."))
    router.message.register(location, F.location, AtStep("edit.city"))
    return router


async def show_profile(message: Message, desk: Desk) -> None:
    """/profile."""
    await desk.run(message, profile.show)


async def show_types(message: Message, desk: Desk) -> None:
    """/types."""
    async with desk.busy(message, "upload_photo"):
        await desk.run(message, types.show)


async def show_settings(message: Message, desk: Desk) -> None:
    """/settings."""
    await desk.run(message, settings.show)


async def show_pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The same by buttons."""
    await desk.run(query, SHOWN[press.do])


async def edit(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """An answer is to be changed."""
    await desk.run(query, profile.edit, press.choice)


async def press(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The new answer was chosen: `field:value`."""
    field, _, value = press.choice.partition(":")
    await desk.run(query, profile.press, field, value)


async def cancel(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The answer stays as it was."""
    await desk.run(query, profile.cancel, press.choice)


async def chosen(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A setting that is chosen by a button: being shown, languages, photos, verified people."""
    await desk.run(query, CHOSEN[press.do], press.choice)


async def text(message: Message, desk: Desk) -> None:
    """The new answer was typed."""
    await desk.run(message, profile.text, message.text or "")


async def location(message: Message, desk: Desk) -> None:
    """The new place was shared."""
    if message.location is not None:
        await desk.run(message, profile.location, message.location.latitude, message.location.longitude)
