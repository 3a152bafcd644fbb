"""A photo for one person never lands where everybody sees it: whose it is when it may be meant for the profile or for a chat."""

from __future__ import annotations

import asyncio

import pytest

from db import photos
from tests.journeys.selfies import selfie
from tests.journeys.stage import Json, Person, Stage, buttons, matched, words


@pytest.fixture
async def couple(stage: Stage) -> tuple[Person, Person]:
    mina = await stage.person(1001, "en", gender="woman", seeks="men")
    jun = await stage.person(1002, "en", gender="man", seeks="women")
    await matched(mina, jun)
    for one, other in ((mina, jun), (jun, mina)):  # photos go between people who both wrote
        await one.write("hello")
        await other.hears("hello")
    return mina, jun


async def in_profile(stage: Stage, person: Person) -> int:
    return len(await asyncio.to_thread(stage.database.read, photos.of, stage.member(person).id))


def is_photo(message: Json) -> bool:
    return "photo" in message


async def test_a_photo_that_answers_a_chat_goes_to_that_chat(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await jun.write("show me your cat")
    asked = await mina.hears("cat")
    await mina.write("/leave")
    await mina.hears()
    await mina.attach("photo", selfie(), "me.jpg", reply_to=asked["message_id"])
    await jun.hears(is_photo)
    # Nor while the profile waits for a photo.
    await mina.write("/photo")
    await mina.hears("send it now")
    await mina.attach("photo", selfie("woman_face", 1), "me.jpg", reply_to=asked["message_id"])
    await jun.hears(is_photo)
    assert await in_profile(stage, mina) == 1


async def test_without_an_open_chat_it_is_asked_whose_it_is(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await mina.write("/leave")
    await mina.hears()
    sent = await mina.attach("photo", selfie(), "me.jpg")
    question = await mina.hears("or for somebody you talk with")
    assert question["reply_to_message"]["message_id"] == sent["message_id"]
    assert [button["callback_data"].split(":")[0] for button in buttons(question)] == ["to_profile", "open"]
    assert await in_profile(stage, mina) == 1
    await mina.press(question, "to_profile")
    await mina.hears("Photo added")
    assert await in_profile(stage, mina) == 2
    await mina.becomes(question["message_id"], lambda message: not buttons(message))
    assert "already" in str(await mina.press_data(question, "to_profile::"))
    assert await in_profile(stage, mina) == 2
    await jun.hears_nothing()


async def test_only_the_first_photo_after_the_command_is_taken_unasked(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await mina.write("/photo")
    await mina.hears("send it now")
    await mina.attach("photo", selfie(), "me.jpg")
    await mina.hears("Photo added")
    await mina.attach("photo", selfie("woman_face", 1), "for_jun.jpg")
    await mina.hears("or for somebody you talk with")
    assert await in_profile(stage, mina) == 2
    await jun.hears_nothing()


async def test_a_forged_press_takes_nobody_elses_photo(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await jun.attach("photo", selfie("man_face", 1), "me.jpg")
    await mina.hears(is_photo)
    await jun.write("do you like it?", reply_to=sent["message_id"])
    copy = await mina.hears("do you like it")
    assert "photo" in copy["reply_to_message"]
    await mina.press_data(copy, "to_profile::")
    await mina.hears_nothing()
    assert await in_profile(stage, mina) == 1


async def test_a_refusal_answers_the_message_that_is_meant(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await jun.write("/unmatch")
    await jun.press(await jun.hears(lambda message: bool(buttons(message))), "unmatch_yes")
    await mina.hears("is over")
    sent = await mina.write("hello?")
    refused = await mina.hears()
    assert refused["reply_to_message"]["message_id"] == sent["message_id"], words(refused)
