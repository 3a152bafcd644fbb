"""Who is shown to anybody at all, whatever they and others look for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select

from db.tables import members, photos


def shown() -> ColumnElement[bool]:
    """Whether the person at hand is shown to anybody: active, to be reached, and not hidden until reports are reviewed."""
    return and_(members.c.status == "active", members.c.reachable.is_(True), members.c.hidden_at.is_(None))


def has_photo() -> ColumnElement[bool]:
    """Whether the person at hand has an approved photo."""
    # Not EXISTS, which MariaDB answers by first listing everybody who has a photo.
    approved = select(photos.c.id).where(photos.c.member_id == members.c.id, photos.c.status == "approved").limit(1)
    return approved.scalar_subquery().is_not(None)
