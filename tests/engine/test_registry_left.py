"""What the registry remembers of versions that admins went back from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import registry as module
from engine.registry import Registry, recipe_from, recipe_of
from tests.engine.packs import write_pack

ONE, OTHER, AGAIN = (f"v20261121T07590{number}-0000000{number}" for number in (1, 2, 3))
SETTINGS = {"k_min": 4, "seed": 1}


def learned(folder: Path, version: str, fingerprint: str) -> Path:
    write_pack(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    more = {"version": version, "data": {"fingerprint": fingerprint}, "settings": SETTINGS}
    (folder / "manifest.json").write_text(json.dumps({**manifest, **more}), encoding="utf-8")
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """AGAIN was learned from what OTHER was learned from."""
    made = Registry(tmp_path / "models")
    for version, fingerprint in ((ONE, "a"), (OTHER, "b"), (AGAIN, "b")):
        made.add(learned(tmp_path / version, version, fingerprint))
    return made


def test_a_version_is_left_until_it_is_put_into_use_again(registry: Registry) -> None:
    bad = recipe_of(registry.verify(OTHER))
    registry.activate(ONE)
    registry.activate(OTHER)
    registry.leave(OTHER, bad)
    assert registry.left(bad) is None  # still in use: the kill came before it was left
    registry.activate(ONE)
    assert registry.left(bad) == OTHER
    assert registry.previous() == OTHER
    registry.activate("starter-1")
    assert registry.left(bad) == OTHER
    assert registry.left(recipe_of(registry.verify(ONE))) is None
    registry.activate(OTHER)
    registry.activate(ONE)
    assert registry.left(bad) is None


def test_another_version_of_the_same_couples_that_is_put_into_use_is_wanted(registry: Registry) -> None:
    bad = recipe_of(registry.verify(OTHER))
    registry.leave(OTHER, bad)
    assert registry.left(bad) == OTHER
    registry.activate(AGAIN)
    assert registry.left(bad) is None


def test_a_recipe_is_of_couples_and_settings_alone(registry: Registry) -> None:
    manifest = registry.verify(OTHER)
    assert recipe_of(manifest) == recipe_of(registry.verify(AGAIN)) == recipe_from("b", SETTINGS)
    assert recipe_of(manifest) != recipe_from("a", SETTINGS)
    assert recipe_of(manifest) != recipe_from("b", {**SETTINGS, "seed": 2})
    assert recipe_of(registry.verify("starter-1")) == ""


def test_only_so_many_are_remembered_the_newest(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PREVIOUS", 2)
    for number in range(4):
        registry.leave(f"v{number}", f"recipe {number}")
    registry.leave("v2", "recipe 2")
    assert [registry.left(f"recipe {number}") for number in range(4)] == [None, None, "v2", "v3"]
