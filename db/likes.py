"""Likes and skips, and the match that two likes make.

Both answers of two members live in one row under the canonical key lo < hi.  Whoever answers locks that row first, so of two
simultaneous likes exactly one sees the other and makes the pair; the unique pair row is the second guard.

An answer is given once: a like stays a like, a skip stays a skip, with one exception, "second thoughts": a skip turns into a
like where the other one likes the member (the list of /likes), and then there is a match.  A pair that was ended stays closed:
no further answer opens it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select

from db import pairs as pair_queries
from db import writing
from db.records import Outcome
from db.showing import has_photo, shown
from db.tables import blocks, likes, members

LIKE, SKIP = 1, 0
REACHED = ("active", "paused")  # a paused member may still be liked back: they liked first
NOTHING = Outcome(None, False)


def mark(connection: Connection, who: int, whom: int, liked: bool, now: dt.datetime) -> Outcome:
    """Note that `who` likes or skips `whom`; the outcome carries the pair that this call made, if it made one.

    Nothing is noted, and the outcome says so, where `whom` is gone, banned or under review, where either is hidden until reports
    are reviewed (no new chat begins meanwhile), or where one blocked the other.

    Raises:
        ValueError: `who` and `whom` are the same.

    """
    if who == whom:
        raise ValueError(f"member {who} cannot answer about themselves")
    wanted = select(members.c.id, members.c.status).where(members.c.id.in_((who, whom)), members.c.hidden_at.is_(None))
    status = {row.id: row.status for row in connection.execute(wanted)}
    if who not in status or status.get(whom) not in REACHED:
        return NOTHING
    row = lock(connection, who, whom)
    if _blocked(connection, who, whom):
        return NOTHING
    mine, theirs = ("lo", "hi") if who < whom else ("hi", "lo")
    before, other = row[f"{mine}_mark"], row[f"{theirs}_mark"]
    answer = LIKE if liked else SKIP
    second_thoughts = before == SKIP and answer == LIKE and other == LIKE
    if before is not None and not second_thoughts:
        return NOTHING
    connection.execute(
        likes.update()
        .where(likes.c.lo == row["lo"], likes.c.hi == row["hi"])
        .values({likes.c[f"{mine}_mark"]: answer, likes.c[f"{mine}_at"]: now})
    )
    if answer == LIKE and other == LIKE:
        return Outcome(pair_queries.make(connection, row["lo"], row["hi"], now), True)
    return Outcome(None, True)


def lock(connection: Connection, one: int, other: int) -> RowMapping:
    """The row of two members, made if there is none and locked until the transaction ends."""
    lo, hi = min(one, other), max(one, other)
    writing.lock_or_insert(connection, likes, {"lo": lo, "hi": hi})
    where = and_(likes.c.lo == lo, likes.c.hi == hi)
    return connection.execute(select(likes).where(where).with_for_update()).mappings().one()


def answered_at(connection: Connection, who: int, whom: int) -> dt.datetime | None:
    """When `who` answered about `whom`; None: not yet."""
    at = likes.c.lo_at if who < whom else likes.c.hi_at
    return connection.scalar(select(at).where(likes.c.lo == min(who, whom), likes.c.hi == max(who, whom)))


def received(connection: Connection, member_id: int, *, skipped: bool = False, limit: int = 100) -> list[int]:
    """Members who like `member_id` and whom they have not answered (with `skipped`: whom they skipped), newest first.

    Left out: whom nobody is shown for now (not active, not to be reached, hidden, without an approved photo), and who blocked or
    was blocked.
    """
    wanted = []
    for mine, theirs in (("lo", "hi"), ("hi", "lo")):
        own = likes.c[f"{mine}_mark"]
        wanted.append(
            select(likes.c[theirs].label("liker"), likes.c[f"{theirs}_at"].label("at"))
            .join(members, members.c.id == likes.c[theirs])
            .where(
                likes.c[mine] == member_id,
                likes.c[f"{theirs}_mark"] == LIKE,
                own == SKIP if skipped else own.is_(None),
                shown(),
                has_photo(),
                ~select(blocks.c.at).where(_between(member_id, likes.c[theirs])).exists(),
            )
        )
    both = wanted[0].union_all(wanted[1]).subquery()
    return list(connection.scalars(select(both.c.liker).order_by(both.c.at.desc(), both.c.liker.desc()).limit(limit)))


def answers_about(connection: Connection, member_id: int, ids: Iterable[int]) -> dict[int, bool]:
    """Whether these people like the member, of those who answered about them."""
    found: dict[int, bool] = {}
    for chunk in writing.chunks(ids):
        high = select(likes.c.hi, likes.c.hi_mark).where(likes.c.lo == member_id, likes.c.hi.in_(chunk), likes.c.hi_mark.is_not(None))
        low = select(likes.c.lo, likes.c.lo_mark).where(likes.c.hi == member_id, likes.c.lo.in_(chunk), likes.c.lo_mark.is_not(None))
        found.update({row[0]: row[1] == LIKE for row in connection.execute(high.union_all(low))})
    return found


def passed(connection: Connection, member_id: int, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who skipped the member: nobody is told, but a card of theirs is better spent on somebody else."""
    return {other for other, liked in answers_about(connection, member_id, ids).items() if not liked}


def _between(one: int | ColumnElement[int], other: int | ColumnElement[int]) -> ColumnElement[bool]:
    return or_(
        and_(blocks.c.blocker_id == one, blocks.c.blocked_id == other),
        and_(blocks.c.blocker_id == other, blocks.c.blocked_id == one),
    )


def _blocked(connection: Connection, one: int, other: int) -> bool:
    return connection.scalar(select(blocks.c.blocker_id).where(_between(one, other)).limit(1)) is not None
