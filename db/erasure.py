"""What goes when a member erases themselves.

Gone: photos, vectors, types, likes in both directions, who was shown to whom, blocks, messages, pairs (the partner's open
chat ends), consents, reviews, verifications, hints, reports about them that are decided, all that waits for them or carries
their messages, couples' photos that they sent or confirmed with everything that was learned from them, cards shown and answers
given by and about them, their taste and counts, what Telegram handed over from them, and the member with the draft of their
conversation.

Left: with those whom they blocked, by whom they were blocked, or with whom a match had ended, that this account and they are
kept apart (`db.partings`), since otherwise erasing oneself would undo a block; reports that they made, without their name and
without what of the evidence was theirs (the other one's conduct still counts); open reports about them with the evidence, without
their number and the words about them, until these are decided; marks of a ban, without their number; rows of the audit log and of
the jobs under a name drawn at random, without detail; for a banned or frozen member a tombstone, the hash of the Telegram account,
since otherwise anyone could lift their own ban; for some days one row that says that the member of this number is gone, which
copies of the profile (an index) need to hear; the bare numbers of updates; and what a model of all members took from the answers
together.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from db import accounts, changes, evidence, exhibits, moderation, partings, residue, sealing, tastes, types, uploads, writing
from db import audit as log
from db import photos as photo_queries
from db.corpus_tables import job_runs
from db.errors import NotFound
from db.matching_tables import daily_picks, impressions, judgements, standings
from db.matching_tables import tastes as taste_table
from db.records import Erased
from db.tables import (
    audit,
    ban_marks,
    blocks,
    consents,
    exposures,
    lanes,
    likes,
    member_types,
    members,
    messages,
    nudges,
    outbox,
    pairs,
    photos,
    reports,
    reviews,
    tombstones,
    updates,
    vectors,
    verifications,
)
from db.waiting import WAITS, given_up

DOUBTED: Final = "photo.minor"
"""What the audit log calls a photo on which a minor could not be excluded, and a minor's date of birth that was taken back."""
MEMORY: Final = dt.timedelta(days=30)
"""For which such a photo is remembered, also over an erasure: else one could try photos, with /delete in between, until one passes."""


def erase(connection: Connection, member_id: int, now: dt.datetime) -> Erased:
    """Delete everything of a member; the caller tells the partners whose open chat ended.

    Raises:
        NotFound: there is no such member.

    """
    found = connection.execute(
        select(members.c.telegram_id, members.c.status, members.c.face_consent).where(members.c.id == member_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no member {member_id}")
    residue.ask(connection)
    # With its key everything goes that was ever sealed for the member, in backups too; what is cut off here leaves noise, no rows.
    sealing.destroy(connection, [sealing.member(member_id), sealing.face(member_id)])
    exhibits.over_with(connection, member_id, found.telegram_id, now)  # while it is known which cases these are
    uploads.erase(connection, member_id, now)
    account = accounts.hashed(connection, found.telegram_id)
    _keep_out(connection, member_id, found.status, account, now)
    partings.leave(connection, member_id, account)
    _erase_profile(connection, member_id)
    partners = _erase_company(connection, member_id, found.telegram_id, now)
    if not found.face_consent:
        _forget_reported_face(connection, member_id)
    _erase_reports(connection, member_id)
    _erase_updates(connection, found.telegram_id, now)
    _erase_answers(connection, member_id)
    _erase_log(connection, member_id, found.telegram_id)
    connection.execute(members.delete().where(members.c.id == member_id))
    return Erased(tuple(partners))


def bury(connection: Connection, account: str, reason: str, now: dt.datetime) -> None:
    """Remember a Telegram account by its hash, should it come back: "banned", which nothing goes over, "frozen" or "doubted"."""
    if connection.scalar(select(tombstones.c.reason).where(tombstones.c.telegram_hash == account)) != "banned":
        writing.upsert(connection, tombstones, [{"telegram_hash": account, "reason": reason, "at": now}])


def withdraw_face(connection: Connection, member_id: int) -> None:
    """Erase everything that was read from a member's face or learned with it: what follows from taking back that consent.

    Vectors, type and the member's taste in faces; and since they hold similarities of faces, the features of cards and answers
    between the member and others.
    """
    residue.ask(connection)
    sealing.destroy(connection, [sealing.face(member_id)], final=False)
    _forget_reported_face(connection, member_id)
    photo_queries.drop_vectors(connection, member_id, "face")
    types.clear(connection, member_id, "face")
    tastes.forget(connection, member_id, "face")
    for photo in photo_queries.of(connection, member_id):
        if "face" in photo.facts:
            kept = {key: value for key, value in photo.facts.items() if key != "face"}
            photo_queries.set_facts(connection, photo.id, kept)
    for table in (impressions, judgements):
        connection.execute(table.update().where(_seen_by_or_of(table, member_id)).values(features=None))


def _keep_out(connection: Connection, member_id: int, status: str, account: str, now: dt.datetime) -> None:
    """What must outlive the account: that it may not be here, or that its age is in doubt.  Before reviews and log go."""
    connection.execute(tombstones.delete().where(tombstones.c.reason == "doubted", tombstones.c.at < now - MEMORY))
    asked = select(reviews.c.id).where(
        reviews.c.member_id == member_id, reviews.c.state == "open", reviews.c.kind.in_(("minor", "underage"))
    )
    doubt = select(func.max(audit.c.at)).where(
        audit.c.action == DOUBTED, audit.c.subject == log.member(member_id), audit.c.at >= now - MEMORY
    )
    if status in ("banned", "frozen"):
        bury(connection, account, status, now)
    elif connection.scalar(asked.limit(1)) is not None:
        bury(connection, account, "frozen", now)
    elif (last := connection.scalar(doubt)) is not None:
        bury(connection, account, "doubted", last)


def _erase_profile(connection: Connection, member_id: int) -> None:
    own = select(photos.c.id).where(photos.c.member_id == member_id).scalar_subquery()
    connection.execute(vectors.delete().where(vectors.c.photo_id.in_(own)))
    for table in (reviews, photos, member_types, consents, verifications, nudges):
        connection.execute(table.delete().where(table.c.member_id == member_id))
    connection.execute(ban_marks.update().where(ban_marks.c.member_id == member_id).values(member_id=None))


def _erase_answers(connection: Connection, member_id: int) -> None:
    """Cards and answers in both directions, what was learned of the member, and the daily picks."""
    for table in (impressions, judgements):
        connection.execute(table.delete().where(_seen_by_or_of(table, member_id)))
    for table in (standings, taste_table):
        connection.execute(table.delete().where(table.c.member_id == member_id))
    connection.execute(daily_picks.delete().where(or_(daily_picks.c.member_id == member_id, daily_picks.c.other_id == member_id)))
    changes.erase(connection, member_id)


def _erase_company(connection: Connection, member_id: int, telegram_id: int, now: dt.datetime) -> list[int]:
    """Everything that ties the member to others; the members whose open chat ended."""
    rows = connection.execute(select(pairs.c.id, pairs.c.lo, pairs.c.hi, pairs.c.ended_at).where(_either(pairs, member_id))).all()
    pair_ids = [row.id for row in rows]
    connection.execute(outbox.delete().where(outbox.c.telegram_id == telegram_id))
    connection.execute(lanes.delete().where(lanes.c.telegram_id == telegram_id))
    for pair_id in pair_ids:  # the news of the match shows them, corrections say their words
        moderation.silence(connection, pair_id, now)
    # What waits for partners would copy messages out of a chat that asked to be forgotten: it dies, their lanes go on.
    theirs = outbox.c.message_id.in_(select(messages.c.id).where(messages.c.pair_id.in_(pair_ids)))
    connection.execute(outbox.update().where(theirs, WAITS).values(**given_up("erased", now)))
    connection.execute(outbox.update().where(theirs).values(message_id=None))
    connection.execute(messages.delete().where(messages.c.pair_id.in_(pair_ids)))
    connection.execute(members.update().where(members.c.active_pair_id.in_(pair_ids)).values(active_pair_id=None))
    connection.execute(pairs.delete().where(pairs.c.id.in_(pair_ids)))
    connection.execute(likes.delete().where(_either(likes, member_id)))
    connection.execute(exposures.delete().where(or_(exposures.c.viewer_id == member_id, exposures.c.shown_id == member_id)))
    connection.execute(blocks.delete().where(or_(blocks.c.blocker_id == member_id, blocks.c.blocked_id == member_id)))
    connection.execute(nudges.delete().where(nudges.c.pair_id.in_(pair_ids)))
    return [row.hi if row.lo == member_id else row.lo for row in rows if row.ended_at is None]


def _erase_reports(connection: Connection, member_id: int) -> None:
    """Decided ones about the member go; an open one loses what names them and is still decided, by its evidence: nobody undoes one so.

    Of those that the member made what they showed and wrote themselves goes, and their number.
    """
    about, undecided = reports.c.reported_id == member_id, reports.c.state == "open"
    for row in connection.execute(select(reports.c.id, reports.c.reason).where(about, undecided)).all():
        category = row.reason.partition(":")[0]
        connection.execute(reports.update().where(reports.c.id == row.id).values(reported_id=None, pair_id=None, reason=category))
    for report_id in connection.scalars(select(reports.c.id).where(about)).all():
        evidence.forget(connection, report_id)
    connection.execute(reports.delete().where(about))
    for report_id in connection.scalars(select(reports.c.id).where(reports.c.reporter_id == member_id)).all():
        evidence.forget_reporter(connection, report_id)
    connection.execute(reports.update().where(reports.c.reporter_id == member_id).values(reporter_id=None))


def _forget_reported_face(connection: Connection, member_id: int) -> None:
    """Without the consent, withdrawn or lapsed, no report keeps anything of their face either."""
    evidence.forget_marks(connection, connection.scalars(select(reports.c.id).where(reports.c.reported_id == member_id)).all(), faces=True)


def _erase_updates(connection: Connection, telegram_id: int, now: dt.datetime) -> None:
    """What Telegram handed over from this account is served no more; the bare numbers stay, so that nothing is served twice."""
    own = updates.c.person == telegram_id
    connection.execute(updates.update().where(own, updates.c.done_at.is_(None)).values(done_at=now))
    connection.execute(updates.update().where(own).values(person=None, payload=None))


def _erase_log(connection: Connection, member_id: int, telegram_id: int) -> None:
    name = f"erased:{secrets.token_hex(8)}"
    subject = log.member(member_id)
    by_them = audit.c.actor.in_((str(telegram_id), subject))
    # Details before names: by both the rows are found.
    connection.execute(audit.update().where(or_(by_them, log.about(member_id))).values(detail={}))
    connection.execute(audit.update().where(by_them).values(actor=name))
    connection.execute(audit.update().where(audit.c.subject == subject).values(subject=name))
    connection.execute(job_runs.update().where(job_runs.c.requested_by == str(telegram_id)).values(requested_by=name, arguments={}))


def _either(table: Table, member_id: int) -> ColumnElement[bool]:
    return or_(table.c.lo == member_id, table.c.hi == member_id)


def _seen_by_or_of(table: Table, member_id: int) -> ColumnElement[bool]:
    return or_(table.c.viewer_id == member_id, table.c.shown_id == member_id)
