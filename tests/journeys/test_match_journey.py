"""Two people meet: from discovery to the first words, with everything pressed twice, late or by someone else."""

from __future__ import annotations

import asyncio

import pytest

from db import members, pairs
from tests.journeys.stage import PATIENCE, Stage, buttons, is_card, matched, words


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_from_discovery_to_the_first_words(stage: Stage, language: str) -> None:
    mina = await stage.person(1001, language, gender="woman", seeks="men")
    jun = await stage.person(1002, language, gender="man", seeks="women")
    await mina.write("/discover")
    card = await mina.hears(is_card)
    assert "30" in words(card)
    assert card["has_protected_content"] is True
    answer = await mina.press(card, "like")
    assert "♥" in answer["text"]
    await mina.becomes(card["message_id"], lambda message: not buttons(message))
    await mina.hears("/discover" if language == "ko" else "seen everyone")
    hint = await jun.hears("💌")
    await jun.press(hint, "likes")
    answer = await jun.press(await jun.hears(is_card), "like")
    assert "🎉" in answer["text"]
    for person in (mina, jun):
        news = await person.hears("🎉")
        assert "photo" in news
        assert str(mina.id) not in words(news)
        assert "Person" not in words(news)
    await mina.write("안녕하세요!")
    assert words(await jun.hears()) == "안녕하세요!"
    await jun.write("Hi!")
    copy = await mina.hears("Hi!")
    assert "forward_origin" not in copy
    assert not buttons(copy)


async def test_two_likes_at_the_same_moment_make_one_match(stage: Stage) -> None:
    mina = await stage.person(1001, gender="woman", seeks="men")
    jun = await stage.person(1002, gender="man", seeks="women")
    for person in (mina, jun):
        await person.write("/discover")
    cards = [await person.hears(is_card) for person in (mina, jun)]
    presses = [person.press(card, "like") for person, card in zip((mina, jun), cards, strict=True) for _ in range(3)]
    await asyncio.gather(*presses)
    for person in (mina, jun):
        await person.hears("🎉")
        await asyncio.sleep(0.3)
        assert sum("🎉" in words(message) for message in await person.messages()) == 1
    assert len(stage.database.read(pairs.of_member, stage.member(mina).id)) == 1


async def test_forged_and_outdated_buttons_change_nothing(stage: Stage) -> None:
    mina = await stage.person(1001, gender="woman", seeks="men")
    jun = await stage.person(1002, gender="man", seeks="women")
    eve = await stage.person(1003, gender="man", seeks="women", latitude=35.2, longitude=129.1, city="Busan")
    await matched(mina, jun)
    pair = stage.database.read(pairs.of_member, stage.member(mina).id)[0]
    await eve.write("/discover")
    message = await eve.hears()
    targets = (f"like:{stage.member(mina).id}:", f"open:{pair.id}:", f"unmatch_yes:{pair.id}:", f"block_yes:{stage.member(jun).id}:")
    others = (
        f"whois:{pair.id}:",
        f"flag:{stage.member(jun).id}:fake",
        "dismiss:1:",
        "broadcast_yes::",
        "reports::",
        "like:99999999999999999999:",
    )
    for data in (*targets, *others):
        answer = await eve.press_data(message, data)
        assert answer["text"], data
    assert stage.member(eve).active_pair_id is None
    assert stage.database.read(pairs.by_id, pair.id).open  # type: ignore[union-attr]
    await mina.hears_nothing()


async def test_everything_survives_a_restart(stage: Stage) -> None:
    mina = await stage.person(1001, gender="woman", seeks="men")
    jun = await stage.person(1002, gender="man", seeks="women")
    await mina.write("/discover")
    card = await mina.hears(is_card)
    await stage.stop()
    await stage.start()
    await mina.press(card, "like")
    hint = await jun.hears("💌")
    await stage.stop()
    known = len(stage.server.world.updates)
    pressed = asyncio.create_task(jun.press(hint, "likes"))
    async with asyncio.timeout(PATIENCE):
        while len(stage.server.world.updates) == known:  # noqa: ASYNC110 the server notes it while the bot is down
            await asyncio.sleep(0.02)
    await stage.start()
    await pressed
    await jun.press(await jun.hears(is_card), "like")
    await stage.stop()
    await stage.start()
    await mina.hears("🎉")
    await mina.write("still here?")
    await jun.hears("still here?")


async def test_nobody_left_offers_what_helps(stage: Stage) -> None:
    mina = await stage.person(1001, gender="woman", seeks="men", distance_km=30)
    await stage.person(1002, gender="man", seeks="women", latitude=35.2, longitude=129.1, city="Busan", distance_km=0)
    await mina.write("/discover")
    said = await mina.hears("1 more person")
    for _ in range(4):
        await mina.press(said, "widen")
        said = await mina.hears(lambda message: bool(buttons(message)))
        if is_card(said):
            break
    assert is_card(said)
    assert "500 km" in words(said)


async def test_people_of_other_stages_are_told_how_to_go_on(stage: Stage) -> None:
    mina = await stage.person(1001, gender="woman", seeks="men")
    await mina.write("hello?")
    await mina.hears("nobody to pass this on to")
    member = stage.member(mina)
    stage.database.transact(members.update, member.id, member.created_at, status="paused")
    await mina.write("/discover")
    await mina.hears("taking a break")
