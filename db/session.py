"""The database: opened once, used from many threads, one transaction a call; with its vault, what is personal in it is sealed."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db import engines, logs, marks, residue, schema, sealing
from db.errors import Busy, CommitUnknown, Unavailable, VaultError
from db.settings import DatabaseSettings, PrivacySettings
from db.vault import Vault

__all__ = ["Connection", "Database"]

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

CONFLICT_TRIES = 20
EMPTY_MILLISECONDS = 200
"""How long emptying SQLite's log in the background lets writers wait for readers, before it tries again later."""
LOST_SECONDS = 10.0  # how long a call waits for a server that restarts


class Database:
    """One SQLite file or one MySQL/MariaDB database.

    The constructor only stores; `open` connects and brings the schema to the current version.  `transact` and `read` may be
    called from any thread; each call is one transaction in the calling thread.  Within a process SQLite's writers queue on a
    lock (its own waiting is a sleep loop that starves some); between processes on SQLite's file lock.
    """

    def __init__(self, settings: DatabaseSettings, privacy: PrivacySettings | None = None, *, durable: bool = False) -> None:
        """Say where the database is, and (`privacy`) where its vault: without one nothing is sealed, which is for tests only.

        A `durable` SQLite database is on the disk at each commit, also over a power cut.
        """
        self.settings = settings
        if privacy is not None:
            engines.parse(privacy.vault_url, "privacy.vault_url")  # here, where it is known which of the two it is
        self.vault = None if privacy is None else Vault(Database(DatabaseSettings(url=privacy.vault_url), durable=True), privacy)
        self._durable = durable
        self.url = engines.parse(settings.url)
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._impatient: Engine | None = None
        self._present: Connection | None = None
        self._lock = threading.Lock()
        self._queue = self._lock if self.embedded else nullcontext()
        self._emptier: residue.Emptier | None = None

    @property
    def embedded(self) -> bool:
        """Whether this is SQLite."""
        return self.url.drivername == "sqlite"

    def open(self, *, upgrade: bool = True) -> None:
        """Connect and, unless `upgrade` is false, bring the schema to the current version.

        Raises:
            BadUrl: the file or its folder cannot be made.
            SchemaTooNew: a newer program made the schema.
            VaultError: the database is sealed, and this is not its vault or not the vault's master key.
            Unavailable: the server cannot be reached.

        """
        engines.make_folder(self.url)
        self._writer = engines.make(self.url, self.settings, read_only=False, durable=self._durable)
        self._reader = engines.make(self.url, self.settings, read_only=True, durable=self._durable)
        if self.embedded:
            self._impatient = engines.make(self.url, self.settings, read_only=False, durable=self._durable, patience=0)
        self._emptier = residue.Emptier(self._empty_log)
        if upgrade:
            try:
                schema.upgrade(self._writer)
                self._open_vault()
                self._emptier.now()  # a process that was killed may have left its log as it was
            except DBAPIError as error:
                self.close()
                raise Unavailable(f"the database {self.url.render_as_string()} cannot be used: {_reason(error)}") from error
            except BaseException:
                self.close()
                raise

    def revision(self) -> str | None:
        """The schema's version, None where there is none yet.

        Raises:
            Unavailable: the database cannot be reached, or the file is none.

        """
        try:
            return self.read(schema.current)
        except DBAPIError as error:
            raise Unavailable(f"the database {self.url.render_as_string()} cannot be used: {_reason(error)}") from error

    def _open_vault(self) -> None:
        """Find this database's keys; it gets its name in the vault with the first opening, before anything is sealed."""
        name = self.read(marks.get, marks.DATABASE)
        if self.vault is None:
            if name is not None:
                raise VaultError("the database is sealed and was opened without its vault")
            return
        if self.vault.store.url == self.url:
            raise VaultError("privacy.vault_url is the database itself: keys that lie beside what they close protect nothing")
        made = self.vault.open(name)
        if name is None:
            name = self.transact(marks.set_first, marks.DATABASE, made)
            if name != made:  # another process was quicker
                self.vault.close()
                self.vault.open(name)
        for engine in (self._writer, self._reader, self._impatient):
            if engine is not None:
                engine.update_execution_options(vault=self.vault)

    def exclusively(self, function: Callable[[Connection], object]) -> None:
        """Run `function` on a connection on which no other process changes the schema."""
        with schema.exclusive(self._opened(self._writer)) as connection:
            function(connection)

    def checkpoint(self) -> None:
        """Empty SQLite's log, so that no older state of a page is left in it; nothing to do on a server."""
        self._empty_log(engines.BUSY_SECONDS * 1000)

    def _empty_log(self, patience: int = EMPTY_MILLISECONDS) -> bool:
        """Empty SQLite's log, if no reader is in the way for longer than that (milliseconds); whether it is empty."""
        if not self.embedded:
            return True
        with self._queue, self._opened(self._writer).connect() as connection:
            raw = connection.connection.driver_connection
            if raw is None:
                return False
            raw.execute(f"PRAGMA busy_timeout = {patience}")
            try:
                (blocked, _, _) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.execute(f"PRAGMA busy_timeout = {engines.BUSY_SECONDS * 1000}")
        return not blocked

    def _committed(self, connection: Connection) -> None:
        """What follows from a transaction once it is committed."""
        if residue.claim(connection) and self._emptier is not None:
            self._emptier.ask()

    def close(self) -> None:
        """Close every connection; the database can be opened again."""
        if self._emptier is not None:
            self._emptier.close()
            self._emptier = None
        if self.vault is not None:
            self.vault.close()
        with self._lock:
            if self._present is not None:
                self._present.close()
                self._present = None
        for engine in (self._writer, self._reader, self._impatient):
            if engine is not None:
                engine.dispose()
        self._writer = self._reader = self._impatient = None

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
            with self._queue, engine.connect() as connection:
                result = _run(connection, connection.begin(), function, *args, **kwargs)
                self._committed(connection)
                return result

        return self._persist(once)

    def transact_now(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`transact` for a thread that may not wait: only where this is SQLite and nobody else writes just now.

        The vault may still be asked; where that is a server, nothing is done here either.

        Raises:
            Busy: nothing has happened.

        """
        if not self.embedded or not (self.vault is None or self.vault.store.embedded) or not self._lock.acquire(blocking=False):
            raise Busy("somebody else writes")
        try:
            connection, transaction = self._begin_now()
            try:
                result = _run(connection, transaction, function, *args, **kwargs)
            except BaseException:
                residue.claim(connection)
                raise
            self._committed(connection)
            return result
        finally:
            self._lock.release()

    def _begin_now(self) -> tuple[Connection, RootTransaction]:
        """A transaction on the one connection that waits for nobody; it is kept, since opening one costs as much as three statements."""
        try:
            if self._present is None:
                self._present = self._opened(self._impatient).connect()
            return self._present, self._present.begin()
        except DBAPIError as error:
            if engines.is_conflict(error):
                raise Busy("another process writes") from error
            raise

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


def _run(
    connection: Connection,
    transaction: RootTransaction,
    function: Callable[Concatenate[Connection, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Call `function` and commit; on an exception roll back."""
    try:
        with logs.collecting(connection), sealing.collecting(connection):
            result = function(connection, *args, **kwargs)
            sealing.settle(connection)
            logs.write(connection)
    except BaseException:
        transaction.rollback()
        raise
    _commit(transaction.commit)
    return result


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
