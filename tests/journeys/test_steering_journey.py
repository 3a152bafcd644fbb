"""Admins steer the cycle over real HTTP, with the real commands in processes of their own; members go on using the bot."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.context import Context
from bot.usecases.types import retype
from db import audit, jobs, photos, types
from db.records import Member
from db.session import Connection
from engine.analysis import Analyser
from engine.types import GROUPS
from tests.engine.small_pack import write_whole_pack
from tests.journeys.selfies import selfie
from tests.journeys.stage import ADMIN, PATIENCE, Json, Person, Stage, buttons, words

SLOW = 180.0
"""Seconds that a command of ours may take on a busy machine: loading the models alone takes a few."""
TALK_PAUSE = 0.2
"""Seconds between the words of those who talk on: four in turn never write as fast as the bot slows people down, however long it takes."""
NEXT = "v20261121T075901-0000000a"
STARTER = "test-1"


@pytest.fixture
async def stage(tmp_path: Path, analyser: Analyser, small_pack: Path) -> AsyncIterator[Stage]:
    """A stage whose commands find the models prepared."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(analyser.cache)
    made = Stage(tmp_path, small_pack, analyser)
    await made.open()
    yield made
    await made.close()
    analyser.models = None
    analyser.switch(analyser.read_pack())


def another_pack(folder: Path, version: str = NEXT, face_model: str | None = None) -> Path:
    """The small pack with other ids, and its types the other way round: whoever had the first has the last."""
    write_whole_pack(folder)
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    arrays = dict(np.load(folder / "centroids.npz"))
    for group in GROUPS:
        for name in [name for name in arrays if name.startswith(f"{group}_centroids")]:
            arrays[name] = arrays[name][::-1].copy()
    for row in manifest["types"]:
        arrays[f"anchor_0000aa-{row['id']}"] = arrays.pop(f"anchor_{row['id']}")
        row["id"] = f"0000aa-{row['id']}"
        row["name"] = f"New {row['name']}"
    np.savez(folder / "centroids.npz", **arrays)
    import hashlib

    manifest["files"]["centroids.npz"] = hashlib.sha256((folder / "centroids.npz").read_bytes()).hexdigest()
    manifest["version"] = version
    manifest["face_model"] = face_model or manifest["face_model"]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def own_types(stage: Stage, person: Person) -> set[str]:
    return {given.type_id for given in stage.database.read(types.of_member, stage.member(person).id).values()}


async def until(true: Callable[[], bool], patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 the bot makes it true
            await asyncio.sleep(0.05)


async def progress_ends(admin: Person, text: str) -> Json:
    """The message of a job's progress, once it says how the job ended."""
    shown = await admin.hears(lambda message: "…" in words(message) or "▱" in words(message) or text in words(message), SLOW)
    async with asyncio.timeout(SLOW):
        while text not in words(shown := await admin.message(shown["message_id"])):  # noqa: ASYNC110 the bot edits it
            await asyncio.sleep(0.1)
    return shown


def is_picture(message: Json) -> bool:
    return "photo" in message


@pytest.mark.slow
async def test_an_admin_collects_from_a_folder(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "couples"
    folder.mkdir()
    Image.new("RGB", (300, 200), "teal").save(folder / "empty.png")
    (folder / "alone.jpg").write_bytes(selfie())
    (folder / "alone again.jpg").write_bytes(selfie())
    admin = await stage.person(ADMIN, "en")
    await admin.write("/crawl")
    choice = await admin.hears("From where?")
    await admin.press_data(choice, "crawl_from::folder")
    await admin.hears("Which folder")
    await admin.write(str(folder))
    await admin.hears("will begin in a moment")
    ended = await progress_ends(admin, "Collected")
    assert "Looked at 3; couples: 0" in words(ended)
    assert "known already: 1" in words(ended) or "one person" in words(ended)
    picture = await admin.hears(is_picture)
    assert picture["message_id"] > ended["message_id"]
    await admin.write("/jobs")
    assert "Collecting #1: done" in words(await admin.hears("Jobs"))
    done = {row.action for row in stage.database.read(audit.recent, 50)}
    assert {"crawl.opened", "crawl.asked", "collect.queued", "job.done", "jobs.read"} <= done


@pytest.mark.slow
async def test_how_a_job_ended_is_told_after_the_bot_was_killed_before_it_could_say(stage: Stage) -> None:
    admin = await stage.person(ADMIN, "en")

    def leads() -> bool:
        return stage.application is not None and stage.application.scheduler.leads

    def ended_unsaid(connection: Connection) -> None:
        """In one transaction, so that the scheduler never sees it run."""
        now = dt.datetime.now(dt.UTC)
        run_id = jobs.queue(connection, "retention", str(ADMIN), {}, now)
        assert jobs.start(connection, run_id, now)
        assert jobs.finish(connection, run_id, "failed", {"why": "the disk is full"}, now)

    def unsaid() -> int:
        return len(stage.database.read(jobs.untold, dt.datetime.now(dt.UTC) - dt.timedelta(days=1)))

    await until(leads)
    await admin.write("/jobs")
    await admin.hears()
    await asyncio.to_thread(stage.database.transact, ended_unsaid)
    assert await asyncio.to_thread(unsaid) == 1
    await stage.stop()
    await stage.start()
    await admin.hears("the disk is full")
    await until(lambda: unsaid() == 0)
    await stage.stop()
    await stage.start()
    await until(leads)
    await admin.hears_nothing()


async def test_too_few_couples_publish_nothing_and_say_so(stage: Stage) -> None:
    admin = await stage.person(ADMIN, "ko")
    await admin.write("/retrain")
    question = await admin.hears("타입 다시 학습")
    await admin.press(question, "retrain_yes")
    ended = await progress_ends(admin, "적용하지 않았습니다")
    assert "학습할 사람 수" in words(ended)
    assert is_picture(await admin.hears(is_picture))
    await admin.write("/models")
    assert STARTER in words(await admin.hears("타입 버전"))
    # The question cannot be answered twice.
    assert not buttons(await admin.message(question["message_id"]))


def give_vectors(connection: Connection, context: Context, member: Member, axis: int) -> None:
    """As if a photo had been read: a vector, and the type that it has."""
    [photo] = photos.of(connection, member.id)
    vector = np.eye(4, dtype="<f4")[axis]
    photos.add_vector(connection, photo.id, "face", context.pack.face_model, "test", vector.tobytes(), 4)
    retype(connection, context, member)


@pytest.mark.slow
async def test_types_are_exchanged_and_gone_back_from_while_members_talk(stage: Stage, tmp_path: Path, analyser: Analyser) -> None:
    assert stage.application is not None
    services = stage.application.services
    admin = await stage.person(ADMIN, "en")
    people = [await stage.person(2000 + number, "en", gender="woman" if number % 2 else "man") for number in range(30)]
    for number, person in enumerate(people):
        await asyncio.to_thread(stage.database.transact, give_vectors, services.context(), stage.member(person), number % 3)
    registry = stage.application.registry
    registry.add(another_pack(tmp_path / "next"))
    talking = asyncio.create_task(talk(people[:4]))
    registry.activate(NEXT)
    await until(lambda: services.pack.version == NEXT)
    assert analyser.pack.version == NEXT
    await until(lambda: not services.types.changing)
    for number, person in enumerate(people):
        letter = "w" if number % 2 else "m"
        assert own_types(stage, person) == {f"0000aa-{letter}f-{2 - number % 3}"}
    await admin.write("/rollback")
    await admin.press_data(await admin.hears("Go back to which one?"), f"rollback_to::{STARTER}")
    question = await admin.hears(f"back to {STARTER}")
    await admin.press(question, "rollback_yes")
    await progress_ends(admin, "In use again")
    assert is_picture(await admin.hears(is_picture))
    await until(lambda: services.pack.version == STARTER and not services.types.changing)
    for number, person in enumerate(people):
        letter = "w" if number % 2 else "m"
        assert own_types(stage, person) == {f"{letter}f-{number % 3}"}
    talking.cancel()
    unanswered = await asyncio.gather(talking, return_exceptions=True)
    assert not isinstance(unanswered[0], AssertionError)

    def done() -> list[str]:
        return [row.job for row in stage.database.read(jobs.recent) if row.state == "done"]

    await until(lambda: done().count("retype") >= 2)  # a run ends a moment after its last member has the new types
    assert "rollback" in done()
    await admin.press_data(question, f"rollback_yes::{STARTER}")
    assert [row.job for row in stage.database.read(jobs.recent)].count("rollback") == 1


async def talk(people: list[Person]) -> None:
    """Members look at their cards all the while; each answer shows their types."""
    while True:
        for person in people:
            await person.write("/profile")
            shown = await person.hears("")
            assert "Name" in words(shown), words(shown)
            person.seen = max(message["message_id"] for message in await person.messages())
            await asyncio.sleep(TALK_PAUSE)


async def test_whoever_turns_up_before_it_is_their_turn_is_retyped_on_the_spot(stage: Stage, tmp_path: Path) -> None:
    assert stage.application is not None
    services = stage.application.services
    somebody = await stage.person(2001, "en", gender="woman")
    await asyncio.to_thread(stage.database.transact, give_vectors, services.context(), stage.member(somebody), 0)
    stage.application.scheduler.leads = False
    for task in stage.application._steering:
        task.cancel()
    registry = stage.application.registry
    registry.add(another_pack(tmp_path / "next"))
    registry.activate(NEXT)
    await stage.application.switcher.look()
    before = await asyncio.to_thread(own_types, stage, somebody)
    await somebody.write("/profile")
    assert "New Name wf-2" in words(await somebody.hears("Name"))
    assert own_types(stage, somebody) == {"0000aa-wf-2"} != before
    stage.application._steering.clear()


async def test_a_version_that_the_engine_cannot_use_changes_nothing(stage: Stage, tmp_path: Path, caplog: Any) -> None:
    assert stage.application is not None
    registry = stage.application.registry
    registry.add(another_pack(tmp_path / "next", face_model="another-face-1"))
    registry.activate(NEXT)
    await until(lambda: any("stay as they are" in record.message for record in caplog.records))
    assert stage.application.services.pack.version == STARTER
    somebody = await stage.person(2001, "en", gender="woman")
    await somebody.write("/profile")
    await somebody.hears("")
    await stage.stop()
    await stage.start()
    assert stage.application is not None
    assert stage.application.services.pack.version == STARTER
    shutil.rmtree(registry.folder)


async def test_a_type_gets_another_name(stage: Stage) -> None:
    assert stage.application is not None
    admin = await stage.person(ADMIN, "en")
    await admin.write("/models")
    await admin.press(await admin.hears("Versions of the types"), "models_rename")
    await admin.press_data(await admin.hears("which group"), "models_rename::woman_face")
    await admin.press_data(await admin.hears("Which type"), "type_name::wf-1")
    await admin.hears("The new name")
    await admin.write("nonsense")
    await admin.hears("with a slash between")
    await admin.write("따뜻한 눈매 / Warm eyes")
    await admin.hears("is now called “Warm eyes”")
    services = stage.application.services
    await until(lambda: services.pack.by_id["wf-1"].name == "Warm eyes")
    assert not services.types.changing


STEERING = ("/crawl", "/crawl folder /tmp", "/retrain", "/models", "/rollback", f"/rollback {STARTER}", "/jobs")
PRESSES = (
    "crawl::",
    "crawl_from::member",
    "retrain_yes::",
    "models_gallery::",
    f"rollback_yes::{STARTER}",
    "job_stop:1:",
    "type_name::wf-1",
)


async def test_for_everybody_else_there_is_nothing(stage: Stage) -> None:
    """The same answers as to a word and a button that do not exist."""
    somebody = await stage.person(2001, "en", gender="woman")
    await somebody.write("/nosuchthing")
    nothing = await somebody.hears("")
    pressed = await somebody.press_data(nothing, "nosuchbutton::")
    for command in STEERING:
        await somebody.write(command)
        answer = await somebody.hears("")
        assert (words(answer), buttons(answer)) == (words(nothing), buttons(nothing)), command
    for data in PRESSES:
        said = await somebody.press_data(nothing, data)
        assert {key: value for key, value in said.items() if key != "id"} == {key: value for key, value in pressed.items() if key != "id"}
    assert stage.database.read(jobs.recent) == []
    assert stage.database.read(audit.recent) == []


async def test_pictures_and_buttons_of_the_versions(stage: Stage) -> None:
    admin = await stage.person(ADMIN, "ko")
    await admin.write("/models")
    listed = await admin.hears("타입 버전")
    for verb in ("models_gallery", "models_affinity"):
        await admin.press(listed, verb)
        shown = await admin.hears(is_picture)
        assert words(shown)
    await admin.press(listed, "models_gates")
    await admin.hears("아직 학습한 적이 없어서")
    await admin.press(listed, "rollback")
    await admin.hears("되돌릴 다른 버전이 없습니다")
    await admin.write("/stats")
    panel = await admin.hears("현황")
    await admin.press(panel, "jobs")
    await admin.hears("진행 중이거나 대기 중인 작업이 없습니다")
    await admin.press(panel, "retrain")
    await admin.press(await admin.hears("타입 다시 학습"), "retrain_no")
    assert stage.database.read(jobs.recent) == []
