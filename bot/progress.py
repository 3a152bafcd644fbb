"""One message of a chat that tells how far something is, edited in place: never too often, never to the same content."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import Message

from bot.delivery import deliver
from bot.desk import Services
from bot.render import render
from bot.replies import Reply, Rows, Say, Word

EVERY: Final = 3.0
"""Seconds between two edits: Telegram allows about one message a second and chat, and the chat is used for other things too."""
TRIES: Final = 4
log = logging.getLogger(__name__)


class Ticker:
    """The message; `message_id` is None until it is sent, and stands in the run's progress afterwards."""

    def __init__(self, services: Services, chat_id: int, language: str, message_id: int | None = None) -> None:
        self._services, self._chat_id, self._language = services, chat_id, language
        self.message_id = message_id
        self._shown: object = None
        self._free_at = 0.0

    async def show(self, word: Word, buttons: Rows = ()) -> None:
        """Show this now, unless the last change was a moment ago or it stands there already."""
        if asyncio.get_running_loop().time() >= self._free_at:
            await self._put(word, buttons)

    async def end(self, word: Word, more: tuple[Reply, ...] = ()) -> bool:
        """Show the last word and what follows it, however long Telegram makes us wait; False where it could not be shown."""
        shown = False
        for _ in range(TRIES):
            shown = await self._put(word, ())
            if shown:
                break
            await asyncio.sleep(min(60.0, max(0.5, self._free_at - asyncio.get_running_loop().time())))
        for reply in more:
            await self._send(reply)
        return shown

    async def _put(self, word: Word, buttons: Rows) -> bool:
        call = render(Say(word, buttons, edit=self.message_id is not None), self._services.words, self._language)
        content = (call.payload["text"], str(call.payload.get("reply_markup")))
        if content == self._shown:
            return True
        now = asyncio.get_running_loop().time()
        self._free_at = now + EVERY
        try:
            sent = await deliver(self._services.bot, call, self._chat_id, photo_source=self._services.photos, message_id=self.message_id)
        except TelegramRetryAfter as error:
            self._free_at = now + error.retry_after
            return False
        except TelegramForbiddenError:
            self._free_at = float("inf")
            return True
        except TelegramAPIError as error:
            log.info("the progress of a job could not be shown: %s", type(error).__name__)
            return False
        self._shown = content
        if isinstance(sent, Message):
            self.message_id = sent.message_id
        return True

    async def _send(self, reply: Reply) -> None:
        """A picture below the message."""
        call = await self._services.runtime.compute(render, reply, self._services.words, self._language)
        for _ in range(TRIES):
            try:
                await deliver(self._services.bot, call, self._chat_id, photo_source=self._services.photos)
            except TelegramRetryAfter as error:
                await asyncio.sleep(min(60.0, error.retry_after))
            except TelegramForbiddenError:
                return
            except TelegramAPIError as error:
                log.info("the picture of a job could not be sent: %s", type(error).__name__)
                await asyncio.sleep(1.0)
            else:
                return
