"""The durable queue of what must be sent to chats, one lane a chat.

A row is put in the same transaction as what it tells about.  Its number in the lane is drawn under the lane's lock, which is
held until that transaction ends: numbers have no gaps and become visible in order.  Only the first waiting row of a lane can
be leased, so a lane is sent in order by one worker at a time; the next row follows once the first is sent or dead.  A lease
that runs out (the worker died) is given again: each row is sent at least once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from db import messages, writing
from db.errors import NotFound
from db.records import OutboxRow
from db.tables import lanes, members, outbox

KEEP_REASON = 190


def put(
    connection: Connection,
    member_id: int | None,
    method: str,
    payload: Mapping[str, Any],
    dedup_key: str,
    now: dt.datetime,
    message_id: int | None = None,
    *,
    telegram_id: int | None = None,
    not_before: dt.datetime | None = None,
) -> bool:
    """Queue a call of `method` for a member; False, and nothing queued, where the chat's lane has had `dedup_key` already.

    A chat that is no member's (an admin's) is named by `telegram_id` with `member_id` None.  `payload` is JSON.

    Raises:
        NotFound: there is no such member.

    """
    if telegram_id is None:
        telegram_id = connection.scalar(select(members.c.telegram_id).where(members.c.id == member_id))
        if telegram_id is None:
            raise NotFound(f"there is no member {member_id}")
    lane = lanes.c.telegram_id == telegram_id
    # The counting update takes the lane's lock; every later statement then sees what other senders committed before.
    advance = lanes.update().where(lane).values(last_seq=lanes.c.last_seq + 1)
    if connection.execute(advance).rowcount == 0:
        writing.lock_or_insert(connection, lanes, {"telegram_id": telegram_id, "last_seq": 0})
        connection.execute(advance)
    known = select(outbox.c.id).where(outbox.c.telegram_id == telegram_id, outbox.c.dedup_key == dedup_key)
    if connection.scalar(known) is not None:
        connection.execute(lanes.update().where(lane).values(last_seq=lanes.c.last_seq - 1))
        return False
    connection.execute(
        outbox.insert().values(
            member_id=member_id,
            telegram_id=telegram_id,
            seq=select(lanes.c.last_seq).where(lane).scalar_subquery(),
            dedup_key=dedup_key,
            method=method,
            payload=dict(payload),
            message_id=message_id,
            state="waiting",
            attempts=0,
            not_before=not_before or now,
            created_at=now,
        )
    )
    return True


def lease(connection: Connection, owner: str, now: dt.datetime, seconds: float, limit: int) -> list[OutboxRow]:
    """Take up to `limit` rows to send before `now + seconds`, oldest first, at most one a lane, none that waits or is leased."""
    earlier = outbox.alias("earlier")
    free = and_(
        outbox.c.state == "waiting",
        outbox.c.not_before <= now,
        or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now),
    )
    first = ~(
        select(earlier.c.id)
        .where(earlier.c.state == "waiting", earlier.c.telegram_id == outbox.c.telegram_id, earlier.c.seq < outbox.c.seq)
        .exists()
    )
    ids = list(connection.scalars(select(outbox.c.id).where(free, first).order_by(outbox.c.id).limit(limit)))
    if not ids:
        return []
    # Another worker may have seen the same rows: lock them, and take those that are still free.
    ids = list(connection.scalars(select(outbox.c.id).where(outbox.c.id.in_(ids), free).order_by(outbox.c.id).with_for_update()))
    connection.execute(
        outbox.update()
        .where(outbox.c.id.in_(ids))
        .values(lease_owner=owner, leased_until=now + dt.timedelta(seconds=seconds), attempts=outbox.c.attempts + 1)
    )
    rows = connection.execute(select(outbox).where(outbox.c.id.in_(ids)).order_by(outbox.c.id)).mappings()
    return [OutboxRow(**row) for row in rows]


def done(connection: Connection, row_id: int, now: dt.datetime, result_message_id: int | None = None) -> bool:
    """Note that a row was sent, as which Telegram message, and forget its payload; False where it was settled already."""
    if not _settle(connection, row_id, state="sent", sent_at=now):
        return False
    if result_message_id is not None:
        message_id = connection.scalar(select(outbox.c.message_id).where(outbox.c.id == row_id))
        if message_id is not None:
            messages.set_delivered(connection, message_id, result_message_id)
    return True


def retry(connection: Connection, row_id: int, not_before: dt.datetime) -> bool:
    """Give a leased row back, to be sent no sooner than `not_before`; its lane waits with it."""
    values = {"not_before": not_before, "leased_until": None, "lease_owner": None}
    return connection.execute(outbox.update().where(outbox.c.id == row_id, outbox.c.state == "waiting").values(**values)).rowcount == 1


def dead(connection: Connection, row_id: int, reason: str, now: dt.datetime) -> bool:
    """Give a row up and forget its payload; its lane goes on."""
    return _settle(connection, row_id, state="dead", sent_at=now, dead_reason=reason[:KEEP_REASON])


def dead_lane(connection: Connection, telegram_id: int, reason: str, now: dt.datetime) -> int:
    """Give up all that waits for a chat, as when it blocked the bot; how many rows."""
    values = {"state": "dead", "sent_at": now, "dead_reason": reason[:KEEP_REASON], "payload": {}, "leased_until": None}
    where = and_(outbox.c.telegram_id == telegram_id, outbox.c.state == "waiting")
    return connection.execute(outbox.update().where(where).values(**values)).rowcount


def pause_lane(connection: Connection, telegram_id: int, not_before: dt.datetime) -> int:
    """Send nothing more to a chat before `not_before`, as after 429; how many rows wait."""
    where = and_(outbox.c.telegram_id == telegram_id, outbox.c.state == "waiting")
    return connection.execute(outbox.update().where(where).values(not_before=not_before)).rowcount


def waiting(connection: Connection) -> int:
    """How many rows are neither sent nor dead."""
    return connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.state == "waiting")) or 0


def next_due(connection: Connection) -> dt.datetime | None:
    """When the next row that waits may be sent; a sender can sleep until then."""
    soonest: dt.datetime | None = connection.scalar(select(func.min(outbox.c.not_before)).where(outbox.c.state == "waiting"))
    return soonest


def release(connection: Connection, owner: str) -> int:
    """Give back all that `owner` leased and did not settle, as at shutdown; how many rows."""
    where = and_(outbox.c.lease_owner == owner, outbox.c.state == "waiting")
    return connection.execute(outbox.update().where(where).values(leased_until=None, lease_owner=None)).rowcount


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete rows settled before `when`; how many.  Their dedup keys are free again."""
    old = select(outbox.c.id).where(outbox.c.state != "waiting", outbox.c.sent_at < when).limit(1000)
    ids = list(connection.scalars(old))
    connection.execute(outbox.delete().where(outbox.c.id.in_(ids)))
    return len(ids)


def _settle(connection: Connection, row_id: int, **values: object) -> bool:
    changed = outbox.update().where(outbox.c.id == row_id, outbox.c.state == "waiting")
    return connection.execute(changed.values(**values, payload={}, leased_until=None, lease_owner=None)).rowcount == 1
