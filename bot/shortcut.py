"""The short way of a plain message: written down, passed on and its copy leased, in one transaction for all that came together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot import outbox as letters
from bot import settling
from bot.arrivals import Arrival
from bot.context import Context
from bot.settling import Outcome
from bot.usecases import reach, relay
from db import outbox, routes, updates
from db.records import OutboxRow
from db.routes import Route
from db.session import Connection
from db.updates import Arrived


class LongWay(Exception):
    """An answer that cannot wait in the outbox: nothing may be committed, and all go the long way."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Updates to write down.

    Attributes:
        arrivals: in the order in which they came.
        owner: who serves those that wait.
        lease: for how long.
        sender: who sends the copies, and may hold so many more of them:
        room: at once.
        outcomes: what was sent before and is not settled: these messages may answer it, or go to the same chats.
        short: whether plain messages may be passed on here.

    """

    arrivals: Sequence[Arrival]
    owner: str
    lease: timedelta
    sender: str
    room: int
    outcomes: Sequence[Outcome] = ()
    short: bool = True


@dataclass(slots=True)
class Found:
    """What came of it: updates that wait to be served, copies to send now, and whether others wait in the outbox."""

    waiting: list[Arrival] = field(default_factory=list)
    born: list[OutboxRow] = field(default_factory=list)
    others: bool = False


def write(connection: Connection, context: Context, errand: Errand) -> Found:
    """Write down what is new, and pass plain messages on whose sender is in a chat and for whom nothing else waits.

    Raises:
        LongWay: see there.
        Raced: another process wrote one of them down; run it again.

    """
    until = context.now + errand.lease
    settling.settle(connection, errand.outcomes, context)
    people = {arrival.person for arrival in errand.arrivals}
    known = updates.known(connection, [arrival.update_id for arrival in errand.arrivals], people)
    new = {arrival.update_id: arrival for arrival in errand.arrivals if arrival.update_id not in known.owners}
    # What a commit of our own wrote of which nobody heard (the connection broke): it waits in the table and nowhere else.
    found = Found([arrival for arrival in errand.arrivals if known.owners.get(arrival.update_id) == errand.owner])
    busy = set(known.busy)
    writers = {arrival.person for arrival in new.values() if arrival.plain is not None} - busy if errand.short else set()
    ways = routes.of(connection, writers, context.matching.message_rate) if writers else {}
    stale: set[int] = set()
    written: list[Arrived] = []
    with outbox.born_leased(connection, errand.sender, until, errand.room) as born:
        for arrival in new.values():
            if arrival.person in stale:
                ways |= routes.of(connection, (arrival.person,), context.matching.message_rate)
            way = ways.get(arrival.person) if arrival.person not in busy and arrival.plain is not None else None
            if way is not None and relay.in_chat(way.member):
                _pass_on(connection, context, arrival, way)
                # The sender's next message of this batch sees what this one changed.
                stale.add(arrival.person)
                written.append(Arrived(arrival.update_id, arrival.person, None))
            else:
                busy.add(arrival.person)
                found.waiting.append(arrival)
                written.append(Arrived(arrival.update_id, arrival.person, arrival.raw))
    updates.add(connection, written, errand.owner, until, context.now)
    found.born, found.others = born.rows, born.others
    return found


def _pass_on(connection: Connection, context: Context, arrival: Arrival, way: Route) -> None:
    """Let the relay have it, and queue what it answers."""
    assert arrival.plain is not None  # noqa: S101 the caller saw it
    member = reach.here(connection, context, way.member)
    replies = relay.receive(connection, context, member, arrival.plain, way)
    if letters.answer(connection, context, member, replies, arrival.update_id):
        raise LongWay
