"""The local server: one aiohttp application on the loopback interface, started and stopped by the composition root."""

from __future__ import annotations

import asyncio
import errno
import time
from typing import TYPE_CHECKING

from aiohttp import web

from bot.local.bot_api import BotApi
from bot.local.errors import LocalError
from bot.local.faults import Faults, Limits, RateLimit
from bot.local.guard import guard
from bot.local.page_api import PageApi
from bot.local.pictures import thumbnail
from bot.local.store import Store
from bot.local.values import Person, Role
from bot.local.webhook import PAUSE_FIRST, Deliverer
from bot.local.world import Clock, World

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
TOKEN = "1:LOCAL"  # noqa: S105 no secret: the server listens on this machine only
AVATAR_SIDE = 640


class LocalServer:
    """A Bot API server and chat page.

    Args:
        port: 0 takes a free one; `port` and `base_url` tell which after `start`.
        folder: where chats, updates and files are kept over restarts; None keeps them in memory.
        token: the bot's token, `<number>:<letters>`.
        limits: refuse with 429 what exceeds Telegram's rates (True), or others.
        clock: seconds since 1970; tests move it.
        webhook_pause: seconds before the first repetition of a failed delivery.

    `world`, `faults` and `limit` are there between `start` and `stop`.

    """

    def __init__(
        self,
        port: int = 0,
        folder: Path | None = None,
        token: str = TOKEN,
        *,
        limits: Limits | bool = False,
        clock: Clock = time.time,
        webhook_pause: float = PAUSE_FIRST,
    ) -> None:
        self._wanted = port
        self._folder = folder
        self.token = token
        self._limits = Limits() if limits is True else limits or None
        self._clock = clock
        self._pause = webhook_pause
        self.faults = Faults()
        self.port = 0

    @property
    def base_url(self) -> str:
        """The address of the page and the Bot API, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Open the store and listen.

        Raises:
            LocalError: the port is taken.

        """
        self._store = Store(self._folder)
        self.world = World(self._store, self.token, self._clock)
        self.limit = RateLimit(self._clock, self._limits)
        api = BotApi(self.world, self.faults, self.limit)
        application = web.Application(middlewares=[guard])
        application.add_routes([*api.routes(), *PageApi(self.world, self.faults, self.limit).routes()])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._wanted).start()
        except OSError as error:
            await self._runner.cleanup()
            self._store.close()
            if error.errno == errno.EADDRINUSE:
                raise LocalError(f"port {self._wanted} is taken: set another one with INYEON_LOCAL__PORT") from None
            raise
        self.port = self._runner.addresses[0][1]
        self._deliverer = Deliverer(self.world, api.call, self._pause)
        self._deliverer.start()

    async def stop(self) -> None:
        """Answer what waits, stop listening, close the store."""
        self.world.events.close()
        self.world.updates.close()
        await self._deliverer.stop()
        await self._runner.cleanup()
        self._store.close()

    async def add_person(
        self,
        person_id: int,
        name: str,
        language: str = "en",
        role: Role = "you",
        avatar: bytes | None = None,
        *,
        started: bool | None = None,
    ) -> Person:
        """Add somebody to the page, or change who they are.

        `avatar` is a picture in any usual format; it is kept once, a second call does not replace it.  `started`: the bot may
        write to them before they wrote; by default so for demo members, who are members already.
        """
        known = self.world.people.get(person_id)
        picture = known.avatar if known is not None else None
        if picture is None and avatar is not None:
            size = await asyncio.to_thread(thumbnail, avatar, AVATAR_SIDE)
            picture = None if size is None else self.world.files.picture(size)[0]["file_id"]
        person = self.world.add_person(Person(person_id, name, language, role, picture))
        if not person.started and (started or (started is None and role == "demo")):
            person.started = True
            self.world.keep_person(person)
        return person

    def people(self) -> list[Person]:
        """Everybody on the page, in the order in which they were added."""
        return list(self.world.people.values())
