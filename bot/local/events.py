"""What happens, told to open chat pages: a bounded list of numbered events that a page can resume."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from bot.local.journal import Journal
from bot.local.values import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 2000  # events that a page can miss and still resume


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `chat` None concerns every page."""

    cursor: int
    name: str
    chat: int | None
    data: Json


class Events:
    """Numbered events; numbers grow over restarts too, since they start at the clock's microseconds."""

    def __init__(self) -> None:
        self._first = self.cursor = int(time.time() * 1_000_000)
        self._events: deque[Event] = deque(maxlen=KEPT)
        self.journal = Journal()
        self._changed = asyncio.Event()
        self.closed = False

    def tell(self, name: str, chat: int | None, **data: object) -> None:
        """Add an event and wake those who wait."""
        self.cursor += 1
        body: Json = {**data} if chat is None else {"chat": chat, **data}
        self._events.append(Event(self.cursor, name, chat, body))
        self.journal.add(name, chat, body)
        self._wake()

    def close(self) -> None:
        """End all waiting: the server stops."""
        self.closed = True
        self._wake()

    def missed(self, after: int) -> bool:
        """Whether events after `after` are already forgotten (or belong to an earlier run), so that a page must reload."""
        oldest = self._events[0].cursor if self._events else self.cursor + 1
        return after < oldest - 1 or after > self.cursor

    def since(self, after: int, chats: frozenset[int]) -> Iterator[Event]:
        """The events after `after` that concern `chats`."""
        if not self._events or after >= self.cursor:
            return
        # A list, since more may be told while the caller awaits; only of what is new, since there may be many pages.
        for event in list(islice(self._events, max(0, after + 1 - self._events[0].cursor), None)):
            if event.chat is None or event.chat in chats:
                yield event

    async def wait(self, seconds: float) -> None:
        """Wait until something happens, at most `seconds`."""
        changed = self._changed
        # Not wait_for: in Python 3.11 it swallows a cancellation that arrives together with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await changed.wait()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
