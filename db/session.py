"""The database: opened once, used from many threads, one transaction a call."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db import engines, logs, schema
from db.errors import CommitUnknown, Unavailable
from db.settings import DatabaseSettings

__all__ = ["Connection", "Database"]

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

CONFLICT_TRIES = 20
LOST_SECONDS = 10.0  # how long a call waits for a server that restarts


class Database:
    """One SQLite file or one MySQL/MariaDB database.

    The constructor only stores; `open` connects and brings the schema to the current version.  `transact` and `read` may be
    called from any thread; each call is one transaction in the calling thread.  Within a process SQLite's writers queue on a
    lock (its own waiting is a sleep loop that starves some); between processes on SQLite's file lock.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self.url = engines.parse(settings.url)
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._lock: AbstractContextManager[object] = threading.Lock() if self.embedded else nullcontext()

    @property
    def embedded(self) -> bool:
        """Whether this is SQLite."""
        return self.url.drivername == "sqlite"

    def open(self, *, upgrade: bool = True) -> None:
        """Connect and, unless `upgrade` is false, bring the schema to the current version.

        Raises:
            BadUrl: the file or its folder cannot be made.
            SchemaTooNew: a newer program made the schema.
            Unavailable: the server cannot be reached.

        """
        engines.make_folder(self.url)
        self._writer = engines.make(self.url, self.settings, read_only=False)
        self._reader = engines.make(self.url, self.settings, read_only=True)
        if upgrade:
            try:
                schema.upgrade(self._writer)
            except DBAPIError as error:
                self.close()
                raise Unavailable(f"the database {self.url.render_as_string()} cannot be used: {_reason(error)}") from error
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close every connection; the database can be opened again."""
        for engine in (self._writer, self._reader):
            if engine is not None:
                engine.dispose()
        self._writer = self._reader = None

    def transact(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(connection, …)` in one transaction and commit; on an exception nothing has happened.

        The function runs again from its start after a deadlock, a lock timeout or a lost connection, so it must have no
        effects outside the database.

        Raises:
            Unavailable: the conflict or the loss lasted through all retries.
            CommitUnknown: the connection broke during COMMIT.

        """
        engine = self._opened(self._writer)

        def once() -> R:
            with self._lock, engine.connect() as connection:
                transaction = connection.begin()
                try:
                    with logs.collecting(connection):
                        result = function(connection, *args, **kwargs)
                        logs.write(connection)
                except BaseException:
                    transaction.rollback()
                    raise
                _commit(transaction.commit)
                return result

        return self._persist(once)

    def read(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(connection, …)`, which only reads: the database refuses it anything else.

        On SQLite the whole call sees one state of the database, on MySQL each statement the newest.

        Raises:
            Unavailable: as for `transact`.

        """
        engine = self._opened(self._reader)

        def once() -> R:
            # Not `begin`: it would end with a COMMIT, one more round trip to a server, though nothing was written.
            with engine.connect() as connection:
                return function(connection, *args, **kwargs)

        return self._persist(once)

    def revise(self, message: str) -> None:
        """Write a migration from the difference between `db.tables` and this database; for developers."""
        schema.revise(self._opened(self._writer), message)

    @staticmethod
    def _opened(engine: Engine | None) -> Engine:
        if engine is None:
            raise RuntimeError("the database is not open")
        return engine

    def _persist(self, once: Callable[[], R]) -> R:
        """Call `once` until it neither loses a conflict nor the connection."""
        conflicts = 0
        deadline: float | None = None
        while True:
            try:
                return once()
            except PoolTimeoutError as error:
                raise Unavailable("all database connections are busy: raise database.pool") from error
            except DBAPIError as error:
                if engines.is_conflict(error):
                    conflicts += 1
                    if conflicts >= CONFLICT_TRIES:
                        raise Unavailable(f"the database stayed locked: {_reason(error)}") from error
                    pause = min(0.5, 0.002 * 2**conflicts) * random.random()
                elif engines.is_lost(error):
                    deadline = deadline or time.monotonic() + LOST_SECONDS
                    if time.monotonic() > deadline:
                        raise Unavailable(f"the database cannot be reached: {_reason(error)}") from error
                    log.warning("connection to the database lost, trying again")
                    pause = 0.25
                else:
                    raise
            time.sleep(pause)


def _commit(commit: Callable[[], None]) -> None:
    try:
        commit()
    except DBAPIError as error:
        if engines.is_lost(error):
            raise CommitUnknown("the connection to the database broke during COMMIT") from error
        raise


def _reason(error: DBAPIError) -> str:
    """The driver's own words, in one line, without the statement and its values."""
    return " ".join(str(error.orig).split())
