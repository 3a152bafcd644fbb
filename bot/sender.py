"""The outbox → the Bot API: every row in the order of its chat, at least once, never faster than Telegram allows.

One loop does all database work of the sender, one transaction a turn: it settles what was sent since the last turn and leases
what is next, at most one row a chat; sends run beside each other, one task a chat.  Rows of the short way come already leased
(`hand`), and then a turn only settles.

What can go wrong, and what follows:

- 429: the chat rests for as long as asked, the others go on
- 403, or a chat that is gone: the recipient is marked unreachable, what waits for them is given up, their partners are told
- 400: the row is given up and logged without its text; the sender of a relayed message is told
- 5xx, network: again after a pause that doubles, with jitter, for a day
- a row that breaks the sender itself: a few times more, then given up
- the day's card of somebody who may not be shown any more: given up
- a file that was worked on while its chat ended, it was taken back, or the row went into other hands: not sent, and nobody is told
- a crash: what was sent is in the notes (`bot.sent`) and settled at the next start, what was leased is given back; twice arrives
  only what the Bot API took in the moment of the crash, or answered on a connection that broke
- a database that restarts: what was sent waits in memory and in the notes; leases of a commit that nobody knows of are taken back
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiogram import Bot

from bot import owners, settling
from bot.context import Context
from bot.delivery import PhotoSource
from bot.posting import Posting
from bot.prepared import Preparer
from bot.runtime import Runtime
from bot.sent import SentLog
from bot.settling import TICK, Errand, Outcome
from db import outbox
from db.errors import DatabaseError
from db.records import OutboxRow

LANES = 64
"""Chats served at the same time."""
COMPANY, COMPANY_MAX = 0.1, 32
"""Seconds for which what was sent waits for company to be settled with, where nothing waits behind it; and how much at most.  It
is in the notes; and whatever comes in from Telegram meanwhile is written down together with it (`claim`)."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sender sends.

    Attributes:
        owner: under which name it leases rows.
        rate: calls a second over all chats.
        notes: the folder of its notes; None keeps none.
        preparer: works on rows that cannot be sent as they are.

    """

    owner: str = ""
    rate: float = 25.0
    notes: Path | None = None
    preparer: Preparer | None = None


class Sender:
    """Sends what is in the outbox, from `run` until `stop`."""

    def __init__(
        self, bot: Bot, runtime: Runtime, photos: PhotoSource, context: Callable[[], Context], manner: Manner | None = None
    ) -> None:
        manner = manner or Manner()
        self._runtime = runtime
        self._context = context
        self.owner = manner.owner or owners.me()
        self._posting = Posting(bot, runtime, photos, context, manner.rate, manner.preparer)
        self._notes = None if manner.notes is None else SentLog(manner.notes, self.owner)
        self._wake = asyncio.Event()
        self._stopping = False
        self._backlog = True
        """Whether rows may wait that are not in hand."""
        self._astray = False
        """Whether a commit may have leased rows that never came into hand."""
        self._look_at = 0.0
        self._outcomes: list[Outcome] = []
        self._claimed: list[Outcome] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: dict[asyncio.Task[None], int] = {}

    @property
    def room(self) -> int:
        """How many more rows can be in hand."""
        return 0 if self._stopping else max(0, LANES - len(self._tasks))

    def wake(self) -> None:
        """There may be something to send."""
        self._backlog = True
        self._wake.set()

    def hand(self, rows: Sequence[OutboxRow], *, others: bool = False) -> None:
        """Send `rows`, which are leased to `owner`; `others` wait in their lanes."""
        self._start(rows)
        if others:
            self.wake()

    def claim(self) -> list[Outcome]:
        """What was sent and is to be settled in the caller's transaction, before anything else in it; `settled` says how it went."""
        claimed = [outcome for outcome in self._outcomes if outcome.plain]
        self._outcomes = [outcome for outcome in self._outcomes if not outcome.plain]
        self._claimed += claimed
        return claimed

    def settled(self, claimed: Sequence[Outcome], *, done: bool) -> None:
        """The caller's transaction ended; if not `done`, what it claimed is still to be settled."""
        self._claimed = [outcome for outcome in self._claimed if outcome not in claimed]
        if not done and claimed:
            self._outcomes = [*claimed, *self._outcomes]
            self._wake.set()
        self._forget_notes()

    def lost_count(self) -> None:
        """A commit that may have leased rows to `owner` ended in the dark: they are taken back and leased anew."""
        self._astray = True
        self.wake()

    async def run(self) -> None:
        """Send until `stop`; then finish what is under way and what is due."""
        await self._recover()
        while True:
            self._wake.clear()
            pause = await self._turn()
            if self._stopping and not self._tasks and not self._outcomes and not self._claimed and pause > 0:
                return
            if pause > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), min(pause, 0.2) if self._stopping else pause)

    async def stop(self, running: asyncio.Task[None], patience: float = 10.0) -> None:
        """Drain for up to `patience` seconds, then give back what could not be sent; `running` is the task of `run`."""
        self._stopping = True
        self.wake()
        done, _ = await asyncio.wait({running}, timeout=patience)
        if not done:
            running.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(running, *self._tasks, return_exceptions=True)
        with suppress(DatabaseError):
            await self._runtime.transact(settling.settle, self._outcomes, self._context())
            if self._notes is not None:
                self._notes.clear()
            await self._runtime.transact(outbox.release, self.owner)
        if self._notes is not None:
            self._notes.close()
        if done:
            await running

    async def _recover(self) -> None:
        """Settle and take over what processes of this host left that ended without a word; nothing is sent before that is done."""
        left = [] if self._notes is None else await asyncio.to_thread(self._notes.left)
        notes = [note for _, found in left for note in found]
        while not self._stopping:
            try:
                released = await self._runtime.transact(settling.recover, notes, self._context())
            except DatabaseError as error:
                log.warning("the outbox cannot be read yet: %s", error)
                await asyncio.sleep(1.0)
                continue
            if released:
                log.info("%d messages that were under way at the last end are sent again", released)
            for path, _ in left:
                path.unlink(missing_ok=True)
            if self._notes is not None:
                self._notes.open()
            return

    async def _turn(self) -> float:
        """Settle, lease and start; returns the seconds after which to look again at the latest."""
        clock = asyncio.get_running_loop().time
        outcomes, self._outcomes = self._outcomes, []
        # Of what was given up somebody is told: that word waits in the outbox from this turn on.
        look = self._backlog or clock() >= self._look_at or any(one.refused is not None for one in outcomes)
        if not outcomes and not look:
            return max(0.001, self._look_at - clock())
        calm, self._backlog = not self._tasks, False
        held, self._astray = self._held(outcomes) if self._astray else None, False
        try:
            if not outcomes and held is None and (pause := await self._idle()) > 0:
                self._look_at = clock() + pause
                return pause
            errand = Errand(outcomes, LANES - len(self._tasks) if look else 0, held)
            rows, due = await self._runtime.relay(settling.turn, errand, self._context(), self.owner)
        except DatabaseError as error:
            log.warning("the outbox cannot be reached, what was sent is noted later: %s", error)
            self._outcomes = outcomes + self._outcomes
            self._backlog = self._astray = True
            return 1.0
        self._forget_notes()
        self._start(rows)
        if look:
            self._look_at = clock() + min(TICK, due)
            # What waits behind rows in hand, or beyond the room, is looked for again once those are settled.
            self._backlog = self._backlog or bool(rows) or not calm
        return 0.0 if self._pressing() else max(0.001, self._look_at - clock())

    def _pressing(self) -> bool:
        """Whether what was sent should be settled now."""
        if not self._outcomes:
            return False
        return self._backlog or self._stopping or len(self._outcomes) >= COMPANY_MAX or not all(one.plain for one in self._outcomes)

    def _held(self, outcomes: Sequence[Outcome]) -> tuple[int, ...]:
        return (*self._tasks.values(), *(outcome.row.id for outcome in (*outcomes, *self._outcomes, *self._claimed)))

    def _forget_notes(self) -> None:
        if self._notes is not None and not self._outcomes and not self._claimed:
            self._notes.clear()

    async def _idle(self) -> float:
        """Seconds until something is due, found out by reading only: most looks find an empty outbox."""
        due = await self._runtime.read(outbox.next_due)
        return TICK if due is None else min(TICK, (due - self._context().now).total_seconds())

    def _start(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            task = asyncio.create_task(self._serve(row))
            self._tasks[task] = row.id
            task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if self._pressing() or not self._outcomes:
            self._wake.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COMPANY, self._company_is_over)

    def _company_is_over(self) -> None:
        self._timer = None
        self._wake.set()

    async def _serve(self, row: OutboxRow) -> None:
        outcome = await self._posting.send(row)
        if outcome.plain and self._notes is not None:
            self._notes.note(row, outcome.sent_as)
        self._outcomes.append(outcome)
        if outcome.retry_at is not None:
            pause = (outcome.retry_at - self._context().now).total_seconds()
            asyncio.get_running_loop().call_later(max(0.0, pause), self.wake)
