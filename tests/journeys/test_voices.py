"""Voice messages and round videos between two people: any client can put any file into them, so they are worked on like other files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.local.faults import Fault
from bot.local.inbox import Inbox
from bot.local.values import Upload
from bot.preparing import FilePreparer
from bot.scrub import neutral
from engine.safety import NsfwScorer
from fuzz.seeds import documents, films, pictures
from tests.journeys.stage import Json, Person, Stage, jpeg, words
from tests.journeys.test_relay_kinds import has

SECRET = pictures.SECRET
FILES = pictures.pictures() | films.films() | documents.documents()
SOUNDS = ("opus", "vorbis", "mp3", "m4a", "aac", "flac", "wav", "mp4", "mov", "webm", "webm_live")
"""Whatever clients make voice messages of; some recorders write sound into containers of films."""
PLAYED = {"en": "can’t be played here", "ko": "재생할 수 없어서"}


@pytest.fixture
def environment() -> dict[str, str]:
    """People may send much in a minute."""
    return {"INYEON_MATCHING__MESSAGE_RATE": "300"}


def content(stage: Stage, media: Json) -> bytes:
    stored = stage.server.world.files.get(media["file_id"])
    data = None if stored is None else stage.server.world.files.bytes_of(stored)
    assert data
    return data


async def round_film(stage: Stage, person: Person, look: bytes) -> None:
    """A round video with a small picture, which the page does not make but Telegram's clients do."""
    world = stage.server.world
    media = await world.files.take(
        "video_note", Upload("round.mp4", "video/mp4", FILES["mp4"]), {"duration": 4, "length": 200}, Upload("a.jpg", "image/jpeg", look)
    )
    Inbox(world).say(world.person(person.id), {"video_note": media}, None, None)


async def test_a_voice_message_says_what_it_said_and_nothing_else(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    bold = [{"type": "bold", "offset": 0, "length": 4}]
    first = await jun.write("first")
    heard = await mina.hears("first")
    world = stage.server.world
    for name in SOUNDS:
        assert SECRET in FILES[name], name
        upload = Upload(f"{SECRET.decode()}.ogg", "audio/ogg", FILES[name])
        person, about = world.person(mina.id), {"duration": "7"}
        await Inbox(world).attach(person, "voice", upload, about, f"loud {name}", heard["message_id"], entities=bold)
        copy = await jun.hears(f"loud {name}")
        data = content(stage, copy["voice"])
        assert SECRET not in data, name
        assert b"MARU" not in data.replace(b"\0", b""), name
        assert data == neutral(FILES[name]).data, name
        assert (copy["voice"]["duration"], words(copy)) == (7, f"loud {name}")
        assert copy["caption_entities"][0]["type"] == "bold"
        assert copy["reply_to_message"]["message_id"] == first["message_id"]
        assert SECRET.decode() not in json.dumps(copy, ensure_ascii=False)


async def test_a_round_video_shows_what_it_showed_and_nothing_else(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    for name in ("mp4", "mov", "webm", "webm_live"):
        assert SECRET in FILES[name], name
        await mina.attach("video_note", FILES[name], f"{SECRET.decode()}.mp4", duration="9", length="200")
        copy = await jun.hears(has("video_note"))
        data = content(stage, copy["video_note"])
        assert SECRET not in data, name
        assert b"PICTURE-DATA" in data, name
        assert (copy["video_note"]["duration"], copy["video_note"]["length"]) == (9, 200)


async def test_what_cannot_be_played_is_not_slipped_in(couple: tuple[Person, Person]) -> None:
    """Telegram would pass such bytes on as a file, which nobody announced, judged or looked at."""
    odd = [("voice", "jpeg"), ("voice", "pdf"), ("voice", "docx"), ("video_note", "png"), ("video_note", "opus")]
    for sender, recipient, language in ((*couple, "en"), (*couple[::-1], "ko")):
        for kind, name in odd:
            await sender.attach(kind, FILES[name], "a.bin")
        for _ in odd:
            await sender.hears(PLAYED[language])
        await recipient.hears_nothing(0.2)


async def test_sound_that_cannot_be_made_neutral_waits_for_a_word(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    broken = FILES["opus"][: len(FILES["opus"]) // 2]
    await mina.attach("voice", broken, "a.ogg", duration="3", caption="listen")
    asked = await mina.hears("has not been passed on")
    await jun.hears_nothing(0.2)
    await mina.press(asked, "let_go")
    copy = await jun.hears(has("voice"))
    assert (content(stage, copy["voice"]), words(copy)) == (broken, "listen")


async def test_a_caption_below_a_voice_message_follows_its_sender(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await mina.attach("voice", FILES["opus"], "a.ogg", caption="old")
    copy = await jun.hears("old")
    await mina.edit(sent["message_id"], "new")
    await jun.becomes(copy["message_id"], lambda message: words(message) == "new" and "voice" in message)


async def test_a_round_video_that_must_be_covered_goes_as_a_film(
    stage: Stage, couple: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    mina, jun = couple
    small = pictures.jpeg()
    assert SECRET in small
    await round_film(stage, mina, small)
    copy = await jun.hears(has("video_note"))
    assert copy["video_note"]["length"] == 200
    assert SECRET not in content(stage, copy["video_note"]["thumbnail"])
    monkeypatch.setattr(NsfwScorer, "predict", lambda *_: 0.97)
    await round_film(stage, mina, jpeg())
    copy = await jun.hears(has("video"))
    assert copy["has_media_spoiler"]
    assert "video_note" not in copy
    assert (copy["video"]["duration"], copy["video"]["width"], copy["video"]["height"]) == (4, 200, 200)
    assert SECRET not in content(stage, copy["video"])


async def test_small_pictures_that_clients_made_tell_nothing(
    stage: Stage, couple: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local server makes them anew, as Telegram may; what counts is what the bot hands over."""
    mina, jun = couple
    handed: list[bytes] = []
    fetch, work = FilePreparer._fetch, FilePreparer.prepare

    async def fetched(self: FilePreparer, file_id: str) -> bytes:
        stored = stage.server.world.files.get(file_id)
        return pictures.jpeg() if stored is not None and stored.kind == "thumbnail" else await fetch(self, file_id)

    async def prepared(self: FilePreparer, *rest: Any) -> Any:
        made = await work(self, *rest)
        handed.extend(data for _, data in getattr(made, "uploads", {}).values())
        return made

    monkeypatch.setattr(FilePreparer, "_fetch", fetched)
    monkeypatch.setattr(FilePreparer, "prepare", prepared)
    await round_film(stage, mina, jpeg())
    await jun.hears(has("video_note"))
    assert len(handed) == 2
    assert not [data for data in handed if SECRET in data]


async def test_a_file_that_cannot_be_had_now_is_asked_for_again(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    stage.server.faults.add(Fault("getFile", code=500, times=2))
    await mina.attach("voice", FILES["opus"], "a.ogg", caption="patience")
    await mina.write("and after it")
    first, second = await jun.hears("patience"), await jun.hears("and after it")
    assert "voice" in first
    assert first["message_id"] < second["message_id"]
