"""Everything that is stored about a member, as plain rows for the member's own copy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, or_, select

from db import uploads
from db.matching_tables import daily_picks, impressions, judgements, standings, tastes
from db.standings import COUNTS
from db.tables import blocks, likes, messages, reports


def company(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """What a member did towards others: likes, skips, relayed messages (never their contents), blocks, reports, couples' photos, answers.

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
        **_answers(connection, member_id),
    }


def _answers(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """What was shown to the member, what they answered, and what was learned of them; what others answered is theirs to tell."""
    card, answer = impressions.c, judgements.c
    shown = select(card.shown_id, card.at, card.place, card.p_out, card.explored, card.model).where(card.viewer_id == member_id)
    given = select(answer.shown_id, answer.at, answer.liked, answer.p, answer.model).where(answer.viewer_id == member_id)
    learned = select(tastes.c.kind, tastes.c.version, tastes.c.n, tastes.c.data).where(tastes.c.member_id == member_id)
    picks = select(daily_picks.c.day, daily_picks.c.other_id).where(daily_picks.c.member_id == member_id)
    return {
        "cards": _rows(connection, shown.order_by(card.id)),
        "answers": _rows(connection, given.order_by(answer.id)),
        "tastes": _rows(connection, learned.order_by(tastes.c.kind)),
        "counts": _rows(connection, select(*(standings.c[name] for name in COUNTS)).where(standings.c.member_id == member_id)),
        "daily_picks": _rows(connection, picks.order_by(daily_picks.c.day)),
    }


def _rows(connection: Connection, wanted: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(wanted).mappings()]
