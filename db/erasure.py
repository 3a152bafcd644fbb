"""What goes when a member erases themselves.

Gone: photos, vectors, types, likes in both directions, who was shown to whom, blocks, messages, pairs (the partner's open
chat ends), consents, reviews, reports about them, all that waits for them or carries their messages, couples' photos that they
sent or confirmed with everything that was learned from them, cards shown and answers given by and about them, their taste and
counts, and the member with the draft of their conversation. Left: reports that they made, without their name (the other one's
conduct still counts); rows of the audit log and of the jobs under a name drawn at random, without detail; for a banned member a
tombstone, the hash of the Telegram account, since otherwise anyone could lift their own ban; for some days one row that says
that the member of this number is gone, which copies of the profile (an index) need to hear; and what a model of all members
took from the answers together.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from db import changes, tastes, types, uploads, writing
from db import photos as photo_queries
from db.corpus_tables import job_runs
from db.errors import NotFound
from db.matching_tables import daily_picks, impressions, judgements, standings
from db.matching_tables import tastes as taste_table
from db.records import Erased
from db.tables import (
    audit,
    blocks,
    consents,
    exposures,
    lanes,
    likes,
    member_types,
    members,
    messages,
    outbox,
    pairs,
    photos,
    reports,
    reviews,
    tombstones,
    vectors,
)


def erase(connection: Connection, member_id: int, now: dt.datetime) -> Erased:
    """Delete everything of a member; the caller tells the partners whose open chat ended.

    Raises:
        NotFound: there is no such member.

    """
    found = connection.execute(
        select(members.c.telegram_id, members.c.status).where(members.c.id == member_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no member {member_id}")
    uploads.erase(connection, member_id, now)
    _erase_profile(connection, member_id)
    partners = _erase_company(connection, member_id, found.telegram_id, now)
    _erase_answers(connection, member_id)
    _erase_log(connection, member_id, found.telegram_id)
    if found.status == "banned":
        writing.insert_new(connection, tombstones, {"telegram_hash": telegram_hash(found.telegram_id), "reason": "banned", "at": now})
    connection.execute(members.delete().where(members.c.id == member_id))
    return Erased(tuple(partners))


def withdraw_face(connection: Connection, member_id: int) -> None:
    """Erase everything that was read from a member's face or learned with it: what follows from taking back that consent.

    Vectors, type and the member's taste in faces; and since they hold similarities of faces, the features of cards and answers
    between the member and others.
    """
    photo_queries.drop_vectors(connection, member_id, "face")
    types.clear(connection, member_id, "face")
    tastes.forget(connection, member_id, "face")
    for photo in photo_queries.of(connection, member_id):
        if "face" in photo.facts:
            kept = {key: value for key, value in photo.facts.items() if key != "face"}
            photo_queries.set_facts(connection, photo.id, kept)
    for table in (impressions, judgements):
        connection.execute(table.update().where(_seen_by_or_of(table, member_id)).values(features=None))


def telegram_hash(telegram_id: int) -> str:
    """SHA-256 of a Telegram account's id, in hexadecimal."""
    return hashlib.sha256(f"inyeon:{telegram_id}".encode()).hexdigest()


def _erase_profile(connection: Connection, member_id: int) -> None:
    own = select(photos.c.id).where(photos.c.member_id == member_id).scalar_subquery()
    connection.execute(vectors.delete().where(vectors.c.photo_id.in_(own)))
    for table in (reviews, photos, member_types, consents):
        connection.execute(table.delete().where(table.c.member_id == member_id))


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
    # What waits for partners would copy messages out of a chat that asked to be forgotten: it dies, their lanes go on.
    theirs = outbox.c.message_id.in_(select(messages.c.id).where(messages.c.pair_id.in_(pair_ids)))
    connection.execute(
        outbox.update().where(theirs, outbox.c.state == "waiting").values(state="dead", dead_reason="erased", sent_at=now, payload={})
    )
    connection.execute(outbox.update().where(theirs).values(message_id=None))
    connection.execute(messages.delete().where(messages.c.pair_id.in_(pair_ids)))
    connection.execute(members.update().where(members.c.active_pair_id.in_(pair_ids)).values(active_pair_id=None))
    connection.execute(pairs.delete().where(pairs.c.id.in_(pair_ids)))
    connection.execute(likes.delete().where(_either(likes, member_id)))
    connection.execute(exposures.delete().where(or_(exposures.c.viewer_id == member_id, exposures.c.shown_id == member_id)))
    connection.execute(blocks.delete().where(or_(blocks.c.blocker_id == member_id, blocks.c.blocked_id == member_id)))
    connection.execute(reports.delete().where(reports.c.reported_id == member_id))
    connection.execute(reports.update().where(reports.c.reporter_id == member_id).values(reporter_id=None))
    return [row.hi if row.lo == member_id else row.lo for row in rows if row.ended_at is None]


def _erase_log(connection: Connection, member_id: int, telegram_id: int) -> None:
    name = f"erased:{secrets.token_hex(8)}"
    by_them, about_them = audit.c.actor == str(telegram_id), audit.c.subject == f"member:{member_id}"
    connection.execute(audit.update().where(or_(by_them, about_them)).values(detail={}))
    connection.execute(audit.update().where(by_them).values(actor=name))
    connection.execute(audit.update().where(about_them).values(subject=name))
    connection.execute(job_runs.update().where(job_runs.c.requested_by == str(telegram_id)).values(requested_by=name, arguments={}))


def _either(table: Table, member_id: int) -> ColumnElement[bool]:
    return or_(table.c.lo == member_id, table.c.hi == member_id)


def _seen_by_or_of(table: Table, member_id: int) -> ColumnElement[bool]:
    return or_(table.c.viewer_id == member_id, table.c.shown_id == member_id)
