"""Who must be given types anew after the types were exchanged; in pages, so that a killed job goes on where it was."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from db.tables import member_types, photos, types, vectors


def page(connection: Connection, after: int, limit: int) -> list[int]:
    """Ids of members with stored vectors, from behind `after` on."""
    wanted = (
        select(photos.c.member_id)
        .join(vectors, vectors.c.photo_id == photos.c.id)
        .where(photos.c.member_id > after)
        .distinct()
        .order_by(photos.c.member_id)
        .limit(limit)
    )
    return list(connection.scalars(wanted))


def size(connection: Connection) -> int:
    """How many members `page` goes through."""
    wanted = select(func.count(photos.c.member_id.distinct())).join(vectors, vectors.c.photo_id == photos.c.id)
    return connection.scalar(wanted) or 0


def outdated(connection: Connection) -> int:
    """How many types members have that are not of the version in use."""
    wanted = select(func.count()).select_from(member_types).join(types, types.c.id == member_types.c.type_id)
    return connection.scalar(wanted.where(types.c.current.is_(False))) or 0
