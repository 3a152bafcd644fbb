"""Work that must not run on the event loop: engine calls and database transactions, each in threads of its own.

Inference on the loop stalls every conversation for its whole length; two small pools keep the loop free and bound how much
runs at once (photos wait for photos, never for likes).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from db.errors import Busy
from db.session import Connection, Database

P = ParamSpec("P")
T = TypeVar("T")


SLOW, REST = 0.005, 60.0
"""Seconds that a transaction on the event loop may wait on average; else none runs there for so many seconds."""


class Brisk:
    """Whether transactions are quick enough for the event loop: a disk that is slow to write would stop everybody's conversation.

    Only waiting counts.  What the processor does it does in a thread as well, with everybody else stopped meanwhile (the
    interpreter's lock); the first transactions of a process, which compile their statements, would otherwise send it to rest.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._average = 0.0
        self._rests_until = 0.0

    def now(self) -> bool:
        """Whether one may run there now."""
        return self._clock() >= self._rests_until

    def waited(self, seconds: float) -> None:
        """How long one waited: a tenth of the average is the newest."""
        self._average += (seconds - self._average) / 10
        if self._average > SLOW:
            self._average, self._rests_until = 0.0, self._clock() + REST


def _waited() -> float:
    """Seconds that this thread has not had the processor, from some moment on."""
    return time.monotonic() - time.thread_time()


class Runtime:
    """Thread pools: `engine_threads` for photos, `database_threads` for transactions, and one thread for the relay's."""

    def __init__(self, database: Database, *, engine_threads: int, database_threads: int = 4) -> None:
        self.database = database
        self._engine = ThreadPoolExecutor(engine_threads, thread_name_prefix="engine")
        self._database = ThreadPoolExecutor(database_threads, thread_name_prefix="database")
        self._relay = ThreadPoolExecutor(1, thread_name_prefix="relay")
        self._brisk = Brisk()
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

    async def repeat(self, function: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs) -> int:
        """`transact` again and again until nothing is left to do; how much was done in all."""
        done = 0
        while count := await self.transact(function, *args, **kwargs):
            done += count
        return done

    async def relay(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`transact` in the one thread of the relay, which waits for no other use case."""
        return await asyncio.get_running_loop().run_in_executor(self._relay, lambda: self.database.transact(function, *args, **kwargs))

    async def relay_small(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`relay` for a millisecond's work: here and now, where nobody else writes and the disk is quick, else in the thread.

        Handing it to a thread and back costs as much again as the work itself (docs/adr/0042).
        """
        if self._brisk.now():
            began = _waited()
            try:
                return self.database.transact_now(function, *args, **kwargs)
            except Busy:
                pass
            finally:
                self._brisk.waited(_waited() - began)
        return await self.relay(function, *args, **kwargs)

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read-only `function(connection, …)`."""
        return await asyncio.get_running_loop().run_in_executor(self._database, lambda: self.database.read(function, *args, **kwargs))

    def close(self) -> None:
        """Wait for what runs, then end the threads."""
        self._engine.shutdown(wait=True)
        self._relay.shutdown(wait=True)
        self._database.shutdown(wait=True)
