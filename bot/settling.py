"""What became of rows of the outbox, written down: one transaction notes what was sent and leases what is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot import owners
from bot.context import Context
from bot.outbox import Letter, notify
from bot.prepared import Refused
from bot.replies import Say, word
from bot.sent import Note
from bot.usecases import reach, relay_held
from db import exhibits, members, messages, outbox
from db.records import OutboxRow
from db.session import Connection

LEASE = timedelta(seconds=180)
"""For which a row is ours; longer than a call may take with what comes before it."""
TICK = 5.0
"""Seconds after which the sender looks by itself: rows of another process, leases that ran out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row.

    Attributes:
        row: as it was leased.
        sent_as: the Telegram message that it became.
        parts: the messages that an album became.
        poll: Telegram's id of the poll that it became.
        retry_at: it is to be tried again then.
        unsure: it may have arrived all the same: no answer came.
        refused: why it was given up, for the operator.
        gone: the chat is lost altogether.
        verdict: the product's own reason for not sending it.
        dropped: why it was not sent though nobody is at fault and nobody waits for a word: it went out of our hands, or was taken back.

    """

    row: OutboxRow
    sent_as: int | None = None
    parts: tuple[int, ...] = ()
    poll: str | None = None
    retry_at: datetime | None = None
    refused: str | None = None
    gone: bool = False
    verdict: Refused | None = None
    dropped: str | None = None
    unsure: bool = False

    @property
    def plain(self) -> bool:
        """Whether all that must be noted is that it was sent."""
        noted = self.retry_at is not None or self.refused is not None or self.dropped is not None
        return not noted and not self.parts and self.poll is None


def answered(row: OutboxRow, result: Any) -> Outcome:
    """The outcome of a call that Telegram answered with `result`."""
    if isinstance(result, list):
        ids = tuple(one["message_id"] for one in result if isinstance(one, dict) and "message_id" in one)
        return Outcome(row, sent_as=ids[0] if ids else None, parts=ids)
    if not isinstance(result, dict):
        return Outcome(row)
    if row.payload.get("parts"):
        # An album of which one part was left: which message it is, only its letter says.
        return Outcome(row, sent_as=result.get("message_id"), parts=(result["message_id"],))
    poll = result.get("poll") if row.method == "sendPoll" else None
    return Outcome(row, sent_as=result.get("message_id"), poll=None if poll is None else poll.get("id"))


@dataclass(frozen=True, slots=True)
class Errand:
    """What the sender wants of one transaction.

    Attributes:
        outcomes: to note.
        room: how many rows to lease at most.
        held: the rows in hand; given where leases of this sender may have gone astray, which are then taken back.

    """

    outcomes: Sequence[Outcome]
    room: int = 0
    held: tuple[int, ...] | None = None


def turn(connection: Connection, errand: Errand, context: Context, owner: str) -> tuple[list[OutboxRow], float]:
    """Run an errand; the rows that were leased, and the seconds until something else is due."""
    if errand.held is not None:
        outbox.release(connection, owner, errand.held)
    settle(connection, errand.outcomes, context)
    if errand.room <= 0:
        return [], TICK
    rows = outbox.lease(connection, owner, context.now, LEASE.total_seconds(), errand.room)
    due = None if rows else outbox.next_due(connection)
    return rows, TICK if due is None or due <= context.now else (due - context.now).total_seconds()


def settle(connection: Connection, outcomes: Sequence[Outcome], context: Context) -> None:
    """Note what became of rows; twice the same changes nothing."""
    plain = [(one.row.id, one.row.message_id, one.sent_as) for one in outcomes if one.plain]
    outbox.settle_sent(connection, plain, context.now)
    # Also of a row that was given up while it was on its way: what it shows stands in a chat.
    shown = [(one.row.id, one.sent_as) for one in outcomes if one.sent_as is not None and one.row.payload.get("exhibit")]
    exhibits.arrived(connection, shown)
    for outcome in outcomes:
        row = outcome.row
        if outcome.plain:
            continue
        if outcome.dropped is not None:
            outbox.drop(connection, row, outcome.dropped, context.now)
        elif outcome.retry_at is not None:
            outbox.retry(connection, row.id, outcome.retry_at)
            if outcome.unsure and row.payload.get("exhibit"):
                _twice(connection, context, row.telegram_id, row.id)
        elif outcome.refused is not None:
            if outbox.dead(connection, row.id, outcome.refused, context.now):
                _refused(connection, outcome, context)
        elif outbox.done(connection, row.id, context.now, outcome.sent_as):
            if outcome.parts:
                messages.set_delivered_parts(connection, Letter.read(row.method, row.payload).parts, outcome.parts)
            if outcome.poll is not None and row.message_id is not None:
                messages.set_poll(connection, row.message_id, outcome.poll)


def _refused(connection: Connection, outcome: Outcome, context: Context) -> None:
    verdict = outcome.verdict
    if verdict is not None and verdict.ask:
        relay_held.ask(connection, context, outcome.row)
        return
    why = None if verdict is None else verdict.word
    reach.refused(connection, context, outcome.row, gone=outcome.gone, why=why, said=outcome.refused)


def recover(connection: Connection, notes: Sequence[Note], context: Context) -> int:
    """Settle what processes that are gone had sent, and give back what they had leased and not sent; how many rows that is."""
    for note in notes:
        outbox.settle_as(connection, note.row_id, note.created_at, note.sent_as, context.now)
    dead = owners.gone(outbox.owners(connection))
    for telegram_id, row_id in exhibits.under_way(connection, dead):
        _twice(connection, context, telegram_id, row_id)
    return sum(outbox.release(connection, owner) for owner in dead)


def _twice(connection: Connection, context: Context, telegram_id: int, row_id: int) -> None:
    """An admin may see something of a member twice, and the first copy is one that nobody knows the number of: only they can delete it."""
    admin = members.by_telegram(connection, telegram_id)
    if admin is not None:
        notify(connection, context, admin, Say(word("admin.exhibit_twice")), f"twice:{row_id}")
