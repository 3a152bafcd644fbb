"""Work that must not run on the event loop: engine calls and database transactions, each in threads of its own.

Inference on the loop stalls every conversation for its whole length; two small pools keep the loop free and bound how much
runs at once (photos wait for photos, never for likes).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from db.session import Connection, Database

P = ParamSpec("P")
T = TypeVar("T")


class Runtime:
    """Two thread pools: `engine_threads` for photos, `database_threads` for transactions."""

    def __init__(self, database: Database, *, engine_threads: int, database_threads: int = 4) -> None:
        self.database = database
        self._engine = ThreadPoolExecutor(engine_threads, thread_name_prefix="engine")
        self._database = ThreadPoolExecutor(database_threads, thread_name_prefix="database")
        self._computing = 0
        self.busy: Callable[[bool], None] = lambda busy: None
        """Told when the engine begins to work for somebody, and when it rests again."""

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run engine work in its pool."""
        self._computing += 1
        if self._computing == 1:
            self.busy(True)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._engine, lambda: function(*args, **kwargs))
        finally:
            self._computing -= 1
            if not self._computing:
                self.busy(False)

    async def transact(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one transaction; it commits when the function returns and rolls back when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._database, lambda: self.database.transact(function, *args, **kwargs))

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read-only `function(connection, …)`."""
        return await asyncio.get_running_loop().run_in_executor(self._database, lambda: self.database.read(function, *args, **kwargs))

    def close(self) -> None:
        """Wait for what runs, then end the threads."""
        self._engine.shutdown(wait=True)
        self._database.shutdown(wait=True)
