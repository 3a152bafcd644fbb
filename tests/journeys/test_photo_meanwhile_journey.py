"""A selfie whose card never came is sent again; and one whose sender is erased while the engine reads it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from bot.desk import Desk
from bot.usecases import privacy
from db import members, photos, updates
from db.session import Connection
from engine.analysis import Analyser
from tests.journeys.selfies import selfie
from tests.journeys.stage import Person, Stage, buttons
from tests.journeys.test_onboarding_journey import MINA, sign_up


@pytest.fixture
async def mina(stage: Stage) -> Person:
    made = await stage.person(MINA, "ko")
    await sign_up(made, upto="photo")
    return made


async def test_a_selfie_whose_card_never_came_is_kept_once(stage: Stage, mina: Person) -> None:
    """As after a kill between the commit and the answer: it is stored, nothing was seen of it, and it is sent again."""
    await stage.fault(method="sendPhoto", code=429, retry_after=600, times=2)
    await mina.attach("photo", selfie(), "me.jpg")
    async with asyncio.timeout(60):
        while not stage.database.read(photos.of, stage.member(mina).id) or stage.database.read(updates.waiting):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await stage.stop()
    await stage.start()
    await mina.attach("photo", selfie(), "me.jpg")
    card = await mina.hears(lambda message: any(button["callback_data"] == "set::photo:done" for button in buttons(message)))
    assert len(stage.database.read(photos.of, stage.member(mina).id)) == 1
    await mina.press_data(card, "set::photo:done")
    await mina.hears("자기소개")


async def test_who_is_erased_while_their_photos_are_read_does_not_come_back(
    stage: Stage, analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consent was given and its update is done; an admin erases them while the engine reads their photo."""
    jun = await stage.person(MINA + 1, "en", gender="man", seeks="women", face_consent=False)
    reading, go_on, told = threading.Event(), threading.Event(), asyncio.Event()
    really, run = analyser.analyse, Desk.run

    def held(data: bytes, **named: Any) -> Any:
        reading.set()
        assert go_on.wait(60)
        return really(data, **named)

    async def watched(self: Desk, *args: Any, **named: Any) -> None:
        await run(self, *args, **named)
        if go_on.is_set():
            told.set()

    monkeypatch.setattr(analyser, "analyse", held)
    monkeypatch.setattr(Desk, "run", watched)
    assert stage.application is not None
    context = stage.application.services.context()

    def erase(connection: Connection) -> None:
        found = members.by_telegram(connection, jun.id)
        assert found is not None
        privacy.erase(connection, context, found)

    await jun.write("/privacy")
    board = await jun.hears()
    pressed = asyncio.create_task(jun.press_data(board, "face::on"))
    assert await asyncio.to_thread(reading.wait, 60)
    await asyncio.to_thread(stage.database.transact, erase)
    go_on.set()
    async with asyncio.timeout(60):
        await told.wait()
        await pressed
    assert stage.database.read(members.by_telegram, jun.id) is None
