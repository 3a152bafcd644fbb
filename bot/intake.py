"""Updates: written down before Telegram is told that they arrived, then served, each once and in the order of its person.

Both ways in, polling and the webhook (`bot.listening`), call `accept`; what several callers bring at the same time is written in
one transaction.  In that very transaction a plain message of somebody who is in a chat is passed on (the short way, `bot.shortcut`):
it needs no second commit, and its copy comes into the sender's hand already leased.  Everything else waits in the table `updates`
and goes through aiogram, one after the other for each person; the use case's own transaction marks it done (`bot.desk`).

- the process is killed: what is not done is served again at the next start, by whichever process takes it
- the database is away: nothing is acknowledged, so Telegram sends it again; what was begun is tried again
- an update breaks its handler: tried again a few times, then given up, logged without its content, and the person is told once
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import owners, shortcut
from bot.arrivals import Arrival
from bot.desk import Services, Ticket
from bot.middlewares import Throttle
from bot.sender import Sender
from db import updates
from db.errors import CommitUnknown, DatabaseError
from db.session import Connection
from db.updates import Kept, Raced

TRIES = 2
"""How often an update is served again after it broke its handler."""
CRASHES = 5
"""How often one is begun again after the process ended while it was served; other updates may have been to blame."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
LEASE = timedelta(seconds=180)
HOLD = 30.0
"""Seconds after which leases are lengthened, and updates looked for that other processes left."""
BATCH = 100
SMALL = 4
"""Updates that may be written down on the event loop itself, together with as many that were sent."""
SERVED_AT_ONCE = 64
FULL = 2000
"""Updates in memory beyond which no more are taken in."""
log = logging.getLogger(__name__)

Serve = Callable[[Arrival, Ticket], Awaitable[None]]
"""Through aiogram; raises what the handler raised, if the ticket still stands."""


@dataclass(slots=True)
class Lot:
    """What one caller brought, and how it learns that it is written down."""

    arrivals: list[Arrival]
    written: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Intake:
    """Takes updates in and has them served, from `start` until `stop`."""

    def __init__(self, services: Services, sender: Sender, throttle: Throttle, serve: Serve) -> None:
        self._services = services
        self._sender = sender
        self._throttle = throttle
        self._serve = serve
        self._owner = owners.me()
        self._lots: list[Lot] = []
        self._writing: asyncio.Task[None] | None = None
        self._holding: asyncio.Task[None] | None = None
        self._queues: dict[int, deque[Arrival]] = {}
        self._in_memory: set[int] = set()
        self._workers: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(SERVED_AT_ONCE)
        self._roomy = asyncio.Event()
        self._roomy.set()

    async def start(self) -> None:
        """Serve what was left undone, and keep the leases."""
        self._holding = asyncio.create_task(self._hold(), name="intake")

    async def accept(self, raws: Sequence[object]) -> None:
        """Take updates in; once it returns, they are written down.

        Raises:
            DatabaseError: they are not; nothing may be acknowledged.

        """
        arrivals = []
        for arrival in map(Arrival.of, raws):
            if arrival is None or arrival.update_id in self._in_memory:
                continue
            passes = self._throttle.take(arrival.person, talk=arrival.talk)
            if passes:
                arrivals.append(arrival)
            else:
                self._enqueue(arrival, Ticket(arrival.update_id, refused=True, told=passes is False))
        if not arrivals:
            return
        await self._roomy.wait()
        lot = Lot(arrivals)
        self._lots.append(lot)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await lot.written

    async def stop(self, patience: float) -> None:
        """Serve what is under way for up to `patience` seconds; the rest is given back, to be served at the next start."""
        if self._holding is not None:
            self._holding.cancel()
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=patience)
        if self._workers:
            await asyncio.wait(self._workers, timeout=patience)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, *([self._holding] if self._holding is not None else []), return_exceptions=True)
        with suppress(DatabaseError):
            await self._services.runtime.transact(updates.release, self._owner)

    async def _write(self) -> None:
        """Write down what callers brought, all that is there in one transaction, until nothing is there."""
        while self._lots:
            lots: list[Lot] = []
            size = 0
            while self._lots and (not lots or size + len(self._lots[0].arrivals) <= BATCH):
                lots.append(self._lots.pop(0))
                size += len(lots[-1].arrivals)
            try:
                await self._commit([arrival for lot in lots for arrival in lot.arrivals])
            except Exception as error:  # noqa: BLE001 callers must hear of it, whatever it is
                for lot in lots:
                    if not lot.written.done():
                        lot.written.set_exception(error)
            else:
                for lot in lots:
                    if not lot.written.done():
                        lot.written.set_result(None)

    async def _commit(self, arrivals: list[Arrival], *, short: bool = True) -> None:
        """One transaction; where a plain message cannot go the short way, again with all of them going the long one."""
        services = self._services
        short = short and not services.types.changing
        while True:
            sent, done = self._sender.claim(), False
            errand = shortcut.Errand(arrivals, self._owner, LEASE, self._sender.owner, self._sender.room, sent, short)
            try:
                small = len(arrivals) <= SMALL and len(sent) <= SMALL
                run = services.runtime.relay_small if small else services.runtime.relay
                found = await run(shortcut.write, services.context(), errand)
                done = True
            except Raced:
                continue
            except CommitUnknown:
                # If it did commit, copies are leased that never come into the sender's hand.
                self._sender.lost_count()
                raise
            except DatabaseError:
                raise
            except Exception as error:  # noqa: BLE001 one update that breaks must not hold up all that come after it
                if not short and len(arrivals) == 1:
                    log.error("an update that cannot be written down was left out: %s", type(error).__name__)  # noqa: TRY400 no content
                    return
                log.warning("updates are written down without passing them on: %s", type(error).__name__)
                if not short:
                    for arrival in arrivals:
                        await self._commit([arrival], short=False)
                    return
                short = False
                continue
            finally:
                self._sender.settled(sent, done=done)
            self._sender.hand(found.born, others=found.others)
            for arrival in found.waiting:
                self._enqueue(arrival, Ticket(arrival.update_id))
            return

    def _enqueue(self, arrival: Arrival, ticket: Ticket) -> None:
        """Behind what the person sent before; one that is refused needs no place in the order."""
        if ticket.refused:
            self._spawn(self._turn_away(arrival, ticket))
            return
        if arrival.update_id in self._in_memory:
            return
        self._in_memory.add(arrival.update_id)
        if len(self._in_memory) >= FULL:
            self._roomy.clear()
        queue = self._queues.get(arrival.person)
        if queue is not None:
            queue.append(arrival)
            return
        self._queues[arrival.person] = deque([arrival])
        self._spawn(self._work(arrival.person))

    def _spawn(self, work: Awaitable[None]) -> None:
        worker = asyncio.ensure_future(work)
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _turn_away(self, arrival: Arrival, ticket: Ticket) -> None:
        with suppress(Exception):
            await self._serve(arrival, ticket)

    async def _work(self, person: int) -> None:
        """Serve a person's updates until none is left."""
        queue = self._queues[person]
        try:
            while queue:
                async with self._places:
                    await self._finish(queue[0])
                self._in_memory.discard(queue.popleft().update_id)
                if len(self._in_memory) < FULL:
                    self._roomy.set()
        finally:
            del self._queues[person]
            self._in_memory.difference_update(arrival.update_id for arrival in queue)

    async def _finish(self, arrival: Arrival) -> None:
        """Serve one update until it is done or given up."""
        transact, begun, served, pause = self._services.runtime.transact, 0, False, FIRST_PAUSE
        again = arrival.left
        while True:
            try:
                if again:
                    begun = await transact(updates.begin, arrival.update_id)
                    again = False
                ticket = Ticket(arrival.update_id, last=begun >= TRIES, given_up=begun > CRASHES)
                if not served:
                    await self._serve(arrival, ticket)
                    served = True
                if not ticket.done:
                    await transact(updates.done, arrival.update_id, self._services.clock())
            except DatabaseError as error:
                log.warning("the database cannot be reached, an update waits: %s", error)
            except Exception as error:  # noqa: BLE001 whatever it is, the others must go on
                log.warning("an update failed and is tried again: %s", type(error).__name__)
                again = True
            else:
                return
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _hold(self) -> None:
        """Take over what nobody serves, at once and then now and again."""
        first = True
        while True:
            try:
                kept = await self._services.runtime.transact(_take, self._owner, self._services.clock(), first=first)
                first = False
            except DatabaseError as error:
                log.warning("updates that were left cannot be looked for: %s", error)
                await asyncio.sleep(1.0)
                continue
            for arrival in map(_left, kept):
                self._enqueue(arrival, Ticket(arrival.update_id))
            if kept:
                log.info("%d updates that were left are served", len(kept))
            await asyncio.sleep(HOLD)


def _take(connection: Connection, owner: str, now: datetime, *, first: bool) -> list[Kept]:
    """Lengthen the leases, and lease what is free; at the `first` time what has the owner's name is of a process before it."""
    if first:
        updates.release(connection, owner)
    else:
        updates.hold(connection, owner, now + LEASE)
    return updates.take(connection, owner, owners.gone(updates.owners(connection)), now + LEASE, now)


def _left(kept: Kept) -> Arrival:
    """An update out of the table; one that cannot be read any more is still there to be marked as done."""
    found = Arrival.of(kept.payload)
    return Arrival(kept.update_id, kept.person, kept.payload, left=True) if found is None else replace(found, left=True)
