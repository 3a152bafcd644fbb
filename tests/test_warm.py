"""What lies behind hard links that programs share stays as it is; one process of a run makes it, the last one deletes it."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import weights
from engine.backends.runtime import make_runtime
from engine.settings import EngineSettings
from tests import warm as warming


def contents(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Each file's inode, time and hash."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(f.relative_to(folder)): (f.stat().st_ino, f.stat().st_mtime_ns, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files}


def gender(cache: Path) -> None:
    make_runtime(EngineSettings(), cache).session(weights.graph(weights.GENDER, cache), (1, 3, 32, 32))


def test_programs_use_the_links_and_make_nothing_anew(tmp_path: Path, warm: Callable[[Path], Path]) -> None:
    cache = warm(tmp_path)
    before = contents(cache)
    assert any(name.endswith(".blob") for name in before)
    assert any(name.endswith(".onnx") for name in before)
    assert all(file.stat().st_nlink > 1 for file in cache.rglob("*") if file.is_file())
    warming.make(cache)
    assert contents(cache) == before


@pytest.mark.parametrize("spoilt", [b"", b"no blob at all" * 1000], ids=["empty", "foreign"])
def test_a_blob_that_does_not_fit_is_replaced_and_not_written_over(tmp_path: Path, spoilt: bytes) -> None:
    models = tmp_path / "models"
    gender(models)
    [blob] = (models / "openvino").iterdir()
    blob.chmod(0o640)
    blob.write_bytes(spoilt)
    before = contents(models)
    cache = warming.seed(models, tmp_path / "var")
    gender(cache)
    assert contents(models) == before
    [own] = (cache / "openvino").iterdir()
    assert own.name == blob.name
    assert own.stat().st_ino != blob.stat().st_ino
    assert own.stat().st_size > 100_000


@pytest.mark.parametrize("round_", range(20))  # two that find nothing in the same instant once waited for each other, in every second round
def test_one_makes_it_and_the_last_one_deletes_it(round_: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()
        time.sleep(0.05)  # the others come meanwhile
        (folder / "one.onnx").write_bytes(b"one")

    monkeypatch.setattr(warming, "make", make)
    together = threading.Barrier(4)

    def work(number: int) -> None:
        together.wait(60)
        with warming.prepared(tmp_path) as models:
            together.wait(60)
            cache = warming.seed(models, tmp_path / str(number))
            assert (cache / "one.onnx").read_bytes() == b"one"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(made) == 1
    assert not (tmp_path / "prepared-models").exists()
    assert (tmp_path / "3" / "cache" / "one.onnx").read_bytes() == b"one", "links outlive what they were made from"


def test_what_was_left_half_made_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(folder: Path) -> None:
        folder.mkdir()
        (folder / "half.onnx").write_bytes(b"ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "one.onnx").write_bytes(b"one")

    monkeypatch.setattr(warming, "make", breaks)
    with pytest.raises(OSError, match="No space"), warming.prepared(tmp_path):
        pass
    monkeypatch.setattr(warming, "make", make)
    with warming.prepared(tmp_path) as models:
        assert [file.name for file in models.iterdir()] == ["one.onnx"]


def test_where_links_are_refused_it_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.onnx").write_bytes(b"one")
    monkeypatch.setattr(os, "link", refuses)
    cache = warming.seed(tmp_path / "models", tmp_path / "var")
    assert (cache / "one.onnx").read_bytes() == b"one"
    assert (cache / "one.onnx").stat().st_nlink == 1
