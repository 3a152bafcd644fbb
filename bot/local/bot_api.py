"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from bot.local.errors import ApiError
from bot.local.faults import ConnectionLost, Faults, RateLimit
from bot.local.methods import ALL
from bot.local.parameters import Parameters, read_parameters

if TYPE_CHECKING:
    from bot.local.world import World


log = logging.getLogger(__name__)


class BotApi:
    """Finds the method, lets faults happen, counts against the limits, and answers as Telegram does."""

    def __init__(self, world: World, faults: Faults, limit: RateLimit) -> None:
        self._world = world
        self._faults = faults
        self._limit = limit

    def routes(self) -> list[web.RouteDef]:
        """The routes of the Bot API."""
        return [
            web.route("*", r"/bot{token:[^/]+}/{method:[A-Za-z]+}", self._method),
            web.get(r"/file/bot{token:[^/]+}/{path:.+}", self._file),
        ]

    async def call(self, name: str, parameters: Parameters) -> object:
        """Carry out one method.

        Raises:
            ApiError: what Telegram would refuse, or a fault.
            ConnectionLost: a fault that gives no answer.

        """
        name = name.lower()
        method = ALL.get(name)
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        chat_id = parameters.text("chat_id")
        fault = await self._faults.before(name, chat_id) if self._faults.all else None
        if self._limit.limits is not None:
            albums = parameters.items("media") if name == "sendmediagroup" else parameters.items("message_ids")
            self._limit.check(name, chat_id, max(1, len(albums or ())))
        result = await method(self._world, parameters)
        if fault is not None:
            raise fault.error()
        return result

    async def _method(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request)
            parameters = await read_parameters(request)
            parameters.connected = lambda: request.transport is not None and not request.transport.is_closing()
            result = await self.call(request.match_info["method"], parameters)
        except ApiError as error:
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
            return _json(error.body(), error.code, headers)
        except ConnectionLost:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        except Exception:
            # A mistake of ours: said as Telegram says it, so that the bot's client can read the answer.
            log.exception("%s failed", request.match_info["method"])
            return _json(ApiError(500, "Internal Server Error").body(), 500)
        return _json({"ok": True, "result": result})

    def _authorise(self, request: web.Request) -> None:
        if request.match_info["token"] != self._world.token:
            raise ApiError(401, "Unauthorized")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request)
        except ApiError as error:
            return _json(error.body(), error.code)
        file = self._world.files.by_path(request.match_info["path"])
        data = None if file is None else self._world.files.bytes_of(file)
        if data is None:
            return _json(ApiError(404, "Not Found").body(), 404)
        return web.Response(body=data, content_type="application/octet-stream")


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")
