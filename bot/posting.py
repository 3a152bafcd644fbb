"""One row of the outbox → one call of the Bot API → what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
)

from bot.calls import Calls
from bot.context import Context
from bot.delivery import PhotoSource, deliver
from bot.outbox import Letter, stopped, target
from bot.prepared import Preparer, Refused
from bot.runtime import Runtime
from bot.settling import Outcome, answered
from bot.usecases import daily
from db.errors import Busy, Unavailable
from db.records import OutboxRow

CALL_TIMEOUT, PREPARED_TIMEOUT = 60.0, 150.0
"""Seconds for a call; for one whose files are fetched and worked on before."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
GIVE_UP = timedelta(days=1)
DEFECT_TRIES = 4
"""Attempts at a row that breaks the sender itself; its chat waits behind it meanwhile."""
UNANSWERED, UNANSWERED_SECONDS = 6, 1.0
"""Calls that are made at the same time at most (more only where the pace is set above 60 a second): what the Bot API took in the
moment of a crash is sent again.  A call that takes longer than these seconds holds nobody else up."""
CHAT_GONE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated")
log = logging.getLogger(__name__)


class Pace:
    """At most `rate` calls a second over all chats, with bursts of up to one second's worth."""

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._burst = 1.0
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait for one's turn; turns come in the order of asking."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now - self._burst) + self._gap
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


class Posting:
    """Makes the calls, at a pace."""

    def __init__(
        self,
        bot: Bot,
        runtime: Runtime,
        photos: PhotoSource,
        context: Callable[[], Context],
        rate: float,
        preparer: Preparer | None = None,
    ) -> None:
        self._bot = bot
        self._calls = Calls(bot)
        self._runtime = runtime
        self._photos = photos
        self._context = context
        self._pace = Pace(rate)
        self._slots = asyncio.Semaphore(max(UNANSWERED, int(rate / 10)))
        self._preparer = preparer

    async def send(self, row: OutboxRow) -> Outcome:
        """Send it, and say what became of it; never raises."""
        try:
            if row.dedup_key.startswith(daily.KEY) and not await self._stands(row):
                return Outcome(row, refused="the two may not meet any more")
            async with asyncio.timeout(PREPARED_TIMEOUT if row.payload.get("prepare") else CALL_TIMEOUT):
                await self._pace.turn()
                return await self._call(row)
        except TelegramRetryAfter as error:
            log.info("row %d: its chat rests for %d s", row.id, error.retry_after)
            return Outcome(row, retry_at=self._context().now + timedelta(seconds=error.retry_after))
        except TelegramForbiddenError as error:
            return Outcome(row, refused=error.message, gone=True)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            if "message is not modified" in error.message.lower():
                return Outcome(row)
            log.warning("given up: row %d (%s) was refused: %s", row.id, row.method, error.message)
            return Outcome(row, refused=error.message, gone=any(sign in error.message.lower() for sign in CHAT_GONE))
        except TelegramNotFound:
            return self._defect(row, "no such method")
        except (TelegramAPIError, TimeoutError, OSError, Busy, Unavailable) as error:
            return replace(self._later(row, type(error).__name__), unsure=_unsure(error))
        except Exception as error:  # noqa: BLE001 one row that breaks must not stop the others
            # Only the kind: what an exception says may quote a message.
            return self._defect(row, type(error).__name__)

    async def _stands(self, row: OutboxRow) -> bool:
        """Whether the day's card may still be shown: a chat may have rested for hours since it was queued."""
        return await self._runtime.read(daily.stands, self._context(), row.member_id, Letter.read(row.method, row.payload).photo_id)

    async def _call(self, row: OutboxRow) -> Outcome:
        letter = Letter.read(row.method, row.payload)
        found = None
        if letter.answers is not None or letter.edits is not None:
            found = await self._runtime.read(target, letter, row.member_id)
        call = letter.call(found)
        if call is None:
            return Outcome(row)
        if call.photo_id is not None:
            sent = await deliver(self._bot, call, row.telegram_id, photo_source=self._photos)
            return Outcome(row, sent_as=getattr(sent, "message_id", None))
        method, payload, files = call.method, call.payload, None
        if letter.prepare is not None and self._preparer is not None:
            made = await self._preparer.prepare(row, {**row.payload, "body": payload})
            # Minutes may have passed: whoever blocked, erased themselves or took it back meanwhile is not to be overheard.
            if why := await self._runtime.read(stopped, letter, row, self._context().now):
                log.info("row %d is not sent: %s", row.id, why)
                return Outcome(row, dropped=why)
            if isinstance(made, Refused):
                return Outcome(row, refused=f"not passed on: {made.word}", verdict=made)
            method, payload, files = made.method, dict(made.payload), made.uploads
        # A place among the calls under way, kept for a while at most.
        await self._slots.acquire()
        timer = asyncio.get_running_loop().call_later(UNANSWERED_SECONDS, self._slots.release)
        try:
            return answered(row, await self._post(method, {"chat_id": row.telegram_id, **payload}, files))
        finally:
            if timer.when() > asyncio.get_running_loop().time() and not timer.cancelled():
                timer.cancel()
                self._slots.release()

    async def _post(self, method: str, payload: dict[str, Any], files: Mapping[str, tuple[str, bytes]] | None) -> Any:
        """One call; an answer whose quote is not found in the message any more goes without it."""
        try:
            return await self._calls.post(method, payload, files, None)  # `send` has the clock
        except TelegramBadRequest as error:
            reply = payload.get("reply_parameters") or {}
            if "quote" not in error.message.lower() or "quote" not in reply:
                raise
        bare = {name: value for name, value in reply.items() if not name.startswith("quote")}
        return await self._calls.post(method, {**payload, "reply_parameters": bare}, files, None)

    def _defect(self, row: OutboxRow, kind: str) -> Outcome:
        log.error("row %d (%s) could not be sent: %s", row.id, row.method, kind)
        return self._later(row, "defect") if row.attempts < DEFECT_TRIES else Outcome(row, refused="defect")

    def _later(self, row: OutboxRow, reason: str) -> Outcome:
        """Again, after a pause that doubles with each attempt, or no more after a day."""
        now = self._context().now
        if now - row.created_at > GIVE_UP:
            return Outcome(row, refused=f"gave up after a day: {reason}")
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.attempts - 1, 10)) * random.uniform(0.5, 1.5)
        log.info("row %d (%s) again in %.1f s: %s", row.id, row.method, pause, reason)
        return Outcome(row, retry_at=now + timedelta(seconds=pause))


def _unsure(error: Exception) -> bool:
    """Whether the Bot API may have taken a call although no answer came; not where no connection came about."""
    return isinstance(error, TimeoutError) or (isinstance(error, TelegramNetworkError) and "Connector" not in error.message)
