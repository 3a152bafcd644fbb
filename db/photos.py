"""Profile photos and the vectors read from them, sealed with keys of their member.

What was read from the face, in `facts` as in the vectors, has a key of its own, which goes when that consent is taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from db import changes, sealing, writing
from db.errors import KeyGone, NotFound
from db.records import Photo, PhotoStatus, StoredPhoto, Vector, VectorKind
from db.tables import photos, reviews
from db.tables import vectors as vector_table

PLAIN = [column for column in photos.c if column.name != "jpeg"]
FACE = "face"
"""The key of `facts` under which stands what was read from the face."""


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
    values: dict[str, Any] = {
        "member_id": member_id,
        "position": 0 if last is None else last + 1,
        "status": status,
        "telegram_file_id": telegram_file_id,
        "facts": {},
        "nsfw": nsfw,
        "created_at": now,
        "jpeg": b"",
    }
    photo_id = writing.insert(connection, photos, values)
    # Only now its place has a name.
    sealed: dict[str, Any] = {"jpeg": sealing.seal(connection, *place(photo_id, member_id), jpeg)}
    if facts:
        sealed["facts"] = close_facts(connection, photo_id, member_id, facts)
    connection.execute(photos.update().where(photos.c.id == photo_id).values(**sealed))
    changes.note(connection, member_id)
    return _photo(connection, connection.execute(select(*PLAIN).where(photos.c.id == photo_id)).mappings().one())


def of(connection: Connection, member_id: int, status: PhotoStatus | None = None) -> list[Photo]:
    """A member's photos in their order, without bytes; only those of `status` if given."""
    wanted = select(*PLAIN).where(photos.c.member_id == member_id).order_by(photos.c.position, photos.c.id)
    if status is not None:
        wanted = wanted.where(photos.c.status == status)
    return [_photo(connection, row) for row in connection.execute(wanted).mappings()]


def usable(connection: Connection, member_id: int) -> list[Photo]:
    """A member's photos in their order that are shown, or will be once an admin looked; what an admin rejected counts for nothing."""
    return [photo for photo in of(connection, member_id) if photo.status != "rejected"]


def by_id(connection: Connection, photo_id: int) -> StoredPhoto | None:
    """A photo with its bytes; None too where its key is destroyed, since its member is being erased."""
    row = connection.execute(select(photos).where(photos.c.id == photo_id)).mappings().one_or_none()
    if row is None:
        return None
    try:
        jpeg = sealing.unseal(connection, *place(photo_id, row["member_id"]), row["jpeg"])
        return StoredPhoto(**{**row, "facts": open_facts(connection, photo_id, row["member_id"], row["facts"]), "jpeg": jpeg})
    except KeyGone:
        return None


def approve(connection: Connection, photo_id: int) -> None:
    """Let others see the photo."""
    _set(connection, photo_id, status="approved")
    _note(connection, photo_id)


def reject(connection: Connection, photo_id: int) -> None:
    """Keep others from seeing the photo; its vectors go, and it stands behind its member's others, so that it is nobody's first."""
    owner = _owner(connection, photo_id)
    last = connection.scalar(select(func.max(photos.c.position)).where(photos.c.member_id == owner))
    _set(connection, photo_id, status="rejected", position=(last or 0) + 1)
    changes.note(connection, owner)
    connection.execute(vector_table.delete().where(vector_table.c.photo_id == photo_id))


def set_file_id(connection: Connection, photo_id: int, telegram_file_id: str | None) -> None:
    """Remember under which id Telegram keeps the photo, so that it is uploaded once."""
    _set(connection, photo_id, telegram_file_id=telegram_file_id)


def set_facts(connection: Connection, photo_id: int, facts: Mapping[str, Any]) -> None:
    """Replace what is known about the photo."""
    _set(connection, photo_id, facts=close_facts(connection, photo_id, _owner(connection, photo_id), facts))


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
    owner = _owner(connection, photo_id)
    sealed = sealing.seal(connection, *vector_place(photo_id, owner, kind, model_version), data)
    row = {"photo_id": photo_id, "kind": kind, "model_version": model_version, "runtime": runtime, "dims": dims, "data": sealed}
    writing.upsert(connection, vector_table, [row])
    changes.note(connection, owner)


def vectors(connection: Connection, member_id: int, kind: VectorKind, model_version: str | None = None) -> list[Vector]:
    """A member's embeddings of one kind, of one model version if given, in the order of the photos."""
    wanted = (
        select(photos.c.member_id, *vector_table.c)
        .join(photos, photos.c.id == vector_table.c.photo_id)
        .where(photos.c.member_id == member_id, vector_table.c.kind == kind)
        .order_by(photos.c.position, photos.c.id)
    )
    if model_version is not None:
        wanted = wanted.where(vector_table.c.model_version == model_version)
    return [vector for _, vector in _vectors(connection, wanted)]


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
        for member_id, vector in _vectors(connection, wanted):
            found.setdefault(member_id, []).append(vector)
    return found


def drop_vectors(connection: Connection, member_id: int, kind: VectorKind) -> int:
    """Delete a member's embeddings of one kind, as when consent is withdrawn; how many there were."""
    changes.note(connection, member_id)
    own = select(photos.c.id).where(photos.c.member_id == member_id).scalar_subquery()
    return connection.execute(vector_table.delete().where(vector_table.c.photo_id.in_(own), vector_table.c.kind == kind)).rowcount


def place(photo_id: int, member_id: int) -> tuple[str, str]:
    """Scope and place of a photo's bytes."""
    return sealing.member(member_id), f"photo:{photo_id}"


def facts_place(photo_id: int, member_id: int) -> tuple[str, str]:
    """Scope and place of a photo's facts but for those from the face."""
    return sealing.member(member_id), f"facts:{photo_id}"


def face_place(photo_id: int, member_id: int) -> tuple[str, str]:
    """Scope and place of the facts from the face."""
    return sealing.face(member_id), f"face:{photo_id}"


def vector_place(photo_id: int, member_id: int, kind: str, model_version: str) -> tuple[str, str]:
    """Scope and place of an embedding."""
    scope = sealing.face(member_id) if kind == "face" else sealing.member(member_id)
    return scope, f"vector:{photo_id}:{kind}:{model_version}"


def close_facts(connection: Connection, photo_id: int, member_id: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts` as they are stored: what is from the face apart from the rest, each under its own key."""
    rest = {name: value for name, value in facts.items() if name != FACE}
    closed = sealing.wrap(connection, *facts_place(photo_id, member_id), rest)
    if FACE in facts:
        closed[FACE] = _close_face(connection, photo_id, member_id, facts[FACE])
    return closed


def open_facts(connection: Connection, photo_id: int, member_id: int, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of `close_facts`; without what is from the face where that key is destroyed, raising KeyGone where the member's is."""
    rest = {name: value for name, value in stored.items() if name != FACE}
    facts = sealing.unwrap(connection, *facts_place(photo_id, member_id), rest)
    if FACE in stored:
        with suppress(KeyGone):
            facts[FACE] = _open_face(connection, photo_id, member_id, stored[FACE])
    return facts


def _close_face(connection: Connection, photo_id: int, member_id: int, value: Any) -> Any:
    if sealing.vault(connection) is None:
        return value
    return sealing.wrap(connection, *face_place(photo_id, member_id), {FACE: value})


def _open_face(connection: Connection, photo_id: int, member_id: int, stored: Any) -> Any:
    if not isinstance(stored, dict) or set(stored) != {sealing.SEALED}:
        return stored
    return sealing.unwrap(connection, *face_place(photo_id, member_id), stored)[FACE]


def _photo(connection: Connection, row: RowMapping) -> Photo:
    try:
        facts = open_facts(connection, row["id"], row["member_id"], row["facts"])
    except KeyGone:
        facts = {}
    return Photo(**{**row, "facts": facts})


def _vectors(connection: Connection, wanted: Select[Any]) -> list[tuple[int, Vector]]:
    """The embeddings of a query, each with its member; who cannot be opened any more is left out."""
    rows = connection.execute(wanted).all()
    opened = sealing.unseal_all(connection, [(*vector_place(row[1], row[0], row[2], row[3]), row[6]) for row in rows])
    return [
        (row[0], Vector(row[1], row[2], row[3], row[4], row[5], data)) for row, data in zip(rows, opened, strict=True) if data is not None
    ]


def _set(connection: Connection, photo_id: int, **values: object) -> None:
    if connection.execute(photos.update().where(photos.c.id == photo_id).values(**values)).rowcount == 0:
        raise NotFound(f"there is no photo {photo_id}")


def _owner(connection: Connection, photo_id: int) -> int:
    owner: int | None = connection.scalar(select(photos.c.member_id).where(photos.c.id == photo_id))
    if owner is None:
        raise NotFound(f"there is no photo {photo_id}")
    return owner


def _note(connection: Connection, photo_id: int) -> None:
    """Note that the member of this photo changed."""
    owner = connection.scalar(select(photos.c.member_id).where(photos.c.id == photo_id))
    if owner is not None:
        changes.note(connection, owner)
