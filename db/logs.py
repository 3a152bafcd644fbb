"""Logs whose numbers are in the order of commits, without gaps.

Numbers drawn while a transaction runs (AUTO_INCREMENT) become visible in another order than they were drawn: whoever reads on
behind the largest number seen loses the row of a transaction that drew earlier and committed later.  So rows of a log wait until
their transaction is about to commit; then it takes the lock of the log's end, numbers them and commits.  Only the commits of
writers of one log queue, and whoever holds the lock waits for nothing else, so it can be part of no deadlock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Table, select

from db import writing
from db.matching_tables import log_ends

Rows = dict[Any, Mapping[str, Any]]

_waiting: WeakKeyDictionary[Connection, dict[Table, Rows]] = WeakKeyDictionary()


@contextmanager
def collecting(connection: Connection) -> Iterator[None]:
    """Where `append` works: within one transaction, at whose end the caller calls `write`."""
    _waiting[connection] = {}
    try:
        yield
    finally:
        del _waiting[connection]


def append(connection: Connection, table: Table, row: Mapping[str, Any], key: object = None) -> None:
    """Add a row to the log `table` when this transaction commits; of rows with the same `key` the last one counts.

    Raises:
        RuntimeError: outside of `Database.transact`, where the row would be lost.

    """
    if connection not in _waiting:
        raise RuntimeError(f"a row for {table.name} outside of Database.transact")
    _waiting[connection].setdefault(table, {})[object() if key is None else key] = row


def write(connection: Connection) -> None:
    """Number and insert what waits; the very last thing before COMMIT."""
    for table, rows in sorted(_waiting[connection].items(), key=lambda item: item[0].name):
        number = next(iter(table.primary_key.columns)).name
        first = _reserve(connection, table, len(rows))
        connection.execute(table.insert(), [{**row, number: place} for place, row in enumerate(rows.values(), first)])
    _waiting[connection].clear()


def last(connection: Connection, table: Table) -> int:
    """The newest number of a log, 0 where nothing was ever written."""
    return connection.scalar(select(log_ends.c.last).where(log_ends.c.name == table.name)) or 0


def _reserve(connection: Connection, table: Table, count: int) -> int:
    """The first of `count` new numbers; the log's end stays locked until the transaction is over."""
    writing.add_to(connection, log_ends, {"name": table.name, "last": count, "forgotten": 0}, ("last",))
    return last(connection, table) - count + 1
