"""What learners know, by name, with the number of the last answer that is in it; one process at a time folds answers in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from db import writing
from db.errors import NotFound
from db.matching_records import MatchingState
from db.matching_tables import matching_state


def read(connection: Connection, name: str) -> MatchingState | None:
    """The state as it was last kept, None for none; without lock."""
    row = connection.execute(select(matching_state).where(matching_state.c.name == name)).mappings().one_or_none()
    return None if row is None or row["updated_at"] is None else MatchingState(**row)


def fold(connection: Connection, name: str) -> MatchingState:
    """The state, locked until this transaction ends: read `judgements.after(state.cursor)`, fold them in, `save`.

    Another process that wants to fold waits here and then finds the new cursor, so no answer counts twice.  Where nothing was kept
    yet, the state is empty with cursor 0 and `updated_at` None.
    """
    empty = {"name": name, "cursor": 0, "version": "", "updated_at": None, "data": b""}
    writing.lock_or_insert(connection, matching_state, empty)
    wanted = select(matching_state).where(matching_state.c.name == name).with_for_update()
    return MatchingState(**connection.execute(wanted).mappings().one())


def save(connection: Connection, name: str, data: bytes, cursor: int, version: str, now: dt.datetime) -> None:
    """Keep what was folded; within the transaction of `fold`.

    Raises:
        NotFound: `fold` was not called, or the state was dropped.

    """
    values = {"data": data, "cursor": cursor, "version": version, "updated_at": now}
    if connection.execute(matching_state.update().where(matching_state.c.name == name).values(**values)).rowcount == 0:
        raise NotFound(f"no matching state {name}: fold before saving")


def drop(connection: Connection, name: str) -> None:
    """Forget a state: the next `fold` begins with the oldest answer that is kept."""
    connection.execute(matching_state.delete().where(matching_state.c.name == name))
