"""Demo members: made once, active, found by others, honest about what their pictures are."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from bot.local import avatars, demo
from bot.local.server import LocalServer
from bot.settings import LocalSettings
from db import members, photos, search, types
from db.records import TypeRow
from db.session import Database
from engine.types import TypePack
from engine.values import Analysis, Face, Problem, Quality, TypeGuess

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
GROUPS = ("man_face", "man_fashion", "woman_face", "woman_fashion")


class Pack:
    """Two types a group; which one a vector gets follows from its first number."""

    def __init__(self) -> None:
        self.types = [SimpleNamespace(id=f"{group}-{number}", group=group) for group in GROUPS for number in (1, 2)]

    def assign_face(self, vector: Any, gender: str) -> TypeGuess:
        return TypeGuess(f"{gender}_face-{1 if vector[0] > 0 else 2}", "name", "이름", 0.7)

    def assign_fashion(self, vector: Any, gender: str) -> TypeGuess:
        return TypeGuess(f"{gender}_fashion-{1 if vector[0] > 0 else 2}", "name", "이름", 0.6)


class Reader:
    """Accepts pictures that are not red; counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def analyse(self, data: bytes, *, face: bool = True) -> Analysis:
        self.calls += 1
        with Image.open(io.BytesIO(data)) as picture:
            red, green, _ = cast("tuple[int, int, int]", picture.convert("RGB").getpixel((4, 4)))
        if red > 200 and green < 60:
            return Analysis(problem=Problem("minor", "no"))
        found = Face(
            (10, 10, 40, 40),
            np.zeros((5, 2), np.float32),
            0.9,
            "woman",
            0.9,
            31.4,
            (25, 38),
            0.8,
            0.1,
            False,
            Quality(1, 1, 1, 1, 1, 0, 0, 0),
        )
        vector = np.array([1.0, 0.0], np.float32)
        return Analysis(
            faces=(found,),
            main=0,
            size=(64, 64),
            embedding=vector,
            fashion_embedding=vector,
            photo_jpeg=data,
            model_version="m",
            runtime="r",
        )


def pack() -> TypePack:
    return cast("TypePack", Pack())


@pytest.fixture
def typed(database: Database) -> Database:
    rows = [
        TypeRow(f"{group}-{number}", group, "face" if "face" in group else "fashion", group.split("_")[0], "name", "이름")
        for group in GROUPS
        for number in (1, 2)
    ]
    database.transact(types.sync, rows, "1", NOW)
    return database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = ["file,gender,w,h,metadata_json"]
    for number in range(12):
        gender = "male" if number % 2 else "female"
        age = 17 if number in (2, 3) else 20 + number
        Image.new("RGB", (64, 64), (255, 0, 0) if number in (4, 5) else (90, 120, number * 10)).save(tmp_path / f"p{number}.jpg")
        lines.append(f'p{number}.jpg,{gender},64,64,"a {age}-year-old person"')
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


async def test_drawn_members_are_active_and_typed(typed: Database) -> None:
    server = LocalServer()
    await server.start()
    try:
        made = await demo.seed(typed, Reader(), pack(), LocalSettings(members=6), server, NOW)
        again = await demo.seed(typed, Reader(), pack(), LocalSettings(members=6), server, NOW)
        people = server.people()
    finally:
        await server.stop()
    assert (made, again) == (6, 0)
    assert [person.id for person in people] == [2001, 2002, 2003, 2004, 2005, 2006]
    assert all(person.avatar and person.started and person.role == "demo" for person in people)
    for number in range(6):
        member = typed.read(members.by_telegram, demo.FIRST + number)
        assert member is not None
        assert (member.status, member.demo, member.step) == ("active", True, "")
        assert demo.YOUNGEST <= (member.age(NOW) or 0) <= demo.OLDEST
        assert "예시" in member.about or "Example" in member.about
        assert set(typed.read(types.of_member, member.id)) == {"face", "fashion"}
        held = typed.read(photos.of, member.id)
        assert [photo.facts["demo"] for photo in held] == ["drawn"]


async def test_portraits_are_read_by_the_engine(typed: Database, folder: Path) -> None:
    server, reader = LocalServer(), Reader()
    await server.start()
    try:
        settings = LocalSettings(members=4, portraits=str(folder))
        assert await demo.seed(typed, reader, pack(), settings, server, NOW) == 4
        calls = reader.calls
        assert await demo.seed(typed, reader, pack(), settings, server, NOW) == 0
        assert reader.calls == calls
        more = LocalSettings(members=6, portraits=str(folder))
        assert await demo.seed(typed, reader, pack(), more, server, NOW) == 2
    finally:
        await server.stop()
    sources = set()
    for number in range(6):
        member = typed.read(members.by_telegram, demo.FIRST + number)
        assert member is not None
        photo = typed.read(photos.of, member.id)[0]
        assert photo.facts["demo"] == "ai"
        assert typed.read(photos.vectors, member.id, "face", "m")
        assert typed.read(types.of_member, member.id)["face"].type_id.endswith("-1")
        sources.add(photo.facts["source"])
    assert len(sources) == 6
    assert not sources & {"p2.jpg", "p3.jpg", "p4.jpg", "p5.jpg"}


async def test_a_new_member_finds_somebody(typed: Database) -> None:
    server = LocalServer()
    await server.start()
    try:
        await demo.seed(typed, Reader(), pack(), LocalSettings(), server, NOW)
    finally:
        await server.stop()

    def found(gender: str, seeks: str) -> int:
        def work(connection: Any) -> int:
            member = members.create(connection, hash((gender, seeks)) % 100_000 + 50_000, "ko", NOW)
            place = {"city": "Seoul", "latitude": 37.6, "longitude": 127.0, "distance_km": 50}
            fields = {
                "status": "active",
                "gender": gender,
                "seeks": seeks,
                "birth_date": dt.date(1996, 5, 1),
                "age_min": 20,
                "age_max": 45,
                **place,
            }
            return len(search.candidates(connection, members.update(connection, member.id, NOW, **fields), NOW, 30))

        return typed.transact(work)

    assert found("woman", "men") >= 5
    assert found("man", "women") >= 5
    assert found("other", "everyone") >= 2


def test_drawings_differ_and_repeat() -> None:
    first = avatars.draw(avatars.look(1, "woman"), 128)
    assert first == avatars.draw(avatars.look(1, "woman"), 128)
    assert len({avatars.draw(avatars.look(seed, "man"), 64) for seed in range(8)}) >= 7
    labelled = avatars.labelled(first, demo.LABELS["drawn"])
    with Image.open(io.BytesIO(first)) as before, Image.open(io.BytesIO(labelled)) as after:
        assert before.size == after.size == (128, 128)
        assert before.getpixel((3, 125)) != after.getpixel((3, 125))


def test_a_broken_folder_gives_no_portraits(tmp_path: Path) -> None:
    assert demo.portraits(tmp_path) == []
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00file")
    assert demo.portraits(tmp_path) == []
    (tmp_path / "labels.csv").write_text("file,gender\nmissing.jpg,female\n", encoding="utf-8")
    assert demo.portraits(tmp_path) == []


@pytest.mark.shared
def test_shared_portraits_are_adults(shared_data: Path) -> None:
    found = demo.portraits(shared_data / "portraits_ai")
    assert {one.gender for one in found} == {"woman", "man"}
    assert len(found) > demo.LocalSettings().members
    assert all(one.age is None or demo.YOUNGEST <= one.age <= demo.OLDEST for one in found)
    assert len({one.file.name for one in found}) == len(found)
