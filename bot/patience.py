"""Calls of the Bot API that must succeed before the bot can begin: tried again while Telegram is busy or the connection breaks."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiohttp import ClientConnectorError

T = TypeVar("T")

LONG, SHORT = 60.0, 3.0
"""Seconds for which it is tried: where somebody answers, and where nobody listens."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
log = logging.getLogger(__name__)


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """What `call` returns, sooner or later.

    Raises:
        aiogram.exceptions.TelegramAPIError: a refusal, at once; the last failure, after the time is up.

    """
    clock = asyncio.get_running_loop().time
    began, pause = clock(), FIRST_PAUSE
    while True:
        try:
            return await call()
        except TelegramRetryAfter as error:
            pause, left = float(error.retry_after), LONG
            if clock() - began + pause > left:
                raise
        except (TelegramServerError, TelegramNetworkError) as error:
            left = SHORT if isinstance(error.__cause__, ClientConnectorError) else LONG
            if clock() - began + pause > left:
                raise
            log.info("Telegram does not answer yet (%s), trying again", type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2) * random.uniform(0.7, 1.0)
