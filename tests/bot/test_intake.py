"""What comes in: written down before it is acknowledged, served once and in order, whatever ends in between."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.arrivals import Arrival
from bot.desk import Services, Ticket, utc_now
from bot.intake import Intake
from bot.listening import SECRET, Webhook
from bot.middlewares import Throttle
from bot.runtime import Runtime
from bot.sender import Sender
from bot.usecases import relay
from db import members, messages, outbox, updates
from db.errors import Unavailable
from db.records import OutboxRow
from db.session import Connection, Database
from tests.bot.meeting import Town, surroundings

HER, HIM = 7001, 7002


def command(update_id: int, person: int = HER, text: str = "/help") -> dict[str, Any]:
    sender, chat = {"id": person, "is_bot": False, "first_name": "x"}, {"id": person, "type": "private"}
    return {"update_id": update_id, "message": {"message_id": update_id, "date": 1, "from": sender, "chat": chat, "text": text}}


class Hand:
    """In place of the sender: keeps what it is handed."""

    def __init__(self) -> None:
        self.owner, self.room = "here:1", 10
        self.rows: list[OutboxRow] = []

    def hand(self, rows: list[OutboxRow], *, others: bool = False) -> None:
        self.rows += rows

    def claim(self) -> list[Any]:
        return []

    def settled(self, claimed: list[Any], *, done: bool) -> None:
        pass


class Door:
    """An intake over a database, and what it served."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runtime = Runtime(database, engine_threads=1)
        self.hand = Hand()
        self.served: list[int] = []
        self.tickets: list[Ticket] = []
        self.handler: Callable[[Arrival, Ticket], Awaitable[None]] | None = None

    def open(self, burst: float = 1000.0) -> Intake:
        services = SimpleNamespace(
            runtime=self.runtime, types=SimpleNamespace(changing=False), clock=utc_now, context=lambda: surroundings(utc_now())
        )
        return Intake(cast("Services", services), cast("Sender", self.hand), Throttle(burst, 0.001), self._serve)

    async def _serve(self, arrival: Arrival, ticket: Ticket) -> None:
        self.tickets.append(ticket)
        if self.handler is not None:
            await self.handler(arrival, ticket)
        self.served.append(arrival.update_id)

    def waiting(self) -> int:
        return self.database.read(updates.waiting)


@pytest.fixture
async def door(database: Database) -> AsyncIterator[Door]:
    made = Door(database)
    yield made
    made.runtime.close()


async def until(true: Callable[[], Any], patience: float = 60.0) -> None:
    async with asyncio.timeout(patience):
        while not true():  # noqa: ASYNC110 other tasks make it true
            await asyncio.sleep(0.01)


def settle_in(database: Database, town: Town) -> None:
    """A couple in each other's chat, under the accounts of these tests."""
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    pair = town.match(her, him)
    town.mail()

    def rename(connection: Connection) -> None:
        for member, number in ((her, HER), (him, HIM)):
            connection.exec_driver_sql(f"UPDATE members SET telegram_id = {number} WHERE id = {member}")  # noqa: S608 numbers
            members.update(connection, member, utc_now(), active_pair_id=pair.id, status="active")

    database.transact(rename)


async def test_what_was_not_served_when_the_process_ended_is_served_at_the_next_start(door: Door) -> None:
    async def hangs(arrival: Arrival, ticket: Ticket) -> None:
        await asyncio.sleep(60)

    door.handler = hangs
    killed = door.open()
    await killed.accept([command(2), command(1), command(3)])
    assert door.waiting() == 3
    for worker in killed._workers:
        worker.cancel()
    await asyncio.sleep(0.05)
    door.handler = None
    again = door.open()
    await again.start()
    await until(lambda: not door.waiting())
    assert door.served == [1, 2, 3]
    await again.stop(1.0)


async def test_an_update_that_comes_twice_is_served_once(door: Door) -> None:
    intake = door.open()
    await intake.accept([command(5), command(5)])
    await until(lambda: not door.waiting())
    await intake.accept([command(5)])
    await door.open().accept([command(5)])
    await asyncio.sleep(0.1)
    assert door.served == [5]
    await intake.stop(1.0)


async def test_each_person_in_order_and_nobody_behind_another(door: Door) -> None:
    async def slow(arrival: Arrival, ticket: Ticket) -> None:
        if arrival.person == HER:
            await asyncio.sleep(0.05)

    door.handler = slow
    intake = door.open()
    await intake.accept([*(command(number) for number in range(1, 6)), command(9, HIM)])
    await intake.accept([command(number) for number in range(6, 8)])
    await until(lambda: not door.waiting())
    assert door.served[0] == 9
    assert [number for number in door.served if number != 9] == [1, 2, 3, 4, 5, 6, 7]
    await intake.stop(1.0)


async def test_what_breaks_is_tried_again_then_told_once_and_holds_nobody_up(door: Door) -> None:
    async def breaks(arrival: Arrival, ticket: Ticket) -> None:
        if arrival.update_id == 1 and not ticket.last:
            raise ValueError("private words")

    door.handler = breaks
    intake = door.open()
    await intake.accept([command(1), command(2), command(3, HIM)])
    await until(lambda: not door.waiting())
    assert door.served == [3, 1, 2]
    assert [ticket.last for ticket in door.tickets if ticket.update_id == 1] == [False, False, True]
    await intake.stop(1.0)


async def test_stopping_gives_back_what_could_not_be_served(door: Door) -> None:
    async def hangs(arrival: Arrival, ticket: Ticket) -> None:
        await asyncio.sleep(60)

    door.handler = hangs
    intake = door.open()
    await intake.accept([command(1), command(2)])
    await intake.stop(0.1)
    assert door.database.read(updates.owners) == []
    assert door.waiting() == 2


async def test_whoever_is_too_fast_is_turned_away_and_nothing_of_it_is_kept(door: Door) -> None:
    intake = door.open(burst=2)
    await intake.accept([command(number) for number in range(1, 6)])
    await until(lambda: not door.waiting() and len(door.tickets) == 5)
    assert sorted((ticket.refused, ticket.told) for ticket in door.tickets) == [(False, False)] * 2 + [(True, False)] + [(True, True)] * 2
    await intake.stop(1.0)


async def test_a_plain_message_is_written_passed_on_and_leased_in_one_transaction(door: Door, database: Database) -> None:
    settle_in(database, Town(database, now=utc_now()))
    intake = door.open()
    await intake.accept([command(11, HER, "first"), command(12, HER, "second"), command(13, HIM, "back")])
    assert door.waiting() == 0
    assert door.served == []
    assert [row.telegram_id for row in door.hand.rows] == [HIM, HER], "the second waits behind the first"
    assert {row.lease_owner for row in door.hand.rows} == {"here:1"}
    assert database.read(outbox.waiting) == 3
    await intake.accept([command(12, HER, "second")])
    assert database.read(outbox.waiting) == 3
    her = database.read(members.by_telegram, HER)
    assert her is not None
    assert database.read(messages.by_sender, her.id, 12) is not None


async def test_half_of_a_sign_is_no_reason_to_lose_the_message(door: Door, database: Database) -> None:
    """Found by `python -m fuzz --target bot`: no database takes it, and the bot tried the update again and again."""
    settle_in(database, Town(database, now=utc_now()))
    texts: list[str] = []

    async def handler(arrival: Arrival, _ticket: Ticket) -> None:
        texts.append(arrival.raw["message"]["text"])

    door.handler = handler
    intake = door.open()
    await intake.accept([command(11, HER, "hi \ud83d there"), command(12, HER, "/name \udfff\ud800")])
    await until(lambda: door.served == [12] and not door.waiting())
    [row] = door.hand.rows
    assert (row.method, row.payload["body"]["text"], texts) == ("sendMessage", "hi \ufffd there", ["/name \ufffd\ufffd"])


async def test_a_message_waits_behind_a_command_of_the_same_person(door: Door, database: Database) -> None:
    settle_in(database, Town(database, now=utc_now()))
    release = asyncio.Event()

    async def held(arrival: Arrival, ticket: Ticket) -> None:
        await release.wait()

    door.handler = held
    intake = door.open()
    await intake.accept([command(21, HER, "/leave"), command(22, HER, "to the bot now"), command(23, HIM, "at once")])
    assert [row.telegram_id for row in door.hand.rows] == [HER]
    release.set()
    await until(lambda: not door.waiting())
    assert door.served == [21, 22]
    await intake.stop(1.0)


async def test_one_that_breaks_the_transaction_goes_alone(door: Door, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_in(database, Town(database, now=utc_now()))
    write = relay.receive

    def breaks(connection: Connection, context: Any, member: Any, incoming: Any, way: Any) -> Any:
        if incoming.text == "odd":
            raise KeyError("odd")
        return write(connection, context, member, incoming, way)

    monkeypatch.setattr(relay, "receive", breaks)
    intake = door.open()
    await intake.accept([command(31, HER, "odd"), command(32, HIM, "even")])
    await until(lambda: sorted(door.served) == [31, 32])
    assert database.read(outbox.waiting) == 0, "both went the long way, which these tests do not have"
    await intake.stop(1.0)


@pytest.mark.parametrize(("secret", "status", "taken"), [("right", 200, 1), ("wrong", 401, 0), ("", 401, 0)])
async def test_a_webhook_needs_its_secret(secret: str, status: int, taken: int) -> None:
    got: list[object] = []

    async def accept(raws: Any) -> None:
        got.extend(raws)

    async with TestClient(TestServer(Webhook(accept, "right").application("/hook"))) as client:
        answer = await client.post("/hook", json=command(1), headers={SECRET: secret})
        assert (answer.status, len(got)) == (status, taken)
        assert (await client.post("/hook", data=b"{" * 5000, headers={SECRET: "right"})).status == 400
        assert (await client.get("/hook")).status == 405


async def test_a_webhook_says_200_only_of_what_is_written_down() -> None:
    async def away(raws: Any) -> None:
        raise Unavailable("the database cannot be reached")

    async with TestClient(TestServer(Webhook(away, "right").application("/hook"))) as client:
        assert (await client.post("/hook", json=command(1), headers={SECRET: "right"})).status == 503


async def test_old_updates_go_and_those_that_wait_stay(door: Door) -> None:
    async def hangs(arrival: Arrival, ticket: Ticket) -> None:
        if arrival.update_id == 2:
            await asyncio.sleep(60)

    door.handler = hangs
    intake = door.open()
    await intake.accept([command(1), command(2)])
    await until(lambda: door.waiting() == 1)
    assert door.database.transact(updates.forget_before, utc_now() + dt.timedelta(days=1)) == 1
    assert door.waiting() == 1
    await intake.stop(0.1)
