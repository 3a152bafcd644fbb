"""A report over HTTP, from the button to the answer of an appeal; and a sign of a minor that stops a conversation at once."""

from __future__ import annotations

import pytest

from tests.journeys.stage import ADMIN, Person, Stage, buttons, matched, words


@pytest.fixture
async def couple(stage: Stage) -> tuple[Person, Person]:
    mina = await stage.person(1001, "en", gender="woman", seeks="men")
    jun = await stage.person(1002, "ko", gender="man", seeks="women")
    await matched(mina, jun)
    return mina, jun


async def test_a_report_its_evidence_the_ban_and_the_appeal(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    admin = await stage.person(ADMIN, "en")
    await admin.write("/reports")
    await admin.hears("No reports")
    await jun.write("send <me> money")
    await mina.hears("send <me> money")
    await mina.write("/report")
    await mina.press(await mina.hears("Why do you report"), "flag")
    news = await admin.hears("New report #")
    await admin.press(news, "case")
    case = await admin.hears("In their words")
    await admin.press(case, "evidence")
    assert "send <me> money" in words(await admin.hears("Evidence of report"))
    answer = await admin.press(case, "uphold")
    assert answer["text"] == "Banned."
    again = await admin.press(news, "dismiss")
    assert again["text"] == "That has been decided already."
    told = await jun.hears("이용이 중지")
    await mina.hears("is over")
    await jun.write("/discover")
    assert "이의 제기" in str(buttons(await jun.hears()))
    await jun.press(told, "appeal_ask")
    await jun.hears("어떤 점이")
    await jun.write("제가 보낸 게 아니에요")
    await jun.hears("접수했어요")
    await admin.hears("Appeal #")
    await admin.write("/reports")
    appeal = await admin.hears("제가 보낸 게 아니에요")
    await admin.press(appeal, "approve")
    await jun.hears("다시 이용할 수 있어요")
    await jun.write("/profile")
    await jun.hears()


async def test_i_am_16_goes_to_nobody(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    admin = await stage.person(ADMIN, "en")
    await admin.write("/reports")
    await admin.hears("No reports")
    await jun.write("저 사실 고1이에요")
    frozen = await jun.hears("만 18세 이상")
    assert buttons(frozen)[0]["callback_data"].startswith("appeal_ask")
    held = await mina.hears(lambda message: "18" not in words(message))
    assert "고1" not in words(held)
    await mina.write("hello?")
    await mina.hears()
    await jun.write("/export")
    assert "document" in await jun.hears(lambda message: "document" in message)
    await admin.hears("Age to be checked")
    await admin.write("/reports")
    case = await admin.hears("what they wrote in a chat")
    await admin.press(case, "approve")
    await jun.hears("확인이 끝났어요")
    await jun.write("/matches")
    await jun.hears()
