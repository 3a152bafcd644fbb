"""What arrives is what the bot read, whatever its sender makes of the message before the copy is made."""

from __future__ import annotations

import pytest

from tests.journeys.stage import Person, Stage, matched, words


async def couple(stage: Stage, language: str, **fields: object) -> tuple[Person, Person]:
    mina = await stage.person(1001, language, gender="woman", seeks="men", **fields)
    jun = await stage.person(1002, language, gender="man", seeks="women", verified=True)
    await matched(mina, jun)
    return mina, jun


async def seen(person: Person) -> list[str]:
    return [words(message) for message in await person.messages() if not message["out"]]


@pytest.mark.parametrize(("language", "refusal"), [("en", "Links"), ("ko", "링크")])
async def test_nobody_new_shows_a_link_by_an_edit_before_the_copy(stage: Stage, language: str, refusal: str) -> None:
    """The bot is busy, or starting again: Telegram hands over the message as it was and the edit, and only one of them may go."""
    mina, jun = await couple(stage, language)
    await stage.stop()
    sent = await mina.write("hello there")
    await mina.edit(sent["message_id"], "visit http://evil-bank.top/login now")
    await mina.write("and goodbye")
    await stage.start()
    assert words(await jun.hears("hello")) == "hello there"
    await jun.hears("goodbye")
    await mina.hears(refusal)
    assert not [one for one in await seen(jun) if "evil-bank" in one]


async def test_a_way_around_the_mask_by_an_edit_before_the_copy_is_none(stage: Stage) -> None:
    """Whether the copy is on its way when the edit is read or not: what is read at last is masked, and nothing else but what was judged."""
    mina, jun = await couple(stage, "en", verified=True)
    await stage.stop()
    sent = await mina.write("hello there")
    await mina.edit(sent["message_id"], "I am t.me/+821012345678")
    await stage.start()
    assert words(await jun.hears("I am")) == f"I am {'•' * 18}"
    assert not [one for one in await seen(jun) if "t.me" in one]


async def test_while_an_edit_cannot_be_sent_the_words_that_were_judged_stay(stage: Stage) -> None:
    mina, jun = await couple(stage, "en", verified=True)
    sent = await mina.write("hello there")
    copy = await jun.hears("hello")
    await stage.fault(method="editMessageText", chat_id=1002, code=429, retry_after=3, times=1)
    await mina.edit(sent["message_id"], "I am t.me/+821012345678")
    jun.seen = copy["message_id"] - 1
    assert words(await jun.hears("hello")) == "hello there"
    jun.seen = copy["message_id"] - 1
    assert words(await jun.hears("I am")) == f"I am {'•' * 18}"
