"""The durable queue of what must be sent to chats, one lane a chat.

A row is put in the same transaction as what it tells about.  Its number in the lane is drawn under the lane's lock, which is
held until that transaction ends: numbers have no gaps and become visible in order.  Only the first waiting row of a lane can
be leased, so a lane is sent in order by one worker at a time; the next row follows once the first is sent or dead.  A lease
that runs out (the worker died) is given again: each row is sent at least once.  Who puts a row into a lane where nothing waits
may have it leased in the same transaction (`born_leased`): a message between two then needs one commit before it is sent.

What one member says to another is sealed under the writer's own key, as the message itself is, and goes with it wherever it lies;
what the bot says is sealed under the day's key.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from db import exhibits, messages, sealing, swift, writing
from db.errors import KeyGone, NotFound
from db.records import OutboxRow
from db.swift import Swift
from db.tables import lanes, members, outbox
from db.tables import messages as message_table
from db.waiting import SETTLED, WAITS, given_up, waits

WRITER = "by"
"""Beside a seal: the member under whose key the payload is."""

# Made once: building a statement costs more than running it.
_LANE = lanes.c.telegram_id == bindparam("lane")
_ADVANCE = Swift(lanes.update().where(_LANE).values(last_seq=lanes.c.last_seq + 1))
_STEP_BACK = lanes.update().where(_LANE).values(last_seq=lanes.c.last_seq - 1)
# Its lane by the parameter: in a RETURNING of SQLite names lose their tables, and a lane's column would be compared with itself.
_BUSY = select(outbox.c.id).where(WAITS, outbox.c.telegram_id == bindparam("lane")).exists()
_PLACE = Swift(select(lanes.c.last_seq, _BUSY.label("busy")).where(_LANE))
_STEP = Swift(lanes.update().where(_LANE).values(last_seq=lanes.c.last_seq + 1).returning(lanes.c.last_seq, _BUSY.label("busy")))
"""`_ADVANCE` and `_PLACE` in one, where the database can."""
_KNOWN = select(outbox.c.id).where(outbox.c.telegram_id == bindparam("lane"), outbox.c.dedup_key == bindparam("key"))
_SENT = Swift(outbox.update().where(outbox.c.id == bindparam("row"), WAITS).values(state="sent", sent_at=bindparam("at"), **SETTLED))
_DELIVERED = Swift(
    message_table.update().where(message_table.c.id == bindparam("message")).values(recipient_message_id=bindparam("sent_as")),
)
_DUE = select(func.min(outbox.c.not_before)).where(WAITS)


@dataclass(slots=True)
class Born:
    """What `born_leased` gave: `rows` to send now, and whether others were put that wait in their lanes."""

    owner: str
    until: dt.datetime
    room: int
    rows: list[OutboxRow] = field(default_factory=list)
    others: bool = False


_born: WeakKeyDictionary[Connection, Born] = WeakKeyDictionary()


@contextmanager
def born_leased(connection: Connection, owner: str, until: dt.datetime, room: int) -> Iterator[Born]:
    """Within it, rows that `put` makes in lanes where nothing waits are leased to `owner` at once, up to `room` of them.

    Send the rows only once the transaction has committed.
    """
    _born[connection] = born = Born(owner, until, room)
    try:
        yield born
    finally:
        del _born[connection]


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
    fresh: bool = False,
    writer: int | None = None,
) -> bool:
    """Queue a call of `method` for a member; False, and nothing queued, where the chat's lane has had `dedup_key` already.

    A chat that is no member's (an admin's) is named by `telegram_id` with `member_id` None; with both, the member's account need
    not be looked up.  `payload` is JSON.  `fresh` says that the key cannot have been there, as one with a number just drawn.
    `writer` is the member whose words these are: with them the payload becomes noise.

    Raises:
        NotFound: there is no such member.

    """
    if telegram_id is None:
        telegram_id = connection.scalar(select(members.c.telegram_id).where(members.c.id == member_id))
        if telegram_id is None:
            raise NotFound(f"there is no member {member_id}")
    lane = {"lane": telegram_id}
    one_step = fresh and connection.dialect.update_returning
    place = _STEP.rows(connection, lane) if one_step else []
    # The counting update takes the lane's lock; every later statement then sees what other senders committed before.
    if not place and _ADVANCE.run(connection, lane).rowcount == 0:
        writing.lock_or_insert(connection, lanes, {"telegram_id": telegram_id, "last_seq": 0})
        _ADVANCE.run(connection, lane)
    if not fresh and connection.scalar(_KNOWN, {**lane, "key": dedup_key}) is not None:
        connection.execute(_STEP_BACK, lane)
        return False
    [(last_seq, busy)] = place or _PLACE.rows(connection, lane)
    values: dict[str, Any] = {
        "member_id": member_id,
        "telegram_id": telegram_id,
        "seq": last_seq,
        "dedup_key": dedup_key,
        "method": method,
        "payload": close(connection, payload_place(telegram_id, dedup_key, now, writer), payload, writer),
        "message_id": message_id,
        "state": "waiting",
        "attempts": 0,
        "not_before": not_before or now,
        "created_at": now,
        "leased_until": None,
        "lease_owner": None,
    }
    born = _born.get(connection)
    if born is not None and not busy and not_before is None and len(born.rows) < born.room:
        values |= {"attempts": 1, "leased_until": born.until, "lease_owner": born.owner}
        number = swift.insert(connection, outbox, values).lastrowid
        born.rows.append(OutboxRow(id=number, dead_reason=None, sent_at=None, **{**values, "payload": dict(payload)}))
        return True
    if born is not None:
        born.others = True
    swift.insert(connection, outbox, values)
    return True


def lease(connection: Connection, owner: str, now: dt.datetime, seconds: float, limit: int) -> list[OutboxRow]:
    """Take up to `limit` rows to send before `now + seconds`, oldest first, at most one a lane, none that waits or is leased."""
    earlier = outbox.alias("earlier")
    free = and_(
        WAITS,
        outbox.c.not_before <= now,
        or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now),
    )
    first = ~(
        select(earlier.c.id).where(waits(earlier), earlier.c.telegram_id == outbox.c.telegram_id, earlier.c.seq < outbox.c.seq).exists()
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
    return opened(connection, [OutboxRow(**row) for row in rows])


def close(connection: Connection, place: tuple[str, str], payload: Mapping[str, Any], writer: int | None) -> dict[str, Any]:
    """A payload as it is stored at `payload_place`, with the writer of that.  Raises as `sealing.seal`."""
    closed = sealing.wrap(connection, *place, payload)
    return closed if writer is None or sealing.SEALED not in closed else {**closed, WRITER: writer}


def opened(connection: Connection, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """Rows with their payloads as they were put, with one look into the vault; empty ones where the key is gone."""
    seals = {number: row.payload[sealing.SEALED] for number, row in enumerate(rows) if sealing.SEALED in row.payload}
    wanted = [(*place_of(rows[number]), base64.b64decode(seal)) for number, seal in seals.items()]
    try:
        plain = dict(zip(seals, sealing.unseal_all(connection, wanted), strict=True))
    except KeyGone:  # all of them: the database was opened without its vault
        plain = dict.fromkeys(seals)
    return [replace(row, payload=json.loads(plain[number] or "{}")) if number in plain else row for number, row in enumerate(rows)]


def place_of(row: OutboxRow) -> tuple[str, str]:
    """`payload_place` of a row as it is stored."""
    return payload_place(row.telegram_id, row.dedup_key, row.created_at, row.payload.get(WRITER))


def payload_place(telegram_id: int, dedup_key: str, created_at: dt.datetime, writer: int | None) -> tuple[str, str]:
    """Scope and place of a payload: known before the row has a number."""
    scope = sealing.day("outbox", created_at) if writer is None else sealing.member(writer)
    return scope, f"outbox:{telegram_id}:{dedup_key}"


def done(connection: Connection, row_id: int, now: dt.datetime, result_message_id: int | None = None) -> bool:
    """Note that a row was sent, as which Telegram message, and forget its payload; False where it was settled already."""
    if not _settle(connection, row_id, state="sent", sent_at=now, **SETTLED):
        return False
    if result_message_id is not None:
        message_id = connection.scalar(select(outbox.c.message_id).where(outbox.c.id == row_id))
        if message_id is not None:
            messages.set_delivered(connection, message_id, result_message_id)
    return True


def settle_sent(connection: Connection, sent: Sequence[tuple[int, int | None, int | None]], now: dt.datetime) -> None:
    """`done` for many rows at once: (row, our id of the message that it relays, the Telegram message as which it arrived)."""
    if not sent:
        return
    _SENT.run_all(connection, [{"row": row, "at": now} for row, _, _ in sent])
    arrived = [{"message": message, "sent_as": sent_as} for _, message, sent_as in sent if message is not None and sent_as is not None]
    if arrived:
        _DELIVERED.run_all(connection, arrived)


def retry(connection: Connection, row_id: int, not_before: dt.datetime) -> bool:
    """Give a leased row back, to be sent no sooner than `not_before`; its lane waits with it."""
    values = {"not_before": not_before, "leased_until": None, "lease_owner": None}
    return connection.execute(outbox.update().where(outbox.c.id == row_id, WAITS).values(**values)).rowcount == 1


def dead(connection: Connection, row_id: int, reason: str, now: dt.datetime) -> bool:
    """Give a row up and forget its payload; its lane goes on."""
    return _settle(connection, row_id, **given_up(reason, now))


def drop(connection: Connection, row: OutboxRow, reason: str, now: dt.datetime) -> bool:
    """`dead` for a row as long as it is in the hands that it was leased to; False where it is not: then it is left alone."""
    return _settle(connection, row.id, *_in_hand(row, now), **given_up(reason, now))


def in_hand(connection: Connection, row: OutboxRow, now: dt.datetime) -> bool:
    """Whether a row is as it was leased: nobody gave it up, wrote it anew, or leased it since."""
    return connection.scalar(select(outbox.c.id).where(outbox.c.id == row.id, WAITS, *_in_hand(row, now))) is not None


def dead_lane(connection: Connection, telegram_id: int, reason: str, now: dt.datetime) -> int:
    """Give up all that waits for a chat, as when it blocked the bot; how many rows."""
    where = and_(outbox.c.telegram_id == telegram_id, WAITS)
    return connection.execute(outbox.update().where(where).values(**given_up(reason, now))).rowcount


def waiting_from(connection: Connection, telegram_id: int, besides: int | None = None) -> dict[int, int]:
    """How many messages wait for a chat, by who wrote them (an album is one); `besides` is a row that counts though it waits no more."""
    wanted = select(message_table.c.sender_id, func.count()).join(outbox, outbox.c.message_id == message_table.c.id)
    counts = (outbox.c.telegram_id == telegram_id, or_(WAITS, outbox.c.id == besides))
    return {row[0]: row[1] for row in connection.execute(wanted.where(*counts).group_by(message_table.c.sender_id))}


def pause_lane(connection: Connection, telegram_id: int, not_before: dt.datetime) -> int:
    """Send nothing more to a chat before `not_before`, as after 429; how many rows wait."""
    where = and_(outbox.c.telegram_id == telegram_id, WAITS)
    return connection.execute(outbox.update().where(where).values(not_before=not_before)).rowcount


def waiting(connection: Connection) -> int:
    """How many rows are neither sent nor dead."""
    return connection.scalar(select(func.count()).select_from(outbox).where(WAITS)) or 0


def next_due(connection: Connection) -> dt.datetime | None:
    """When the next row that waits may be sent; a sender can sleep until then."""
    soonest: dt.datetime | None = connection.scalar(_DUE)
    return soonest


def release(connection: Connection, owner: str, besides: Sequence[int] = ()) -> int:
    """Give back all that `owner` leased and did not settle, as at shutdown, `besides` rows that are in its hands; how many rows."""
    where = and_(outbox.c.lease_owner == owner, WAITS, outbox.c.id.not_in(besides))
    return connection.execute(outbox.update().where(where).values(leased_until=None, lease_owner=None)).rowcount


def owners(connection: Connection) -> list[str]:
    """Who holds leases of rows that wait."""
    held = select(outbox.c.lease_owner).where(WAITS, outbox.c.lease_owner.is_not(None)).distinct()
    return [str(owner) for owner in connection.scalars(held)]


def settle_as(connection: Connection, row_id: int, created_at: dt.datetime, sent_as: int | None, now: dt.datetime) -> bool:
    """`done` for a row of which only a note is left; False where no such row waits any more (or another has its number)."""
    found = connection.scalar(select(outbox.c.id).where(outbox.c.id == row_id, outbox.c.created_at == created_at))
    if found is None:
        return False
    if sent_as is not None:
        # Also where the row was given up while it was on its way: what it shows stands in a chat.
        exhibits.arrived(connection, [(row_id, sent_as)])
    return done(connection, row_id, now, sent_as)


def forget_before(connection: Connection, when: dt.datetime) -> int:
    """Delete rows settled before `when`; how many.  Their dedup keys are free again."""
    old = select(outbox.c.id).where(outbox.c.state != "waiting", outbox.c.sent_at < when).limit(1000)
    ids = list(connection.scalars(old))
    connection.execute(outbox.delete().where(outbox.c.id.in_(ids)))
    return len(ids)


def _in_hand(row: OutboxRow, now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Of a row that waits: each lease counts as an attempt, and while one runs nobody else writes (`db.relays`)."""
    return (outbox.c.lease_owner == row.lease_owner, outbox.c.attempts == row.attempts, outbox.c.leased_until > now)


def _settle(connection: Connection, row_id: int, *where: ColumnElement[bool], **values: object) -> bool:
    changed = outbox.update().where(outbox.c.id == row_id, WAITS, *where)
    return connection.execute(changed.values(**values)).rowcount == 1
