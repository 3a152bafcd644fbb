"""Two people compared over real HTTP with the real engine: both ways, all refusals, a restart, and nothing stored anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.replies import word
from bot.words import Words
from db.session import Connection
from db.tables import metadata
from tests.journeys.selfies import couple, selfie
from tests.journeys.stage import PATIENCE, Json, Person, Stage, buttons, jpeg, words

WORDS = Words()
HER, HIM = ("woman_face", 0), ("man_face", 2)
BOOKKEEPING = {"members": {"last_active_at", "updated_at"}}
"""What changes whenever a member does anything at all."""
HANDLED = {"updates", "sealing"}
"""Which updates were handled, and how far the start came with closing older rows: neither is of anybody."""


def says(key: str, language: str = "en", **values: object) -> str:
    """The first words of a sentence, as they appear in the chat."""
    return WORDS.plain(word(key, **values), language).split("\n")[0].replace("<b>", "").replace("</b>", "")


def everything(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for when members were here and what is nobody's."""

    def read(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for name, table in metadata.tables.items():
            if name in HANDLED:
                continue
            left = BOOKKEEPING.get(name, set())
            rows = connection.execute(select(table)).mappings().all()  # type: ignore[attr-defined]
            found[name] = [{key: value for key, value in row.items() if key not in left} for row in rows]
        return found

    return stage.database.read(read)


def files(folder: Path) -> dict[str, int]:
    """Every file below a folder but the database's own, with its size."""
    return {
        str(file.relative_to(folder)): file.stat().st_size for file in folder.rglob("*") if file.is_file() and "inyeon.db" not in file.name
    }


async def begin(person: Person, verb: str) -> None:
    await person.write("/compat")
    await person.press(await person.hears(says("compat.intro", person.language)), verb)


async def two(person: Person, one: bytes, other: bytes) -> Json:
    """Two photos; the message with the boxes."""
    await begin(person, "compat_two")
    await person.hears(says("compat.send_1", person.language))
    await person.attach("photo", one, "one.jpg")
    await person.hears(says("compat.send_2", person.language))
    await person.attach("document", other, "two.jpg")
    return await person.hears(says("compat.board", person.language))


async def tick(person: Person, board: Json, *numbers: int) -> Json:
    def box(message: Json, number: int) -> Json:
        return next(one for one in buttons(message) if one["callback_data"].startswith(f"compat_box:{number}"))

    for number in numbers:
        await person.press_data(board, box(board, number)["callback_data"])
        await person.becomes(board["message_id"], lambda message, number=number: "☑" in box(message, number)["text"])  # type: ignore[misc]
    return await person.message(board["message_id"])


def is_result(message: Json) -> bool:
    return "photo" in message and any(one["callback_data"].startswith("compat_why:") for one in buttons(message))


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_two_photos_and_one_photo_of_both_and_nothing_is_stored(stage: Stage, language: str) -> None:
    me = await stage.person(1001, language, gender="woman", seeks="men")
    await me.write("/help")
    await me.hears("/compat")
    tables, held = everything(stage), files(stage.settings.var)
    assert sum(len(rows) for rows in tables.values()) > 2

    board = await two(me, selfie(*HER), selfie(*HIM))
    assert everything(stage)["members"][0]["step"] == "compat.photo", "where the conversation stands is all that is kept"
    answer = await me.press(board, "compat_go")
    assert says("compat.unticked", language) in answer["text"]
    board = await tick(me, board, 1)
    await me.press(board, "compat_go")
    board = await tick(me, board, 2)
    assert sum("☑" in one["text"] for one in buttons(board)) == 2
    await me.press(board, "compat_go")
    shown = await me.hears(is_result)
    assert {"ko": "앞날을 예측하는 점수가 아니에요", "en": "It is no forecast"}[language] in words(shown)
    assert not shown.get("has_protected_content")
    await me.press(shown, "compat_why")
    await me.hears(says("compat.why.all", language, lines=""))

    await begin(me, "compat_one")
    await me.hears(says("compat.send_both", language))
    await me.attach("photo", couple(), "us.jpg")
    board = await tick(me, await me.hears(says("compat.board_one", language)), 2, 1)
    await me.press(board, "compat_go")
    await me.hears(is_result)

    until = asyncio.get_running_loop().time() + PATIENCE
    while (now := everything(stage)) != tables and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 the bot makes it so
        await asyncio.sleep(0.05)
    assert {name: rows for name, rows in now.items() if rows != tables[name]} == {}
    assert files(stage.settings.var) == held
    assert stage.application is not None
    comparing = stage.application.services.comparing
    assert comparing is not None
    assert not comparing._sessions, "nor is anything left in memory"
    # An answered comparison lost nothing: whoever presses its button again, or twice, is not told that something was.
    assert not buttons(await me.message(board["message_id"])), "what was answered cannot be pressed again"
    for data in ("compat_go::", "compat_box:1:"):
        assert (await me.press_data(board, data))["text"] == says("ask.passed", language)
    await me.hears_nothing()


async def test_pressed_twice_it_answers_once(stage: Stage) -> None:
    me = await stage.person(1001, "en", gender="woman", seeks="men")
    board = await tick(me, await two(me, selfie(*HER), selfie(*HIM)), 1, 2)
    await asyncio.gather(me.press_data(board, "compat_go::"), me.press_data(board, "compat_go::"))
    await me.hears(is_result)
    await me.hears_nothing()
    # A comparison that ends without an answer says so as before.
    await begin(me, "compat_two")
    await me.hears(says("compat.send_1"))
    assert stage.application is not None
    assert stage.application.services.comparing is not None
    stage.application.services.comparing.end(stage.member(me).id)
    await me.attach("photo", selfie(*HIM), "him.jpg")
    await me.hears(says("compat.gone"))


async def test_kind_refusals(stage: Stage) -> None:
    me = await stage.person(1001, "en", gender="woman", seeks="men")
    # The same person twice: another second photo is asked for.
    board = await tick(me, await two(me, selfie(*HER), selfie(*HER)), 1, 2)
    await me.press(board, "compat_go")
    await me.hears("Both faces seem to be one person")
    await me.hears(says("compat.send_2"))
    await me.attach("photo", couple(), "us.jpg")
    board = await me.hears(says("compat.board"))
    assert [one["text"][0] for one in buttons(board)[:2]] == ["☑", "☐"], "the new photo needs its own consent"
    board = await tick(me, board, 2)
    await me.press(board, "compat_go")
    await me.hears("Photo 2: I see several people")
    await me.hears(says("compat.send_2"))
    await me.attach("photo", jpeg(), "wall.jpg")
    board = await tick(me, await me.hears(says("compat.board")), 2)
    await me.press(board, "compat_go")
    await me.hears("Photo 2: I can’t find a face")
    await me.hears(says("compat.send_2"))
    for kind, data, name in (("document", b"MZ" * 400, "us.exe"), ("document", b"\xff\xd8\xff" + b"x" * 400, "us.jpg")):
        await me.attach(kind, data, name)
        await me.hears(says("compat.no.not_an_image"))
    await me.write("hello?")
    await me.hears(says("compat.need_photo"))
    # One photo on which there are no two.
    await begin(me, "compat_one")
    await me.hears(says("compat.send_both"))
    await me.attach("photo", selfie(*HER), "me.jpg")
    board = await tick(me, await me.hears(says("compat.board_one")), 1, 2)
    await me.attach("photo", selfie(*HIM), "more.jpg")
    await me.hears(says("compat.enough"))
    board = await me.hears(says("compat.board_one"))
    await me.press(board, "compat_go")
    await me.hears("I see only one person")
    board = await me.hears(says("compat.send_both"))
    await me.press(board, "compat_close")
    assert stage.member(me).step == ""
    # What comes now is meant for the profile again.
    assert len(everything(stage)["photos"]) == 1


async def test_a_minor_ends_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine import analysis

    me = await stage.person(1001, "en", gender="woman", seeks="men")
    board = await tick(me, await two(me, selfie(*HER), selfie(*HIM)), 1, 2)
    monkeypatch.setattr(analysis, "MINOR", -1000.0)
    await me.press(board, "compat_go")
    refused = await me.hears("18 or over")
    assert [one["callback_data"] for one in buttons(refused)] == ["compat::"]
    assert stage.application is not None
    assert stage.application.services.comparing is not None
    assert not stage.application.services.comparing._sessions
    await me.hears_nothing()


async def test_a_restart_forgets_the_photos_and_says_so(stage: Stage) -> None:
    me = await stage.person(1001, "en", gender="woman", seeks="men")
    board = await two(me, selfie(*HER), selfie(*HIM))
    await stage.stop()
    await stage.start()
    await me.press_data(board, "compat_box:1:")
    await me.hears(says("compat.gone"))
    await begin(me, "compat_two")
    await me.hears(says("compat.send_1"))
    await stage.stop()
    await stage.start()
    await me.attach("photo", selfie(*HIM), "him.jpg")
    await me.hears(says("compat.gone"))
    assert len(everything(stage)["photos"]) == 1, "somebody else's photo does not end up in the profile"
    assert stage.member(me).step == ""


async def test_who_deletes_everything_leaves_no_photo_in_memory_either(stage: Stage) -> None:
    me = await stage.person(1001, "en", gender="woman", seeks="men")
    member_id = stage.member(me).id
    board = await two(me, selfie(*HER), selfie(*HIM))
    assert stage.application is not None
    comparing = stage.application.services.comparing
    assert comparing is not None
    now = stage.application.services.clock()
    assert comparing.of(member_id, now) is not None
    await me.press_data(board, "delete::now")
    await me.becomes(board["message_id"], lambda message: says("delete.done") in str(message.get("text")))
    assert comparing.of(member_id, now) is None


async def test_a_stranger_is_asked_to_start(stage: Stage) -> None:
    new = await stage.person(1002, "en")
    await new.write("/compat")
    await new.hears("date of birth first")
    await new.write("/help")
    await new.hears("/compat")


async def test_so_many_an_hour(stage: Stage) -> None:
    assert stage.application is not None
    comparing = stage.application.services.comparing
    assert comparing is not None
    me = await stage.person(1001, "en", gender="woman", seeks="men")
    member = stage.member(me)
    for _ in range(comparing.settings.an_hour):
        assert comparing.allows(member.id, stage.application.services.clock())
    board = await tick(me, await two(me, selfie(*HER), selfie(*HIM)), 1, 2)
    await me.press(board, "compat_go")
    await me.hears(says("compat.too_often", n=comparing.settings.an_hour))
    assert not comparing._sessions
