"""Whose profile changed, in the order of commits: what an index of members follows instead of reading everybody again.

Noted is every change that searching or ranking could see: status, filters, photos, vectors, types, tastes, counts of answers,
erasure.  Not noted: where a conversation stands, when somebody was last here, and who met, saw or blocked whom, which is asked of
the database for each search (`db.search.excluded`).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, case, func, select, true

from db import logs
from db.errors import Forgotten
from db.matching_tables import log_ends, member_changes


def note(connection: Connection, *member_ids: int) -> None:
    """Note that these members changed, once for each in this transaction."""
    # The time only says when a row is old enough to go, so it is the clock's and not the caller's.
    now = dt.datetime.now(dt.UTC)
    for member_id in member_ids:
        logs.append(connection, member_changes, {"member_id": member_id, "at": now}, member_id)


def after(connection: Connection, seq: int, limit: int) -> list[tuple[int, int]]:
    """Up to `limit` changes behind number `seq`, oldest first, as (seq, member id); one statement.

    Follow them so: `last`, then read everybody, then `after` again and again from the number that `last` gave, reading the members
    whom it names.  A member may be named more than once, and what is read may already be newer than the change.

    Raises:
        Forgotten: changes behind `seq` were deleted meanwhile (`forget_before`): read everybody again.

    """
    # The rows are limited before they are joined: MariaDB would else sort the whole rest of the log.
    c = member_changes.c
    newer = select(c.seq, c.member_id).where(c.seq > seq).order_by(c.seq).limit(limit).subquery()
    wanted = (
        select(log_ends.c.forgotten, newer.c.seq, newer.c.member_id)
        .select_from(log_ends.outerjoin(newer, true()))
        .where(log_ends.c.name == member_changes.name)
        .order_by(newer.c.seq)
    )
    rows = connection.execute(wanted).all()
    if rows and rows[0].forgotten > seq:
        raise Forgotten(f"changes of members up to {rows[0].forgotten} are deleted, {seq} was asked for")
    return [(row.seq, row.member_id) for row in rows if row.seq is not None]


def forgotten(connection: Connection) -> int:
    """The number up to which changes are deleted, 0 for none; who has read less must read everybody again."""
    return connection.scalar(select(log_ends.c.forgotten).where(log_ends.c.name == member_changes.name)) or 0


def last(connection: Connection) -> int:
    """The number of the newest change, 0 for none; read it before reading everybody."""
    return logs.last(connection, member_changes)


def forget_before(connection: Connection, before: dt.datetime, limit: int = 5000) -> int:
    """Delete up to `limit` changes older than `before`, oldest first; how many: call again until it is 0."""
    old = select(member_changes.c.seq).where(member_changes.c.at < before).order_by(member_changes.c.seq).limit(limit).subquery()
    newest = connection.scalar(select(func.max(old.c.seq)))
    if newest is None:
        return 0
    end = log_ends.c.forgotten
    higher = case((end < newest, newest), else_=end)
    connection.execute(log_ends.update().where(log_ends.c.name == member_changes.name).values(forgotten=higher))
    return connection.execute(member_changes.delete().where(member_changes.c.seq <= newest)).rowcount


def erase(connection: Connection, member_id: int) -> None:
    """Forget when an erased member changed; what is left is that this number is gone, until `forget_before`."""
    connection.execute(member_changes.delete().where(member_changes.c.member_id == member_id))
    note(connection, member_id)
