"""Checkpoints of learning: done once, sealed, gone with their key, and for whom a run is kept."""

from __future__ import annotations

import datetime as dt
import doctest
import io
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from engine.training import checkpoints
from engine.training.checkpoints import Checkpoints, Result, Runs
from engine.types import STARTER

NOW = dt.datetime(2026, 11, 21, 7, 0, tzinfo=dt.UTC)
KEY = bytes(range(32))
KEPT = "5f3a9c1e5f3a9c1e"
VECTORS = np.random.default_rng(0).normal(size=(40, 128)).astype(np.float32)


class Vault:
    """Keys by scope, as `db.vault` has them."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.made = 0

    def key(self, scope: str) -> bytes:
        if scope not in self.held:
            self.made += 1
            self.held[scope] = bytes([self.made]) * 32
        return self.held[scope]

    def scopes(self, start: str) -> list[str]:
        return [scope for scope in self.held if scope.startswith(start)]

    def forget(self, scopes: Collection[str]) -> None:
        for scope in scopes:
            del self.held[scope]


def nothing() -> Result:
    return {}, {}


def never() -> Result:
    raise AssertionError("this stage is done already")


def faces() -> Result:
    return {"face": VECTORS}, {"at": "then"}


def in_clear(folder: Path) -> list[Path]:
    """Files in which a vector of `faces` can be found."""
    return [file for file in folder.rglob("*") if file.is_file() and VECTORS[0].tobytes() in file.read_bytes()]


def test_the_doctests() -> None:
    assert doctest.testmod(checkpoints).attempted
    assert not doctest.testmod(checkpoints).failed


def test_a_stage_is_done_once(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "run", KEY)
    calls = []

    def make() -> Result:
        calls.append(1)
        return {"x": np.arange(3)}, {"why": "because"}

    for _ in range(2):
        arrays, plain = kept.stage("one", make)
        assert arrays["x"].tolist() == [0, 1, 2]
        assert plain == {"why": "because"}
    Checkpoints(tmp_path / "run", KEY).stage("one", make)
    assert calls == [1]


def test_a_stage_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "run", KEY)

    def broken() -> Result:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept.stage("one", broken)
    # A draft of a killed process is no stage either.
    (tmp_path / "run").mkdir(exist_ok=True)
    (tmp_path / "run" / ".one.draft").write_bytes(b"half")
    with pytest.raises(ZeroDivisionError):
        kept.stage("one", broken)


def test_no_vector_lies_there_in_clear_and_nobody_else_may_look(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    np.savez(plain / "vectors.npz", face=VECTORS)
    assert in_clear(plain)  # so the search would find them
    runs = Runs(tmp_path / "work", Vault())
    with runs.held():
        kept = runs.begin(KEPT, NOW)
        kept.stage("begun", faces)
    assert not in_clear(tmp_path / "work")
    assert {one.stat().st_mode & 0o777 for one in (tmp_path / "work", kept.folder)} == {0o700}
    files = [one for one in (tmp_path / "work").rglob("*") if one.is_file()]
    assert sorted(one.name for one in files) == ["begun.sealed", "lock"]
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}


def test_large_stages_are_sealed_in_parts_that_hold_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PART", 1000)
    kept = Checkpoints(tmp_path / "run", KEY)
    file = tmp_path / "run" / "one.sealed"
    width = checkpoints.NONCE + 1000 + checkpoints.TAG
    head = len(checkpoints.MAGIC)
    kept.stage("one", faces)
    whole = file.read_bytes()
    assert len(whole) > head + 10 * width
    arrays, _ = kept.stage("one", never)
    np.testing.assert_array_equal(arrays["face"], VECTORS)
    first, second = whole[head : head + width], whole[head + width : head + 2 * width]
    last = (len(whole) - head) % width
    damaged = {
        "exchanged": whole[:head] + second + first + whole[head + 2 * width :],
        "cut off": whole[: -last or -width],
        "empty": whole[:head],
        "of something else": b"PK\x03\x04" + whole[4:],
        "changed": whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
    }
    for what, content in damaged.items():
        file.write_bytes(content)
        done = []

        def again(done: list[int] = done) -> Result:
            done.append(1)
            return faces()

        arrays, _ = kept.stage("one", again)
        assert done == [1], what
        np.testing.assert_array_equal(arrays["face"], VECTORS)
    # A stage under the name of another one is none.
    (tmp_path / "run" / "two.sealed").write_bytes(whole)
    assert kept.stage("two", nothing) == ({}, {})


def test_a_run_is_gone_on_with_for_a_day(tmp_path: Path) -> None:
    vault = Vault()
    Runs(tmp_path, vault).begin(KEPT, NOW).stage("begun", faces)
    almost = Runs(tmp_path, vault).begin(KEPT, NOW + dt.timedelta(hours=23))
    almost.stage("begun", never)
    assert vault.made == 1
    late = Runs(tmp_path, vault).begin(KEPT, NOW + dt.timedelta(hours=25))
    assert late.stage("begun", nothing) == ({}, {})
    assert list(tmp_path.iterdir()) == [late.folder]
    assert late.folder != almost.folder
    assert list(vault.held) == [f"learn:{late.folder.name}"]


def test_whoever_begins_deletes_every_other_run_and_its_key(tmp_path: Path) -> None:
    vault = Vault()
    stopped = Runs(tmp_path, vault).begin("0" * 16, NOW)
    stopped.stage("begun", faces)
    copy = (stopped.folder / "begun.sealed").read_bytes()
    older = tmp_path / ("1" * 16)  # as versions before this one kept them
    older.mkdir()
    np.savez(older / "begun.npz", face=VECTORS)
    mine = Runs(tmp_path, vault).begin(KEPT, NOW)
    mine.stage("one", nothing)
    assert [one.name for one in tmp_path.iterdir()] == [f"20261121T070000-{KEPT}"]
    # A copy that was put back is noise: the key of its name is another one now.
    back = Runs(tmp_path, vault).begin("0" * 16, NOW)
    back.folder.mkdir()
    (back.folder / "begun.sealed").write_bytes(copy)
    assert back.stage("begun", nothing) == ({}, {})


def test_without_keys_no_other_process_can_read_a_run(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.begin(KEPT, NOW).stage("one", faces)
    runs.begin(KEPT, NOW).stage("one", never)
    assert Runs(tmp_path).begin(KEPT, NOW).stage("one", nothing) == ({}, {})


HOLDING = """
import sys
from pathlib import Path
from engine.training.checkpoints import Runs
with Runs(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_sweeping_leaves_the_run_of_whoever_learns_and_takes_that_of_the_dead(tmp_path: Path) -> None:
    vault = Vault()
    work = tmp_path / "work"
    assert Runs(work, vault).sweep() == 0
    assert not work.exists()
    Runs(work, vault).begin(KEPT, NOW).stage("begun", faces)
    learner = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(work)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=STARTER.parent.parent
    )
    assert isinstance(learner.stdout, io.TextIOBase)
    assert learner.stdout.readline() == "held\n"
    assert Runs(work, vault).sweep() == 0
    Runs(work, vault).begin(KEPT, NOW).stage("begun", never)
    learner.kill()
    learner.communicate()
    assert Runs(work, vault).sweep() == 1
    assert [one.name for one in work.iterdir()] == ["lock"]
    assert not vault.held


def test_a_key_whose_folder_is_gone_goes_too(tmp_path: Path) -> None:
    vault = Vault()
    vault.key("learn:20261101T000000-00")
    vault.key("system:index")
    Runs(tmp_path / "none", vault).sweep()
    assert list(vault.held) == ["system:index"]
