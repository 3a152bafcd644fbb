"""Calls of the Bot API as JSON in and out, through aiogram's connections and with aiogram's errors.

The relay makes one call a message, and there aiogram's models cost as much as all the rest (docs/adr/0034): a call is checked
field by field into a form and its answer into nested objects, of which the relay reads one number.  Everything but the outbox and
getUpdates goes through aiogram's own methods.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramServerError
from aiogram.methods import GetMe
from aiohttp import ClientError, ClientTimeout, FormData

JSON_TYPE = {"Content-Type": "application/json"}
ATTACHED = "attach://"
_anything = GetMe()
"""Errors of aiogram name a method; nobody reads which."""


class Calls:
    """The Bot API under `bot`'s token."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def post(
        self, method: str, payload: Mapping[str, Any], files: Mapping[str, tuple[str, bytes]] | None = None, timeout: float | None = 60.0
    ) -> Any:
        """Call `method`; what Telegram answered as `result`.

        `timeout` in seconds; None where the caller has a clock of its own.  `files` are (file name, bytes) by a name that a value
        of `payload`, however deep, mentions as `attach://NAME`.

        Raises:
            aiogram.exceptions.TelegramAPIError: as aiogram's own calls; `TelegramNetworkError` where there is no answer.

        """
        session = self._bot.session
        if not isinstance(session, AiohttpSession):
            raise TypeError("the bot has another kind of session than the one that the composition root gave it")
        url = session.api.api_url(token=self._bot.token, method=method)
        body = _form(payload, files) if files else json.dumps(payload).encode()
        connections = await session.create_session()
        try:
            async with connections.post(
                url, data=body, headers=None if files else JSON_TYPE, timeout=ClientTimeout(total=timeout)
            ) as answer:
                status, content = answer.status, await answer.read()
        except TimeoutError as error:
            raise TelegramNetworkError(method=_anything, message="no answer in time") from error
        except ClientError as error:
            raise TelegramNetworkError(method=_anything, message=type(error).__name__) from error
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise TelegramServerError(method=_anything, message=f"an answer that is no JSON object (status {status})")
        if status == 200 and found.get("ok") is True:
            return found.get("result")
        return self._refused(status, content)

    def _refused(self, status: int, content: bytes) -> None:
        """Raise what aiogram raises for such an answer."""
        try:
            self._bot.session.check_response(self._bot, _anything, status, content.decode(errors="replace"))
        except ClientDecodeError as error:
            raise TelegramServerError(method=_anything, message=f"an answer that cannot be read (status {status})") from error
        raise TelegramServerError(method=_anything, message=f"status {status}")


def _form(payload: Mapping[str, Any], files: Mapping[str, tuple[str, bytes]]) -> FormData:
    """A form with files; a field that is one file carries it under its own name, as Telegram documents."""
    form = FormData(quote_fields=False)
    placed = set()
    for key, value in payload.items():
        name = value.removeprefix(ATTACHED) if isinstance(value, str) and value.startswith(ATTACHED) else ""
        if name in files:
            form.add_field(key, files[name][1], filename=files[name][0])
            placed.add(name)
        elif value is not None:
            form.add_field(key, value if isinstance(value, str) else json.dumps(value))
    for name, (file_name, data) in files.items():
        if name not in placed:
            form.add_field(name, data, filename=file_name)
    return form
