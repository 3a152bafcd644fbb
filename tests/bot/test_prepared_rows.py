"""What happens while a file is worked on: a chat that ends, /del, a change, another process; nothing goes then that nobody wants to go."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import outbox as letters
from bot.outbox import Letter
from bot.prepared import Prepared, Refused
from bot.usecases import relay_deletions
from db import erasure, members, messages, moderation, outbox, relays
from db.records import OutboxRow, Pair
from db.session import Connection, Database
from db.settings import DatabaseSettings
from tests.bot.meeting import surroundings
from tests.bot.test_sender import JUN, MINA, PATIENCE, THEO, Post, now, until

LATER = dt.timedelta(seconds=200)
"""More than a lease."""
Meanwhile = Callable[[Connection, "Workshop", Pair, int], object]


class Slow:
    """Prepares as long as the test wants."""

    def __init__(self) -> None:
        self.began: asyncio.Queue[str] = asyncio.Queue()
        self.go = asyncio.Event()
        self.verdict: Refused | None = None

    async def prepare(self, row: OutboxRow, payload: Mapping[str, Any]) -> Prepared | Refused:
        self.began.put_nowait(payload["prepare"]["file"])
        await self.go.wait()
        return self.verdict or Prepared("sendMessage", {"text": payload["prepare"]["file"]})


class Workshop(Post):
    """A post with a slow preparer."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.preparer = self.slow = Slow()

    def file(self, pair: Pair, sender: int, name: str) -> int:
        """A file of one to the other of a pair; our id of the message."""

        def put(connection: Connection) -> int:
            message = messages.add(connection, pair.id, self.people[sender].id, 900, "document", now())
            letters.relay(connection, surroundings(now()), message, Letter("sendDocument", {}, prepare={"file": name}))
            return message.id

        return self.database.transact(put)

    async def begun(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await self.slow.began.get()


@pytest.fixture
async def post(tmp_path: Path, _sqlite_template: Path) -> AsyncIterator[Workshop]:
    shutil.copy(_sqlite_template, tmp_path / "inyeon.db")
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'inyeon.db'}"))
    database.open(upgrade=False)
    made = Workshop(database)
    await made.open()
    yield made
    made.slow.go.set()
    await made.close()
    database.close()


def row_of(connection: Connection, message_id: int) -> OutboxRow:
    (row,) = relays.waiting_copies(connection, [message_id])
    return row


def end(connection: Connection, _post: Workshop, pair: Pair, _message: int) -> None:
    moderation.silence(connection, pair.id, now())


def sender_erased(connection: Connection, post: Workshop, _pair: Pair, _message: int) -> None:
    erasure.erase(connection, post.people[MINA].id, now())


def recipient_erased(connection: Connection, post: Workshop, _pair: Pair, _message: int) -> None:
    erasure.erase(connection, post.people[JUN].id, now())


def unreachable(connection: Connection, _post: Workshop, _pair: Pair, _message: int) -> None:
    outbox.dead_lane(connection, JUN, "unreachable", now())


def taken_back(connection: Connection, post: Workshop, _pair: Pair, _message: int) -> None:
    member = members.by_id(connection, post.people[MINA].id)
    assert member is not None
    relay_deletions.delete(connection, surroundings(now()), member, 900)


@pytest.mark.parametrize("meanwhile", [end, sender_erased, recipient_erased, unreachable, taken_back])
@pytest.mark.parametrize("verdict", [None, Refused("relay.unsure", ask=True), Refused("relay.unseen")])
async def test_nothing_goes_that_was_given_up_while_it_was_worked_on(post: Workshop, meanwhile: Meanwhile, verdict: Refused | None) -> None:
    pair = post.pair(MINA, JUN)
    message = post.file(pair, MINA, "the plan")
    post.start()
    assert await post.begun() == "the plan"
    post.database.transact(meanwhile, post, pair, message)
    post.slow.verdict = verdict
    post.slow.go.set()
    post.say(THEO, "somebody else")
    post.sender.wake()
    await until(lambda: post.heard(THEO) and not post.waiting())
    assert post.heard(JUN) == []
    assert post.heard(MINA) == [], "there is nothing to tell of it"


async def test_what_was_not_sent_holds_nobody_up(post: Workshop) -> None:
    pair = post.pair(MINA, JUN)
    post.file(pair, MINA, "the plan")
    post.say(JUN, "after it")
    post.start()
    await post.begun()
    post.database.transact(taken_back, post, pair, 0)
    post.slow.go.set()
    await until(lambda: post.heard(JUN) == ["after it"])
    await until(lambda: not post.waiting())


async def test_an_album_of_which_a_part_stays_goes(post: Workshop) -> None:
    pair = post.pair(MINA, JUN)

    def put(connection: Connection) -> int:
        mina = post.people[MINA].id
        one, two = (messages.add(connection, pair.id, mina, number, "photo", now(), album="g") for number in (1, 2))
        letter = Letter("sendMediaGroup", {}, prepare={"file": "album"}, parts=(one.id, two.id))
        letters.relay(connection, surroundings(now()), one, letter)
        return one.id

    first = post.database.transact(put)
    post.start()
    await post.begun()
    post.database.transact(messages.set_deleted, first, now())
    post.slow.go.set()
    await until(lambda: post.heard(JUN) == ["album"])


async def test_a_row_that_was_written_anew_is_prepared_anew(post: Workshop) -> None:
    """Only where the lease ran out (the machine slept): a row in hand is never written to."""
    pair = post.pair(MINA, JUN)
    message = post.file(pair, MINA, "before")
    post.start()
    assert await post.begun() == "before"
    post.now = lambda: now() + LATER

    def edit(connection: Connection) -> bool:
        row = row_of(connection, message)
        letter = Letter(row.method, {}, prepare={"file": "after"})
        return relays.rewrite(connection, row.id, letter.method, letter.payload(), now() + LATER)

    assert post.database.transact(edit)
    post.slow.go.set()
    assert await post.begun() == "after"
    await until(lambda: not post.waiting())
    assert post.heard(JUN) == ["after"]


async def test_a_row_that_another_process_has_by_now_is_left_to_it(post: Workshop) -> None:
    pair = post.pair(MINA, JUN)
    message = post.file(pair, MINA, "the plan")
    post.start()
    await post.begun()
    (taken,) = post.database.transact(outbox.lease, "another:1", now() + LATER, 3600, 5)
    post.slow.go.set()
    post.say(THEO, "somebody else")
    post.sender.wake()
    await until(lambda: post.heard(THEO))
    await post.stop()
    row = post.database.read(row_of, message)
    assert (row.state, row.lease_owner, row.attempts) == ("waiting", "another:1", taken.attempts)
    assert post.heard(JUN) == []
