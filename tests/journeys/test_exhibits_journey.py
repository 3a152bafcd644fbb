"""What admins were shown leaves their own chats over HTTP: with the decision, with an erasure, and though the bot is killed in between."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.local.faults import Fault
from db import exhibits
from tests.journeys.process import World, running
from tests.journeys.stage import ADMIN, PATIENCE, Json, Person, Stage, matched, words

SECOND = ADMIN + 1


@pytest.fixture
def environment() -> dict[str, str]:
    return {"INYEON_TELEGRAM__ADMINS": f"{ADMIN},{SECOND}"}


async def reported(admin: Person, mina: Person, jun: Person) -> tuple[Json, Json]:
    """Somebody is reported for what they wrote; the news of it, and the case as an admin opens it."""
    await jun.write("send <me> money")
    await mina.hears("send <me> money")
    await mina.write("/report")
    await mina.press(await mina.hears("Why do you report"), "flag")
    news = await admin.hears("New report #")
    await admin.press(news, "case")
    return news, await admin.hears("In their words")


async def looked_into(admin: Person, case: Json) -> None:
    """The evidence, its pictures and the profile are read."""
    await admin.press(case, "evidence")
    page = await admin.hears("Evidence of report")
    assert "send <me> money" in words(page)
    await admin.press(page, "evidence_pics")
    await admin.hears(lambda message: "photo" in message)
    await admin.press(case, "look")
    await admin.hears("I like films.")
    await admin.hears(lambda message: "photo" in message)


async def keeps_nothing_of_members(person: Person) -> list[str]:
    """Wait until no message of the bot in the chat shows anything of anybody; what is left, in words."""
    async with asyncio.timeout(PATIENCE):
        while True:
            left = [message for message in await person.messages() if not message["out"]]
            if not any("photo" in one or "money" in words(one) or "In their words" in words(one) for one in left):
                return [words(one) for one in left]
            await asyncio.sleep(0.05)


async def admins(stage: Stage) -> tuple[Person, Person]:
    made = await stage.person(ADMIN, "en"), await stage.person(SECOND, "en")
    for one in made:
        await one.write("/reports")
        await one.hears("No reports")
    return made


async def test_the_decision_of_one_clears_the_chats_of_all(stage: Stage, couple: tuple[Person, Person]) -> None:
    first, second = await admins(stage)
    mina, jun = couple
    _, case = await reported(first, mina, jun)
    await looked_into(first, case)
    await second.press(await second.hears("New report #"), "case")
    await looked_into(second, await second.hears("In their words"))
    answer = await first.press(case, "uphold")
    assert answer["text"] == "Banned."
    assert any(said.startswith("🗂 Report #1: Banned.") for said in await keeps_nothing_of_members(first))
    assert "New report #1" in "\n".join(await keeps_nothing_of_members(second)), "the news, which quotes nobody, stays"


async def test_whoever_erases_themselves_leaves_the_admins_chats_and_the_case_can_be_opened_again(
    stage: Stage, couple: tuple[Person, Person]
) -> None:
    first, _ = await admins(stage)
    mina, jun = couple
    news, case = await reported(first, mina, jun)
    await looked_into(first, case)
    await jun.write("/delete")
    asked = await jun.hears(lambda one: "delete::yes" in str(one.get("reply_markup")))
    await jun.press_data(asked, "delete::yes")
    await jun.becomes(asked["message_id"], lambda one: "delete::now" in str(one.get("reply_markup")))
    await jun.press_data(asked, "delete::now")
    await keeps_nothing_of_members(first)
    await first.press(news, "case")
    again = await first.hears("In their words")
    await first.press(again, "evidence")
    assert "send <me> money" in words(await first.hears("Evidence of report")), "what was said still counts"


@pytest.fixture
async def world(tmp_path: Path, small_pack: Path, warm: Callable[[Path], Path]) -> AsyncIterator[World]:
    warm(tmp_path / "var")
    people = ((1001, "woman", "men"), (1002, "man", "women"), (ADMIN, "", ""))
    async with running(tmp_path, small_pack, people, INYEON_TELEGRAM__ADMINS=str(ADMIN)) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the deletion", "before its answer is noted"])
async def test_a_kill_between_the_decision_and_its_end(world: World, after: bool) -> None:
    process, server, (mina, jun, admin), database = world
    await matched(mina, jun)
    await admin.write("/reports")
    await admin.hears("No reports")
    _, case = await reported(admin, mina, jun)
    await looked_into(admin, case)
    fault = server.faults.add(Fault("deleteMessages", code=502, times=None, after=after))
    await admin.press(case, "warn")
    async with asyncio.timeout(PATIENCE):
        while not fault.hits:  # noqa: ASYNC110 the server makes it true
            await asyncio.sleep(0.02)
    await process.end(signal.SIGKILL)
    assert await asyncio.to_thread(database.read, exhibits.of_chat, ADMIN), "not forgotten before Telegram's answer"
    server.faults.clear()
    await process.start()
    await keeps_nothing_of_members(admin)
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(database.read, exhibits.of_chat, ADMIN):  # noqa: ASYNC110 another process makes it true
            await asyncio.sleep(0.05)
    assert await process.end(signal.SIGTERM) == 0


@pytest.mark.slow
async def test_a_kill_while_the_evidence_is_being_sent(world: World) -> None:
    """What Telegram took is known to be there after the next start, and goes with the decision."""
    process, server, (mina, jun, admin), database = world
    await matched(mina, jun)
    await admin.write("/reports")
    await admin.hears("No reports")
    news, case = await reported(admin, mina, jun)
    fault = server.faults.add(Fault("sendPhoto", code=502, times=None))
    await admin.press(case, "look")
    await admin.press(case, "evidence")
    await admin.hears("I like films.")
    async with asyncio.timeout(PATIENCE):
        while fault.hits < 2:  # noqa: ASYNC110 the server makes it true
            await asyncio.sleep(0.02)
    await process.end(signal.SIGKILL)
    server.faults.clear()
    await process.start()
    await admin.hears(lambda message: "photo" in message)
    await admin.hears("Evidence of report")
    async with asyncio.timeout(PATIENCE):
        while any(one.message_id is None for one in await asyncio.to_thread(database.read, exhibits.of_chat, ADMIN)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await admin.press(news, "dismiss")
    await keeps_nothing_of_members(admin)
    assert await process.end(signal.SIGTERM) == 0
