"""Whom to meet, over HTTP: reasons and their evidence, settings that hold at once, the day's pair, learning in the running bot."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from bot import learning
from db import impressions, jobs, judgements, matching_states
from tests.journeys.stage import PATIENCE, Json, Stage, buttons, is_card, words


def presses(message: Json) -> list[str]:
    return [button["callback_data"] for button in buttons(message)]


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_a_card_says_why_and_shows_its_evidence(stage: Stage, language: str) -> None:
    mina = await stage.person(1001, language, gender="woman", seeks="men")
    await stage.person(1002, language, gender="man", seeks="women")
    await mina.write("/discover")
    card = await mina.hears(is_card)
    assert ("이분을 보여 드리는 이유" if language == "ko" else "Why this person") in words(card)
    assert ("나이가 같아요" if language == "ko" else "You are the same age") in words(card)
    await mina.press(card, "why")
    evidence = await mina.hears("🔎")
    assert ("성격이 어떤지를 말해 주지는 않아요" if language == "ko" else "nothing about character") in words(evidence)
    assert "like:" in "".join(presses(await mina.message(card["message_id"]))), "the card can still be answered"
    await mina.press(evidence, "by_photos")
    screen = await mina.hears("🖼")
    await mina.press(screen, "by_photos")
    done = await mina.becomes(screen["message_id"], lambda message: ("지금부터" if language == "ko" else "Done") in words(message))
    assert not stage.member(mina).photo_based
    await mina.press(done, "settings")
    assert ("사진 기반 추천: 꺼짐" if language == "ko" else "Photo-based recommendation: off") in words(await mina.hears("⚙️"))


async def test_languages_hold_at_once_and_few_are_widened_only_on_request(stage: Stage) -> None:
    mina = await stage.person(1001, gender="woman", seeks="men")
    await stage.person(1002, gender="man", seeks="women", languages="fr")
    far = await stage.person(1003, gender="man", seeks="women", latitude=35.2, longitude=129.1, city="Busan", distance_km=0)
    await mina.write("/settings")
    settings = await mina.hears("⚙️")
    await mina.press(settings, "languages")
    screen = await mina.hears("🗣")
    await mina.press_data(screen, "share::on")
    await mina.becomes(screen["message_id"], lambda message: "share::off" in presses(message))
    await mina.write("/discover")
    nobody = await mina.hears("seen everyone")
    assert presses(nobody)[:2] == ["widen::distance:0", "widen::language"], "200 km would let nobody in"
    await mina.press_data(nobody, "widen::distance:0")
    assert "Distance is now" in words(await mina.hears("Distance"))
    assert stage.member(mina).distance_km == 0
    card = await mina.hears(is_card)
    assert f"like:{stage.member(far).id}:" in presses(card)
    assert "Most are left out by your wish for a shared language (1)." in words(card)
    await mina.press_data(card, "widen::language")
    assert "without a shared language" in words(await mina.hears("From now on"))
    assert not stage.member(mina).same_language


async def test_answers_are_learned_from_while_the_bot_runs_and_over_a_restart(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "LOOK", 0.1)
    mina = await stage.person(1001, gender="woman", seeks="men")
    for number in range(4):
        await stage.person(1002 + number, gender="man", seeks="women")
    await stage.stop()
    await stage.start()
    await mina.write("/discover")
    for number in range(4):
        await mina.press(await mina.hears(is_card), "like" if number % 2 else "skip")
    async with asyncio.timeout(PATIENCE):
        while (state := stage.database.read(matching_states.read, learning.NAME)) is None or state.cursor < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert len(stage.database.read(judgements.after, 0, 100)) == 4
    await stage.stop()
    await stage.start()
    assert stage.application is not None
    assert stage.application.services.context().learned.model.seen == 4


async def test_the_job_of_the_day_tells_two_of_each_other(stage: Stage) -> None:
    mina = await stage.person(1001, "ko", gender="woman", seeks="men")
    jun = await stage.person(1002, "en", gender="man", seeks="women")
    now = dt.datetime.now(dt.UTC)
    await asyncio.to_thread(stage.database.transact, jobs.queue, "daily_pick", "schedule", {}, now)
    card = await mina.hears("오늘의 추천")
    assert is_card(card)
    other = await jun.hears("Today’s suggestion")
    assert is_card(other)
    assert "you two are suggested to each other" in words(other)
    await mina.press(card, "like")
    await jun.press(other, "like")
    for person in (mina, jun):
        await person.hears("🎉")
    noted = stage.database.read(impressions.latest, stage.member(mina).id, stage.member(jun).id)
    assert noted is not None
    assert noted.place == "daily"
