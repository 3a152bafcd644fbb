"""The whole product in a thread of its own: local server, bot, engine and demo members, as `make run` starts them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import configuration
from bot.app import Application
from tests.journeys.stage import QUIET


class Running:
    """`make run` within this process, on a free port, with everything it writes under `folder`."""

    def __init__(self, folder: Path, port: int, members: int = 12) -> None:
        environment = {
            **os.environ,
            "INYEON_PATHS__VAR": str(folder),
            "INYEON_LOCAL__PORT": str(port),
            "INYEON_LOCAL__MEMBERS": str(members),
            **dict.fromkeys(QUIET, ""),
        }
        self.settings = configuration.load(environment=environment)
        self.url = f"http://127.0.0.1:{port}/"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.app = Application(self.settings)

    def wait(self, work: Coroutine[Any, Any, Any], seconds: float = 120) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def start(self) -> None:
        self.wait(self.app.start())

    def restart(self) -> None:
        """Stop the bot and start it again on the same folder, as after an update of the product."""
        self.wait(self.app.stop())
        self.app = Application(self.settings)
        self.start()

    def close(self) -> None:
        self.wait(self.app.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
