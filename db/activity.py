"""What goes on: unread messages, how fast someone writes, who can be written to, and the figures that admins see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from db.reaching import REACHES
from db.records import Member
from db.tables import likes, members, messages, outbox, pairs, reports, reviews
from db.waiting import WAITS


def unread(connection: Connection, member_id: int) -> dict[int, int]:
    """Messages that came since the member last looked, by open pair; pairs without such are left out."""
    seen = case((pairs.c.lo == member_id, pairs.c.lo_read), else_=pairs.c.hi_read)
    wanted = (
        select(pairs.c.id, func.count())
        .join(messages, and_(messages.c.pair_id == pairs.c.id, messages.c.recipient_id == member_id, messages.c.id > seen, *_told()))
        .where(or_(pairs.c.lo == member_id, pairs.c.hi == member_id), pairs.c.ended_at.is_(None))
        .group_by(pairs.c.id)
    )
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _told() -> tuple[ColumnElement[bool], ...]:
    """Messages that came, or are coming, and that their sender did not take back."""
    return messages.c.deleted_at.is_(None), REACHES


def mark_read(connection: Connection, pair_id: int, member_id: int) -> None:
    """Note that the member has seen all that is in the chat now."""
    newest = connection.scalar(select(func.max(messages.c.id)).where(messages.c.pair_id == pair_id)) or 0
    for side, mark in ((pairs.c.lo, pairs.c.lo_read), (pairs.c.hi, pairs.c.hi_read)):
        connection.execute(pairs.update().where(pairs.c.id == pair_id, side == member_id).values({mark: newest}))


def nth_newest_at(connection: Connection, sender_id: int, nth: int) -> dt.datetime | None:
    """When the member sent the `nth` newest message (1 is the newest); None where there are fewer.

    Telegram's message ids grow, so the index over them answers it without counting.
    """
    newest = select(messages.c.created_at).where(messages.c.sender_id == sender_id).order_by(messages.c.sender_message_id.desc())
    return connection.scalar(newest.offset(nth - 1).limit(1))


def last_messages(connection: Connection, pair_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """When the newest message of each pair was sent."""
    wanted = select(messages.c.pair_id, func.max(messages.c.created_at)).where(messages.c.pair_id.in_(pair_ids))
    return {row[0]: row[1] for row in connection.execute(wanted.group_by(messages.c.pair_id))}


def audience(connection: Connection, after: int = 0, limit: int = 1000) -> list[Member]:
    """Members who can be written to, by id, from behind `after` on; demo members are not people."""
    where = and_(members.c.id > after, members.c.reachable.is_(True), members.c.demo.is_(False), members.c.status.in_(("active", "paused")))
    rows = connection.execute(select(members).where(where).order_by(members.c.id).limit(limit)).mappings()
    return [Member(**row) for row in rows]


def audience_size(connection: Connection) -> int:
    """How many members `audience` goes through."""
    where = and_(members.c.reachable.is_(True), members.c.demo.is_(False), members.c.status.in_(("active", "paused")))
    return connection.scalar(select(func.count()).select_from(members).where(where)) or 0


def members_by_status(connection: Connection) -> dict[str, int]:
    """How many members have each status."""
    rows = connection.execute(select(members.c.status, func.count()).group_by(members.c.status))
    return {row[0]: row[1] for row in rows}


def figures(connection: Connection, since: dt.datetime) -> dict[str, int]:
    """Counts for the admins: `demo`, `unreachable`, `likes`, `matches`, `matches_open`, and since `since` `matches_new`, `messages_new`;
    `waiting` and `dead` rows of the outbox; `reports` and `reviews` that are open.
    """
    own_likes = func.coalesce(func.sum(case((likes.c.lo_mark == 1, 1), else_=0) + case((likes.c.hi_mark == 1, 1), else_=0)), 0)
    wanted = {
        "demo": select(func.count()).select_from(members).where(members.c.demo.is_(True)),
        "unreachable": select(func.count()).select_from(members).where(members.c.reachable.is_(False)),
        "likes": select(own_likes),
        "matches": select(func.count()).select_from(pairs),
        "matches_open": select(func.count()).select_from(pairs).where(pairs.c.ended_at.is_(None)),
        "matches_new": select(func.count()).select_from(pairs).where(pairs.c.matched_at >= since),
        "messages_new": select(func.count()).select_from(messages).where(messages.c.created_at >= since),
        "waiting": select(func.count()).select_from(outbox).where(WAITS),
        "dead": select(func.count()).select_from(outbox).where(outbox.c.state == "dead"),
        "reports": select(func.count()).select_from(reports).where(reports.c.state == "open"),
        "reviews": select(func.count()).select_from(reviews).where(reviews.c.state == "open"),
    }
    return {name: int(connection.scalar(query) or 0) for name, query in wanted.items()}


def matched_by_gender(connection: Connection) -> dict[str, tuple[int, int]]:
    """Of the active members who are people: how many there are and how many never had a match, by gender."""
    met = or_(
        select(pairs.c.id).where(pairs.c.lo == members.c.id).exists(),
        select(pairs.c.id).where(pairs.c.hi == members.c.id).exists(),
    )
    wanted = (
        select(members.c.gender, func.count(), func.sum(case((met, 0), else_=1)))
        .where(members.c.status == "active", members.c.demo.is_(False), members.c.gender.is_not(None))
        .group_by(members.c.gender)
        .order_by(members.c.gender)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(wanted)}
