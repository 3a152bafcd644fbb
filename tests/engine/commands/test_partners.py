"""`engine partners`: the shape promised in CONTRACT.md, and answers to what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.__main__ import main
from engine.types import STARTER, TypePack


@pytest.fixture
def settings(tmp_path: Path, engine_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of the defaults, with everything that is written under a folder whose cache is shared by the tests."""
    monkeypatch.setenv("INYEON_PATHS__VAR", str(engine_cache.parent))
    return tmp_path


def test_partner_types_come_best_first_with_the_prior_stated(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    face = next(info for info in TypePack.load(STARTER).types if info.group == "woman_face")
    assert main(["partners", str(face.picture), "--seeking", "man", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) >= 4
    lifts = [one["lift"] for one in found]
    assert lifts == sorted(lifts, reverse=True)
    for one in found:
        assert one["type"]["id"].startswith("m")
        assert one["type"]["kind"] in {"face", "fashion"}
        assert one["type"]["name"]
        assert one["interval"][0] <= one["lift"] <= one["interval"][1]
        assert one["couples"] == 0
        assert one["evidence"] == "prior"
        assert "assume" in one["reason"]


def test_top_and_text(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    face = next(info for info in TypePack.load(STARTER).types if info.id == "mf-2")
    assert main(["partners", str(face.picture), "--seeking", "woman", "--top", "2"]) == 0
    assert capsys.readouterr().out.count("times chance") == 2
    assert main(["partners", str(face.picture), "--seeking", "woman", "--top", "0"]) == 2


def test_a_missing_file_and_a_photo_without_a_face(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["partners", str(settings / "none.jpg"), "--seeking", "man", "--json"]) == 2
    assert "none.jpg" in capsys.readouterr().err
    cv2.imwrite(str(settings / "wall.png"), np.full((300, 300, 3), 150, np.uint8))
    assert main(["partners", str(settings / "wall.png"), "--seeking", "man", "--json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith("no_face: ")


def test_whom_to_seek_must_be_said(settings: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["partners", "photo.jpg"])
    assert stopped.value.code == 2
