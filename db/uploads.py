"""Couples' photos that members send: both people confirm before anything is learned from one, and either can take it back.

waiting ──▶ confirmed ──▶ ingested ──▶ withdrawn      the photo itself is kept until it is ingested, the crops until withdrawn
   ├──────▶ refused          └──▶ rejected             by the partner; by the detector (no two adults, …)
   └──────▶ withdrawn
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from db import pictures, sealing, writing
from db.corpus_records import Upload, UploadState
from db.corpus_tables import couple_uploads, couples
from db.corpus_tables import pictures as picture_table
from db.records import Status
from db.tables import members

PLAIN = [column for column in couple_uploads.c if column.name != "jpeg"]
TOKEN_BYTES = 16
"""22 characters that nobody guesses; short enough for a deep link and a button."""
HELD: tuple[UploadState, ...] = ("waiting", "confirmed", "ingested")
DOUBTED: tuple[Status, ...] = ("review", "banned", "frozen", "deleted")


def create(connection: Connection, sender_id: int, jpeg: bytes, consent_version: str, now: dt.datetime) -> Upload:
    """Keep a photo until the other one has confirmed it; its token is for them only."""
    values: dict[str, Any] = {
        "token": secrets.token_urlsafe(TOKEN_BYTES),
        "sender_id": sender_id,
        "partner_id": None,
        "state": "waiting",
        "consent_version": consent_version,
        "reason": "",
        "created_at": now,
        "confirmed_at": None,
        "jpeg": None,
    }
    upload_id = writing.insert(connection, couple_uploads, values)
    # Only now its place has a name.
    sealed = sealing.seal(connection, *place(upload_id), jpeg)
    connection.execute(couple_uploads.update().where(couple_uploads.c.id == upload_id).values(jpeg=sealed))
    return Upload(**{**values, "id": upload_id, "jpeg": jpeg})


def by_id(connection: Connection, upload_id: int) -> Upload | None:
    """An upload with its photo."""
    return _one(connection, couple_uploads.c.id == upload_id)


def by_token(connection: Connection, token: str) -> Upload | None:
    """The upload to which a link leads."""
    return _one(connection, couple_uploads.c.token == token)


def of_member(connection: Connection, member_id: int) -> list[Upload]:
    """What a member sent or confirmed, newest first, without the photos."""
    mine = or_(couple_uploads.c.sender_id == member_id, couple_uploads.c.partner_id == member_id)
    rows = connection.execute(select(*PLAIN).where(mine).order_by(couple_uploads.c.id.desc())).mappings()
    return [Upload(**row, jpeg=None) for row in rows]


def made_since(connection: Connection, sender_id: int, when: dt.datetime) -> int:
    """How many photos a member sent after `when`, whatever became of them."""
    where = (couple_uploads.c.sender_id == sender_id, couple_uploads.c.created_at > when)
    return int(connection.scalar(select(func.count()).where(*where)) or 0)


def claim(connection: Connection, upload_id: int, partner_id: int) -> bool:
    """The first other person who opens the link is the one who is asked; False where somebody else was first."""
    where = (couple_uploads.c.state == "waiting", couple_uploads.c.sender_id != partner_id, _asked(partner_id))
    return _set(connection, upload_id, *where, partner_id=partner_id)


def confirm(connection: Connection, upload_id: int, partner_id: int, now: dt.datetime) -> bool:
    """The partner agrees; False where there is nothing to agree to any more, or it is not the partner who was asked."""
    where = (couple_uploads.c.state == "waiting", couple_uploads.c.sender_id != partner_id, _asked(partner_id))
    return _set(connection, upload_id, *where, state="confirmed", partner_id=partner_id, confirmed_at=now)


def refuse(connection: Connection, upload_id: int, partner_id: int, reason: str = "") -> bool:
    """The partner does not agree: the photo goes; False where nobody was asked any more, or somebody else."""
    where = (couple_uploads.c.state == "waiting", couple_uploads.c.sender_id != partner_id, _asked(partner_id))
    done = _set(connection, upload_id, *where, state="refused", partner_id=partner_id, reason=reason, jpeg=None)
    return _destroyed(connection, upload_id, done)


def withdraw(connection: Connection, upload_id: int, now: dt.datetime) -> bool:
    """One of the two takes it back: the photo goes, the couple, and its part in the counts; False where nothing was held."""
    done = _set(connection, upload_id, couple_uploads.c.state.in_(HELD), state="withdrawn", jpeg=None)
    if done:
        _forget(connection, upload_id, now)
    return _destroyed(connection, upload_id, done)


def waiting_for_ingest(connection: Connection, limit: int = 100, after_id: int = 0) -> list[Upload]:
    """Confirmed photos that were not looked at yet, oldest first, with their bytes.

    Left out while an admin still decides whether one of the two is of age.
    """
    doubted = select(members.c.id).where(
        members.c.status.in_(DOUBTED), members.c.id.in_((couple_uploads.c.sender_id, couple_uploads.c.partner_id))
    )
    wanted = select(couple_uploads).where(couple_uploads.c.state == "confirmed", couple_uploads.c.id > after_id, ~doubted.exists())
    return [_opened(connection, row) for row in connection.execute(wanted.order_by(couple_uploads.c.id).limit(limit)).mappings()]


def mark(connection: Connection, upload_id: int, state: UploadState, reason: str = "") -> bool:
    """Note what became of a confirmed photo ("ingested" or "rejected"): the photo itself goes.

    False where it was withdrawn meanwhile; the caller must not store the couple then.
    """
    done = _set(connection, upload_id, couple_uploads.c.state == "confirmed", state=state, reason=reason, jpeg=None)
    return _destroyed(connection, upload_id, done) if state == "rejected" else done


def expire(connection: Connection, before: dt.datetime) -> int:
    """Drop photos that nobody confirmed since `before`; how many."""
    old = (couple_uploads.c.state == "waiting", couple_uploads.c.created_at < before)
    ids = list(connection.scalars(select(couple_uploads.c.id).where(*old).with_for_update()))
    for chunk in writing.chunks(ids):
        sealing.destroy(connection, map(sealing.upload, chunk))
        late = couple_uploads.update().where(couple_uploads.c.id.in_(chunk))
        connection.execute(late.values(state="refused", reason="expired", jpeg=None))
    return len(ids)


def erase(connection: Connection, member_id: int, now: dt.datetime) -> None:
    """Delete all that a member sent or confirmed, with what was made of it."""
    mine = or_(couple_uploads.c.sender_id == member_id, couple_uploads.c.partner_id == member_id)
    for upload_id in list(connection.scalars(select(couple_uploads.c.id).where(mine).order_by(couple_uploads.c.id).with_for_update())):
        _forget(connection, upload_id, now)
        sealing.destroy(connection, [sealing.upload(upload_id)])
        connection.execute(couple_uploads.delete().where(couple_uploads.c.id == upload_id))


def _forget(connection: Connection, upload_id: int, now: dt.datetime) -> None:
    """Delete the picture that was made of an upload, and all that was learned from it."""
    made: Sequence[int] = list(
        connection.scalars(
            select(picture_table.c.id)
            .where(picture_table.c.upload_id == upload_id)
            .union(select(couples.c.picture_id).where(couples.c.upload_id == upload_id))
        )
    )
    for picture_id in made:
        pictures.erase(connection, picture_id, now)


def _asked(partner_id: int) -> ColumnElement[bool]:
    """Nobody was asked yet, or this one."""
    return or_(couple_uploads.c.partner_id.is_(None), couple_uploads.c.partner_id == partner_id)


def _one(connection: Connection, where: Any) -> Upload | None:
    row = connection.execute(select(couple_uploads).where(where)).mappings().one_or_none()
    return None if row is None else _opened(connection, row)


def place(upload_id: int) -> tuple[str, str]:
    """Scope and place of an upload's bytes; what was cut from it is in the same scope."""
    return sealing.upload(upload_id), f"upload:{upload_id}"


def _opened(connection: Connection, row: RowMapping) -> Upload:
    upload = Upload(**row)
    if upload.jpeg is None:
        return upload
    (jpeg,) = sealing.unseal_all(connection, [(*place(upload.id), upload.jpeg)])
    return replace(upload, jpeg=jpeg)


def _destroyed(connection: Connection, upload_id: int, done: bool) -> bool:
    """Where it is `done` with an upload, its key goes."""
    if done:
        sealing.destroy(connection, [sealing.upload(upload_id)])
    return done


def _set(connection: Connection, upload_id: int, *where: Any, **values: Any) -> bool:
    return connection.execute(couple_uploads.update().where(couple_uploads.c.id == upload_id, *where).values(**values)).rowcount == 1
