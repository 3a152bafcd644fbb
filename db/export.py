"""Everything that is stored about a member, as plain rows for the member's own copy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, or_, select

from db import uploads
from db.tables import blocks, likes, messages, reports


def company(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """What a member did towards others: likes and skips, relayed messages (never their contents), blocks, reports, couples' photos.

    Others appear by their ids only, and only the member's own side is given: whether someone likes them is the other's to tell.
    """
    either = or_(likes.c.lo == member_id, likes.c.hi == member_id)
    marks = []
    for row in connection.execute(select(likes).where(either).order_by(likes.c.lo, likes.c.hi)):
        low = row.lo == member_id
        mark, at = (row.lo_mark, row.lo_at) if low else (row.hi_mark, row.hi_at)
        if mark is not None:
            marks.append({"member": row.hi if low else row.lo, "liked": bool(mark), "at": at})
    sent = (
        select(messages.c.pair_id, messages.c.kind, messages.c.created_at).where(messages.c.sender_id == member_id).order_by(messages.c.id)
    )
    stopped = select(blocks.c.blocked_id, blocks.c.at).where(blocks.c.blocker_id == member_id)
    told = (
        select(reports.c.reported_id, reports.c.reason, reports.c.created_at)
        .where(reports.c.reporter_id == member_id)
        .order_by(reports.c.id)
    )
    couples = [
        {
            "id": upload.id,
            "sent": upload.sender_id == member_id,
            "state": upload.state,
            "reason": upload.reason,
            "consent_version": upload.consent_version,
            "created_at": upload.created_at,
            "confirmed_at": upload.confirmed_at,
        }
        for upload in uploads.of_member(connection, member_id)
    ]
    return {
        "likes": marks,
        "messages_sent": _rows(connection, sent),
        "blocks": _rows(connection, stopped),
        "reports": _rows(connection, told),
        "couple_photos": couples,
    }


def _rows(connection: Connection, wanted: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(wanted).mappings()]
