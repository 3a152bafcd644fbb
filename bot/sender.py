"""The outbox → the Bot API: every row in the order of its chat, at least once, never faster than Telegram allows.

One loop does all database work of the sender, one transaction a turn: it settles what was sent since the last turn and leases
what is next, at most one row a chat; sends run beside each other, one task a chat.

What can go wrong, and what follows:

- 429: the chat rests for as long as asked, the others go on
- 403, or a chat that is gone: the recipient is marked unreachable, what waits for them is given up, their partners are told
- 400: the row is given up and logged without its text; the sender of a relayed message is told
- 5xx, network: again after a pause that doubles, with jitter, for a day
- a row that breaks the sender itself: a few times more, then given up
- the day's card of somebody who may not be shown any more: given up
- a crash: leases are given back at the next start; a row that was sent but not settled is sent again
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiogram import Bot, methods
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from aiogram.methods import TelegramMethod
from aiogram.types import Message, MessageId

from bot.context import Context
from bot.delivery import EDITS, PhotoSource, Sent, deliver
from bot.outbox import Letter, target
from bot.runtime import Runtime
from bot.usecases import daily, reach
from db import outbox
from db.errors import DatabaseError
from db.records import OutboxRow
from db.session import Connection

LEASE = 90.0
"""Seconds for which a row is ours; longer than a call may take."""
CALL_TIMEOUT = 60.0
LANES = 64
"""Chats served at the same time."""
TICK = 5.0
"""Seconds after which the sender looks by itself: rows of another process, leases that ran out."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
GIVE_UP = timedelta(days=1)
DEFECT_TRIES = 4
"""Attempts at a row that breaks the sender itself; its chat waits behind it meanwhile."""
CHAT_GONE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: OutboxRow
    sent_as: int | None = None
    retry_at: datetime | None = None
    refused: str | None = None
    gone: bool = False


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


class Sender:
    """Sends what is in the outbox, from `run` until `stop`."""

    def __init__(
        self,
        bot: Bot,
        runtime: Runtime,
        photos: PhotoSource,
        context: Callable[[], Context],
        *,
        owner: str = "sender",
        rate: float = 25.0,
    ) -> None:
        self._bot = bot
        self._runtime = runtime
        self._photos = photos
        self._context = context
        self._owner = owner
        self._pace = Pace(rate)
        self._wake = asyncio.Event()
        self._stopping = False
        self._outcomes: list[Outcome] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`; then finish what is under way and what is due."""
        await self._recover()
        while True:
            self._wake.clear()
            pause = await self._turn()
            if self._stopping and not self._tasks and not self._outcomes and pause > 0:
                return
            if pause > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), min(pause, 0.2) if self._stopping else pause)

    async def stop(self, running: asyncio.Task[None], patience: float = 10.0) -> None:
        """Drain for up to `patience` seconds, then give back what could not be sent; `running` is the task of `run`."""
        self._stopping = True
        self._wake.set()
        done, _ = await asyncio.wait({running}, timeout=patience)
        if not done:
            running.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(running, *self._tasks, return_exceptions=True)
        with suppress(DatabaseError):
            await self._runtime.transact(_settle, self._outcomes, self._context())
            await self._runtime.transact(outbox.release, self._owner)
        if done:
            await running

    async def _recover(self) -> None:
        """Take over what this sender had leased when it ended without a word."""
        try:
            released = await self._runtime.transact(outbox.release, self._owner)
        except DatabaseError as error:
            log.warning("the outbox cannot be read yet: %s", error)
        else:
            if released:
                log.info("%d messages that were under way at the last end are sent again", released)

    async def _turn(self) -> float:
        """Settle, lease and start; returns the seconds after which to look again at the latest."""
        outcomes, self._outcomes = self._outcomes, []
        try:
            if not outcomes and (pause := await self._idle()) > 0:
                return pause
            rows, due = await self._runtime.transact(_next, outcomes, self._context(), self._owner, LANES - len(self._tasks))
        except DatabaseError as error:
            log.warning("the outbox cannot be reached, what was sent is noted later: %s", error)
            self._outcomes = outcomes + self._outcomes
            return 1.0
        for row in rows:
            task = asyncio.create_task(self._serve(row))
            self._tasks.add(task)
            task.add_done_callback(self._served)
        return 0.0 if self._outcomes else min(TICK, due)

    async def _idle(self) -> float:
        """Seconds until something is due, found out by reading only: most wakes find an empty outbox."""
        due = await self._runtime.read(outbox.next_due)
        return TICK if due is None else min(TICK, (due - self._context().now).total_seconds())

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _serve(self, row: OutboxRow) -> None:
        outcome = await self._send(row)
        self._outcomes.append(outcome)
        if outcome.retry_at is not None:
            pause = (outcome.retry_at - self._context().now).total_seconds()
            asyncio.get_running_loop().call_later(max(0.0, pause), self._wake.set)

    async def _send(self, row: OutboxRow) -> Outcome:
        try:
            if row.dedup_key.startswith(daily.KEY) and not await self._stands(row):
                return Outcome(row, refused="the two may not meet any more")
            async with asyncio.timeout(CALL_TIMEOUT):
                await self._pace.turn()
                return Outcome(row, sent_as=_message_id(await self._call(row)))
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
        except (TelegramAPIError, TimeoutError, OSError) as error:
            return self._later(row, type(error).__name__)
        except Exception as error:  # noqa: BLE001 one row that breaks must not stop the others
            # Only the kind: what an exception says may quote a message.
            log.error("row %d (%s) could not be sent: %s", row.id, row.method, type(error).__name__)  # noqa: TRY400
            return self._later(row, "defect") if row.attempts < DEFECT_TRIES else Outcome(row, refused="defect")

    async def _stands(self, row: OutboxRow) -> bool:
        """Whether the day's card may still be shown: a chat may have rested for hours since it was queued."""
        return await self._runtime.read(daily.stands, self._context(), row.member_id, Letter.read(row.method, row.payload).photo_id)

    async def _call(self, row: OutboxRow) -> Sent:
        letter = Letter.read(row.method, row.payload)
        found = None
        if letter.answers is not None or letter.edits is not None:
            found = await self._runtime.read(target, letter, row.member_id)
        call = letter.call(found)
        if call is None:
            return True
        if call.method in EDITS:
            # Not through `deliver`, which would say an edit anew where the recipient has deleted the copy.
            kind: type[TelegramMethod[Sent]] = getattr(methods, call.method[0].upper() + call.method[1:])
            return await self._bot(kind(**{"chat_id": row.telegram_id, **call.payload}))
        return await deliver(self._bot, call, row.telegram_id, photo_source=self._photos)

    def _later(self, row: OutboxRow, reason: str) -> Outcome:
        """Again, after a pause that doubles with each attempt, or no more after a day."""
        now = self._context().now
        if now - row.created_at > GIVE_UP:
            return Outcome(row, refused=f"gave up after a day: {reason}")
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.attempts - 1, 10)) * random.uniform(0.5, 1.5)
        log.info("row %d (%s) again in %.1f s: %s", row.id, row.method, pause, reason)
        return Outcome(row, retry_at=now + timedelta(seconds=pause))


def _message_id(sent: Sent) -> int | None:
    return sent.message_id if isinstance(sent, Message | MessageId) else None


def _next(connection: Connection, outcomes: list[Outcome], context: Context, owner: str, room: int) -> tuple[list[OutboxRow], float]:
    """Settle `outcomes`, lease up to `room` rows; also the seconds until something else is due."""
    _settle(connection, outcomes, context)
    rows = outbox.lease(connection, owner, context.now, LEASE, room) if room > 0 else []
    due = None if rows else outbox.next_due(connection)
    return rows, TICK if due is None or due <= context.now else (due - context.now).total_seconds()


def _settle(connection: Connection, outcomes: list[Outcome], context: Context) -> None:
    for outcome in outcomes:
        row = outcome.row
        if outcome.retry_at is not None:
            outbox.retry(connection, row.id, outcome.retry_at)
        elif outcome.refused is not None:
            if outbox.dead(connection, row.id, outcome.refused, context.now):
                reach.refused(connection, context, row, gone=outcome.gone)
        else:
            outbox.done(connection, row.id, context.now, outcome.sent_as)
