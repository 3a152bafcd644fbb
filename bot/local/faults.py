"""Faults on demand for tests, and Telegram's rate limits."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from bot.local.errors import ApiError, LocalError, PageError, forbidden, too_many_requests
from bot.local.values import Json

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = (429, 403, 500, 502)
LIMITED = ("send", "copy", "forward", "edit")


class ConnectionLost(LocalError):
    """The connection of a call is to be reset without an answer."""


@dataclass(slots=True)
class Fault:
    """What goes wrong.

    `method` "*" is any but getMe, getUpdates and the webhook's; `chat_id` None any chat.  `code`: 429, 403, 500, 502 or 0, which
    resets the connection.  `times`: how often, None always.  `rate`: the share of calls that fail.  `after`: the call takes
    effect, only its answer is lost.  `delay`: seconds to wait before.
    """

    method: str = "*"
    chat_id: int | None = None
    code: int = 500
    retry_after: int = 1
    times: int | None = 1
    rate: float = 1.0
    after: bool = False
    delay: float = 0.0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.code not in (*CODES, 0):
            raise PageError(400, f"code is {self.code}: use one of {', '.join(map(str, CODES))}, or 0 for a connection reset")
        if not 0 <= self.rate <= 1 or not 0 <= self.delay <= 60 or self.retry_after < 0 or (self.times is not None and self.times < 1):
            raise PageError(400, "rate is a share from 0 to 1, delay 0 to 60 seconds, retry_after not negative, times at least 1")

    def meets(self, method: str, chat_id: str) -> bool:
        """Whether a call is one that this fault concerns."""
        if self.method == "*":
            if method in ("getme", "getupdates", "setwebhook", "deletewebhook", "getwebhookinfo"):
                return False
        elif self.method.lower() != method:
            return False
        return self.chat_id is None or str(self.chat_id) == chat_id

    def error(self) -> LocalError:
        """The refusal, in Telegram's words."""
        if self.code == 0:
            return ConnectionLost("connection reset on demand")
        if self.code == 429:
            return too_many_requests(self.retry_after)
        if self.code == 403:
            return forbidden("bot was blocked by the user")
        return ApiError(self.code, {500: "Internal Server Error", 502: "Bad Gateway"}[self.code])


class Faults:
    """The faults that wait to happen; `seed` makes shares repeatable."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self.all: list[Fault] = []
        self.blocked: set[str] = set()
        """Chats that a call was refused for with 403."""

    def add(self, fault: Fault) -> Fault:
        """Let a fault happen; its `hits` counts how often it did."""
        self.all.append(fault)
        return fault

    def clear(self) -> None:
        """No more faults."""
        self.all.clear()

    def json(self) -> list[Json]:
        """The faults as JSON."""
        return [asdict(fault) for fault in self.all]

    async def before(self, method: str, chat_id: str) -> Fault | None:
        """Raise the first fault that concerns a call; one that is to happen after it is returned.

        Raises:
            LocalError: the fault.

        """
        for fault in self.all:
            if not fault.meets(method, chat_id) or (fault.rate < 1 and self._random.random() >= fault.rate):
                continue
            fault.hits += 1
            if fault.times is not None and fault.hits >= fault.times:
                self.all.remove(fault)
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if fault.code == 403 and chat_id:  # some calls concern no chat
                self.blocked.add(chat_id)
            if fault.after:
                return fault
            raise fault.error()
        return None


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a bot may send; as it stands, what Telegram's FAQ for bots names.

    `chat`: messages a second to one chat; `burst`: how many of them may come at once; `overall`: messages a second over all
    chats.  A driver that has no time to wait may raise them.
    """

    chat: float = 1.0
    burst: float = 5.0
    overall: float = 30.0

    def __post_init__(self) -> None:
        if not all(0 < value <= 1e6 for value in (self.chat, self.burst, self.overall)):
            raise PageError(400, "chat, burst and overall are messages a second, above 0")


class RateLimit:
    """Telegram's limits as token buckets; without `limits` everything passes."""

    def __init__(self, clock: Callable[[], float], limits: Limits | None) -> None:
        self._clock = clock
        self.set(limits)

    def set(self, limits: Limits | None) -> None:
        """Other limits from now on; None lifts them."""
        self.limits = limits
        self.refused = 0
        self._chats: dict[str, tuple[float, float]] = {}
        self._overall = (limits.overall if limits else 0.0, self._clock())

    def check(self, method: str, chat_id: str, weight: int = 1) -> None:
        """Count a call of `weight` messages.

        Raises:
            ApiError: 429 with the seconds to wait, for that chat only where the chat is the cause.

        """
        limits = self.limits
        if limits is None or not method.startswith(LIMITED) or method == "sendchataction" or not chat_id:
            return
        now = self._clock()
        chat = self._filled(self._chats.get(chat_id, (limits.burst, now)), limits.burst, limits.chat, now)
        overall = self._filled(self._overall, limits.overall, limits.overall, now)
        if min(chat, overall) < 1:
            self.refused += 1
            raise too_many_requests(max(1, math.ceil((1 - chat) / limits.chat)) if chat < 1 else 1)
        self._chats[chat_id] = (chat - weight, now)
        self._overall = (overall - weight, now)

    @staticmethod
    def _filled(bucket: tuple[float, float], size: float, per_second: float, now: float) -> float:
        level, at = bucket
        return min(size, level + (now - at) * per_second)
