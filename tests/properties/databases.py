"""Databases for state machines, which need many: each story has one of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from hypothesis import HealthCheck

from db.columns import metadata
from db.session import Connection, Database
from db.settings import DatabaseSettings

SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
"""Stories take their time."""
NAME: Final = "inyeon.db"
Folder = tempfile.TemporaryDirectory[str]
Made = tuple[Database, Callable[[], None]]
"""An open database, and what ends it."""
T = TypeVar("T")


def template(fill: Callable[[Database], T]) -> tuple[Folder, T]:
    """A migrated file to copy, in a folder with which it goes, and what was put into it."""
    folder = tempfile.TemporaryDirectory()
    database = Database(DatabaseSettings(url=f"sqlite:///{Path(folder.name) / NAME}"))
    database.open()
    filled = fill(database)
    database.close()
    return folder, filled


def copy(of: Folder) -> Made:
    """A copy of a template."""
    folder = tempfile.TemporaryDirectory()
    shutil.copy(Path(of.name) / NAME, folder.name)
    database = Database(DatabaseSettings(url=f"sqlite:///{Path(folder.name) / NAME}"))
    database.open(upgrade=False)

    def close() -> None:
        database.close()
        folder.cleanup()

    return database, close


def on_mariadb(url: str) -> Callable[[], Made]:
    """What opens a MariaDB database that each story leaves empty."""
    first = Database(DatabaseSettings(url=url))
    first.open()
    first.close()

    def make() -> Made:
        database = Database(DatabaseSettings(url=url))
        database.open(upgrade=False)

        def close() -> None:
            database.transact(_empty)
            database.close()

        return database, close

    return make


def _empty(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
