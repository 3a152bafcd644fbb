"""The daily pick: who was here lately, and who was given to whom on which day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from db import writing
from db.matching_tables import daily_picks
from db.records import Member
from db.showing import has_photo, shown
from db.tables import members


def active(connection: Connection, since: dt.datetime, after: int = 0, limit: int = 1000) -> list[Member]:
    """Members who can be shown and were here since then, by id, from behind `after` on."""
    wanted = (
        select(members)
        .where(
            members.c.id > after,
            shown(),
            members.c.last_active_at >= since,
            members.c.gender.is_not(None),
            members.c.seeks.is_not(None),
            members.c.birth_date.is_not(None),
            has_photo(),
        )
        .order_by(members.c.id)
        .limit(limit)
    )
    return [Member(**row) for row in connection.execute(wanted).mappings()]


def give(connection: Connection, day: dt.date, one: int, other: int) -> bool:
    """Give two members to each other for this day; False, and nothing changed, where either has somebody else or is gone.

    True too where they have each other already, so that a job that was killed may simply ask again.

    Raises:
        ValueError: `one` and `other` are the same.

    """
    if one == other:
        raise ValueError(f"member {one} cannot be their own pick")
    # In the order of ids and locked, so that two jobs at once wait for one another instead of both believing to be first.
    both = sorted((one, other))
    present = connection.scalars(select(members.c.id).where(members.c.id.in_(both)).order_by(members.c.id).with_for_update())
    if list(present) != both:
        return False
    held = of_day(connection, day, both)
    if held:
        return held == {one: other, other: one}
    rows = [{"day": day, "member_id": one, "other_id": other}, {"day": day, "member_id": other, "other_id": one}]
    connection.execute(daily_picks.insert(), rows)
    return True


def of_day(connection: Connection, day: dt.date, member_ids: list[int] | None = None) -> dict[int, int]:
    """Who was given to whom on this day, of these members only if given."""
    wanted = select(daily_picks.c.member_id, daily_picks.c.other_id).where(daily_picks.c.day == day)
    if member_ids is None:
        return {row[0]: row[1] for row in connection.execute(wanted)}
    found = {}
    for chunk in writing.chunks(member_ids):
        found.update({row[0]: row[1] for row in connection.execute(wanted.where(daily_picks.c.member_id.in_(chunk)))})
    return found


def of(connection: Connection, member_id: int, day: dt.date) -> int | None:
    """Who was given to the member on this day."""
    return of_day(connection, day, [member_id]).get(member_id)


def forget_before(connection: Connection, day: dt.date) -> int:
    """Delete the picks of earlier days; how many rows there were."""
    return connection.execute(daily_picks.delete().where(daily_picks.c.day < day)).rowcount
