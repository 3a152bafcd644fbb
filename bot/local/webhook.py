"""Delivery of updates to the bot's webhook: in order for each chat, repeated with growing pauses until it answers 2xx."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.local.errors import LocalError
from bot.local.parameters import Parameters, read_parts
from bot.local.values import Json, Upload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.local.world import World

PAUSE_FIRST = 0.5  # seconds before the first repetition; doubled with each failure
PAUSE_MAX = 60.0
ANSWER_SECONDS = 60.0


class Deliverer:
    """Sends what waits in `world.updates` while a webhook is set; `call(method, parameters)` carries out answers that are calls."""

    def __init__(self, world: World, call: Callable[[str, Parameters], Awaitable[object]], pause: float = PAUSE_FIRST) -> None:
        self._world = world
        self._call = call
        self._pause = pause
        self._busy: dict[int, asyncio.Task[None]] = {}
        # What waits, by lane; lanes that nobody serves now; and the highest update that was sorted into its lane.
        self._lanes: dict[int, deque[int]] = {}
        self._ready: deque[int] = deque()
        self._sorted = 0
        self._loop: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; what was not delivered stays queued."""
        tasks = [task for task in (self._loop, *self._busy.values()) if task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._session is not None:
            await self._session.close()

    async def _run(self) -> None:
        while not self._world.updates.closed:
            hook = self._world.webhook
            if hook.url:
                self._world.updates.confirm(0)
                self._sort()
                while self._ready and len(self._busy) < hook.max_connections:
                    lane = self._ready.popleft()
                    self._busy[lane] = asyncio.create_task(self._serve(lane))
            await self._world.updates.wait(1.0)

    def _sort(self) -> None:
        """Put what is new into its lanes."""
        for update in self._world.updates.newer(self._sorted):
            self._sorted = update["update_id"]
            lane = _lane(update)
            queue = self._lanes.setdefault(lane, deque())
            if not queue and lane not in self._busy:
                self._ready.append(lane)
            queue.append(self._sorted)

    async def _serve(self, lane: int) -> None:
        """Deliver the oldest update of a lane; the lane then waits its turn again."""
        queue = self._lanes[lane]
        try:
            update = self._world.updates.get(queue[0])
            if update is None or await self._deliver(update):
                queue.popleft()
        finally:
            del self._busy[lane]
            if queue:
                self._ready.append(lane)
            self._world.updates.wake()

    async def _deliver(self, update: Json) -> bool:
        """Deliver one update, with growing pauses until it is taken; False where the webhook went away."""
        pause, number = self._pause, update["update_id"]
        while (url := self._world.webhook.url) and self._world.updates.get(number) is not None:
            if await self._post(url, update):
                self._world.updates.forget(number)
                self._world.updates.read([update])
                return True
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)
        return bool(url)

    async def _post(self, url: str, update: Json) -> bool:
        hook = self._world.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        assert self._session is not None  # noqa: S101 start() made it
        try:
            async with self._session.post(url, json=update, headers=headers, allow_redirects=False) as response:
                if not 200 <= response.status < 300:
                    hook.failed(self._world.clock(), f"Wrong response from the webhook: {response.status} {response.reason}")
                    return False
                await self._obey(response)
                return True
        except TimeoutError:
            hook.failed(self._world.clock(), "Read timeout expired")
        except aiohttp.ClientError as error:
            hook.failed(
                self._world.clock(), "Connection refused" if isinstance(error, aiohttp.ClientConnectorError) else "Connection reset"
            )
        return False

    async def _obey(self, response: aiohttp.ClientResponse) -> None:
        """Carry out a call that the bot put into its answer; as with Telegram, its result is not told."""
        values: dict[str, Any] = {}
        uploads: dict[str, Upload] = {}
        try:
            if response.content_type == "application/json":
                body = json.loads(await response.read() or b"{}")
                values = body if isinstance(body, dict) else {}
            elif response.content_type == "multipart/form-data":
                values, uploads = await read_parts(aiohttp.MultipartReader.from_response(response))
            if method := values.pop("method", None):
                await self._call(str(method), Parameters(values, uploads))
        except (ValueError, LocalError):
            return


def _lane(update: Json) -> int:
    """The chat that an update belongs to; 0 for none."""
    for body in update.values():
        if isinstance(body, dict):
            chat = body.get("chat") or (body.get("message") or {}).get("chat") or {}
            return int(chat.get("id", 0))
    return 0
