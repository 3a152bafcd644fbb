"""Members' newest selfies as vectors: what new types are tried on before anybody gets them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

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
    """The `limit` newest selfies, one a member, by member."""
    latest = func.max(photos.c.id)
    newest = (
        select(photos.c.member_id, latest.label("photo_id"))
        .join(vectors, vectors.c.photo_id == photos.c.id)
        .group_by(photos.c.member_id)
        .order_by(latest.desc())
        .limit(limit)
        .subquery()
    )
    wanted = (
        select(newest.c.member_id, members.c.gender, vectors.c.kind, vectors.c.model_version, vectors.c.data)
        .join(members, members.c.id == newest.c.member_id)
        .join(vectors, vectors.c.photo_id == newest.c.photo_id)
        .order_by(newest.c.member_id, vectors.c.kind, vectors.c.model_version)
    )
    found: dict[int, dict[str, object]] = {}
    for row in connection.execute(wanted):
        own = found.setdefault(row.member_id, {"member_id": row.member_id, "gender": row.gender})
        own |= {row.kind: row.data, f"{row.kind}_version": row.model_version}
    return [Selfie(**own) for own in found.values()]  # type: ignore[arg-type]
