"""What happens to every update before a handler sees it: private chats only, once only, not too fast, by a known member."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User

from bot.desk import Desk, Services, guess_language
from bot.render import unpack
from bot.replies import Notice, Say, word
from db import members
from db.records import Language, Member
from db.session import Connection

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
REMEMBERED: Final = 4096
"""Updates and people kept in memory; beyond these the database knows."""
ANSWERS: Final = frozenset({"set", "back", "cancel", "photo_main", "photo_replace", "photo_remove", "broadcast_yes"})
"""Buttons that belong to an answer that is being changed."""
BURST: Final = 30.0
REFILL: Final = 2.0


@dataclass(slots=True)
class Bucket:
    """A person's allowance: `tokens` at the moment `at` (seconds of a monotonic clock)."""

    tokens: float
    at: float
    warned: bool = False


class Throttle:
    """A token bucket a person.

    Args:
        burst: updates that may come at once.
        refill: updates a second that may come for long.
        clock: seconds, monotonic.

    """

    def __init__(self, burst: float = BURST, refill: float = REFILL, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._refill, self._clock = burst, refill, clock
        self._buckets: OrderedDict[int, Bucket] = OrderedDict()

    def take(self, person: int) -> bool | None:
        """Whether this update may pass; None where it may not and the person was not told yet."""
        now = self._clock()
        bucket = self._buckets.setdefault(person, Bucket(self._burst, now))
        self._buckets.move_to_end(person)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._refill)
        bucket.at = now
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            bucket.warned = bucket.warned and bucket.tokens < self._burst / 2
            return True
        told, bucket.warned = bucket.warned, True
        return False if told else None


class Reception(BaseMiddleware):
    """Gives the handler `member`, `desk` and `services`; drops what comes twice, from groups, from bots, or too fast."""

    def __init__(self, services: Services, throttle: Throttle) -> None:
        self._services = services
        self._throttle = throttle
        self._recent: OrderedDict[int, None] = OrderedDict()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Wait until the updates under way are served."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> object:
        """Serve one update."""
        self._busy += 1
        self._idle.clear()
        try:
            return await self._serve(handler, event, data)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def _serve(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> object:
        update = cast("Update", event)
        person: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        if person is None or person.is_bot or (chat is not None and chat.type != ChatType.PRIVATE) or self._again(update.update_id):
            return None
        inner = update.event
        desk = Desk(self._services, update.update_id, person.id, person.language_code, ends_edit=_ends_edit(inner))
        passes = self._throttle.take(person.id)
        if not passes:
            await self._slow_down(desk, inner, person, told=passes is False)
            return None
        member = await self._member(person)
        # In place, so that the errors router, which stands outside of this, has them too.
        data.update(services=self._services, desk=desk, member=member)
        return await handler(event, data)

    def _again(self, update_id: int) -> bool:
        """Whether the update came a moment ago; what is forgotten here is known to the database."""
        if update_id in self._recent:
            return True
        self._recent[update_id] = None
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return False

    async def _member(self, person: User) -> Member:
        found = await self._services.runtime.read(members.by_telegram, person.id)
        if found is not None:
            return found
        return await self._services.runtime.transact(_welcome, self._services, person)

    async def _slow_down(self, desk: Desk, inner: TelegramObject, person: User, *, told: bool) -> None:
        """Say it once; a pressed button must be answered each time, or it would spin."""
        if isinstance(inner, CallbackQuery):
            await desk.say(inner, [Notice(word("error.too_fast"))], guess_language(person.language_code))
        elif isinstance(inner, Message) and not told:
            await desk.say(inner, [Say(word("error.too_fast"))], guess_language(person.language_code))


def _welcome(connection: Connection, services: Services, person: User) -> Member:
    language = cast("Language", guess_language(person.language_code))
    return members.create(connection, person.id, language, services.clock(), distance_km=services.matching.distance_km)


def _ends_edit(event: TelegramObject) -> bool:
    """Whether this leaves an answer that is being changed: a command, or a button that belongs to something else."""
    if isinstance(event, CallbackQuery):
        press = unpack(event.data)
        return press is not None and press.do not in ANSWERS
    return isinstance(event, Message) and (event.text or "").startswith("/")
