"""Profile photos and the vectors read from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from db import changes, writing
from db.errors import NotFound
from db.records import Photo, PhotoStatus, StoredPhoto, Vector, VectorKind
from db.tables import photos, reviews
from db.tables import vectors as vector_table

PLAIN = [column for column in photos.c if column.name != "jpeg"]


def add(
    connection: Connection,
    member_id: int,
    jpeg: bytes,
    now: dt.datetime,
    *,
    status: PhotoStatus = "approved",
    facts: Mapping[str, Any] | None = None,
    nsfw: float = 0.0,
    telegram_file_id: str | None = None,
) -> Photo:
    """Store a photo behind the member's others."""
    last = connection.scalar(select(func.max(photos.c.position)).where(photos.c.member_id == member_id))
    values = {
        "member_id": member_id,
        "position": 0 if last is None else last + 1,
        "status": status,
        "telegram_file_id": telegram_file_id,
        "facts": dict(facts or {}),
        "nsfw": nsfw,
        "created_at": now,
        "jpeg": jpeg,
    }
    photo_id = writing.insert(connection, photos, values)
    changes.note(connection, member_id)
    return Photo(**connection.execute(select(*PLAIN).where(photos.c.id == photo_id)).mappings().one())


def of(connection: Connection, member_id: int, status: PhotoStatus | None = None) -> list[Photo]:
    """A member's photos in their order, without bytes; only those of `status` if given."""
    wanted = select(*PLAIN).where(photos.c.member_id == member_id).order_by(photos.c.position, photos.c.id)
    if status is not None:
        wanted = wanted.where(photos.c.status == status)
    return [Photo(**row) for row in connection.execute(wanted).mappings()]


def by_id(connection: Connection, photo_id: int) -> StoredPhoto | None:
    """A photo with its bytes."""
    row = connection.execute(select(photos).where(photos.c.id == photo_id)).mappings().one_or_none()
    return None if row is None else StoredPhoto(**row)


def approve(connection: Connection, photo_id: int) -> None:
    """Let others see the photo."""
    _set(connection, photo_id, status="approved")
    _note(connection, photo_id)


def reject(connection: Connection, photo_id: int) -> None:
    """Keep others from seeing the photo; its vectors go."""
    _set(connection, photo_id, status="rejected")
    _note(connection, photo_id)
    connection.execute(vector_table.delete().where(vector_table.c.photo_id == photo_id))


def set_file_id(connection: Connection, photo_id: int, telegram_file_id: str | None) -> None:
    """Remember under which id Telegram keeps the photo, so that it is uploaded once."""
    _set(connection, photo_id, telegram_file_id=telegram_file_id)


def set_facts(connection: Connection, photo_id: int, facts: Mapping[str, Any]) -> None:
    """Replace what is known about the photo."""
    _set(connection, photo_id, facts=dict(facts))


def reorder(connection: Connection, member_id: int, photo_ids: Sequence[int]) -> None:
    """Show a member's photos in this order; ids that are not theirs are passed over."""
    for position, photo_id in enumerate(photo_ids):
        connection.execute(photos.update().where(photos.c.id == photo_id, photos.c.member_id == member_id).values(position=position))
    changes.note(connection, member_id)


def remove(connection: Connection, photo_id: int) -> None:
    """Delete a photo, its vectors and its reviews; nothing happens where it is gone already."""
    _note(connection, photo_id)
    connection.execute(vector_table.delete().where(vector_table.c.photo_id == photo_id))
    connection.execute(reviews.delete().where(reviews.c.photo_id == photo_id))
    connection.execute(photos.delete().where(photos.c.id == photo_id))


def add_vector(connection: Connection, photo_id: int, kind: VectorKind, model_version: str, runtime: str, data: bytes, dims: int) -> None:
    """Store an embedding: `dims` float32 in little endian; it replaces one of the same photo, kind and model version."""
    if len(data) != 4 * dims:
        raise ValueError(f"{dims} float32 take {4 * dims} bytes, not {len(data)}")
    row = {"photo_id": photo_id, "kind": kind, "model_version": model_version, "runtime": runtime, "dims": dims, "data": data}
    writing.upsert(connection, vector_table, [row])
    _note(connection, photo_id)


def vectors(connection: Connection, member_id: int, kind: VectorKind, model_version: str | None = None) -> list[Vector]:
    """A member's embeddings of one kind, of one model version if given, in the order of the photos."""
    wanted = (
        select(vector_table)
        .join(photos, photos.c.id == vector_table.c.photo_id)
        .where(photos.c.member_id == member_id, vector_table.c.kind == kind)
        .order_by(photos.c.position, photos.c.id)
    )
    if model_version is not None:
        wanted = wanted.where(vector_table.c.model_version == model_version)
    return [Vector(**row) for row in connection.execute(wanted).mappings()]


def vectors_of(connection: Connection, member_ids: Iterable[int]) -> dict[int, list[Vector]]:
    """All embeddings of several members' approved photos, by member and in the order of the photos; who has none is left out."""
    found: dict[int, list[Vector]] = {}
    for chunk in writing.chunks(member_ids):
        wanted = (
            select(photos.c.member_id, *vector_table.c)
            .join(vector_table, photos.c.id == vector_table.c.photo_id)
            .where(photos.c.member_id.in_(chunk), photos.c.status == "approved")
            .order_by(photos.c.member_id, photos.c.position, photos.c.id, vector_table.c.kind)
        )
        for member_id, *row in connection.execute(wanted):
            found.setdefault(member_id, []).append(Vector(*row))
    return found


def drop_vectors(connection: Connection, member_id: int, kind: VectorKind) -> int:
    """Delete a member's embeddings of one kind, as when consent is withdrawn; how many there were."""
    changes.note(connection, member_id)
    own = select(photos.c.id).where(photos.c.member_id == member_id).scalar_subquery()
    return connection.execute(vector_table.delete().where(vector_table.c.photo_id.in_(own), vector_table.c.kind == kind)).rowcount


def _set(connection: Connection, photo_id: int, **values: object) -> None:
    if connection.execute(photos.update().where(photos.c.id == photo_id).values(**values)).rowcount == 0:
        raise NotFound(f"there is no photo {photo_id}")


def _note(connection: Connection, photo_id: int) -> None:
    """Note that the member of this photo changed."""
    owner = connection.scalar(select(photos.c.member_id).where(photos.c.id == photo_id))
    if owner is not None:
        changes.note(connection, owner)
