"""What happens to every update before a handler sees it: by a known member, not too fast (that it comes once `bot.intake` sees to)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User

from bot.desk import Desk, Services, Ticket, guess_language
from bot.render import unpack
from bot.replies import Notice, Say, word
from db import members
from db.records import Language, Member
from db.session import Connection

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
REMEMBERED: Final = 4096
"""People kept in memory."""
ANSWERS: Final = frozenset({"set", "back", "cancel", "photo_main", "photo_replace", "photo_remove", "broadcast_yes"})
"""Buttons that belong to an answer that is being changed."""
BURST: Final = 30.0
TALK_BURST: Final = 130.0
"""As many as Telegram lets people forward at once, and some: the relay's own limit answers each message that it does not pass on."""
REFILL: Final = 2.0


@dataclass(slots=True)
class Bucket:
    """A person's allowance: `tokens` at the moment `at` (seconds of a monotonic clock)."""

    tokens: float
    at: float
    warned: bool = False


class Throttle:
    """Two token buckets a person: one for what they say to each other, one for commands and buttons.

    Args:
        burst: commands and presses that may come at once.
        refill: updates a second that may come for long.
        clock: seconds, monotonic.
        talk_burst: messages, edits and reactions that may come at once.

    """

    def __init__(
        self,
        burst: float = BURST,
        refill: float = REFILL,
        clock: Callable[[], float] = time.monotonic,
        talk_burst: float = TALK_BURST,
    ) -> None:
        self._bursts, self._refill, self._clock = {False: burst, True: talk_burst}, refill, clock
        self._buckets: OrderedDict[tuple[int, bool], Bucket] = OrderedDict()

    def take(self, person: int, *, talk: bool = False) -> bool | None:
        """Whether this update may pass; None where it may not and the person was not told yet."""
        now, burst = self._clock(), self._bursts[talk]
        bucket = self._buckets.setdefault((person, talk), Bucket(burst, now))
        self._buckets.move_to_end((person, talk))
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * self._refill)
        bucket.at = now
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            bucket.warned = bucket.warned and bucket.tokens < burst / 2
            return True
        told, bucket.warned = bucket.warned, True
        return False if told else None


class Reception(BaseMiddleware):
    """Gives the handler `member`, `desk` and `services`; turns away who is too fast, and tells of what was given up."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> object:
        """Serve one update; `ticket` comes from the intake, which saw that it is new, from a person, and in a private chat."""
        update = cast("Update", event)
        person: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        ticket: Ticket = data["ticket"]
        if person is None or person.is_bot or (chat is not None and chat.type != ChatType.PRIVATE):
            return None
        inner = update.event
        desk = Desk(self._services, ticket, person.id, person.language_code, ends_edit=_ends_edit(inner))
        if ticket.refused or ticket.given_up:
            await self._turn_away(desk, inner, person, ticket)
            return None
        member = await self._member(person)
        desk.serves(member)
        # In place, so that the errors router, which stands outside of this, has them too.
        data.update(services=self._services, desk=desk, member=member)
        return await handler(event, data)

    async def _member(self, person: User) -> Member:
        found = await self._services.runtime.read(members.by_telegram, person.id)
        if found is not None:
            return found
        return await self._services.runtime.transact(_welcome, self._services, person)

    async def _turn_away(self, desk: Desk, inner: TelegramObject, person: User, ticket: Ticket) -> None:
        """Say it once, in the language that they chose; a pressed button must be answered each time, or it would spin."""
        if not isinstance(inner, CallbackQuery) and ticket.told:
            return
        found = await self._services.runtime.read(members.by_telegram, person.id)
        language = guess_language(person.language_code) if found is None else found.language
        if isinstance(inner, CallbackQuery):
            await desk.say(inner, [Notice(word("error.unexpected" if ticket.given_up else "error.too_fast"))], language)
        elif isinstance(inner, Message):
            # What is turned away goes to nobody, and nothing says so later: this message names the first.
            said = word("error.unexpected" if ticket.given_up else "error.too_fast_message")
            await desk.say(inner, [Say(said, answers=inner.message_id)], language)


def _welcome(connection: Connection, services: Services, person: User) -> Member:
    language = cast("Language", guess_language(person.language_code))
    return members.create(connection, person.id, language, services.clock(), distance_km=services.matching.distance_km)


def _ends_edit(event: TelegramObject) -> bool:
    """Whether this leaves an answer that is being changed: a command, or a button that belongs to something else."""
    if isinstance(event, CallbackQuery):
        press = unpack(event.data)
        return press is not None and press.do not in ANSWERS
    return isinstance(event, Message) and (event.text or "").startswith("/")
