"""What shows something of members in admins' own chats is deleted there: when its case is over, else before Telegram stops letting bots.

Which messages these are stands in `db.exhibits`.  Every bot looks by itself every few seconds, whoever runs the jobs: two that delete
the same do no harm, and nothing waits behind a long job.  Rows go only after Telegram's answer, so a kill at any moment costs at most
one more call for what is gone already.

What can go wrong, and what follows:

- the message is gone, since the admin deleted it: that is what was wanted
- 429: that chat rests for as long as asked
- 403, the admin blocked the bot: again each hour, for as long as Telegram lets bots delete
- 5xx, network: all of it again, after a pause that doubles
- older than Telegram lets bots delete (nothing ran for two days, or 403 until then): logged, the admin is asked to do it, and forgotten
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from bot import outbox
from bot.calls import Calls
from bot.context import Context
from bot.replies import Say, word
from bot.runtime import Runtime
from db import exhibits, members
from db.errors import DatabaseError
from db.records import Exhibit
from db.session import Connection

TICK: Final = 2.0
"""Seconds between two looks."""
BATCH: Final = 100
"""Messages that one call deletes at most."""
BLOCKED: Final = timedelta(hours=1)
"""After which a chat whose admin blocked the bot is tried again."""
LONGEST_PAUSE: Final = 60.0
GONE: Final = "not found"
"""In Telegram's words for a message, or a chat, that is no more."""
log = logging.getLogger(__name__)


class Clearing:
    """Deletes what is due, from `run` until it is cancelled."""

    def __init__(self, bot: Bot, runtime: Runtime, context: Callable[[], Context], wake: Callable[[], None] = lambda: None) -> None:
        """`wake` tells the outbox's sender that an admin is to be told something."""
        self._calls = Calls(bot)
        self._runtime = runtime
        self._context = context
        self._wake = wake
        self._rests: dict[int, datetime] = {}
        """Chats that Telegram asked to leave alone, and until when."""

    async def run(self) -> None:
        """Look and delete, for ever."""
        pause = TICK
        while True:
            try:
                await self.turn()
                pause = TICK
            except (TelegramAPIError, DatabaseError, TimeoutError, OSError) as error:
                pause = min(LONGEST_PAUSE, 2 * pause)
                log.warning("what admins were shown is deleted later, again in %.0f s: %s", pause, type(error).__name__)
            await asyncio.sleep(pause)

    async def turn(self) -> int:
        """Delete what is due now; how many messages are settled.

        Raises:
            aiogram.exceptions.TelegramAPIError, TimeoutError, OSError: no answer that says anything of these messages.
            DatabaseError: the database cannot be reached.

        """
        now = self._context().now
        self._rests = {chat: until for chat, until in self._rests.items() if until > now}
        found = await self._runtime.read(exhibits.due, now, tuple(self._rests))
        settled, failed = 0, None
        for chat, rows in groupby(found, lambda one: one.telegram_id):
            try:
                settled += await self._chat(chat, list(rows), now)
            except (TelegramAPIError, TimeoutError, OSError) as error:
                failed = error  # perhaps of that chat alone: the others do not wait for it
        if failed is not None:
            raise failed
        return settled

    async def _chat(self, chat: int, rows: Sequence[Exhibit], now: datetime) -> int:
        """What is due in one chat; what is old goes message by message, since only so Telegram says which it keeps."""
        young = [row for row in rows if now - row.at < exhibits.REACH]
        old = [row for row in rows if now - row.at >= exhibits.REACH]
        done = 0
        try:
            for start in range(0, len(young), BATCH):
                done += await self._batch(chat, young[start : start + BATCH])
            done += await self._singly(chat, old)
        except TelegramRetryAfter as error:
            self._rests[chat] = now + timedelta(seconds=error.retry_after)
        except TelegramForbiddenError:
            await self._runtime.transact(exhibits.postpone, [row.id for row in young], now + BLOCKED)
            done += await self._give_up(chat, old)
        return done

    async def _batch(self, chat: int, rows: Sequence[Exhibit]) -> int:
        """Up to `BATCH` messages with one call, which passes over those that are gone."""
        try:
            await self._calls.post("deleteMessages", {"chat_id": chat, "message_ids": [row.message_id for row in rows]})
        except TelegramBadRequest:
            # Of one that cannot be deleted all may be refused.
            return await self._singly(chat, rows)
        await self._runtime.transact(exhibits.forget, [row.id for row in rows])
        return len(rows)

    async def _singly(self, chat: int, rows: Sequence[Exhibit]) -> int:
        refused = []
        for row in rows:
            try:
                await self._calls.post("deleteMessage", {"chat_id": chat, "message_id": row.message_id})
            except TelegramBadRequest as error:
                if GONE not in error.message.lower():
                    refused.append(row)
                    continue
            await self._runtime.transact(exhibits.forget, [row.id])
        return len(rows) - len(refused) + await self._give_up(chat, refused)

    async def _give_up(self, chat: int, rows: Sequence[Exhibit]) -> int:
        """Forget what can never be deleted, and ask the admin to do it."""
        if rows:
            await self._runtime.transact(_left, self._context(), chat, [row.id for row in rows])
            log.warning("%d messages that show members stay in an admin's chat until they are deleted there by hand", len(rows))
            self._wake()
        return len(rows)


def _left(connection: Connection, context: Context, chat: int, ids: Sequence[int]) -> None:
    """Forget, and tell the admin once a day at most: several may be given up one after the other."""
    exhibits.forget(connection, ids)
    admin = members.by_telegram(connection, chat)
    if admin is not None:
        outbox.notify(connection, context, admin, Say(word("admin.exhibits_left")), f"exhibits:{context.now:%Y-%m-%d}")
