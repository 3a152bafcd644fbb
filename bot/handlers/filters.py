"""Filters that routers share: commands, which button was pressed, and where the member is in the conversation."""

from __future__ import annotations

from typing import Any

from aiogram import Bot, filters
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.incoming import is_command
from bot.render import unpack
from bot.replies import Press
from db.records import Member


class Command(filters.Command):
    """A text that is a command; aiogram's own takes captions as well, and a photo with such words below it would go to nobody."""

    async def __call__(self, message: Message, bot: Bot) -> bool | dict[str, Any]:
        """Whether it is so, with `command`."""
        return message.text is not None and await super().__call__(message, bot)


class CommandStart(filters.CommandStart):
    """/start as a text, of which the same is true."""

    async def __call__(self, message: Message, bot: Bot) -> bool | dict[str, Any]:
        """Whether it is so, with `command`."""
        return message.text is not None and await super().__call__(message, bot)


class Said(Filter):
    """Something that is meant for a person: no command, and between two questions no word that only begins like one."""

    async def __call__(self, message: Message, member: Member) -> bool:
        """Whether it is so."""
        text = message.text or ""
        return not text.startswith("/") or (not member.step and not is_command(text))


class Pressed(Filter):
    """A button with one of these verbs; the handler gets it as `press: Press`. Forged data never matches."""

    def __init__(self, *verbs: str) -> None:
        self._verbs = frozenset(verbs)

    async def __call__(self, query: CallbackQuery) -> bool | dict[str, Press]:
        """The press, or False."""
        press = unpack(query.data)
        return {"press": press} if press is not None and press.do in self._verbs else False


class AtStep(Filter):
    """The member's conversation is at a step with this prefix (`AtStep("edit.")`)."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    async def __call__(self, event: TelegramObject, member: Member) -> bool:
        """Whether it is so."""
        return (member.step or "").startswith(self._prefix)


class HasStatus(Filter):
    """The member has one of these statuses."""

    def __init__(self, *statuses: str) -> None:
        self._statuses = frozenset(statuses)

    async def __call__(self, event: TelegramObject, member: Member) -> bool:
        """Whether it is so."""
        return member.status in self._statuses
