"""The two ways in which Telegram's updates come: asked for (getUpdates) or brought (webhook); both end in `bot.intake`."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.types import Update
from aiohttp import web
from pydantic import ValidationError

from bot.arrivals import Arrival
from bot.calls import Calls
from bot.desk import Ticket
from db.errors import DatabaseError

LONG_POLL = 30
"""Seconds for which Telegram holds a request for updates open."""
AT_ONCE = 100
LARGEST = 1 << 20
"""Bytes of a webhook's body; an update has a few thousand."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 a header's name
ADVICE: dict[type[Exception], str] = {
    TelegramConflictError: ": another process asks with this token, or a webhook is set: end the other one, one token is for one bot",
    TelegramUnauthorizedError: ": the token is not accepted any more: give the new one of @BotFather and start again",
}
"""What an operator can do where asking again does not help."""
Accept = Callable[[Sequence[object]], Awaitable[None]]
log = logging.getLogger(__name__)


class Polling:
    """Asks for updates; the next question acknowledges those that are written down, and no others."""

    def __init__(self, bot: Bot, accept: Accept, wanted: Sequence[str]) -> None:
        self._calls = Calls(bot)
        self._accept = accept
        self._wanted = list(wanted)
        self._offset = 0

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                raws = await self._ask()
                if raws:
                    await self._accept(raws)
                    self._offset = max((number for raw in raws if isinstance(number := raw.get("update_id"), int)), default=-1) + 1
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except Exception as error:  # noqa: BLE001 whatever it is, a bot that stops listening is worse
                known = isinstance(error, TelegramAPIError | OSError | DatabaseError)
                advice = ADVICE.get(type(error), "")
                log.log(logging.WARNING if known else logging.ERROR, "updates cannot be had (%s)%s", type(error).__name__, advice)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
            else:
                pause = FIRST_PAUSE

    async def _ask(self) -> list[dict[str, object]]:
        asked = {"offset": self._offset, "timeout": LONG_POLL, "limit": AT_ONCE, "allowed_updates": self._wanted}
        found = await self._calls.post("getUpdates", asked, timeout=LONG_POLL + 15)
        return [raw for raw in found if isinstance(raw, dict)] if isinstance(found, list) else []


class Webhook:
    """Takes updates that Telegram brings; 200 is said only of what is written down.

    Args:
        accept: the intake.
        secret: what Telegram was told to send along.

    """

    def __init__(self, accept: Accept, secret: str) -> None:
        self._accept = accept
        self._secret = secret.encode()

    def application(self, path: str) -> web.Application:
        """A web application with the one address."""
        made = web.Application(client_max_size=LARGEST)
        made.router.add_post(path, self._take)
        return made

    async def _take(self, request: web.Request) -> web.Response:
        # Compared in constant time, and before a byte of the body is read.
        if not hmac.compare_digest(request.headers.get(SECRET, "").encode(errors="surrogateescape"), self._secret):
            return web.Response(status=401)
        try:
            raw = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        try:
            await self._accept([raw])
        except DatabaseError as error:
            log.warning("an update could not be written down: %s", type(error).__name__)
            return web.Response(status=503)
        return web.Response()


def through(dispatcher: Dispatcher, bot: Bot) -> Callable[[Arrival, Ticket], Awaitable[None]]:
    """What serves an update through aiogram; raises what broke the handler, where it is to be tried again."""

    async def serve(arrival: Arrival, ticket: Ticket) -> None:
        try:
            update = Update.model_validate(arrival.raw, context={"bot": bot})
        except ValidationError as error:
            log.warning("an update is not as documented (%d places): left out", error.error_count())
            return
        ticket.failed = None
        await dispatcher.feed_update(bot, update, ticket=ticket)
        if ticket.failed is not None:
            raise ticket.failed

    return serve
