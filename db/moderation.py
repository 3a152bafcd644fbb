"""What deciding about members rests on: who reported whom, how their earlier reports ended, how much they do a day; and silence.

Nothing here decides anything: weights and limits are the bot's (`bot.usecases.trust`, `bot.usecases.hiding`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from db import exhibits, writing
from db import outbox as lanes
from db.errors import Tampered
from db.reaching import REACHES
from db.records import OutboxRow, Report, ReviewKind
from db.tables import likes, members, messages, outbox, pairs, reports, reviews
from db.waiting import WAITS

UPHELD = ("upheld", "warned", "hidden", "frozen")
"""States of reports that an admin found to be true."""
ENDED = "ended"


def silence(connection: Connection, pair_id: int, now: dt.datetime) -> int:
    """Give up all that waits to be sent between the two of a pair; how many rows.

    Copies of messages, their edits and reactions, notices that answer a message of the pair, and the news of the match; not what
    takes a message back, which somebody wanted gone.  What is on its way at this moment cannot be called back.
    """
    ends = connection.execute(select(pairs.c.lo, pairs.c.hi).where(pairs.c.id == pair_id)).one_or_none()
    if ends is None:
        return 0
    accounts = select(members.c.telegram_id).where(members.c.id.in_((ends.lo, ends.hi)))
    waiting = select(outbox).where(WAITS, outbox.c.telegram_id.in_(accounts))
    found: list[int] = []
    about: dict[int, list[int]] = {}
    for row in (OutboxRow(**one) for one in connection.execute(waiting).mappings()):
        if row.dedup_key == f"match:{pair_id}" or row.dedup_key.startswith(f"unreachable:{pair_id}:"):
            found.append(row.id)
        if row.method.startswith("delete"):
            continue
        for message_id in _named(connection, row):
            if isinstance(message_id, int):
                about.setdefault(message_id, []).append(row.id)
    for chunk in writing.chunks(sorted(about)):
        own = select(messages.c.id).where(messages.c.id.in_(chunk), messages.c.pair_id == pair_id)
        for message_id in connection.scalars(own):
            found += about[message_id]
    return sum(lanes.dead(connection, row_id, ENDED, now) for row_id in sorted(set(found)))


def open_about(connection: Connection, member_id: int) -> list[Report]:
    """Reports about a member that nobody decided, oldest first."""
    wanted = select(reports).where(reports.c.reported_id == member_id, reports.c.state == "open").order_by(reports.c.id)
    return [Report(**row) for row in connection.execute(wanted).mappings()]


def close_about(connection: Connection, member_id: int, decided_by: int, state: str, now: dt.datetime) -> list[int]:
    """Give all open reports about a member one decision; the ids of those that it decided."""
    ids = [one.id for one in open_about(connection, member_id)]
    own = reports.update().where(reports.c.id.in_(ids), reports.c.state == "open")
    connection.execute(own.values(state=state, decided_by=decided_by, decided_at=now))
    if ids:
        exhibits.over_about(connection, member_id, now)
    return ids


def close_reviews(
    connection: Connection, member_id: int, kinds: Iterable[ReviewKind], decided_by: int, state: str, now: dt.datetime
) -> int:
    """Give all open questions of some kinds about a member one answer; how many there were."""
    own = (reviews.c.member_id == member_id, reviews.c.kind.in_(list(kinds)), reviews.c.state == "open")
    closed = connection.execute(reviews.update().where(*own).values(state=state, decided_by=decided_by, decided_at=now)).rowcount
    if closed:
        exhibits.over_about(connection, member_id, now)
    return closed


def overturn(connection: Connection, member_id: int, kind: ReviewKind, now: dt.datetime) -> int:
    """Turn the refusals of one kind about a member round, since what followed from them was taken back; how many there were."""
    own = (reviews.c.member_id == member_id, reviews.c.kind == kind, reviews.c.state == "refused")
    return connection.execute(reviews.update().where(*own).values(state="approved", decided_at=now)).rowcount


def detach(connection: Connection, photo_id: int) -> None:
    """Let questions about a person outlive the photo that raised them, which is about to go: what it was compared with stays answered."""
    own = (reviews.c.photo_id == photo_id, reviews.c.kind.in_(("lookalike", "verify")))
    connection.execute(reviews.update().where(*own).values(photo_id=None))


def forget_appeals(connection: Connection, member_id: int, now: dt.datetime) -> None:
    """What was decided is over: the next decision can be appealed anew."""
    own = (reviews.c.member_id == member_id, reviews.c.kind == "appeal")
    connection.execute(reviews.update().where(*own).values(state="over", note=None))
    exhibits.over_about(connection, member_id, now)


def outcomes(connection: Connection, reporter_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """How the earlier reports of these members ended: (found true, dismissed); who has none decided is left out."""
    true = func.sum(case((reports.c.state.in_(UPHELD), 1), else_=0))
    wrong = func.sum(case((reports.c.state == "dismissed", 1), else_=0))
    found: dict[int, tuple[int, int]] = {}
    for chunk in writing.chunks(sorted(set(reporter_ids))):
        wanted = select(reports.c.reporter_id, true, wrong).where(reports.c.reporter_id.in_(chunk), reports.c.state != "open")
        for reporter_id, upheld, dismissed in connection.execute(wanted.group_by(reports.c.reporter_id)):
            found[reporter_id] = int(upheld or 0), int(dismissed or 0)
    return found


def acquainted(connection: Connection, ids: Iterable[int]) -> set[tuple[int, int]]:
    """Which two of these members ever were a pair, lower id first."""
    wanted = sorted(set(ids))
    both = and_(pairs.c.lo.in_(wanted), pairs.c.hi.in_(wanted))
    return {(row.lo, row.hi) for row in connection.execute(select(pairs.c.lo, pairs.c.hi).where(both))}


def upheld_since(connection: Connection, member_id: int, when: dt.datetime) -> int:
    """How many reports about a member were found true since then."""
    own = (reports.c.reported_id == member_id, reports.c.state.in_(UPHELD), reports.c.decided_at >= when)
    return connection.scalar(select(func.count()).select_from(reports).where(*own)) or 0


def reports_since(connection: Connection, reporter_id: int, when: dt.datetime) -> int:
    """How many reports a member filed since then."""
    own = (reports.c.reporter_id == reporter_id, reports.c.created_at >= when)
    return connection.scalar(select(func.count()).select_from(reports).where(*own)) or 0


def likes_since(connection: Connection, member_id: int, when: dt.datetime) -> int:
    """How many likes a member gave since then."""
    low = and_(likes.c.lo == member_id, likes.c.lo_mark == 1, likes.c.lo_at >= when)
    high = and_(likes.c.hi == member_id, likes.c.hi_mark == 1, likes.c.hi_at >= when)
    return connection.scalar(select(func.count()).select_from(likes).where(or_(low, high))) or 0


def begun_since(connection: Connection, member_id: int, when: dt.datetime) -> int:
    """In how many chats a member wrote the very first message since then."""
    earlier = messages.alias("earlier")
    first = ~select(earlier.c.id).where(earlier.c.pair_id == messages.c.pair_id, earlier.c.id < messages.c.id).exists()
    own = (messages.c.sender_id == member_id, messages.c.created_at >= when, first)
    return connection.scalar(select(func.count()).select_from(messages).where(*own)) or 0


def wrote(connection: Connection, pair_id: int) -> frozenset[int]:
    """Who of a pair ever wrote to the other, so that it arrived or will."""
    own = (messages.c.pair_id == pair_id, REACHES)
    return frozenset(connection.scalars(select(messages.c.sender_id).where(*own).distinct()))


def _named(connection: Connection, row: OutboxRow) -> list[Any]:
    """Our ids of the messages that a row of the outbox is about."""
    try:
        payload = lanes.opened(connection, [row])[0].payload
    except Tampered:
        payload = {}
    return [row.message_id, payload.get("edits"), payload.get("answers"), *(payload.get("parts") or ())]
