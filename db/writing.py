"""Ways of inserting, where the dialects spell them differently, and long lists in pieces."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import mysql, sqlite

from db import swift

T = TypeVar("T")

CHUNK = 500
"""How many values one statement lists at most."""


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`values` in lists of at most `size`.

    >>> list(chunks("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row into a numbered table; its id."""
    return int(swift.insert(connection, table, values).lastrowid)


def lock_or_insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Make sure that the row with this primary key exists, and hold its lock until the transaction ends.

    On MySQL the no-op update takes the exclusive lock on a row that is there already; INSERT IGNORE would take a shared one,
    which two transactions could hold and then both wait to make exclusive.
    """
    key = next(iter(table.primary_key.columns))
    statement: Executable
    if connection.dialect.name == "sqlite":
        statement = sqlite.insert(table).values(**values).on_conflict_do_nothing()
    else:
        statement = mysql.insert(table).values(**values).on_duplicate_key_update({key.name: key})
    connection.execute(statement)


def upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert `rows`; where a row with the same primary key exists, overwrite its other columns."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    names = [name for name in rows[0] if name not in keys]
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(table)
        connection.execute(lite.on_conflict_do_update(index_elements=keys, set_={name: lite.excluded[name] for name in names}), rows)
    else:
        my = mysql.insert(table)
        connection.execute(my.on_duplicate_key_update({name: my.inserted[name] for name in names}), rows)


def add_to(connection: Connection, table: Table, values: Mapping[str, Any], names: Collection[str]) -> None:
    """Insert a row; where one with the same primary key exists, add the values of the columns `names` to it.

    The database adds, so simultaneous calls lose nothing; its lock stays until the transaction ends.
    """
    sums = {name: table.c[name] + values[name] for name in names}
    statement: Executable
    if connection.dialect.name == "sqlite":
        statement = sqlite.insert(table).values(**values).on_conflict_do_update(set_=sums)
    else:
        statement = mysql.insert(table).values(**values).on_duplicate_key_update(sums)
    connection.execute(statement)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert unless the key is taken; True where the row is new.  Only for tables that can break no other constraint."""
    if connection.dialect.name == "sqlite":
        result = connection.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing())
    else:
        # After ON DUPLICATE KEY UPDATE the count of rows would be 1 either way (the driver counts found rows).
        result = connection.execute(mysql.insert(table).prefix_with("IGNORE").values(**values))
    return result.rowcount == 1


def insert_all_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert those of `rows`, which name the same columns, whose key is not taken; how many were.  For the same tables as `insert_new`."""
    key = (connection.dialect.name, table, tuple(rows[0]))
    made = _all_new.get(key)
    if made is None:
        lite = connection.dialect.name == "sqlite"
        statement: Executable = sqlite.insert(table).on_conflict_do_nothing() if lite else mysql.insert(table).prefix_with("IGNORE")
        made = _all_new[key] = swift.Swift(statement, key[2])
    return made.run_all(connection, rows)


_all_new: dict[tuple[str, Table, tuple[str, ...]], swift.Swift] = {}
