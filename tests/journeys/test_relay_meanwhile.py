"""A file that is still being worked on when one of the two has had enough: it does not arrive any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.posting import Posting
from bot.prepared import Prepared, Refused
from bot.preparing import FilePreparer
from bot.settling import Outcome
from db import members, outbox, safety
from db.records import OutboxRow
from db.session import Connection
from fuzz.seeds import documents
from tests.journeys.stage import PATIENCE, STEP, Json, Person, Stage, buttons, matched, words

WORDS = "look at this"


class Bench:
    """Where a file lies, ready to go, until the test lets it."""

    def __init__(self) -> None:
        self.reached, self.go, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made, real, send = Bench(), FilePreparer.prepare, Posting.send

    async def prepare(self: FilePreparer, row: OutboxRow, payload: Mapping[str, Any]) -> Prepared | Refused:
        found = await real(self, row, payload)
        made.reached.set()
        await made.go.wait()
        return found

    async def sends(self: Posting, row: OutboxRow) -> Outcome:
        outcome = await send(self, row)
        if row.payload.get("prepare"):
            made.left.set()
        return outcome

    monkeypatch.setattr(FilePreparer, "prepare", prepare)
    monkeypatch.setattr(Posting, "send", sends)
    return made


async def file_on_the_bench(stage: Stage, bench: Bench, language: str) -> tuple[Person, Person]:
    mina = await stage.person(1001, language, gender="woman", seeks="men", verified=True)
    jun = await stage.person(1002, language, gender="man", seeks="women", verified=True)
    await matched(mina, jun)
    await mina.attach("document", documents.documents()["pdf"], "x.pdf", caption=WORDS)
    async with asyncio.timeout(PATIENCE):
        await bench.reached.wait()
    return mina, jun


async def nothing_arrives(stage: Stage, bench: Bench, jun: Person) -> None:
    bench.go.set()
    async with asyncio.timeout(PATIENCE):
        await bench.left.wait()
    await until(stage, _rests)
    assert not [one for one in await jun.messages() if not one["out"] and ("document" in one or WORDS in words(one))]


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_who_blocks_gets_nothing_more(stage: Stage, bench: Bench, language: str) -> None:
    mina, jun = await file_on_the_bench(stage, bench, language)
    await jun.write("/block")
    await jun.press_data(*await offered(jun, "block_yes:"))
    await until(stage, _may_not_meet, stage.member(jun).id, stage.member(mina).id)
    await nothing_arrives(stage, bench, jun)


async def test_who_is_gone_sends_nothing_more(stage: Stage, bench: Bench) -> None:
    mina, jun = await file_on_the_bench(stage, bench, "en")
    account = stage.member(mina).id
    await mina.write("/delete")
    await mina.press_data(*await offered(mina, "delete::yes"))
    await mina.press_data(*await offered(mina, "delete::now"))
    await until(stage, _is_gone, account)
    await nothing_arrives(stage, bench, jun)


async def test_what_was_taken_back_is_never_seen(stage: Stage, bench: Bench) -> None:
    mina, jun = await file_on_the_bench(stage, bench, "en")
    own = next(one for one in await mina.messages() if "document" in one)
    await mina.write("/del", own["message_id"])
    await mina.hears("deleted")
    await nothing_arrives(stage, bench, jun)


async def offered(person: Person, data: str) -> tuple[Json, str]:
    """A message with a button whose data begins so, and that data; questions that follow stand in the same message."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for message in await person.messages():
                for button in buttons(message):
                    if button["callback_data"].startswith(data):
                        return message, button["callback_data"]
            await asyncio.sleep(STEP)


async def until(stage: Stage, true: Callable[..., bool], *about: object) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(stage.database.read, true, *about):  # noqa: ASYNC110 the bot makes it true
            await asyncio.sleep(STEP)


def _is_gone(connection: Connection, member_id: int) -> bool:
    return members.by_id(connection, member_id) is None


def _may_not_meet(connection: Connection, one: int, other: int) -> bool:
    return safety.blocked_between(connection, one, other)


def _rests(connection: Connection) -> bool:
    return outbox.waiting(connection) == 0
