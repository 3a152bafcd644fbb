"""Where sealing stands: the name under which the vault has this database's keys, and how far older rows are sealed."""

from __future__ import annotations

from sqlalchemy import Connection, select

from db import writing
from db.tables import sealing

DATABASE = "database"


def get(connection: Connection, name: str) -> str | None:
    """A mark, None where it was not set."""
    return connection.scalar(select(sealing.c.value).where(sealing.c.name == name))


def set_first(connection: Connection, name: str, value: str) -> str:
    """Set a mark unless it is set; what it is then."""
    writing.insert_new(connection, sealing, {"name": name, "value": value})
    return get(connection, name) or value


def put(connection: Connection, name: str, value: str) -> None:
    """Set a mark, whatever it was."""
    writing.upsert(connection, sealing, [{"name": name, "value": value}])


def clear(connection: Connection) -> None:
    """Remove all marks, as when nothing is sealed any more."""
    connection.execute(sealing.delete())
