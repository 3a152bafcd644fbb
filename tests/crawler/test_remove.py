"""`crawler remove --photo`: the photo's own couple goes, and nobody who only stood before the same backdrop."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from crawler.commands import remove
from crawler.commands.tools import Tools
from crawler.dedupe import DISTANCE, distance, phash
from crawler.ingest import Ingest
from crawler.settings import CrawlerSettings
from db import couples
from db.session import Database
from engine.images import decode
from engine.settings import EngineSettings
from tests.crawler.conftest import Cast
from tests.crawler.people import couple
from tests.crawler.test_ingest import Made, counts, picture

Photos = tuple[bytes, bytes, bytes]


@pytest.fixture
def tools(database: Database, crawler_cache: Path) -> Tools:
    return Tools(CrawlerSettings(), EngineSettings(), crawler_cache, database)


def hash_of(data: bytes) -> str:
    return phash(decode(data, EngineSettings()).image)  # type: ignore[union-attr]


def copied(data: bytes) -> bytes:
    """Smaller, as somebody has it on their phone."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return bytes(cv2.imencode(".jpg", cv2.resize(pixels, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA))[1].tobytes())


@pytest.fixture(scope="session")
def backdrop(cast: Cast) -> Photos:
    """Photos of three couples before one backdrop; each is nearer to the others than two copies may be."""
    known = [couple(man, woman) for man in cast.men for woman in cast.women]
    for one in known:
        near = [other for other in known if other is not one and distance(hash_of(one), hash_of(other)) <= DISTANCE]
        pair = next(((a, b) for a in near for b in near if a is not b and distance(hash_of(a), hash_of(copied(b))) <= DISTANCE), None)
        if pair is not None:
            return (one, *pair)
    raise AssertionError("no three are near enough, so nothing can be shown")


def run(tools: Tools, photo: bytes, folder: Path, *, as_json: bool = True) -> int:
    file = folder / "photo.jpg"
    file.write_bytes(photo)
    return remove.run(argparse.Namespace(photo=file, source=None, source_id=None, json=as_json), tools)


def left(database: Database) -> set[str]:
    """Which pictures still have their couple."""
    return {name for name in "abc" if (row := picture_or_none(database, name)) and database.read(couples.pair, row)}


def picture_or_none(database: Database, name: str) -> int | None:
    try:
        return picture(database, name).id
    except AssertionError:
        return None


@pytest.mark.parametrize("wanted", ["a", "b"])
def test_a_copy_takes_its_own_couple_and_not_the_nearest_one(
    ingest: Ingest, database: Database, tools: Tools, backdrop: Photos, tmp_path: Path, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    assert counts(ingest.run(Made({"a": backdrop[0], "b": backdrop[1]}), "q")) == (2, 2, 0, {})
    assert run(tools, copied(backdrop["ab".index(wanted)]), tmp_path) == 0
    assert json.loads(capsys.readouterr().out) == {"source": "commons", "id": wanted, "erased": True}
    assert left(database) == {"a", "b"} - {wanted}


def test_where_nobody_is_the_same_what_is_near_is_listed_and_stays(
    ingest: Ingest, database: Database, tools: Tools, backdrop: Photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest.run(Made({"a": backdrop[0]}), "q")
    assert run(tools, copied(backdrop[1]), tmp_path) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {"source": "commons", "id": "a", "page": "", "erased": False}
    assert "--source and --id" in said.err
    assert left(database) == {"a"}
    assert run(tools, copied(backdrop[1]), tmp_path, as_json=False) == 1
    assert capsys.readouterr().out == "commons a: looks like it, not erased\n"


def test_faces_of_another_embedding_are_not_compared(
    ingest: Ingest, database: Database, tools: Tools, backdrop: Photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest.run(Made({"a": backdrop[0]}), "q")
    database.transact(couples.set_vectors, [(one.id, one.face_vector, "older", None, None) for one in database.read(couples.people)])
    assert run(tools, copied(backdrop[0]), tmp_path) == 1
    assert json.loads(capsys.readouterr().out)["id"] == "a"
    assert left(database) == {"a"}
    assert run(tools, backdrop[0], tmp_path) == 0, "the same bytes are the same picture"
    assert left(database) == set()


def test_a_copy_is_known_also_where_another_couples_picture_is_nearer(ingest: Ingest, backdrop: Photos) -> None:
    one, other, third = backdrop
    everything = {"a": one, "b": other, "c": third}
    assert counts(ingest.run(Made(dict(everything)), "q")) == (3, 3, 0, {})
    again = {f"{name}{name}": copied(data) for name, data in everything.items()}
    assert counts(ingest.run(Made(dict(again), name="naver"), "q")) == (3, 0, 3, {})
