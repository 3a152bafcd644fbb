"""Answers to cards, append-only: what learning reads, each exactly once, by going on behind the last number.

Numbers are given out in the order of commits (`db.logs`), so nothing can turn up behind a reader's back.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, case, func, select

from db import logs, writing
from db.errors import NotFound
from db.matching_records import Judgement
from db.matching_tables import judgements
from db.tables import members


def add(
    connection: Connection,
    viewer_id: int,
    shown_id: int,
    liked: bool,
    now: dt.datetime,
    *,
    impression_id: int | None = None,
    p: float | None = None,
    features: bytes | None = None,
    model: str = "",
) -> None:
    """Note an answer; it is numbered, and can be read, once this transaction is committed.

    Raises:
        NotFound: one of the two is gone.

    """
    # The row's foreign keys will lock both members: better now than while the log's end is locked, where others would wait.
    both = sorted({viewer_id, shown_id})
    present = connection.scalars(select(members.c.id).where(members.c.id.in_(both)).order_by(members.c.id).with_for_update(read=True))
    if list(present) != both:
        raise NotFound(f"member {viewer_id} or {shown_id} is gone")
    row = {
        "impression_id": impression_id,
        "viewer_id": viewer_id,
        "shown_id": shown_id,
        "at": now,
        "liked": liked,
        "p": p,
        "model": model,
        "features": features,
    }
    logs.append(connection, judgements, row)


def after(connection: Connection, cursor: int, limit: int, before: dt.datetime | None = None) -> list[Judgement]:
    """Up to `limit` answers behind number `cursor`, oldest first; with `before` only up to the first that was given then or later."""
    wanted = select(judgements).where(judgements.c.id > cursor).order_by(judgements.c.id).limit(limit)
    found = [Judgement(**row) for row in connection.execute(wanted).mappings()]
    stop = next((place for place, one in enumerate(found) if before is not None and one.at >= before), len(found))
    return found[:stop]


def calibration(connection: Connection, since: dt.datetime) -> list[tuple[int, int, float, int]]:
    """How chances and answers agreed since then, by tenths of the chance: (tenth 0-9, answers, sum of chances, likes)."""
    c = judgements.c
    # Not a rounding function, which the two databases spell differently.
    tenth = case(*((c.p < edge / 10, edge - 1) for edge in range(1, 10)), else_=9)
    wanted = (
        select(tenth.label("tenth"), func.count(), func.sum(c.p), func.sum(case((c.liked.is_(True), 1), else_=0)))
        .where(c.at >= since, c.p.is_not(None))
        .group_by("tenth")
        .order_by("tenth")
    )
    return [(int(row[0]), int(row[1]), float(row[2]), int(row[3])) for row in connection.execute(wanted)]


def last(connection: Connection) -> int:
    """The number of the newest answer, 0 for none."""
    return logs.last(connection, judgements)


def forget_before(connection: Connection, before: dt.datetime, limit: int = 5000) -> int:
    """Delete up to `limit` answers older than `before`, oldest first; how many: call again until it is 0.

    Learners have long folded them in; what they learned stays.
    """
    old = list(connection.scalars(select(judgements.c.id).where(judgements.c.at < before).order_by(judgements.c.at).limit(limit)))
    for chunk in writing.chunks(old):
        connection.execute(judgements.delete().where(judgements.c.id.in_(chunk)))
    return len(old)
