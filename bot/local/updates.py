"""The bot's incoming updates: numbered, kept until they are confirmed, fetched by long polling."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING

from bot.local.errors import ApiError
from bot.local.values import UPDATES_KEPT, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.local.store import Store

# Telegram sends these only to bots that ask for them by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
    }
)


TAKEN_OVER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Updates:
    """The queue between what people do and what the bot fetches.

    `on_read(updates)` is told which updates were handed over (more than once where the bot does not confirm them).
    """

    def __init__(self, store: Store, clock: Callable[[], float], on_read: Callable[[list[Json]], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_read = on_read
        self._waiting: OrderedDict[int, tuple[float, Json]] = OrderedDict()
        self._next = int(store.meta("next_update", 1))
        self.allowed: list[str] = store.meta("allowed_updates", [])
        for number, at, update in store.updates():
            self._waiting[number] = (at, update)
            self._next = max(self._next, number + 1)
        self._changed = asyncio.Event()
        self._poller = 0
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def allow(self, kinds: list[str] | None) -> None:
        """Remember which kinds the bot wants; None keeps the last choice, an empty list is Telegram's default."""
        if kinds is None:
            return
        known = [kind for kind in kinds if kind in KINDS]
        if known != self.allowed:
            self.allowed = known
            self._store.set_meta("allowed_updates", known)

    def wants(self, kind: str) -> bool:
        """Whether an update of this kind is queued."""
        return kind in self.allowed if self.allowed else kind not in ON_REQUEST

    def add(self, kind: str, body: Json) -> int | None:
        """Queue an update; None where the bot does not want its kind."""
        if not self.wants(kind):
            return None
        number = self._next
        self._next += 1
        update = {"update_id": number, kind: body}
        now = self._clock()
        self._waiting[number] = (now, update)
        self._store.put_update(number, now, update)
        self._store.set_meta("next_update", self._next)
        self.wake()
        return number

    def wake(self) -> None:
        """Wake whoever waits for updates."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait(self, seconds: float) -> None:
        """Wait for a new update, at most `seconds`."""
        changed = self._changed
        # Not wait_for: in Python 3.11 it swallows a cancellation that arrives together with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await changed.wait()

    def confirm(self, before: int) -> None:
        """Forget the updates below `before`, and those that waited longer than Telegram keeps them."""
        oldest = self._clock() - UPDATES_KEPT
        drop = 0
        for number, (at, _) in self._waiting.items():
            if number >= before and at >= oldest:
                break
            drop = number + 1
        if drop:
            while self._waiting and next(iter(self._waiting)) < drop:
                self._waiting.popitem(last=False)
            self._store.drop_updates(drop)

    def forget(self, number: int) -> None:
        """Forget one update that was delivered."""
        if self._waiting.pop(number, None) is not None:
            self._store.drop_update(number)

    def clear(self) -> None:
        """Forget everything that waits (`drop_pending_updates`)."""
        self._waiting.clear()
        self._store.drop_updates(self._next)

    def peek(self, limit: int) -> list[Json]:
        """The oldest waiting updates."""
        return [update for _, update in islice(self._waiting.values(), limit)]

    def newer(self, number: int) -> list[Json]:
        """The waiting updates above `number`, oldest first, at the cost of those alone."""
        found = []
        for waiting, (_, update) in reversed(self._waiting.items()):
            if waiting <= number:
                break
            found.append(update)
        return found[::-1]

    def get(self, number: int) -> Json | None:
        """A waiting update; None where it was delivered, confirmed or dropped."""
        found = self._waiting.get(number)
        return None if found is None else found[1]

    def read(self, updates: list[Json]) -> None:
        """Say that `updates` reached the bot."""
        self._on_read(updates)

    def close(self) -> None:
        """End all waiting: the server stops."""
        self.closed = True
        self.wake()

    async def fetch(self, offset: int, limit: int, seconds: float, connected: Callable[[], bool]) -> list[Json]:
        """`getUpdates`: confirm what lies below `offset`, then wait up to `seconds` for updates.

        A negative `offset` keeps only that many of the newest.  Nothing is handed over once `connected` says no.

        Raises:
            ApiError: 409, because a newer call took over.

        """
        if offset < 0:
            numbers = list(self._waiting)[offset:]
            self.confirm(numbers[0] if numbers else 0)
        else:
            self.confirm(offset)
        self._poller += 1
        mine = self._poller
        self.wake()
        deadline = asyncio.get_running_loop().time() + seconds
        while not (found := self.peek(limit)):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or self.closed:
                return []
            await self.wait(left)
            if self._poller != mine:
                raise ApiError(409, TAKEN_OVER)
        if connected():
            self.read(found)
        return found
