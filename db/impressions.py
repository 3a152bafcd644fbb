"""Cards that were shown, with what was believed about them: exposure is counted from here, and rankings are replayed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection, and_, func, select

from db import writing
from db.matching_records import Exposed, Impression, Place
from db.matching_tables import impressions
from db.showing import has_photo, shown
from db.tables import members


def add(
    connection: Connection,
    viewer_id: int,
    shown_id: int,
    now: dt.datetime,
    place: Place,
    *,
    p_out: float | None = None,
    p_back: float | None = None,
    score: float | None = None,
    explored: bool = False,
    features: bytes | None = None,
    model: str = "",
) -> int:
    """Note that `viewer_id` sees the card of `shown_id`; the impression's id."""
    values = {
        "viewer_id": viewer_id,
        "shown_id": shown_id,
        "at": now,
        "place": place,
        "p_out": p_out,
        "p_back": p_back,
        "score": score,
        "explored": explored,
        "model": model,
        "features": features,
    }
    return writing.insert(connection, impressions, values)


def latest(connection: Connection, viewer_id: int, shown_id: int) -> Impression | None:
    """The newest card of `shown_id` that `viewer_id` saw: what an answer is an answer to."""
    c = impressions.c
    wanted = select(impressions).where(c.viewer_id == viewer_id, c.shown_id == shown_id).order_by(c.at.desc(), c.id.desc()).limit(1)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else Impression(**row)


def recent_counts(connection: Connection, ids: Iterable[int], since: dt.datetime) -> dict[int, int]:
    """How many cards of these members were shown since then; who was shown none is left out."""
    found: Counter[int] = Counter()
    for chunk in writing.chunks(ids):
        wanted = (
            select(impressions.c.shown_id, func.count())
            .where(impressions.c.shown_id.in_(chunk), impressions.c.at >= since)
            .group_by(impressions.c.shown_id)
        )
        found.update({row[0]: row[1] for row in connection.execute(wanted)})
    return dict(found)


def shown_by(connection: Connection, viewer_id: int, ids: Iterable[int], since: dt.datetime) -> dict[int, int]:
    """How many cards of these members this one viewer saw since then; who was not shown is left out."""
    found: dict[int, int] = {}
    c = impressions.c
    for chunk in writing.chunks(ids):
        wanted = select(c.shown_id, func.count()).where(c.viewer_id == viewer_id, c.shown_id.in_(chunk), c.at >= since)
        found.update({row[0]: row[1] for row in connection.execute(wanted.group_by(c.shown_id))})
    return found


def counts_by_member(connection: Connection, since: dt.datetime, *, demo: bool = False) -> list[Exposed]:
    """How often each member who can be shown was shown since then, 0 included; without demo members unless `demo`."""
    counts = (
        select(impressions.c.shown_id, func.count().label("times"))
        .where(impressions.c.at >= since)
        .group_by(impressions.c.shown_id)
        .subquery()
    )
    here = and_(shown(), members.c.gender.is_not(None), has_photo())
    wanted = (
        select(members.c.id, members.c.gender, func.coalesce(counts.c.times, 0))
        .join(counts, counts.c.shown_id == members.c.id, isouter=True)
        .where(here if demo else and_(here, members.c.demo.is_(False)))
        .order_by(members.c.id)
    )
    return [Exposed(*row) for row in connection.execute(wanted)]


def forget_before(connection: Connection, before: dt.datetime, limit: int = 5000) -> int:
    """Delete up to `limit` impressions older than `before`, oldest first; how many: call again until it is 0."""
    old = list(connection.scalars(select(impressions.c.id).where(impressions.c.at < before).order_by(impressions.c.at).limit(limit)))
    for chunk in writing.chunks(old):
        connection.execute(impressions.delete().where(impressions.c.id.in_(chunk)))
    return len(old)
