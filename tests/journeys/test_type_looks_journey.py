"""What types are called and look like, changed by an admin over real HTTP, in both languages; nothing of it without its audit row."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.replies import Named, word
from bot.words import Words
from db import audit
from db.records import AuditRow
from engine.analysis import Analyser
from engine.types import TypeInfo
from tests.journeys.stage import ADMIN, Json, Person, Stage, buttons, words
from tests.journeys.test_steering_journey import NEXT, another_pack, give_vectors, is_picture, until

WORDS = Words()
TYPE = "wf-1"
GREEN = (46, 139, 87)
NAME = Named(f"이름 {TYPE}", f"Name {TYPE}")
HIDDEN = "taken at home"


@pytest.fixture
async def stage(tmp_path: Path, analyser: Analyser, small_pack: Path) -> AsyncIterator[Stage]:
    """A stage whose engine has its own types again at the end."""
    made = Stage(tmp_path, small_pack, analyser)
    await made.open()
    yield made
    await made.close()
    analyser.models = None
    analyser.switch(analyser.read_pack())


def photo(size: tuple[int, int] = (900, 700), colour: tuple[int, int, int] = GREEN) -> bytes:
    """A JPEG with words in its metadata."""
    exif = Image.Exif()
    exif[0x010E] = HIDDEN
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def says(key: str, language: str, **values: object) -> str:
    """The first line of a sentence, as it appears in the chat."""
    return re.sub("</?b>", "", WORDS.plain(word(key, **values), language).split("\n")[0])


def green(data: bytes) -> int:
    """How many pixels of a picture are of the given one's colour."""
    with Image.open(io.BytesIO(data)) as opened:
        pixels = np.asarray(opened.convert("RGB"), np.int16)
    return int((np.abs(pixels - GREEN).max(axis=2) < 12).sum())


async def shown(stage: Stage, message: Json) -> bytes:
    """The photo of a message as the page shows it."""
    async with stage.http.get(f"/page/files/{message['photo'][-1]['file_id']}") as answer:
        assert answer.status == 200
        return await answer.read()


def rows(stage: Stage, *actions: str) -> list[AuditRow]:
    return [row for row in stage.database.read(audit.recent, 100) if row.action in actions]


def in_use(stage: Stage, type_id: str = TYPE) -> TypeInfo:
    assert stage.application is not None
    return stage.application.services.pack.by_id[type_id]


async def asked(admin: Person, type_id: str = TYPE) -> Json:
    """As far as the question what a type is to be called, or to look like."""
    await admin.write("/models")
    await admin.press(await admin.hears(says("models.list", admin.language, lines="")), "models_rename")
    await admin.press_data(await admin.hears(says("models.which_group", admin.language)), "models_rename::woman_face")
    await admin.press_data(await admin.hears(says("models.which_type", admin.language)), f"type_name::{type_id}")
    return await admin.hears(lambda message: any(one["callback_data"] == "rename_no::" for one in buttons(message)))


async def proposed(admin: Person, data: bytes | None = None, kind: str = "photo") -> Json:
    """A picture is sent, and looked at before it is used."""
    await admin.attach(kind, data or photo(), "mine.jpg")
    return await admin.hears(is_picture)


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_a_type_gets_another_picture(stage: Stage, language: str, tmp_path: Path) -> None:
    assert stage.application is not None
    registry = stage.application.registry
    admin = await stage.person(ADMIN, language)
    question = await asked(admin)
    assert {"ko": "실제 인물", "en": "real person"}[language] in words(question)
    preview = await proposed(admin)
    assert green(await shown(stage, preview)) > 250_000
    [yes] = [button for button in buttons(preview) if button["callback_data"].startswith("type_picture_yes:")]
    assert {"ko": "실제 인물 사진이 아닙니다", "en": "no real person"}[language] in yes["text"]
    # Nothing has happened until that is said.
    assert registry.names() == {}
    assert rows(stage, "type.pictured") == []
    await admin.press(preview, "type_picture_yes")
    await admin.hears(says("models.pictured", language, name=NAME))
    assert not buttons(await admin.message(preview["message_id"]))
    given = registry.names()[TYPE].picture
    assert given is not None
    with Image.open(given) as opened:
        assert (opened.format, opened.size, dict(opened.getexif())) == ("JPEG", (512, 512), {})
    assert HIDDEN.encode() not in given.read_bytes()
    [row] = rows(stage, "type.pictured")
    assert (row.actor, row.subject, row.detail) == (str(ADMIN), f"type:{TYPE}", {"picture": given.stem})
    # Everybody sees it from now on: in the gallery, and whoever has the type on their card.
    await until(lambda: in_use(stage).picture == given)
    await admin.write("/models")
    await admin.press(await admin.hears(says("models.list", language, lines="")), "models_gallery")
    assert green(await shown(stage, await admin.hears(is_picture))) > 5_000
    somebody = await stage.person(2001, language, gender="woman")
    await asyncio.to_thread(stage.database.transact, give_vectors, stage.application.services.context(), stage.member(somebody), 1)
    await somebody.write("/types")
    assert green(await shown(stage, await somebody.hears(is_picture))) > 5_000
    # Pressed again, it does nothing.
    again = await admin.press_data(preview, yes["callback_data"])
    assert says("models.picture_gone", language) in str(again)
    assert len(rows(stage, "type.pictured")) == 1
    # The type of the next version that it became has it too.
    registry.add(another_pack(tmp_path / "next"))
    registry.carry_names({f"0000aa-{TYPE}": TYPE})
    registry.activate(NEXT)
    await until(lambda: stage.application is not None and stage.application.services.pack.version == NEXT)
    assert in_use(stage, f"0000aa-{TYPE}").picture == given


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_back_to_the_automatic_picture(stage: Stage, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.registry.GRACE", 0.0)
    assert stage.application is not None
    registry = stage.application.registry
    admin = await stage.person(ADMIN, language)
    made = in_use(stage).picture
    assert not [button for button in buttons(await asked(admin)) if button["callback_data"].startswith("type_automatic:")]
    await admin.press(await proposed(admin, kind="document"), "type_picture_yes")
    await until(lambda: in_use(stage).picture != made)
    given = in_use(stage).picture
    question = await asked(admin)
    await admin.press(question, "type_automatic")
    await admin.hears(says("models.automatic", language, name=NAME))
    await until(lambda: in_use(stage).picture == made)
    assert [row.action for row in rows(stage, "type.pictured", "type.automatic")] == ["type.automatic", "type.pictured"]
    # Nobody shows it any more, so it is not kept.
    await until(lambda: not given.exists())
    assert registry.names()[TYPE].picture is None


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_what_cannot_be_a_picture_is_refused_and_the_question_stays(
    stage: Stage, language: str, analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stage.application is not None
    admin = await stage.person(ADMIN, language)
    await asked(admin)
    await admin.attach("document", b"\xff\xd8\xff these are words", "broken.jpg")
    await admin.hears(says("models.no_picture.not_an_image", language))
    await admin.attach("document", b"words", "words.txt")
    await admin.hears(says("models.no_picture.not_an_image", language))
    await admin.attach("photo", photo((250, 900)), "narrow.jpg")
    await admin.hears(says("models.no_picture.too_small", language, wide=256, high=256))
    with monkeypatch.context() as patched:
        patched.setattr(analyser.readers().safety, "predict", lambda _image: 0.97)
        await admin.attach("photo", photo(), "nude.jpg")
        await admin.hears(says("models.no_picture.nsfw", language))
    await admin.attach("voice", b"OggS" + bytes(200), "words.ogg")
    await admin.hears(says("models.bad_name", language, n=40))
    assert stage.application.registry.names() == {}
    assert rows(stage, "type.pictured") == []
    await admin.press(await proposed(admin), "type_picture_yes")
    await admin.hears(says("models.pictured", language, name=NAME))


async def test_only_the_picture_that_was_looked_at_last_can_be_confirmed(stage: Stage) -> None:
    assert stage.application is not None
    registry = stage.application.registry
    admin = await stage.person(ADMIN, "en")
    await asked(admin)
    first = await proposed(admin)
    second = await proposed(admin, photo(colour=(200, 30, 30)))
    assert says("models.picture_gone", "en") in str(await admin.press(first, "type_picture_yes"))
    assert registry.names() == {}
    # A button of something else has ended it, so the last one is gone as well.
    assert says("models.picture_gone", "en") in str(await admin.press(second, "type_picture_yes"))
    await asked(admin)
    third = await proposed(admin)
    await admin.press(third, "type_picture_no")
    await admin.hears(says("steering.cancelled", "en"))
    assert says("models.picture_gone", "en") in str(await admin.press_data(third, buttons(third)[0]["callback_data"]))
    assert registry.names() == {}


async def test_for_everybody_else_these_buttons_do_not_exist(stage: Stage) -> None:
    assert stage.application is not None
    admin = await stage.person(ADMIN, "en")
    await asked(admin)
    preview = await proposed(admin)
    before = len(stage.database.read(audit.recent, 100))
    somebody = await stage.person(2001, "en", gender="woman")
    await somebody.write("/nosuchthing")
    nothing = await somebody.hears("")
    pressed = await somebody.press_data(nothing, "nosuchbutton::")
    for data in (buttons(preview)[0]["callback_data"], f"type_automatic::{TYPE}", "type_picture_no::"):
        said = await somebody.press_data(nothing, data)
        assert {key: value for key, value in said.items() if key != "id"} == {key: value for key, value in pressed.items() if key != "id"}
    assert stage.application.registry.names() == {}
    assert len(stage.database.read(audit.recent, 100)) == before
    # The admin's own picture still waits.
    await admin.press(preview, "type_picture_yes")
    await admin.hears(says("models.pictured", "en", name=NAME))


async def test_no_name_and_no_picture_without_its_audit_row(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stage.application is not None
    registry = stage.application.registry
    admin = await stage.person(ADMIN, "en")
    real = audit.add

    def full(connection: Any, actor: Any, action: str, *given: Any, **named: Any) -> None:
        if action in ("type.renamed", "type.pictured"):
            raise OSError("disk full")
        real(connection, actor, action, *given, **named)

    monkeypatch.setattr(audit, "add", full)
    await asked(admin)
    await admin.write("따뜻한 눈매 / Warm eyes")
    await admin.hears(says("error.unexpected", "en"))
    await asked(admin)
    await admin.press(await proposed(admin), "type_picture_yes")
    await admin.hears_nothing()
    assert registry.names() == {}


async def test_a_change_that_cannot_be_stored_is_said_and_noted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stage.application is not None

    def full(*_given: object, **_named: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(stage.application.registry, "_write", full)
    admin = await stage.person(ADMIN, "en")
    await asked(admin)
    await admin.write("따뜻한 눈매 / Warm eyes")
    await admin.hears(says("models.not_stored", "en"))
    assert [row.action for row in rows(stage, "type.renamed", "type.kept")] == ["type.kept", "type.renamed"]
