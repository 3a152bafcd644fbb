"""Composition root: makes everything, connects it, starts it and stops it in order.

`Application` can be started and stopped within a process (tests); `run` does it until a signal ends it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.utils.token import TokenValidationError
from aiohttp import web

from bot import commands, logs, routers
from bot.candidates import Candidates
from bot.clearing import Clearing
from bot.comparing import Comparing
from bot.context import Context
from bot.delivery import DatabasePhotos
from bot.desk import Services, utc_now
from bot.errors import StartError
from bot.intake import Intake
from bot.jobs import Worker
from bot.judging import CoupleJudge
from bot.learning import LearnedInUse, Learner
from bot.listening import Polling, Webhook, through
from bot.local import demo
from bot.local.errors import LocalError
from bot.local.server import LocalServer
from bot.middlewares import BURST, REFILL, TALK_BURST, Reception, Throttle
from bot.patience import patiently
from bot.preparing import FilePreparer
from bot.runtime import Runtime
from bot.scheduler import Scheduler
from bot.sender import Manner, Sender
from bot.switching import Switcher, TypesInUse, rows
from bot.usecases import consent
from bot.warming import trim, warm
from bot.watching import Watching
from bot.words import Words
from configuration import Settings
from crawler.couples import Separator
from crawler.parting import Parting
from db import messages, types, upkeep
from db.errors import DatabaseError
from db.session import Database
from engine.analysis import Analyser
from engine.errors import EngineError, PackError
from engine.registry import Registry
from engine.types import STARTER, TypePack

HOUR = 3600.0
ADMIN_HERE = 9001
"""The operator on the chat page, who is an admin where nobody else is named."""
YOU = 1001
"""The person at the chat page."""
DRAIN = 15.0
"""Seconds that updates under way get to finish when the bot stops."""
log = logging.getLogger(__name__)


class Application:
    """The whole bot.

    Args:
        settings: all settings, paths absolute.
        local: a Bot API server that runs already (tests); by default one is started where there is no token.
        analyser: an engine that is loaded already (tests start many bots, and the weights take seconds).

    """

    def __init__(self, settings: Settings, *, local: LocalServer | None = None, analyser: Analyser | None = None) -> None:
        self.settings = settings
        self.local = local
        self._own_local = local is None and not settings.telegram.token
        self._analyser = analyser or Analyser(settings.engine, settings.var / "cache")
        self._analyser.models = settings.var / "models"
        self._tasks: list[asyncio.Task[None]] = []
        self._background: list[asyncio.Task[None]] = []
        self._stopping = threading.Event()
        self._web: web.AppRunner | None = None
        self._sending: asyncio.Task[None] | None = None
        self._steering: list[asyncio.Task[None]] = []
        self._username: str | None = None
        self.bot: Bot | None = None

    @property
    def address(self) -> str:
        """Where people find the bot."""
        if self.local is not None:
            return self.local.base_url
        return f"https://t.me/{self._username}" if not self.settings.telegram.api_base else self.settings.telegram.api_base

    async def start(self) -> None:
        """Start everything; once it returns, updates are answered.

        Raises:
            StartError: something that the operator can mend; the message is one line that says how.

        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        telegram = self.settings.telegram
        if telegram.mode == "webhook" and not (telegram.webhook_url and telegram.webhook_secret):
            raise StartError("webhook mode needs telegram.webhook_url and telegram.webhook_secret: set both, or telegram.mode=polling")
        loading = asyncio.create_task(asyncio.to_thread(self._load_engine))
        self._background.append(loading)
        try:
            self.database = Database(self.settings.database, self.settings.privacy)
        except DatabaseError as error:
            raise StartError(str(error)) from error
        self.runtime = Runtime(self.database, engine_threads=self.settings.engine.threads)
        await self._open_database()
        await asyncio.to_thread(upkeep.step_over, self.database)
        await asyncio.to_thread(upkeep.close_accounts, self.database)
        pack = await self._load_pack()
        await self.runtime.transact(types.sync, rows(pack), pack.version, utc_now())
        if self._own_local:
            await self._start_local()
        await self._connect()
        await self._assemble(pack)
        after = 0
        while after := await self.runtime.transact(consent.lapse, self.services.context(), after):
            pass
        try:
            await loading
        except EngineError as error:
            raise StartError(str(error)) from error
        await asyncio.to_thread(self._agree)
        await asyncio.to_thread(warm, self._analyser, self.services.pack)
        await self.learner.look()
        trim()
        await self._listen()
        forever = {"switcher": self.switcher.run(), "jobs": self.scheduler.run(), "learner": self.learner.run()}
        forever["candidates"] = self.candidates.run()
        forever["words"] = self._forget_words()
        forever["clearing"] = self.clearing.run()
        self._steering = [asyncio.create_task(work, name=name) for name, work in forever.items()]
        if self._own_local and self.local is not None:
            self._in_background(self._seed(self.local))
        self._in_background(self._look_after_keys())

    async def stop(self) -> None:
        """Take no more updates, finish those under way, send what is due, close."""
        self._stopping.set()
        for task in (*self._background, *self._steering):
            task.cancel()
        await asyncio.gather(*self._background, *self._steering, return_exceptions=True)
        if self.bot is not None and hasattr(self, "dispatcher"):
            if self._web is not None:
                await self._web.cleanup()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.intake.stop(DRAIN)
            if self._sending is not None:
                await self.sender.stop(self._sending)
        if self.bot is not None:
            await self.bot.session.close()
        if hasattr(self, "runtime"):
            await asyncio.to_thread(self.runtime.close)
            if hasattr(self, "candidates"):
                await asyncio.to_thread(self.candidates.close)
            await asyncio.to_thread(self.database.close)
        if self._own_local and self.local is not None:
            await self.local.stop()

    async def ended(self) -> None:
        """Wait until something that must run forever ends, which it never does by itself."""
        running = [*self._tasks, *self._steering, *([self._sending] if self._sending is not None else [])]
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _open_database(self) -> None:
        try:
            await asyncio.to_thread(self.database.open)
        except DatabaseError as error:
            raise StartError(str(error)) from error

    async def _look_after_keys(self) -> None:
        """Complete erasures that were cut off, and close what an older version stored openly; beside everything else."""
        await asyncio.to_thread(upkeep.look_after, self.database, utc_now(), self._stopping.is_set)

    async def _forget_words(self) -> None:
        """What was said is kept for hours, too short a time to leave it to the night's retention."""
        while True:
            said = utc_now() - timedelta(hours=self.settings.safety.keep_content)
            with suppress(DatabaseError):
                await self.runtime.repeat(messages.forget_content, said)
            await asyncio.sleep(HOUR)

    async def _load_pack(self) -> TypePack:
        """The types in use; where that version is damaged, those that ship, so that the bot is there."""
        starter = Path(self.settings.engine.pack) if self.settings.engine.pack else STARTER
        self.registry = Registry(self.settings.var / "models", starter)
        with suppress(EngineError):
            return await asyncio.to_thread(self.registry.load)
        try:
            return await asyncio.to_thread(TypePack.load, starter)
        except EngineError as error:
            raise StartError(str(error)) from error

    def _load_engine(self) -> None:
        """Load the models; where the version of the types in use is damaged, with the first one."""
        try:
            self._analyser.load()
        except PackError as error:
            log.error("the version of the types that was in use cannot be used, the first one is: %s", error)  # noqa: TRY400
            published, self._analyser.models = self._analyser.models, None
            self._analyser.load()
            self._analyser.models = published

    def _agree(self) -> None:
        """The engine and everything else use one and the same pack, which assigns with its classifier."""
        in_use = self.services.types
        try:
            in_use.swap(self._analyser.read_pack())
        except PackError:
            in_use.swap(self._analyser.pack)
        self._analyser.switch(in_use.now.pack)

    async def _start_local(self) -> None:
        self.local = LocalServer(self.settings.local.port, self.settings.var / "local")
        try:
            await self.local.start()
        except LocalError as error:
            self.local = None
            raise StartError(str(error)) from error
        known = {person.id for person in self.local.people()}
        if YOU not in known:
            await self.local.add_person(YOU, "나", "ko", "you")
        if ADMIN_HERE not in known:
            await self.local.add_person(ADMIN_HERE, "운영자", "ko", "admin")

    async def _connect(self) -> None:
        """Make the Bot and see that its token is good."""
        telegram = self.settings.telegram
        base = self.local.base_url if self.local is not None else telegram.api_base
        server = TelegramAPIServer.from_base(base) if base else PRODUCTION
        token = self.local.token if self.local is not None else telegram.token
        try:
            self.bot = Bot(token, AiohttpSession(api=server))
            self._username = (await patiently(self.bot.get_me)).username
            if telegram.mode == "polling":
                await patiently(self.bot.delete_webhook)
        except (TokenValidationError, TelegramUnauthorizedError, TelegramNotFound):
            raise StartError("telegram.token is not accepted: copy the bot's token from @BotFather into TELEGRAM_BOT_TOKEN") from None
        except TelegramNetworkError:
            raise StartError(f"no answer from {server.base.split('/bot')[0]}: check the network, or telegram.api_base") from None
        except TelegramAPIError as error:
            raise StartError(f"the Bot API server refused: {error.message}") from None

    async def _assemble(self, pack: TypePack) -> None:
        """Services, sender, dispatcher."""
        assert self.bot is not None  # noqa: S101 _connect made it
        matching = self.settings.matching
        admins = frozenset(self.settings.telegram.admins or ((ADMIN_HERE,) if self.local is not None else ()))
        photos = DatabasePhotos(self.runtime)
        in_use = TypesInUse(pack, self.registry.starter_version)
        separator = Separator(self.settings.crawler, self.settings.engine, self._analyser.cache, self._analyser.readers)
        preparer = FilePreparer(self.bot, self.runtime, self._analyser)
        manner = Manner(rate=self.settings.telegram.rate, notes=self.settings.var / "sent", preparer=preparer)
        self.sender = Sender(self.bot, self.runtime, photos, self._context, manner)
        # In local mode no link leads to the bot: there the words are typed.
        username = "" if self.local is not None else self._username or ""
        learned = LearnedInUse(self.settings.ranking)
        self.learner = Learner(self.runtime, learned, lambda: in_use.now.pack, utc_now)
        folder = self.settings.var / "index"
        self.candidates = Candidates(self.database, self.settings.index, folder, self._context, self.database.vault)
        self.services = Services(
            self.bot,
            self.runtime,
            Words(),
            self._analyser,
            photos,
            matching,
            self.settings.schedule,
            in_use,
            self.registry,
            admins,
            CoupleJudge(separator, self.settings.engine),
            wake=self.sender.wake,
            couples=self.settings.couples,
            care=self.settings.care,
            safety=self.settings.safety,
            username=username,
            watching=Watching(self._analyser),
            comparing=Comparing(self._analyser, Parting(separator, self._analyser), self.settings.compat),
            learned=learned,
            candidates=self.candidates,
        )
        self.clearing = Clearing(self.bot, self.runtime, self._context, self.sender.wake)
        self.switcher = Switcher(self.registry, self._analyser, self.runtime, in_use, utc_now)
        self.scheduler = Scheduler(self.services, Worker(self.services, self.settings, self.switcher))
        self.dispatcher = Dispatcher()
        # Whoever may relay many messages a minute must not be slowed down by the door.
        throttle = Throttle(
            max(BURST, matching.message_rate), max(REFILL, matching.message_rate / 30), talk_burst=max(TALK_BURST, matching.message_rate)
        )
        self.dispatcher.update.outer_middleware(Reception(self.services))
        self.dispatcher.include_routers(*routers.all_routers())
        self.intake = Intake(self.services, self.sender, throttle, through(self.dispatcher, self.bot))
        await commands.publish(self.bot, self.services.words, admins)

    def _context(self) -> Context:
        """For the sender and the index, which the services are made of."""
        return self.services.context()

    async def _listen(self) -> None:
        assert self.bot is not None  # noqa: S101 _connect made it
        self._sending = asyncio.create_task(self.sender.run(), name="sender")
        await self.intake.start()
        if self.settings.telegram.mode == "webhook":
            await self._listen_for_webhook(self.bot)
            return
        polling = Polling(self.bot, self.intake.accept, self.dispatcher.resolve_used_update_types())
        self._tasks.append(asyncio.create_task(polling.run(), name="polling"))

    async def _listen_for_webhook(self, bot: Bot) -> None:
        telegram = self.settings.telegram
        path = urlsplit(telegram.webhook_url).path or "/"
        self._web = web.AppRunner(Webhook(self.intake.accept, telegram.webhook_secret).application(path), access_log=None)
        await self._web.setup()
        try:
            await web.TCPSite(self._web, telegram.webhook_host, telegram.webhook_port).start()
        except OSError as error:
            place = f"{telegram.webhook_host}:{telegram.webhook_port}"
            raise StartError(f"cannot listen on {place} ({error.strerror}): change telegram.webhook_host or webhook_port") from None
        wanted = self.dispatcher.resolve_used_update_types()
        try:
            await patiently(lambda: bot.set_webhook(telegram.webhook_url, secret_token=telegram.webhook_secret, allowed_updates=wanted))
        except TelegramAPIError as error:
            raise StartError(f"the Bot API server refuses telegram.webhook_url ({error.message}): change it, or telegram.mode") from None

    async def _seed(self, local: LocalServer) -> None:
        """Demo members, after the bot is already there to talk to."""
        made = await demo.seed(self.database, self._analyser, self.services.pack, self.settings.local, local, utc_now())
        if made:
            log.info("%d demo members joined the chat page", made)
            trim()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_report)
        self._background.append(task)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("%s failed: %s", task.get_name(), type(task.exception()).__name__)


async def run(settings: Settings, ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT, then finish what is under way; `ready` is told the bot's address once it answers.

    Raises:
        StartError: it could not start.

    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.watch(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    application = Application(settings)
    starting = asyncio.create_task(application.start())
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    starting.result()
    ready(application.address)
    ended = asyncio.create_task(application.ended())
    await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping")
    await application.stop()
    if ended.done() and not ended.cancelled():
        ended.result()
