"""What reports rest on: the last messages and the shown profiles as they were, sealed, and destroyed with its key after a short time.

It outlives the erasure of whoever was reported, since otherwise erasing oneself would undo every report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import sealing, writing
from db.bans import PHASH
from db.errors import KeyGone
from db.records import Evidence
from db.tables import evidence, reports

MARKS = "marks"
"""The key under which stands by what the reported member could be recognised, as pairs of kind and bytes in Base64."""


def add(connection: Connection, report_id: int, data: Mapping[str, Any], now: dt.datetime, expires_at: dt.datetime) -> int:
    """Keep what a report rests on, as JSON, until `expires_at`; its id."""
    sealed = sealing.seal_json(connection, *place(report_id), data)
    return writing.insert(connection, evidence, {"report_id": report_id, "at": now, "expires_at": expires_at, "data": sealed})


def of(connection: Connection, report_id: int) -> list[Evidence]:
    """What is kept of a report, oldest first."""
    found = []
    for row in connection.execute(select(evidence).where(evidence.c.report_id == report_id).order_by(evidence.c.id)).mappings():
        try:
            data = sealing.unseal_json(connection, *place(report_id), row["data"])
        except KeyGone:
            continue
        found.append(Evidence(**{**row, "data": data}))
    return found


def decided_about(connection: Connection, member_id: int, limit: int) -> list[int]:
    """Decided reports about a member of which something is kept still, newest first."""
    kept = select(evidence.c.id).where(evidence.c.report_id == reports.c.id).exists()
    wanted = select(reports.c.id).where(reports.c.reported_id == member_id, reports.c.state != "open", kept)
    return list(connection.scalars(wanted.order_by(reports.c.id.desc()).limit(limit)))


def expire(connection: Connection, report_id: int, expires_at: dt.datetime) -> None:
    """Let it go at `expires_at` where it would stay longer: the report was decided."""
    own = (evidence.c.report_id == report_id, evidence.c.expires_at > expires_at)
    connection.execute(evidence.update().where(*own).values(expires_at=expires_at))


def forget(connection: Connection, report_id: int) -> None:
    """Destroy what is kept of a report."""
    sealing.destroy(connection, [sealing.report(report_id)])
    connection.execute(evidence.delete().where(evidence.c.report_id == report_id))


def forget_reporter(connection: Connection, report_id: int) -> None:
    """Take out what the reporter showed and wrote: they erased themselves; what the reported member did still counts."""
    for kept in of(connection, report_id):
        said = [dict(one) for one in kept.data.get("messages") or () if isinstance(one, Mapping)]
        left = [{**one, "text": "", "file_id": None} if one.get("by") == "reporter" else one for one in said]
        _replace(connection, kept, {**{key: value for key, value in kept.data.items() if key != "reporter"}, "messages": left})


def forget_marks(connection: Connection, report_ids: Iterable[int], *, faces: bool = False) -> None:
    """Take out by what the reported member could be recognised, with `faces` only what is from their face."""
    for report_id in report_ids:
        for kept in of(connection, report_id):
            marks = kept.data.get(MARKS) or ()
            left = [one for one in marks if faces and one[0] == PHASH]
            if len(left) != len(marks):
                _replace(connection, kept, {**kept.data, MARKS: left})


def forget_before(connection: Connection, now: dt.datetime, limit: int = 1000) -> int:
    """Destroy what expired before `now`; of how many reports: call again until it is 0."""
    old = select(evidence.c.report_id).where(evidence.c.expires_at < now).distinct().limit(limit)
    ids = list(connection.scalars(old))
    for report_id in ids:
        forget(connection, report_id)
    return len(ids)


def place(report_id: int) -> tuple[str, str]:
    """Scope and place of what is kept of a report."""
    return sealing.report(report_id), f"evidence:{report_id}"


def _replace(connection: Connection, kept: Evidence, data: Mapping[str, Any]) -> None:
    sealed = sealing.seal_json(connection, *place(kept.report_id), data)
    connection.execute(evidence.update().where(evidence.c.id == kept.id).values(data=sealed))
