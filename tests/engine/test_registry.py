"""The registry: what is in use, damage, going back, and that neither a kill nor a second process leaves anything half done."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.errors import PackError
from engine.registry import Registry
from engine.types import STARTER, TypePack
from tests.engine.packs import write_pack

ONE, OTHER = "v20261121T075901-00000001", "v20261121T075902-00000002"


def pack(folder: Path, version: str, **changes: object) -> Path:
    write_pack(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "version": version, **changes}), encoding="utf-8")
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry(tmp_path / "models")
    for version in (ONE, OTHER):
        assert made.add(pack(tmp_path / version, version)) == version
    return made


def test_the_starter_is_always_there(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "none")
    assert registry.active() == STARTER
    assert registry.active_version() == "starter-1"
    assert [(one.version, one.state) for one in registry.versions()] == [("starter-1", "active")]
    assert registry.load().version == "starter-1"
    with pytest.raises(PackError, match="no earlier version"):
        registry.rollback()
    assert not (tmp_path / "none").exists()


def test_there_and_back_again(registry: Registry) -> None:
    registry.activate(ONE)
    registry.activate(OTHER)
    assert registry.active() == registry.folder / OTHER
    assert [one.state for one in registry.versions()] == ["available", "available", "active"]
    assert registry.rollback() == ONE
    assert registry.rollback("starter-1") == "starter-1"
    assert registry.active() == STARTER
    # What was in use before is remembered, each version once.
    assert json.loads((registry.folder / "active.json").read_text(encoding="utf-8"))["previous"] == [OTHER, ONE]


def test_activating_what_is_in_use_changes_nothing(registry: Registry) -> None:
    registry.activate(ONE)
    before = (registry.folder / "active.json").read_bytes()
    registry.activate(ONE)
    assert (registry.folder / "active.json").read_bytes() == before


def test_a_damaged_version_is_refused_and_the_present_one_stays(registry: Registry) -> None:
    registry.activate(ONE)
    (registry.folder / OTHER / "mf-0.png").write_bytes(b"no picture")
    with pytest.raises(PackError, match=r"damaged: mf-0\.png"):
        registry.activate(OTHER)
    assert registry.active_version() == ONE
    listed = {one.version: one for one in registry.versions()}
    assert listed[OTHER].state == "damaged"
    assert "\n" not in listed[OTHER].problem


def test_a_manifest_that_was_changed_after_publishing_is_refused(registry: Registry) -> None:
    registry.activate(ONE)
    registry.activate(OTHER)
    manifest = registry.folder / ONE / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"members": 5', '"members": 6'), encoding="utf-8")
    with pytest.raises(PackError, match="its manifest is not the one"):
        registry.rollback(ONE)
    assert registry.active_version() == OTHER


@pytest.mark.parametrize("version", ["starter-2", "../../etc", "v20261121T075903-00000003", ""])
def test_unknown_versions_are_refused(registry: Registry, version: str) -> None:
    with pytest.raises(PackError, match="no version"):
        registry.activate(version)


def test_what_the_gates_refused_cannot_be_activated(registry: Registry, tmp_path: Path) -> None:
    refused = "v20261121T075904-00000004"
    registry.add(pack(tmp_path / "refused", refused, refused=["stability"]))
    with pytest.raises(PackError, match="stability"):
        registry.activate(refused)
    assert registry.versions()[-1].state == "refused"


def test_adding_again_does_nothing_and_another_pack_of_that_name_is_refused(registry: Registry, tmp_path: Path) -> None:
    assert registry.add(tmp_path / ONE) == ONE
    with pytest.raises(PackError, match="another pack"):
        registry.add(pack(tmp_path / "same-name", ONE, seed=7))
    with pytest.raises(PackError, match="are called like"):
        registry.add(pack(tmp_path / "strange", "test-1"))


def test_a_broken_pointer_is_one_clear_line(registry: Registry) -> None:
    for text in ('{"vers', "[]"):
        (registry.folder / "active.json").write_text(text, encoding="utf-8")
        with pytest.raises(PackError, match="remove it") as caught:
            registry.active()
        assert "\n" not in str(caught.value)


def test_names_that_admins_give(registry: Registry, tmp_path: Path) -> None:
    registry.activate(ONE)
    registry.name("mf-1", name="Harbour", name_ko="항구")
    registry.name("mf-1", picture=(tmp_path / ONE / "mf-0.png").read_bytes(), suffix=".png")
    registry.name("wf-2", name_ko="바다")
    given = registry.load().by_id
    assert (given["mf-1"].name, given["mf-1"].name_ko, given["wf-2"].name_ko) == ("Harbour", "항구", "바다")
    assert given["mf-1"].picture.read_bytes() == (tmp_path / ONE / "mf-0.png").read_bytes()
    registry.carry_names({"00-mf-7": "mf-1", "00-mf-8": "mf-2"})
    names = registry.names()
    assert names["00-mf-7"].name == "Harbour"
    assert "00-mf-8" not in names
    with pytest.raises(PackError, match="no type"):
        registry.name("xx", name="Nobody")


SWITCHING = """
import sys
from pathlib import Path
from engine.registry import Registry
registry = Registry(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    for version in sys.argv[2:]:
        registry.activate(version)
"""


def switching(registry: Registry, *versions: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SWITCHING, str(registry.folder), *versions], stdout=subprocess.PIPE, text=True, cwd=STARTER.parent.parent
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_kill_at_any_moment_leaves_a_whole_version_in_use(registry: Registry) -> None:
    chance = random.Random(5)
    for _ in range(4):
        process = switching(registry, ONE, OTHER)
        time.sleep(chance.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        assert registry.active_version() in {ONE, OTHER, "starter-1"}
        TypePack.load(registry.active())
        registry.activate(ONE)  # the killed one holds no lock
        assert registry.active_version() == ONE


def test_two_processes_and_a_reader_never_see_half_a_switch(registry: Registry) -> None:
    processes = [switching(registry, ONE, OTHER), switching(registry, OTHER, "starter-1", ONE)]
    try:
        begun = time.monotonic()
        seen = set()
        while (passed := time.monotonic() - begun) < 0.8 or (len(seen) < 2 and passed < 60):
            seen.add(registry.active_version())
        assert len(seen) > 1
        assert seen <= {ONE, OTHER, "starter-1"}
        assert all(process.poll() is None for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_kill_while_adding_leaves_no_half_version(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    third = "v20261121T075905-00000005"
    folder = pack(tmp_path / "third", third)
    copied = shutil.copyfile

    def killed(source: Path, target: Path) -> Path:
        if Path(source).name == "manifest.json":
            raise KeyboardInterrupt
        return copied(source, target)

    monkeypatch.setattr(shutil, "copyfile", killed)
    with pytest.raises(KeyboardInterrupt):
        registry.add(folder)
    monkeypatch.setattr(shutil, "copyfile", copied)
    assert third not in [one.version for one in registry.versions()]
    assert registry.add(folder) == third
    assert registry.verify(third)["version"] == third


def test_two_at_once_add_the_same_version(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    folder = pack(tmp_path / "pack", ONE)
    added: list[str] = []
    threads = [threading.Thread(target=lambda: added.append(Registry(registry.folder).add(folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert added == [ONE] * 4
    assert sorted(one.name for one in registry.folder.iterdir()) == [".lock", ONE]
