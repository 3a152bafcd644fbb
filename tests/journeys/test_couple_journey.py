"""Two people give a photo of them, over real HTTP with the real engine: one a member, the other new to the bot."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.replies import word
from bot.words import Words
from db import consents, uploads
from db import couples as corpus
from tests.bot.two import collect
from tests.journeys.selfies import couple, selfie
from tests.journeys.stage import Person, Stage, buttons, jpeg, words

WORDS = Words()
ROOT = Path(__file__).parents[2]


def says(key: str, language: str, **values: object) -> str:
    """The first words of a sentence, as they appear in the chat."""
    return re.sub(r"<[^>]*>", "", WORDS.plain(word(key, **values), language)).split("\n")[0]


async def give(person: Person) -> str:
    """From /couple to the link, which is returned as it is typed."""
    await person.write("/couple")
    await person.press(await person.hears(says("couple.overview", person.language)), "couple_give")
    await person.press(await person.hears(says("couple.consent", person.language, version="2026-11", hours=72)), "couple_agree")
    await person.hears(says("couple.send", person.language))
    await person.attach("photo", couple(), "us.jpg")
    await person.hears("👍")
    link = await person.hears("https://t.me/inyeon_local_bot?start=couple_")
    return "/start " + re.findall(r"couple_[\w-]+", words(link))[0]


@pytest.mark.parametrize(("hers", "his"), [("ko", "en"), ("en", "ko")])
async def test_from_couple_to_taking_it_back(stage: Stage, hers: str, his: str) -> None:
    mina = await stage.person(1001, hers, gender="woman", seeks="men")
    jun = await stage.person(1002, his)
    link = await give(mina)
    [upload] = stage.database.read(uploads.of_member, stage.member(mina).id)
    kept = stage.database.read(uploads.by_id, upload.id)
    assert kept is not None
    assert kept.jpeg is not None
    assert kept.jpeg[:3] == b"\xff\xd8\xff"
    assert b"Exif" not in kept.jpeg

    await mina.write(link)
    await mina.hears(says("couple.link.own", hers))
    await jun.write(link)
    await jun.hears(says("couple.birth", his))
    await jun.write("03/07/1994")
    await jun.hears(says("wrong.birth.ambiguous", his))
    await jun.hears(says("couple.birth", his))
    await jun.write("1994-03-07")
    photo = await jun.hears(lambda message: "photo" in message)
    assert photo["has_protected_content"] is True
    question = await jun.hears(says("couple.consent", his, version="2026-11", hours=72))
    eve = await stage.person(1003, "en", gender="woman")
    await eve.write(link)
    await eve.hears(says("couple.link.taken", "en"))
    forged = next(button["callback_data"] for button in buttons(question) if button["callback_data"].startswith("couple_yes:"))
    await eve.write("/help")
    answer = await eve.press_data(await eve.hears("/discover"), forged)
    assert says("couple.link.taken", "en") in answer["text"]

    await jun.press(question, "couple_yes")
    await jun.hears(says("couple.guest", his))
    await mina.hears(says("couple.told.confirmed", hers, id=upload.id))
    answer = await jun.press_data(question, forged)
    assert answer["text"]
    for person in (mina, jun):
        history = stage.database.read(consents.history, stage.member(person).id)
        assert [(given.version, given.given) for given in history if given.kind == "couple"] == [(f"2026-11 photo {upload.id}", True)]
    assert not stage.member(jun).face_consent, "one consent is not the other"

    assert collect(stage.database, _Clock()) == [upload.id]  # type: ignore[arg-type]
    assert len(stage.database.read(corpus.people)) == 2
    await jun.write("/couple")
    await jun.press(await jun.hears(says("couple.overview", his)), "couple_stop")
    await jun.press(await jun.hears(says("couple.stop_ask", his, id=upload.id)), "couple_stop_yes")
    await mina.hears(says("couple.told.withdrawn", hers, id=upload.id))
    assert stage.database.read(corpus.people) == []
    await jun.write("/start")
    await jun.hears("Inyeon")


async def test_the_job_takes_in_what_both_agreed_to(stage: Stage, warm: Callable[[Path], Path]) -> None:
    """The command that the scheduler starts, in a process of its own, on the photo that the bot kept."""
    mina = await stage.person(1001, "en", gender="woman", seeks="men")
    jun = await stage.person(1002, "en", gender="man", seeks="women")
    await jun.write(await give(mina))
    await jun.press(await jun.hears("Are you one of the two"), "couple_yes")
    await mina.hears("agreed")
    environment = {**os.environ, "INYEON_PATHS__VAR": str(stage.settings.var), "INYEON_DATABASE__URL": stage.settings.database.url}
    warm(stage.settings.var)
    command = [sys.executable, "-m", "crawler", "collect", "--source", "member", "--json"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"seen": 1, "accepted": 1, "duplicates": 0, "rejected": {}}
    [upload] = stage.database.read(uploads.of_member, stage.member(jun).id)
    kept = stage.database.read(uploads.by_id, upload.id)
    assert kept is not None
    assert (kept.state, kept.jpeg) == ("ingested", None)
    left, right = stage.database.read(corpus.of_upload, upload.id)
    assert (left.gender, right.gender) == ("woman", "man")
    assert left.face_vector is not None
    for picture in (left.face_jpeg, right.face_jpeg):
        with Image.open(io.BytesIO(picture)) as crop:
            assert crop.size == (256, 256)
    await mina.write("/couple")
    await mina.hears("The types learn from it")
    await jun.write("/delete")
    asked = await jun.hears("erase everything")
    for choice in ("delete::yes", "delete::now"):
        await jun.press_data(asked, choice)
    await mina.hears("was taken back and erased")
    assert stage.database.read(corpus.people) == []
    assert stage.database.read(uploads.by_id, upload.id) is None


class _Clock:
    """What `collect` takes of a town."""

    def __init__(self) -> None:
        import datetime as dt

        self.now = dt.datetime.now(dt.UTC)


async def test_what_is_no_photo_of_two(stage: Stage) -> None:
    mina = await stage.person(1001, "en", gender="woman", seeks="men")
    jun = await stage.person(1002, "en", gender="man", seeks="women")
    await mina.write("/couple")
    await mina.press(await mina.hears("Photo of us two"), "couple_give")
    await mina.press(await mina.hears("Consent"), "couple_agree")
    await mina.hears("Please send")
    await mina.write("here you are")
    await mina.hears(says("couple.need_photo", "en"))
    for kind, data, name, reason in (
        ("photo", selfie(), "me.jpg", "one_person"),
        ("photo", jpeg(), "teal.jpg", "no_face"),
        ("photo", couple(("woman_face", 0), ("woman_face", 0)), "twice.jpg", "same_person_twice"),
        ("document", b"MZ" * 400, "us.exe", "not_an_image"),
        ("document", b"\xff\xd8\xff" + b"x" * 400, "us.jpg", "not_an_image"),
    ):
        await mina.attach(kind, data, name)
        await mina.hears(says(f"couple.no.{reason}", "en"))
    assert stage.database.read(uploads.of_member, stage.member(mina).id) == []
    # Of an album one photo is taken; the rest reaches neither the profile nor a chat.
    for _ in range(3):
        await mina.attach("photo", couple(), "us.jpg", media_group_id="7001")
    await mina.hears("👍")
    await mina.hears(says("couple.one_photo", "en"))
    await mina.hears_nothing()
    assert len(stage.database.read(uploads.of_member, stage.member(mina).id)) == 1
    await jun.hears_nothing()


async def test_the_bot_may_stop_at_every_step(stage: Stage) -> None:
    mina = await stage.person(1001, "en", gender="woman", seeks="men")
    jun = await stage.person(1002, "en")
    await mina.write("/couple")
    said = await mina.hears("Photo of us two")
    await stage.stop()
    await stage.start()
    await mina.press(said, "couple_give")
    said = await mina.hears("Consent")
    await mina.press(said, "couple_agree")
    await mina.hears("Please send")
    await stage.stop()
    await stage.start()
    await mina.attach("document", couple(), "us.jpg")
    await mina.hears("👍")
    link = "/start " + re.findall(r"couple_[\w-]+", words(await mina.hears("couple_")))[0]
    await jun.write(link)
    await jun.hears("date of birth")
    await stage.stop()
    await stage.start()
    await jun.write("1994-03-07")
    question = await jun.hears("Are you one of the two")
    await stage.stop()
    await stage.start()
    await jun.press(question, "couple_no")
    await jun.hears(says("couple.declined", "en"))
    await mina.hears("was not agreed to")
    [upload] = stage.database.read(uploads.of_member, stage.member(mina).id)
    assert upload.state == "refused"
