"""/start, /help and /language, and the questions of onboarding."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import Command, CommandStart, HasStatus, Pressed
from bot.replies import Press
from bot.usecases import help as help_usecases
from bot.usecases import onboarding, settings


def make() -> Router:
    """What every member may say at any time."""
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.message.register(show_help, Command("help"))
    router.message.register(language, Command("language"))
    router.callback_query.register(show_help_pressed, Pressed("help"))
    router.callback_query.register(language_pressed, Pressed("language"))
    return router


def make_onboarding() -> Router:
    """Everything else that members say who are not ready yet; nothing of theirs reaches the other features."""
    router = Router(name="onboarding")
    for observer in (router.message, router.edited_message, router.callback_query):
        observer.filter(HasStatus("onboarding", "review"))
    router.message.register(location, F.location)
    router.message.register(text, F.text & ~F.text.startswith("/"))
    router.message.register(remind)
    router.edited_message.register(edited, F.text)  # not a live location, which is edited with every step
    router.callback_query.register(press, Pressed("set"))
    router.callback_query.register(back, Pressed("back"))
    router.callback_query.register(remind_pressed)
    return router


async def start(message: Message, desk: Desk) -> None:
    """/start, with or without a deep link's payload, which is not used."""
    await desk.run(message, onboarding.start)


async def show_help(message: Message, desk: Desk) -> None:
    """/help."""
    await desk.run(message, help_usecases.show)


async def show_help_pressed(query: CallbackQuery, desk: Desk) -> None:
    """The help button."""
    await desk.run(query, help_usecases.show)


async def language(message: Message, desk: Desk) -> None:
    """/language."""
    await desk.run(message, settings.language)


async def language_pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A language was chosen, or is to be chosen."""
    if press.choice:
        await desk.run(query, settings.set_language, press.choice)
    else:
        await desk.run(query, settings.language)


async def location(message: Message, desk: Desk) -> None:
    """A shared location."""
    if message.location is not None:
        await desk.run(message, onboarding.location, message.location.latitude, message.location.longitude)


async def text(message: Message, desk: Desk) -> None:
    """A typed answer."""
    await desk.run(message, onboarding.text, message.text or "")


async def press(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A chosen answer: `field:value`."""
    field, _, value = press.choice.partition(":")
    await desk.run(query, onboarding.press, field, value)


async def back(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """One question back."""
    await desk.run(query, onboarding.back, press.choice)


async def remind(message: Message, desk: Desk) -> None:
    """Anything else."""
    await desk.run(message, onboarding.remind)


async def edited(message: Message, desk: Desk) -> None:
    """A typed answer was edited."""
    await desk.run(message, onboarding.edited)


async def remind_pressed(query: CallbackQuery, desk: Desk) -> None:
    """Any other button."""
    await desk.run(query, onboarding.remind_pressed)
