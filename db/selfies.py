"""Members' newest selfies as vectors: what new types are tried on before anybody gets them.

Vectors of faces whose consent has lapsed are stored until their owner answers the new words, and are out of use until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, func, or_, select

from db import sealing
from db.photos import vector_place
from db.records import Gender
from db.tables import members, photos, vectors


@dataclass(frozen=True, slots=True)
class Selfie:
    """The vectors of a member's newest photo, float32 in little endian, each with its version; None where there is none."""

    member_id: int
    gender: Gender | None
    face: bytes | None = field(default=None, repr=False)
    face_version: str | None = None
    fashion: bytes | None = field(default=None, repr=False)
    fashion_version: str | None = None


def recent(connection: Connection, limit: int) -> list[Selfie]:
    """The `limit` newest selfies that have a vector which may be used, one a member, by member; faces only with consent."""
    agreed = or_(vectors.c.kind != "face", members.c.face_consent.is_(True))
    latest = func.max(photos.c.id)
    newest = (
        select(photos.c.member_id, latest.label("photo_id"))
        .join(members, members.c.id == photos.c.member_id)
        .join(vectors, vectors.c.photo_id == photos.c.id)
        .where(agreed)
        .group_by(photos.c.member_id)
        .order_by(latest.desc())
        .limit(limit)
        .subquery()
    )
    wanted = (
        select(newest.c.member_id, newest.c.photo_id, members.c.gender, vectors.c.kind, vectors.c.model_version, vectors.c.data)
        .join(members, members.c.id == newest.c.member_id)
        .join(vectors, vectors.c.photo_id == newest.c.photo_id)
        .where(agreed)
        .order_by(newest.c.member_id, vectors.c.kind, vectors.c.model_version)
    )
    found: dict[int, dict[str, object]] = {}
    rows = connection.execute(wanted).all()
    places = [(*vector_place(row.photo_id, row.member_id, row.kind, row.model_version), row.data) for row in rows]
    for row, data in zip(rows, sealing.unseal_all(connection, places), strict=True):
        own = found.setdefault(row.member_id, {"member_id": row.member_id, "gender": row.gender})
        if data is not None:
            own |= {row.kind: data, f"{row.kind}_version": row.model_version}
    return [Selfie(**own) for own in found.values()]  # type: ignore[arg-type]
