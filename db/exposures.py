"""Who was shown to whom: only who was shown can be answered, and what ranking needs to know about attention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import Connection, select

from db import writing
from db.tables import exposures


def add(connection: Connection, viewer_id: int, shown_id: int, now: dt.datetime) -> None:
    """Note that `viewer_id` sees the card of `shown_id`."""
    row = (exposures.c.viewer_id == viewer_id) & (exposures.c.shown_id == shown_id)
    again = exposures.update().where(row).values(times=exposures.c.times + 1, last_at=now)
    if connection.execute(again).rowcount == 0:
        values = {"viewer_id": viewer_id, "shown_id": shown_id, "times": 1, "first_at": now, "last_at": now}
        writing.insert_new(connection, exposures, values)


def was_shown(connection: Connection, viewer_id: int, shown_id: int) -> bool:
    """Whether `viewer_id` ever saw the card of `shown_id`."""
    row = (exposures.c.viewer_id == viewer_id) & (exposures.c.shown_id == shown_id)
    return connection.scalar(select(exposures.c.times).where(row)) is not None


def between(connection: Connection, member_id: int, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who were shown to the member or to whom the member was shown."""
    found: set[int] = set()
    for chunk in writing.chunks(ids):
        seen = select(exposures.c.shown_id).where(exposures.c.viewer_id == member_id, exposures.c.shown_id.in_(chunk))
        seers = select(exposures.c.viewer_id).where(exposures.c.shown_id == member_id, exposures.c.viewer_id.in_(chunk))
        found.update(connection.scalars(seen.union_all(seers)))
    return found
