"""SQLAlchemy engines for the two dialects: how connections are set up, and which errors mean "try again"."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from db.errors import BadUrl
from db.settings import DatabaseSettings
from db.swift import Swift

BUSY_SECONDS = 30
READERS = 64  # SQLite readers beyond the pool: threads that read at once, each connection is a file handle
# 1205 lock wait timeout, 1213 deadlock, 1020 row changed since the snapshot (MariaDB 11.6 and newer)
RETRY_MYSQL = frozenset({1020, 1205, 1213})
# 1040 too many connections, 1053 server shutdown, 1927 killed, 2002/2003 cannot connect, 2006/2013 gone
LOST_MYSQL = frozenset({1040, 1053, 1927, 2002, 2003, 2006, 2013})
MATH = ("sin", "cos", "radians")


def parse(url: str, setting: str = "database.url") -> URL:
    """`url` with its driver settled; `setting` is what it is called in the settings.

    Raises:
        BadUrl: not a URL, another kind of database, or SQLite without a file.

    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text may hold a password: it is not repeated.
        raise BadUrl(f"{setting} is not a URL: use sqlite:///FILE or mysql+pymysql://user:password@host:3306/name") from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise BadUrl(f"{setting} names no file: use sqlite:///FILE (several threads cannot share a database in memory)")
        return parsed.set(drivername="sqlite")
    if parsed.drivername in ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"):
        if not parsed.database:
            raise BadUrl(f"{setting} names no database: use mysql+pymysql://user:password@host:3306/name")
        return parsed.set(drivername="mysql+pymysql")
    raise BadUrl(f"{setting} starts with {parsed.drivername!r}: use sqlite:///FILE or mysql+pymysql://…")


def make(url: URL, settings: DatabaseSettings, *, read_only: bool, durable: bool = False, patience: float = BUSY_SECONDS) -> Engine:
    """An engine whose connections are set up for us; nothing is opened yet.

    `patience` is how many seconds SQLite waits for another process's transaction; servers have their own.
    """
    if url.drivername == "sqlite":
        return _sqlite(url, settings, read_only=read_only, durable=durable, patience=patience)
    return _mysql(url, settings, read_only=read_only)


def _sqlite(url: URL, settings: DatabaseSettings, *, read_only: bool, durable: bool, patience: float) -> Engine:
    engine = create_engine(
        url,
        pool_size=settings.pool if read_only else 1,
        max_overflow=READERS if read_only else 0,
        connect_args={"timeout": patience, "check_same_thread": False},
    )

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions on its own: it would begin them deferred, and two of them that read and
        # then write refuse each other at once instead of waiting.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what a member erases is overwritten, not only unlinked
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()
        _add_math(connection)

    begin = Swift(text("BEGIN" if read_only else "BEGIN IMMEDIATE"))

    def begun(connection: Any) -> None:
        begin.run(connection, {})

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _add_math(connection: sqlite3.Connection) -> None:
    """Give an SQLite that was built without mathematics the functions that distances need."""
    try:
        connection.execute("SELECT sin(0), cos(0), radians(0)").close()
    except sqlite3.OperationalError:
        for name in MATH:
            plain = getattr(math, name)
            connection.create_function(name, 1, lambda x, plain=plain: None if x is None else plain(x), deterministic=True)


def _mysql(url: URL, settings: DatabaseSettings, *, read_only: bool) -> Engine:
    setup = (
        "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 20,"
        " sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'"
    )
    engine = create_engine(
        url,
        pool_size=settings.pool,
        max_overflow=settings.pool,
        # A writer learns before its transaction that the connection is gone.  A reader learns it from its first statement, and
        # `Database.read` tries again: it need not ask each time.
        pool_pre_ping=not read_only,
        pool_recycle=3600,
        # A reader's statements each see the newest data either way; without BEGIN and ROLLBACK they cost a third of the round trips.
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
        skip_autocommit_rollback=read_only,
        connect_args={"charset": "utf8mb4", "collation": "utf8mb4_bin", "init_command": setup, "connect_timeout": 10},
    )

    def connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            # MySQL and MariaDB know the variable under different names, but both know this.
            cursor.execute("SET SESSION TRANSACTION READ ONLY")

    if read_only:
        event.listen(engine, "connect", connected)
    return engine


def make_folder(url: URL) -> None:
    """Make the folder of an SQLite file.

    Raises:
        BadUrl: it cannot be made.

    """
    if url.drivername == "sqlite" and url.database:
        folder = Path(url.database).resolve().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadUrl(f"the database's folder {folder} cannot be made: {error.strerror}") from None


def _code(error: DBAPIError) -> int | None:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def is_conflict(error: DBAPIError) -> bool:
    """Whether the transaction lost against another one and may simply be run again."""
    if isinstance(error.orig, sqlite3.OperationalError):
        # The low byte is the primary code: 5 busy, 6 locked.
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return _code(error) in RETRY_MYSQL


def is_lost(error: DBAPIError) -> bool:
    """Whether the server went away or cannot be reached."""
    return error.connection_invalidated or _code(error) in LOST_MYSQL
