"""One runner among all processes that share a database.

On MySQL or MariaDB it holds a named lock of a connection of its own: the server lets go of it as soon as that connection breaks.
On SQLite it holds a lock on a file beside the database: the system lets go of it when the process ends, however it ends.  Losing
it unnoticed is possible on a server only (it restarted, or the connection was frozen beyond `wait_timeout`), hence `held`.
"""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from db import engines
from db.session import Database

log = logging.getLogger(__name__)

NAME = "CONCAT('inyeon-', :name, '-', LEFT(DATABASE(), 30))"


class SingleRunner:
    """The right to be the only one; made by `single_runner`.  Not for several threads at once."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self._file: int | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Try to become the one, without waiting; True if it is (also if it was already)."""
        if self.held():
            return True
        self.release()
        got = self._lock_file() if self.database.embedded else self._lock_server()
        if not got:
            self.release()
        return got

    def held(self) -> bool:
        """Whether it still is the one: the server is asked, which also keeps the connection alive."""
        if self._connection is None:
            return self._file is not None
        try:
            mine = self._connection.scalar(text(f"SELECT IS_USED_LOCK({NAME}) = CONNECTION_ID()"), {"name": self.name})
        except DBAPIError:
            log.warning("the lock %s was lost with its connection", self.name)
            self.release()
            return False
        return bool(mine)

    def release(self) -> None:
        """Let another one be it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()  # closes it for good: the lock goes with it, even where the server does not answer
            self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _lock_file(self) -> bool:
        path = Path(f"{self.database.url.database}.{self.name}.lock")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock_server(self) -> bool:
        # Of its own engine: a pool may replace a connection whenever it likes, and the lock with it.
        self._engine = engines.make(self.database.url, self.database.settings, read_only=True)
        try:
            self._connection = self._engine.connect()
            return bool(self._connection.scalar(text(f"SELECT GET_LOCK({NAME}, 0)"), {"name": self.name}) == 1)
        except DBAPIError as error:
            log.warning("the lock %s cannot be asked for: %s", self.name, " ".join(str(error.orig).split()))
            return False


def single_runner(database: Database, name: str) -> SingleRunner:
    """The right to be the only runner called `name` on `database`; `acquire` it, or use it in a `with` and ask `held`."""
    return SingleRunner(database, name)
