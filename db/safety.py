"""Blocks, reports, reviews and bans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, and_, or_, select

from db import accounts, changes, erasure, exhibits, likes, pairs, sealing, writing
from db.errors import NotFound
from db.members import by_id
from db.records import Report, Review, ReviewKind, Status
from db.tables import blocks, members, reports, reviews, tombstones


def block(connection: Connection, blocker_id: int, blocked_id: int, now: dt.datetime) -> bool:
    """Keep two members apart for good and close their pair; False where it was so already.

    The row of their likes is locked first, as a like does: of a block and a like at the same moment, one sees the other.
    """
    likes.lock(connection, blocker_id, blocked_id)
    new = writing.insert_new(connection, blocks, {"blocker_id": blocker_id, "blocked_id": blocked_id, "at": now})
    pair = pairs.between(connection, blocker_id, blocked_id)
    if pair is not None:
        pairs.end(connection, pair.id, blocker_id, "block", now)
    return new


def blocked_between(connection: Connection, one: int, other: int) -> bool:
    """Whether either blocked the other."""
    either = or_(
        and_(blocks.c.blocker_id == one, blocks.c.blocked_id == other),
        and_(blocks.c.blocker_id == other, blocks.c.blocked_id == one),
    )
    return connection.scalar(select(blocks.c.blocker_id).where(either).limit(1)) is not None


def report(connection: Connection, reporter_id: int, reported_id: int, reason: str, now: dt.datetime, pair_id: int | None = None) -> Report:
    """Open a report; a second one by the same member about the same member while the first is open adds to the first."""
    same = and_(reports.c.reporter_id == reporter_id, reports.c.reported_id == reported_id, reports.c.state == "open")
    found = connection.execute(select(reports).where(same).order_by(reports.c.id).limit(1)).mappings().one_or_none()
    if found is not None:
        return _again(connection, Report(**found), reason, pair_id)
    values: dict[str, Any] = {
        "reporter_id": reporter_id,
        "reported_id": reported_id,
        "pair_id": pair_id,
        "reason": reason[:500],
        "state": "open",
        "decided_by": None,
        "decided_at": None,
        "created_at": now,
    }
    return Report(id=writing.insert(connection, reports, values), **values)


def _again(connection: Connection, first: Report, reason: str, pair_id: int | None) -> Report:
    """Let an open report say what it says now: their chat where they had none yet, the newest reason, but `minor` stays."""
    kind, colon, words = first.reason.partition(":")
    same = kind in ("minor", reason.partition(":")[0])
    raised = replace(
        first,
        pair_id=first.pair_id or pair_id,
        reason=first.reason if same else reason[:500] if ":" in reason else f"{reason}{colon}{words}"[:500],
    )
    if raised != first:
        values = {"pair_id": raised.pair_id, "reason": raised.reason}
        connection.execute(reports.update().where(reports.c.id == first.id, reports.c.state == "open").values(**values))
    return raised


def explain_report(connection: Connection, report_id: int, reporter_id: int, reason: str) -> bool:
    """Put `reason` in place of the reason of one's own report while it is open; whether that was possible."""
    own = and_(reports.c.id == report_id, reports.c.reporter_id == reporter_id, reports.c.state == "open")
    return connection.execute(reports.update().where(own).values(reason=reason[:500])).rowcount == 1


def open_reports(connection: Connection, limit: int = 20) -> list[Report]:
    """Reports that nobody decided, oldest first."""
    wanted = select(reports).where(reports.c.state == "open").order_by(reports.c.id).limit(limit)
    return [Report(**row) for row in connection.execute(wanted).mappings()]


def report_by_id(connection: Connection, report_id: int) -> Report | None:
    """The report with this id."""
    row = connection.execute(select(reports).where(reports.c.id == report_id)).mappings().one_or_none()
    return None if row is None else Report(**row)


def close_report(connection: Connection, report_id: int, decided_by: int, state: str, now: dt.datetime) -> bool:
    """Note an admin's decision, `state` "upheld" or "dismissed"; False where it was decided already."""
    return _decide(connection, reports, report_id, decided_by, state, now)


def open_review(connection: Connection, member_id: int, kind: ReviewKind, now: dt.datetime, photo_id: int | None = None) -> Review:
    """Ask the admins; while a question of the same kind about the same member (and photo) is open, it is returned instead."""
    same = and_(reviews.c.member_id == member_id, reviews.c.kind == kind, reviews.c.state == "open")
    if photo_id is not None and kind in ("photo", "minor"):
        same = and_(same, reviews.c.photo_id == photo_id)
    found = connection.execute(select(reviews).where(same).order_by(reviews.c.id).limit(1)).mappings().one_or_none()
    if found is not None:
        return Review(**found)
    values: dict[str, Any] = {
        "member_id": member_id,
        "kind": kind,
        "photo_id": photo_id,
        "state": "open",
        "decided_by": None,
        "decided_at": None,
        "created_at": now,
        "note": None,
    }
    return Review(id=writing.insert(connection, reviews, values), **values)


def reviews_open(connection: Connection, limit: int = 20) -> list[Review]:
    """Questions that nobody decided, oldest first."""
    wanted = select(reviews).where(reviews.c.state == "open").order_by(reviews.c.id).limit(limit)
    return [Review(**row) for row in connection.execute(wanted).mappings()]


def reviews_of(connection: Connection, member_id: int) -> list[Review]:
    """All questions about a member, oldest first."""
    wanted = select(reviews).where(reviews.c.member_id == member_id).order_by(reviews.c.id)
    return [Review(**row) for row in connection.execute(wanted).mappings()]


def review_by_id(connection: Connection, review_id: int) -> Review | None:
    """The review with this id."""
    row = connection.execute(select(reviews).where(reviews.c.id == review_id)).mappings().one_or_none()
    return None if row is None else Review(**row)


def set_note(connection: Connection, review_id: int, note: Mapping[str, Any]) -> None:
    """Keep the words of an appeal, or details, with a review: JSON, sealed under the member whom it is about."""
    row = connection.execute(select(reviews.c.member_id).where(reviews.c.id == review_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no review {review_id}")
    sealed = sealing.seal_json(connection, *place(review_id, row.member_id), note)
    connection.execute(reviews.update().where(reviews.c.id == review_id).values(note=sealed))


def note_of(connection: Connection, review: Review) -> Any:
    """What `set_note` kept, None where there is none."""
    if review.note is None:
        return None
    return sealing.unseal_json(connection, *place(review.id, review.member_id), review.note)


def wipe_note(connection: Connection, review_id: int) -> None:
    """Forget the words that were kept with a review."""
    connection.execute(reviews.update().where(reviews.c.id == review_id).values(note=None))


def place(review_id: int, member_id: int) -> tuple[str, str]:
    """Scope and place of a review's note."""
    return sealing.member(member_id), f"review:{review_id}"


def decide_review(connection: Connection, review_id: int, decided_by: int, approved: bool, now: dt.datetime) -> bool:
    """Note an admin's decision; False where it was decided already.  What follows from it is the caller's."""
    return _decide(connection, reviews, review_id, decided_by, "approved" if approved else "refused", now)


def ban(connection: Connection, member_id: int, now: dt.datetime) -> list[int]:
    """Shut a member out and close their pairs; the ids of the partners."""
    _status(connection, member_id, "banned", now)
    return pairs.end_all(connection, member_id, "ban", now)


def unban(connection: Connection, member_id: int, now: dt.datetime, status: Status = "paused") -> None:
    """Let a banned member back in, as `status`; the ban's tombstone goes too."""
    _status(connection, member_id, status, now)
    found = by_id(connection, member_id)
    if found is not None:
        connection.execute(tombstones.delete().where(tombstones.c.telegram_hash == accounts.hashed(connection, found.telegram_id)))


def bury(connection: Connection, account: str, reason: str, now: dt.datetime) -> None:
    """Shut out a Telegram account, known by its hash alone, should it come back: who is banned after they erased themselves."""
    erasure.bury(connection, account, reason, now)


def _status(connection: Connection, member_id: int, status: Status, now: dt.datetime) -> None:
    values = {"status": status, "updated_at": now}
    if connection.execute(members.update().where(members.c.id == member_id).values(**values)).rowcount == 0:
        raise NotFound(f"there is no member {member_id}")
    changes.note(connection, member_id)


def _decide(connection: Connection, table: Table, row_id: int, decided_by: int, state: str, now: dt.datetime) -> bool:
    still_open = table.update().where(table.c.id == row_id, table.c.state == "open")
    if connection.execute(still_open.values(state=state, decided_by=decided_by, decided_at=now)).rowcount != 1:
        return False
    about = connection.scalar(select(table.c.reported_id if table is reports else table.c.member_id).where(table.c.id == row_id))
    exhibits.over(connection, [exhibits.report(row_id) if table is reports else exhibits.review(row_id)], now)
    exhibits.over_about(connection, about, now)
    return True
