import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import __main__ as entry
from engine.images import encode_jpeg
from engine.settings import EngineSettings
from engine.values import Image

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def engine(engine_settings: EngineSettings, engine_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command with the small pack and the prepared models."""
    monkeypatch.setenv("INYEON_PATHS__VAR", str(engine_cache.parent))
    monkeypatch.setenv("INYEON_ENGINE__PACK", engine_settings.pack)


@pytest.mark.usefixtures("engine")
def test_one_object_a_photo_in_order(tmp_path: Path, face_photo: Image, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "face.jpg").write_bytes(encode_jpeg(face_photo, 95))
    (tmp_path / "broken.jpg").write_bytes(b"no picture at all")
    names = [str(tmp_path / name) for name in ("broken.jpg", "face.jpg", "missing.jpg")] + [str(tmp_path)]
    assert entry.main(["analyse", *names, "--json", "--embedding"]) == 0
    out = capsys.readouterr()
    said = [json.loads(line) for line in out.out.splitlines()]
    assert [one["photo"] for one in said] == names
    assert [one["problem"] and one["problem"]["code"] for one in said] == ["not_an_image", None, "not_an_image", "not_an_image"]
    [unread, *_] = out.err.splitlines()
    assert unread.startswith(f"cannot read {names[2]} (No such file or directory), {names[3]} (Is a directory)")
    assert "loading" in out.err
    good = said[1]
    assert math.fsum(value * value for value in good["embedding"]) == pytest.approx(1, abs=1e-4)
    (face,) = good["faces"]
    assert face["gender"] in {"man", "woman"}
    assert face["age_range"][0] <= face["age"] <= face["age_range"][1]
    assert {"id", "name", "confidence"} <= set(good["face_type"])
    assert isinstance(good["garments"], list)
    assert good["style"] == []
    assert good["model_version"] == said[0]["model_version"]


@pytest.mark.usefixtures("engine")
def test_words_for_people(tmp_path: Path, face_photo: Image, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "face.jpg").write_bytes(encode_jpeg(face_photo, 95))
    assert entry.main(["analyse", str(tmp_path / "face.jpg")]) == 0
    out = capsys.readouterr().out
    assert "about" in out
    assert "face type" in out
    assert "embedding" not in out


@pytest.mark.usefixtures("engine")
def test_large_files_are_not_read_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INYEON_ENGINE__MAX_BYTES", "1000")
    (tmp_path / "large.jpg").write_bytes(b"\xff\xd8\xff" + bytes(5000))
    assert entry.main(["analyse", str(tmp_path / "large.jpg"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "too_large"


def test_unusable_settings_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("INYEON_ENGINE__BACKEND", "abacus")
    assert entry.main(["analyse", "any.jpg"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_broken_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("INYEON_PATHS__VAR", str(tmp_path / "var"))
    monkeypatch.setenv("INYEON_ENGINE__PACK", str(tmp_path / "none"))
    (tmp_path / "any.jpg").write_bytes(b"no picture at all")
    assert entry.main(["analyse", str(tmp_path / "any.jpg")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_no_photo_is_unusable() -> None:
    with pytest.raises(SystemExit) as stopped:
        entry.main(["analyse"])
    assert stopped.value.code == 2


def test_help_loads_no_model_and_no_torch() -> None:
    code = "import sys; from engine.__main__ import main\ntry: main(['analyse', '--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in ('torch', 'openvino', 'onnxruntime') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
