"""SQL, HTML and Markdown in every text that others see: it arrives as it was written, and means nothing."""

from __future__ import annotations

import asyncio

from db import members
from tests.journeys.stage import Stage, matched, words

HOSTILE = (
    "'; DROP TABLE members; --",
    '" OR "1"="1',
    "<b>bold</b><a href='tg://user?id=1'>x</a><script>alert(1)</script>",
    "*bold* _x_ [link](tg://user?id=1) `code` ~s~ ||spoiler||",
    "&lt;b&gt; &amp;amp; %s %d {0} {name} {member.id}",
    "{{7*7}} ${7*7} #{7*7} \\u0041",
)


async def test_messages_arrive_as_they_were_written(stage: Stage) -> None:
    one = await stage.person(1001, gender="woman", seeks="men")
    two = await stage.person(1002, gender="man", seeks="women")
    await matched(one, two)
    # Links to accounts are masked (tests/bot/test_relay.py), so here they are none.
    for text in (hostile.replace("tg://user?id=1", "#") for hostile in HOSTILE):
        await one.write(text)
        heard = await two.hears(lambda message, text=text: words(message) == text)
        kinds = {entity["type"] for entity in heard.get("entities", ())}
        assert not kinds & {"bold", "italic", "text_link", "text_mention", "spoiler", "code"}
    assert await asyncio.to_thread(stage.database.read, members.by_telegram, 1001) is not None


async def test_words_about_oneself_are_shown_as_they_are(stage: Stage) -> None:
    for number, text in enumerate(HOSTILE):
        reader = await stage.person(2000 + 2 * number, gender="man", seeks="women", latitude=10.0 + number, longitude=10.0)
        await stage.person(
            2001 + 2 * number, gender="woman", seeks="men", about=text, latitude=10.0 + number, longitude=10.0, city="Nowhere"
        )
        await reader.write("/discover")
        card = await reader.hears(lambda message: "photo" in message)
        assert text in words(card)
        kinds = {entity["type"] for entity in card.get("caption_entities", ())}
        assert "text_link" not in kinds
        assert "text_mention" not in kinds
