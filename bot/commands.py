"""The menu of commands, in each language; only commands that exist."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeChat, BotCommandScopeDefault

from bot.patience import patiently
from bot.replies import word
from bot.words import LANGUAGES, Words

MEMBERS: Final = (
    "discover",
    "likes",
    "matches",
    "chat",
    "profile",
    "photo",
    "verify",
    "types",
    "compat",
    "couple",
    "settings",
    "language",
    "leave",
    "del",
    "unmatch",
    "block",
    "report",
    "privacy",
    "export",
    "delete",
    "help",
    "start",
)
ADMINS: Final = ("stats", "crawl", "retrain", "models", "rollback", "jobs", "reports", "ban", "unban", "broadcast", "audit")
OTHERS: Final = "en"
"""The language of the menu for everybody whose own language the bot does not speak."""
log = logging.getLogger(__name__)


async def publish(bot: Bot, words: Words, admins: Iterable[int]) -> None:
    """Set the menus; an admin who never wrote to the bot gets theirs at the next start."""
    for language in (None, *LANGUAGES):
        shown = menu(words, MEMBERS, language or OTHERS)
        try:
            await patiently(partial(bot.set_my_commands, shown, BotCommandScopeDefault(), language_code=language))
        except TelegramAPIError as error:  # a menu is no reason not to start
            log.warning("the menu of commands could not be set: %s", type(error).__name__)
    for admin in admins:
        for language in (None, *LANGUAGES):
            commands = menu(words, (*ADMINS, *MEMBERS), language or OTHERS)
            try:
                await bot.set_my_commands(commands, BotCommandScopeChat(chat_id=admin), language_code=language)
            except TelegramBadRequest:
                log.info("an admin of telegram.admins has not written to the bot yet: no admin menu for them")
                break
            except TelegramAPIError as error:
                log.warning("the admin menu could not be set: %s", type(error).__name__)
                break


def menu(words: Words, names: Iterable[str], language: str) -> list[BotCommand]:
    """Commands with their descriptions."""
    return [BotCommand(command=name, description=words.plain(word(f"command.{name}"), language)) for name in names]
