"""Two people send each other everything, over HTTP; and no byte that arrives tells who sent it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import aiohttp
import pytest
import telegram

from bot.local.world import World
from bot.preparing import FilePreparer
from db import members
from engine.safety import NsfwScorer
from fuzz.seeds import documents, films, pictures
from tests.journeys.stage import PATIENCE, Json, Person, Stage, buttons, jpeg, words

NAME, USER, PHONE, SECRET = "Zyx Quillfeather", "zyx_quill", "+82 10-9999-1234", pictures.SECRET.decode()
FILES = pictures.pictures() | films.films() | documents.documents()
FILE_NAME = f"{NAME} {SECRET}.dat"


@pytest.fixture
def environment() -> dict[str, str]:
    """People may send much in a minute."""
    return {"INYEON_MATCHING__MESSAGE_RATE": "300"}


async def act(person: Person, what: str, **body: Any) -> Json:
    """Something that people do on the page."""
    async with person.page.http.post(f"/page/chats/{person.id}/{what}", json=body) as response:
        answer: Json = await response.json()
        assert response.status == 200, answer
        return dict(answer.get("message", answer))


async def replace_file(person: Person, message_id: int, data: bytes, **fields: str) -> None:
    form = aiohttp.FormData({"message_id": str(message_id), "kind": "photo", **fields})
    form.add_field("file", data, filename=FILE_NAME)
    async with person.page.http.post(f"/page/chats/{person.id}/edit", data=form) as response:
        assert response.status == 200, await response.text()


async def vanish(person: Person, gone: set[int]) -> None:
    """Wait until none of these messages is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if not gone & {message["message_id"] for message in await person.messages()}:
                return
            await asyncio.sleep(0.02)


def has(kind: str) -> Any:
    return lambda message: kind in message


async def test_albums_arrive_whole_and_follow_their_sender(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = [
        await mina.attach("photo", jpeg(colour), "a.jpg", caption=colour, media_group_id="7", **more)
        for colour, more in (("teal", {}), ("navy", {"has_spoiler": "true"}), ("gold", {}))
    ]
    await mina.write("after the album")
    parts = [await jun.hears(has("photo")) for _ in sent]
    await jun.hears("after the album")
    assert [words(part) for part in parts] == ["teal", "navy", "gold"]
    assert len({part["media_group_id"] for part in parts}) == 1
    assert [bool(part.get("has_media_spoiler")) for part in parts] == [False, True, False]
    await jun.write("the second one!", reply_to=parts[1]["message_id"])
    assert (await mina.hears("the second"))["reply_to_message"]["message_id"] == sent[1]["message_id"]
    await replace_file(mina, sent[2]["message_id"], jpeg("black"), caption="night")
    await jun.becomes(parts[2]["message_id"], lambda message: words(message) == "night")
    await mina.write("/del", reply_to=sent[0]["message_id"])
    await mina.hears("whole album (3 parts)")
    await vanish(jun, {part["message_id"] for part in parts})
    await vanish(mina, {part["message_id"] for part in sent})


async def test_live_locations_move_and_stop(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await act(mina, "location", latitude=37.5, longitude=127.0, live_period=900)
    copy = await jun.hears(has("location"))
    assert copy["location"]["live_period"] == 900
    await act(mina, "live", message_id=sent["message_id"], latitude=37.6, longitude=127.1)
    await jun.becomes(copy["message_id"], lambda message: message["location"]["latitude"] == 37.6)
    await act(mina, "live", message_id=sent["message_id"], stop=True)
    await jun.becomes(copy["message_id"], lambda message: not message["location"].get("live_period"))


async def test_polls_are_answered_to_the_one_who_asks(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await act(mina, "poll", question="Tea?", options=["Yes", "No"])
    copy = await jun.hears(has("poll"))
    assert copy["poll"]["is_anonymous"] is False
    await act(jun, "vote", message_id=copy["message_id"], options=[1])
    told = await mina.hears("chose")
    assert "No" in words(told)
    assert told["reply_to_message"]["message_id"] == sent["message_id"]
    await act(jun, "vote", message_id=copy["message_id"], options=[])
    await mina.hears("took the choice back")


async def test_a_quiz_keeps_its_answers_its_words_and_its_end(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    more = {"type": "quiz", "correct_option_ids": [0, 2], "allows_multiple_answers": True, "open_period": 600}
    await act(mina, "poll", question="Even?", options=["2", "3", "4"], description="of three", explanation="halves", **more)
    poll = (await jun.hears(has("poll")))["poll"]
    assert (poll["correct_option_ids"], poll["allows_multiple_answers"], poll["open_period"]) == ([0, 2], True, 600)
    assert (poll["description"], poll["explanation"]) == ("of three", "halves")


async def test_live_photos_move_and_their_movement_tells_nothing(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    form = aiohttp.FormData({"kind": "live_photo", "caption": "look", "duration": "2"})
    form.add_field("file", FILES["mov"], filename=FILE_NAME, content_type="video/quicktime")
    form.add_field("photo", jpeg(), filename="a.jpg", content_type="image/jpeg")
    async with mina.page.http.post(f"/page/chats/{mina.id}/messages", data=form) as response:
        assert response.status == 200, await response.text()
    copy = await jun.hears("look")
    assert copy["photo"]
    assert not copy.get("has_media_spoiler")
    for file_id in file_ids(copy["live_photo"]):
        stored = stage.server.world.files.get(file_id)
        data = None if stored is None else stage.server.world.files.bytes_of(stored)
        assert data
        assert SECRET.encode() not in data


async def test_reactions_go_over_and_back(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await mina.write("news")
    copy = await jun.hears("news")
    await act(jun, "reaction", message_id=copy["message_id"], emoji="❤")
    await mina.becomes(sent["message_id"], lambda message: "❤" in json.dumps(message.get("reactions", {}), ensure_ascii=False))
    await act(jun, "reaction", message_id=copy["message_id"], emoji="")
    await mina.becomes(sent["message_id"], lambda message: "❤" not in json.dumps(message.get("reactions", {}), ensure_ascii=False))


async def test_contacts_and_odd_files_wait_for_their_senders_word(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await act(mina, "contact", phone_number=PHONE, first_name="Zyx")
    asked = await mina.hears("Send this contact")
    assert PHONE in words(asked)
    await jun.hears_nothing(0.2)
    await mina.press(asked, "let_go")
    copy = await jun.hears(has("contact"))
    assert copy["contact"]["phone_number"] == PHONE
    assert "user_id" not in copy["contact"]
    await mina.attach("document", b"\x00\x01 unknown bytes", FILE_NAME)
    asked = await mina.hears("has not been passed on")
    await jun.hears_nothing(0.2)
    await mina.press(asked, "let_go")
    copy = await jun.hears(has("document"))
    assert SECRET not in json.dumps(copy, ensure_ascii=False)
    await act(mina, "other", content={"story": {"chat": {"id": 1, "type": "private"}, "id": 1}})
    await mina.hears("Stories show whose they are")
    await act(mina, "dice", emoji="🎲")
    await jun.hears("🎲")


async def test_pictures_are_covered_where_they_must_be(couple: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    mina, jun = couple
    await mina.attach("photo", jpeg(), "a.jpg")
    assert not (await jun.hears(has("photo"))).get("has_media_spoiler")
    monkeypatch.setattr(NsfwScorer, "predict", lambda *_: 0.97)
    await mina.attach("photo", jpeg(), "a.jpg")
    assert (await jun.hears(has("photo")))["has_media_spoiler"]
    monkeypatch.undo()

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(FilePreparer, "_small", nothing)
    await mina.attach("photo", jpeg(), "a.jpg")
    assert (await jun.hears(has("photo")))["has_media_spoiler"]


async def test_pictures_that_come_as_files_are_covered_too(couple: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    mina, jun = couple
    await mina.attach("document", FILES["png"], "a.png")
    assert (await jun.hears(has("document")))["document"]["file_name"] == "image.png"
    monkeypatch.setattr(NsfwScorer, "predict", lambda *_: 0.97)
    for name in ("jpeg", "png", "webp", "heic"):
        await mina.attach("document", FILES[name], f"a.{name}", caption=f"a {name}")
        copy = await jun.hears(f"a {name}")
        assert copy["photo"]
        assert copy["has_media_spoiler"]
    await mina.attach("sticker", FILES["webp"], "sticker.webp")
    copy = await jun.hears(has("photo"))
    assert copy["has_media_spoiler"]
    assert "sticker" not in copy
    await mina.attach("document", FILES["pdf"], "a.pdf", caption="nothing to see")
    assert "document" in await jun.hears("nothing to see")


async def test_an_album_of_files_is_covered_or_said_to_be_none(couple: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    mina, jun = couple
    scores = iter((0.0, 0.97))
    monkeypatch.setattr(NsfwScorer, "predict", lambda *_: next(scores, 0.97))
    for number, name in enumerate(("jpeg", "png")):
        await mina.attach("document", FILES[name], "a.jpg", caption=str(number), media_group_id="7")
    parts = [await jun.hears(has("photo")) for _ in range(2)]
    assert [(words(part), bool(part.get("has_media_spoiler"))) for part in parts] == [("0", False), ("1", True)]
    for number, name in enumerate(("pdf", "jpeg")):
        await mina.attach("document", FILES[name], "a", caption=str(number), media_group_id="8")
    await mina.hears("by itself")
    await jun.hears_nothing(0.2)


async def test_what_was_said_is_taken_back(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await mina.write("first words")
    copy = await jun.hears("first words")
    await mina.write("/del", reply_to=sent["message_id"])
    await mina.hears("deleted on both sides")
    await vanish(jun, {copy["message_id"]})
    await vanish(mina, {sent["message_id"]})


async def test_no_byte_tells_who_sent_it(stage: Stage, couple: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, user name, number, file names and what devices write into files are everywhere; then all that arrived is searched."""
    mina, jun = couple
    world = stage.server.world
    plain = World.user

    def user(self: World, person_id: int) -> telegram.User | None:
        found = plain(self, person_id)
        if found is None or found.id != mina.id:
            return found
        first, last = NAME.split()
        return telegram.User(found.id, first, is_bot=False, last_name=last, username=USER, language_code="en")

    monkeypatch.setattr(World, "user", user)
    world.person(mina.id).name = NAME
    told = f"@{USER} t.me/{USER} tg://user?id={mina.id} https://t.me/{USER}/s/4"
    entities = [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "text_mention", "offset": 0, "length": 4, "user": {"id": mina.id, "is_bot": False, "first_name": NAME}},
        {"type": "text_link", "offset": 0, "length": 4, "url": f"tg://user?id={mina.id}"},
    ]
    before = {message["message_id"] for message in await jun.messages()}
    await act(mina, "messages", text=told, entities=entities)
    await act(mina, "messages", text="forwarded", origin="user", origin_name=NAME, via_bot=f"{USER}_bot")
    await act(mina, "venue", latitude=1, longitude=2, title=f"at @{USER}", address=f"t.me/{USER}")
    await act(mina, "poll", question=f"@{USER}?", options=["yes", f"tg://user?id={mina.id}"])
    for name, data in FILES.items():
        await mina.attach("document", data, FILE_NAME, caption=f"{name} {told}")
    played = [("audio", "mp3"), ("audio", "m4a"), ("video", "mp4"), ("animation", "mp4"), ("video_note", "mp4"), ("video_note", "mov")]
    played += [("voice", name) for name in ("opus", "vorbis", "mp3", "m4a", "mp4")]
    played += [("sticker", "webp"), ("sticker", "webm")]
    for kind, name in played:
        caption = {} if kind in ("video_note", "sticker") else {"caption": told}
        await mina.attach(kind, FILES[name], FILE_NAME, title=f"by {NAME}", performer=NAME, **caption)
    for name in ("jpeg", "jpeg_turned"):
        await mina.attach("photo", FILES[name], FILE_NAME, caption=told)
        await mina.attach("document", FILES[name], FILE_NAME, caption=told, media_group_id="9")
    await mina.write("the last word")
    await jun.hears("the last word", patience=150)
    everything = [message for message in await jun.messages() if message["message_id"] not in before and not message["out"]]
    assert len(everything) == 4 + len(FILES) + len(played) + 4 + 1
    shown = json.dumps(everything, ensure_ascii=False)
    for secret in (USER, NAME, NAME.split()[1], SECRET, str(mina.id), "forward_origin", "via_bot", "text_mention"):
        assert secret not in shown, secret
    for file_id in {found for message in everything for found in file_ids(message)}:
        stored = world.files.get(file_id)
        data = None if stored is None else world.files.bytes_of(stored)
        assert data, file_id
        assert SECRET.encode() not in data
        assert b"MARU" not in data.replace(b"\0", b"")
        assert NAME.encode() not in data


def file_ids(message: Any) -> list[str]:
    if isinstance(message, dict):
        own = [message["file_id"]] if "file_id" in message else []
        return own + [found for value in message.values() for found in file_ids(value)]
    return [found for value in message for found in file_ids(value)] if isinstance(message, list) else []


async def test_protection_reaches_the_other_side(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    member = stage.member(mina)
    stage.database.transact(members.update, member.id, dt.datetime.now(dt.UTC), protect=True)
    await mina.write("for your eyes")
    assert (await jun.hears("for your eyes"))["has_protected_content"]
    assert not buttons(await jun.message(jun.seen))
