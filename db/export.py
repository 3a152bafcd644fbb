"""Everything that is stored about a member, as plain rows for the member's own copy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, or_, select

from db import audit as log
from db import tastes as taste
from db import uploads
from db.corpus_tables import job_runs
from db.matching_records import TasteKind
from db.matching_tables import daily_picks, impressions, judgements, member_changes, standings
from db.standings import COUNTS
from db.tables import audit, ban_marks, blocks, exposures, likes, messages, nudges, outbox, reports, updates, verifications


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
        select(messages.c.id, messages.c.pair_id, messages.c.kind, messages.c.reply_to, messages.c.created_at, messages.c.deleted_at)
        .where(messages.c.sender_id == member_id)
        .order_by(messages.c.id)
    )
    stopped = select(blocks.c.blocked_id, blocks.c.at).where(blocks.c.blocker_id == member_id)
    told = (
        select(reports.c.reported_id, reports.c.reason, reports.c.state, reports.c.created_at)
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


def kept(connection: Connection, member_id: int, telegram_id: int) -> dict[str, list[dict[str, Any]]]:
    """What the program keeps about a member for its own work, and what was done about them by others than themselves.

    Words that are on the way to them are their partner's; of those only that they wait.  Who of the operators did something is not
    told, nor who reported.
    """
    seen, way, job, done = exposures.c, outbox.c, job_runs.c, audit.c
    own = str(telegram_id)
    shown = select(seen.shown_id, seen.times, seen.first_at, seen.last_at).where(seen.viewer_id == member_id)
    waits = select(way.id, way.method, way.state, way.created_at, way.sent_at).where(way.telegram_id == telegram_id)
    asked = select(job.job, job.state, job.arguments, job.queued_at).where(job.requested_by == own)
    logged = select(done.at, done.action, (done.actor == own).label("by_you")).where(or_(done.actor == own, log.about(member_id)))
    handed = select(updates.c.update_id, updates.c.at, updates.c.done_at).where(updates.c.person == telegram_id)
    changed = select(member_changes.c.seq, member_changes.c.at).where(member_changes.c.member_id == member_id)
    marks = select(ban_marks.c.kind, ban_marks.c.reason, ban_marks.c.at, ban_marks.c.expires_at, ban_marks.c.lifted_at)
    hints = select(nudges.c.pair_id, nudges.c.kind, nudges.c.at).where(nudges.c.member_id == member_id)
    tried = select(verifications).where(verifications.c.member_id == member_id)
    return {
        "people_shown_to_you": _rows(connection, shown.order_by(seen.first_at)),
        "messages_of_the_bot": _rows(connection, waits.order_by(way.id)),
        "jobs_you_asked_for": _rows(connection, asked.order_by(job.id)),
        "log": _rows(connection, logged.order_by(done.id)),
        "updates": _rows(connection, handed.order_by(updates.c.update_id)),
        "profile_changes": _rows(connection, changed.order_by(member_changes.c.seq)),
        "ban_marks": _rows(connection, marks.where(ban_marks.c.member_id == member_id).order_by(ban_marks.c.id)),
        "hints": _rows(connection, hints.order_by(nudges.c.at)),
        "verifications": _rows(connection, tried.order_by(verifications.c.id)),
    }


def _answers(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """What was shown to the member, what they answered, and what was learned of them; what others answered is theirs to tell."""
    card, answer = impressions.c, judgements.c
    shown = select(card.shown_id, card.at, card.place, card.p_out, card.explored, card.model).where(card.viewer_id == member_id)
    given = select(answer.shown_id, answer.at, answer.liked, answer.p, answer.model).where(answer.viewer_id == member_id)
    picks = select(daily_picks.c.day, daily_picks.c.other_id).where(daily_picks.c.member_id == member_id)
    return {
        "cards": _rows(connection, shown.order_by(card.id)),
        "answers": _rows(connection, given.order_by(answer.id)),
        "tastes": _tastes(connection, member_id),
        "counts": _rows(connection, select(*(standings.c[name] for name in COUNTS)).where(standings.c.member_id == member_id)),
        "daily_picks": _rows(connection, picks.order_by(daily_picks.c.day)),
    }


def _tastes(connection: Connection, member_id: int) -> list[dict[str, Any]]:
    kinds: tuple[TasteKind, ...] = ("face", "fashion")
    found = [taste.of(connection, [member_id], kind).get(member_id) for kind in kinds]
    return [{"kind": one.kind, "version": one.version, "n": one.n, "data": one.data} for one in found if one is not None]


def _rows(connection: Connection, wanted: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(wanted).mappings()]
