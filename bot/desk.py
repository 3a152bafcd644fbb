"""What a handler gets by injection: run a use case in one transaction and say what it answered.

`await desk.run(event, usecase, …)` is nearly all that a handler does.  The update is marked as done in the same transaction as
the use case, so an update that comes twice, or is served again after a crash, has its effect once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Concatenate, ParamSpec, cast

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.types import CallbackQuery, Message, MessageReactionUpdated, PollAnswer
from aiogram.utils.chat_action import ChatActionSender

from bot import outbox
from bot.beginnings import Beginnings
from bot.comparing import Comparing
from bot.context import Context, Proposer
from bot.delivery import PhotoSource, deliver
from bot.judging import Verdict
from bot.learning import LearnedInUse
from bot.render import Call, render
from bot.replies import Notice, Picture, Replies, Reply
from bot.runtime import Runtime
from bot.settings import CareSettings, CoupleSettings, MatchingSettings, SafetySettings, ScheduleSettings
from bot.switching import TypesInUse
from bot.usecases import detour, reach, types
from bot.watching import Watches
from bot.words import LANGUAGES, Words
from db import members, updates
from db.records import Language, Member
from db.session import Connection
from engine.analysis import Analyser
from engine.registry import Registry
from engine.types import TypePack
from engine.values import Analysis

P = ParamSpec("P")
UseCase = Callable[Concatenate[Connection, Context, Member, P], Replies]
Event = Message | CallbackQuery | MessageReactionUpdated | PollAnswer

PATIENCE = 30.0
"""Seconds that an answer waits when Telegram asks to slow down; longer waits give the answer up."""
ATTEMPTS = 3
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, timezone-aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the composition root made, for desks and background tasks."""

    bot: Bot
    runtime: Runtime
    words: Words
    analyser: Analyser
    photos: PhotoSource
    matching: MatchingSettings
    schedule: ScheduleSettings
    types: TypesInUse
    registry: Registry
    admins: frozenset[int]
    judge: Callable[[bytes], Verdict]
    """Whether a photo shows a couple; engine work."""
    wake: Callable[[], None] = lambda: None
    """Tells the outbox's sender that there may be something to send."""
    clock: Callable[[], datetime] = utc_now
    couples: CoupleSettings = field(default_factory=CoupleSettings)
    care: CareSettings = field(default_factory=CareSettings)
    safety: SafetySettings = field(default_factory=SafetySettings)
    username: str = ""
    """Of the bot, where links open it."""
    watching: Watches | None = None
    """Reads round videos of members who want to be verified; None where nothing does (tests)."""
    comparing: Comparing | None = None
    """Comparisons of two people, whose photos are in memory alone; None where there are none (tests)."""
    learned: LearnedInUse = field(default_factory=LearnedInUse)
    """What ranking goes by, exchanged while members use the bot."""
    candidates: Proposer | None = None
    """Finds people without SQL, where there are many."""
    beginnings: Beginnings = field(default_factory=Beginnings)
    """Which chats need not be looked at any more."""

    @property
    def pack(self) -> TypePack:
        """The types in use now."""
        return self.types.now.pack

    def context(self) -> Context:
        """The surroundings of one call of a use case."""
        now = self.types.now
        return Context(
            self.clock(),
            self.words,
            self.matching,
            now.pack,
            now.affinity,
            self.admins,
            self.learned.now(now.affinity),
            schedule=self.schedule,
            before=now.before,
            starter=now.starter,
            couples=self.couples,
            care=self.care,
            safety=self.safety,
            username=self.username,
            candidates=self.candidates,
            beginnings=self.beginnings,
        )


def guess_language(language_code: str | None) -> str:
    """Korean for a Korean Telegram, else English.

    >>> guess_language("ko-KR"), guess_language("fr"), guess_language(None)
    ('ko', 'en', 'en')
    """
    code = (language_code or "").lower().replace("_", "-").split("-")[0]
    return code if code in LANGUAGES else "en"


@dataclass(slots=True)
class Ticket:
    """How the serving of one update stands, between the intake, the desk and the handler of errors.

    Attributes:
        update_id: Telegram's number.
        last: it is not tried again: whoever it breaks on tells the person.
        given_up: it is not served any more, the person is only told.
        refused: the person is too fast; `told` whether they know already.
        done: what it does is committed, with the mark that it is done.
        failed: what broke before that.

    """

    update_id: int
    last: bool = False
    given_up: bool = False
    refused: bool = False
    told: bool = False
    done: bool = False
    failed: Exception | None = None


class Desk:
    """The desk at which one update of one person is served."""

    def __init__(self, services: Services, ticket: Ticket, telegram_id: int, language_code: str | None, *, ends_edit: bool = False) -> None:
        self.services = services
        self._ends_edit = ends_edit
        self._served: int | None = None
        self._ticket = ticket
        self._telegram_id = telegram_id
        self._language = guess_language(language_code)

    def serves(self, member: Member) -> None:
        """Note whom the handler was given: what it works out is theirs, and nobody's who comes after them under the same account."""
        self._served = member.id

    async def run(self, event: Event, usecase: UseCase[P], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run `usecase(connection, context, member, …)` in one transaction and deliver what it answers, in order.

        The member is read in that transaction, so the use case sees what is true now, and again after it, since the language may
        have changed.  Nothing is said where this update was already handled, nor where its member was erased meanwhile: a photo is
        read for seconds, and must not come back as somebody new who never agreed to anything.
        """

        def work(connection: Connection) -> tuple[Replies, str] | None:
            context = self.services.context()
            if not self._ticket.done and not updates.done(connection, self._ticket.update_id, context.now):
                return None
            member = members.by_telegram(connection, self._telegram_id)
            if self._served is not None and (member is None or member.id != self._served):
                return None
            if member is None:
                member = members.create(connection, self._telegram_id, cast("Language", self._language), context.now)
            member = self._arrive(connection, context, member)
            replies = usecase(connection, context, member, *args, **kwargs)
            after = members.by_id(connection, member.id) or member
            return outbox.show(connection, context, after, replies, self._ticket.update_id), after.language

        outcome = await self.services.runtime.transact(work)
        self._ticket.done = True
        self.services.wake()
        if outcome is None:
            await self.say(event, [], self._language)
        else:
            await self.say(event, *outcome)

    async def run_surely(self, event: Event, usecase: UseCase[P], *args: P.args, **kwargs: P.kwargs) -> None:
        """`run` for what people say to each other: the answers are queued in the same transaction.

        They may say that a message went nowhere, and its writer must learn that although the process ends this very moment.
        """

        def surely(connection: Connection, context: Context, member: Member) -> Replies:
            replies = usecase(connection, context, member, *args, **kwargs)
            return outbox.answer(connection, context, member, replies, self._ticket.update_id)

        await self.run(event, surely)

    def _arrive(self, connection: Connection, context: Context, member: Member) -> Member:
        """Note that the person is here; a command or another button leaves an answer that was being changed as it was."""
        member = reach.here(connection, context, member)
        if self.services.types.changing:
            types.renew(connection, context, member)
        return detour.end(connection, context, member) if self._ends_edit else member

    async def say(self, event: Event, replies: Iterable[Reply], language: str) -> None:
        """Deliver `replies` in order; a pressed button is always answered, before anything slower."""
        chat_id, message_id = _place(event)
        ordered = sorted(replies, key=lambda reply: not isinstance(reply, Notice))
        if isinstance(event, CallbackQuery) and not (ordered and isinstance(ordered[0], Notice)):
            await self._deliver(event, Call("answerCallbackQuery"), chat_id, message_id)
        for reply in ordered:
            slow = isinstance(reply, Picture) and not isinstance(reply.image, bytes)
            words = self.services.words
            call = await self.services.runtime.compute(render, reply, words, language) if slow else render(reply, words, language)
            if not await self._deliver(event, call, chat_id, message_id):
                return

    async def download(self, file_id: str) -> bytes | None:
        """The bytes of a file that the person sent; None where Telegram does not give it out (over 20 MB, expired)."""
        stream = BytesIO()
        try:
            await self.services.bot.download(file_id, destination=stream)
        except (TelegramBadRequest, TelegramNetworkError):
            return None
        return stream.getvalue()

    async def analyse(self, data: bytes, *, face: bool) -> Analysis:
        """What the engine reads from a photo, computed off the event loop."""
        return await self.services.runtime.compute(self.services.analyser.analyse, data, face=face)

    def busy(self, event: Event, action: str = "typing") -> AbstractAsyncContextManager[object]:
        """Show "typing" (or "upload_photo") while the block runs."""
        return ChatActionSender(bot=self.services.bot, chat_id=_place(event)[0], action=action, initial_sleep=0.0)

    async def _deliver(self, event: Event, call: Call, chat_id: int, message_id: int | None) -> bool:
        """One call with patience; False where the person cannot be reached and the rest need not be tried."""
        query_id = event.id if isinstance(event, CallbackQuery) else None
        for attempt in range(ATTEMPTS):
            try:
                await deliver(self.services.bot, call, chat_id, photo_source=self.services.photos, query_id=query_id, message_id=message_id)
            except TelegramForbiddenError:
                await self.services.runtime.transact(_lost, self.services.context(), self._telegram_id)
                self.services.wake()
                return False
            except TelegramRetryAfter as error:
                if error.retry_after > PATIENCE:
                    break
                await asyncio.sleep(error.retry_after)
            except (TelegramServerError, TelegramNetworkError):
                await asyncio.sleep(0.5 * 2**attempt)
            except TelegramBadRequest as error:
                log.warning("refused %s: %s", call.method, error.message)
                return True
            else:
                return True
        log.warning("gave up %s after %d attempts", call.method, ATTEMPTS)
        return True


def _lost(connection: Connection, context: Context, telegram_id: int) -> None:
    member = members.by_telegram(connection, telegram_id)
    if member is not None:
        reach.lost(connection, context, member)


def _place(event: Event) -> tuple[int, int | None]:
    """The person's chat (private chats only, so it has the person's id) and the message whose button was pressed."""
    if isinstance(event, CallbackQuery):
        return event.from_user.id, event.message.message_id if event.message is not None else None
    if isinstance(event, PollAnswer):
        return 0 if event.user is None else event.user.id, None
    return event.chat.id, None
