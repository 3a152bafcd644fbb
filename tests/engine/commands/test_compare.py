"""`engine compare`: the shape promised in CONTRACT.md, one photo and two, who is refused, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.__main__ import main
from engine.types import STARTER, TypePack
from tests.journeys.selfies import couple, selfie

KEYS = {"same_person", "similarity", "score", "interval", "parts", "couples", "reason", "problem"}


@pytest.fixture
def place(tmp_path: Path, engine_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos, and settings of the defaults whose cache is shared by the tests."""
    monkeypatch.setenv("INYEON_PATHS__VAR", str(engine_cache.parent))
    (tmp_path / "her.jpg").write_bytes(selfie("woman_face", 0))
    (tmp_path / "him.jpg").write_bytes(selfie("man_face", 2))
    (tmp_path / "both.jpg").write_bytes(couple())
    (tmp_path / "broken.jpg").write_bytes(b"no picture at all")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 150, np.uint8))
    return tmp_path


def compare(place: Path, capsys: pytest.CaptureFixture[str], *names: str) -> dict[str, Any]:
    assert main(["compare", *(str(place / name) for name in names), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    made: dict[str, Any] = json.loads(line)
    assert set(made) >= KEYS
    assert set(made["parts"]) == {"face", "fashion", "age"}
    if made["problem"] is None:
        assert 0 <= made["interval"][0] <= made["score"] <= made["interval"][1] <= 100
    else:
        assert made["score"] is None
        assert made["interval"] is None
        assert made["problem"]["message"]
        assert any("가" <= sign <= "힣" for sign in made["reason_ko"])
    return made


def test_two_photos(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = compare(place, capsys, "her.jpg", "him.jpg")
    assert made["problem"] is None
    assert not made["same_person"]
    assert (made["couples"], made["evidence"]) == (0, "prior")
    assert made["interval"][1] - made["interval"][0] > 10, "nothing is known yet"
    assert "no forecast" in made["reason"]
    known = TypePack.load(STARTER).by_id
    assert [known[name].gender for name in made["types"][0]["ids"]] == ["woman", "man"]
    assert compare(place, capsys, "him.jpg", "her.jpg")["score"] == made["score"]


def test_one_photo_of_both(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = compare(place, capsys, "both.jpg")
    assert made["problem"] is None
    assert not made["same_person"]
    known = TypePack.load(STARTER).by_id
    assert [known[name].gender for name in made["types"][0]["ids"]] == ["woman", "man"], "left to right"
    alone = compare(place, capsys, "her.jpg")
    assert alone["problem"]["code"] == "no_couple"


def test_the_same_person(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = compare(place, capsys, "her.jpg", "her.jpg")
    assert made["same_person"]
    assert made["problem"]["code"] == "same_person"
    (place / "twice.jpg").write_bytes(couple(("woman_face", 0), ("woman_face", 0)))
    made = compare(place, capsys, "twice.jpg")
    assert made["same_person"]
    assert compare(place, capsys, "broken.jpg", "broken.jpg")["same_person"]


@pytest.mark.parametrize(("name", "code"), [("broken.jpg", "not_an_image"), ("wall.png", "no_face"), ("both.jpg", "several_faces")])
def test_photos_that_cannot_be_used(place: Path, capsys: pytest.CaptureFixture[str], name: str, code: str) -> None:
    for names, at in ((("her.jpg", name), 2), ((name, "her.jpg"), 1)):
        problem = compare(place, capsys, *names)["problem"]
        assert (problem["code"], problem["photo"]) == (code, at)


def test_minors_get_no_score(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INYEON_ENGINE__MINOR_THRESHOLD", "-1000")
    for names in (("her.jpg", "him.jpg"), ("both.jpg",)):
        made = compare(place, capsys, *names)
        assert made["problem"]["code"] == "minor"
        assert made["similarity"] is None


def test_arguments_that_cannot_be_used(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(place / "her.jpg"), str(place / "none.jpg"), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "none.jpg" in said.err
    assert main(["compare", *[str(place / "her.jpg")] * 3]) == 2
    assert main(["compare", str(place / "her.jpg"), str(place / "him.jpg")]) == 0
    assert "80 % interval" in capsys.readouterr().out
