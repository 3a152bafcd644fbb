"""What stands in admins' own chats of what members sent and showed: which messages these are, so that they can be deleted there.

A row is put with the outbox row that carries the message, in the same transaction, and learns the message's number when that row is
settled: no answer of the Bot API is needed to know that something will stand there.  It is due at the latest before Telegram stops
letting bots delete, and at once when its case is over; it goes when the message does (`bot.clearing`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, and_, bindparam, select

from db import writing
from db.records import Exhibit
from db.tables import exhibits, outbox, reports, reviews
from db.waiting import WAITS, given_up

LIFE = dt.timedelta(hours=46)
"""For which such a message stands at most; counted from when it was queued, which is before Telegram's own count begins."""
REACH = dt.timedelta(hours=48)
"""For which Telegram lets a bot delete a message in a private chat."""
_ARRIVED = exhibits.update().where(exhibits.c.outbox_id == bindparam("row")).values(message_id=bindparam("sent_as"))


def report(report_id: int) -> str:
    """How the case of a report is called."""
    return f"report.{report_id}"


def review(review_id: int) -> str:
    """How a question about a member is called."""
    return f"review.{review_id}"


def profile(member_id: int) -> str:
    """How a look at a member is called."""
    return f"member.{member_id}"


def expect(connection: Connection, telegram_id: int, dedup_key: str, case: str, now: dt.datetime) -> None:
    """Note that the row that was just queued for this chat under this key shows `case`."""
    row = select(outbox.c.id).where(outbox.c.telegram_id == telegram_id, outbox.c.dedup_key == dedup_key)
    values = {
        "telegram_id": telegram_id,
        "outbox_id": connection.scalar(row),
        "message_id": None,
        "shows": case,
        "at": now,
        "due_at": now + LIFE,
    }
    writing.insert(connection, exhibits, values)


def arrived(connection: Connection, sent: Iterable[tuple[int, int]]) -> None:
    """Note as which message rows of the outbox arrived: (row, Telegram's number in the chat); also of one that was given up meanwhile."""
    rows = [{"row": row, "sent_as": sent_as} for row, sent_as in sent]
    if rows:
        connection.execute(_ARRIVED, rows)


def over(connection: Connection, cases: Collection[str], now: dt.datetime) -> None:
    """These cases need not be seen any more: what stands in chats goes now, what waits to be sent there does not go out."""
    for some in writing.chunks(sorted(set(cases))):
        own = exhibits.c.shows.in_(some)
        # One that is on its way at this moment arrives all the same, and is due then.
        waiting = list(connection.scalars(select(exhibits.c.outbox_id).where(own, exhibits.c.message_id.is_(None))))
        connection.execute(outbox.update().where(outbox.c.id.in_(waiting), WAITS).values(**given_up("decided", now)))
        connection.execute(exhibits.update().where(own, exhibits.c.due_at > now).values(due_at=now))


def over_about(connection: Connection, member_id: int | None, now: dt.datetime) -> None:
    """Something about a member was decided: looks at them are over, and what was decided about them before and was shown once more."""
    if member_id is not None:
        over(connection, [profile(member_id), *_cases(connection, member_id, still_open=False)], now)


def over_photo(connection: Connection, photo_id: int, now: dt.datetime) -> None:
    """A photo goes, and with it what was asked about it alone; before it does."""
    over(connection, [*map(review, connection.scalars(select(reviews.c.id).where(reviews.c.photo_id == photo_id)))], now)


def over_with(connection: Connection, member_id: int, telegram_id: int, now: dt.datetime) -> None:
    """A member is erased: all that shows them, or what they said in a report of theirs; and what stands in their own chat, were they an
    admin.  Before the cases themselves go.
    """
    wrote = connection.scalars(select(reports.c.id).where(reports.c.reporter_id == member_id))
    theirs = [profile(member_id), *_cases(connection, member_id), *map(report, wrote)]
    over(connection, theirs, now)
    own = (exhibits.c.telegram_id == telegram_id, exhibits.c.due_at > now)
    connection.execute(exhibits.update().where(*own).values(due_at=now))


def due(connection: Connection, now: dt.datetime, besides: Collection[int] = (), limit: int = 1000) -> list[Exhibit]:
    """What is to be deleted by now, in the order of chats, without the chats `besides`."""
    wanted = and_(exhibits.c.message_id.is_not(None), exhibits.c.due_at <= now, exhibits.c.telegram_id.not_in(list(besides)))
    rows = connection.execute(select(exhibits).where(wanted).order_by(exhibits.c.telegram_id, exhibits.c.id).limit(limit))
    return [Exhibit(**row) for row in rows.mappings()]


def postpone(connection: Connection, ids: Collection[int], until: dt.datetime) -> None:
    """Try these again at `until`."""
    connection.execute(exhibits.update().where(exhibits.c.id.in_(list(ids))).values(due_at=until))


def forget(connection: Connection, ids: Collection[int]) -> None:
    """These stand in no chat any more, or can never be deleted."""
    connection.execute(exhibits.delete().where(exhibits.c.id.in_(list(ids))))


def sweep(connection: Connection, now: dt.datetime) -> int:
    """Forget what never arrived and never will: its row was given up two days ago or more; how many."""
    waits = select(outbox.c.id).where(outbox.c.id == exhibits.c.outbox_id, WAITS).exists()
    lost = and_(exhibits.c.message_id.is_(None), exhibits.c.at < now - REACH, ~waits)
    return connection.execute(exhibits.delete().where(lost)).rowcount


def under_way(connection: Connection, owners: Collection[str]) -> list[tuple[int, int]]:
    """What these held and did not settle, so that nobody knows whether it arrived: (chat, row of the outbox)."""
    held = select(exhibits.c.telegram_id, outbox.c.id).join(outbox, outbox.c.id == exhibits.c.outbox_id)
    mine = (exhibits.c.message_id.is_(None), WAITS, outbox.c.lease_owner.in_(list(owners)))
    return [(row[0], row[1]) for row in connection.execute(held.where(*mine).order_by(outbox.c.id))]


def of_chat(connection: Connection, telegram_id: int) -> list[Exhibit]:
    """All that is known of a chat, oldest first."""
    rows = connection.execute(select(exhibits).where(exhibits.c.telegram_id == telegram_id).order_by(exhibits.c.id))
    return [Exhibit(**row) for row in rows.mappings()]


def _cases(connection: Connection, member_id: int, *, still_open: bool = True) -> list[str]:
    """The cases about a member, open ones among them or not."""
    found: list[str] = []
    for table, whose, called in ((reports, reports.c.reported_id, report), (reviews, reviews.c.member_id, review)):
        own = select(table.c.id).where(whose == member_id)
        found += map(called, connection.scalars(own if still_open else own.where(table.c.state != "open")))
    return found
