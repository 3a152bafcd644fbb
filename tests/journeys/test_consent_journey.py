"""New words of a consent: the question stands before everything but the partner, and both answers take effect at once."""

from __future__ import annotations

import pytest

from bot.usecases import consent
from bot.words import LANGUAGES
from db import consents
from tests.db.people import NOW
from tests.journeys.stage import Person, Stage, buttons, matched


async def talking(stage: Stage, language: str) -> tuple[Person, Person]:
    """Two in a chat, the first of whom agreed to older words; the bot was started since with newer ones."""
    mina = await stage.person(1001, language, gender="woman", seeks="men")
    jun = await stage.person(1002, language, gender="man", seeks="women")
    await matched(mina, jun)
    for kind in consent.RENEWED:
        stage.database.transact(consents.give, stage.member(mina).id, kind, "2025-01", True, NOW)
    await stage.stop()
    await stage.start()
    assert stage.member(mina).face_consent is False, "an answer to other words holds no longer"
    return mina, jun


@pytest.mark.parametrize("language", LANGUAGES)
async def test_asked_again_before_anything_else_and_agreed(stage: Stage, language: str) -> None:
    mina, jun = await talking(stage, language)
    await mina.write("still there?")
    await jun.hears("still there?")
    await mina.write("/discover")
    for kind in consent.RENEWED:
        question = await mina.hears(consent.VERSIONS[kind])
        yes, no, _ = buttons(question)
        await mina.press_data(question, yes["callback_data"])
        await mina.becomes(question["message_id"], lambda message: not buttons(message))
    assert stage.member(mina).face_consent
    assert stage.database.read(consent.due, stage.member(mina).id) is None
    answer = await mina.press_data(question, no["callback_data"])
    assert answer["text"]
    assert stage.member(mina).face_consent, "an old button changes nothing"


async def test_who_refuses_the_new_terms_rests_until_they_agree(stage: Stage) -> None:
    mina, _ = await talking(stage, "en")
    await mina.write("/profile")
    question = await mina.hears(consent.VERSIONS["terms"])
    await mina.press_data(question, buttons(question)[1]["callback_data"])
    changed = await mina.becomes(question["message_id"], lambda message: consent.VERSIONS["terms"] not in str(message))
    assert stage.member(mina).status == "paused"
    assert buttons(changed), "the way back stays open"
    await mina.press_data(changed, buttons(changed)[0]["callback_data"])
    await mina.hears(consent.VERSIONS["face"])
