"""The compatibility of two people is learned with the types: in the pack, under its hashes, behind gates, and in what the bot loads."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.calibration import NAME, PRIOR, Calibration
from engine.errors import PackError
from engine.registry import Registry
from engine.training import compatibility
from engine.types import STARTER, TypePack
from tests.crawler.planted import made, opened, quiet, without_models
from tests.engine.training import planted


def test_it_is_in_the_pack_with_its_figures(learned: Path) -> None:
    answer = json.loads((learned / "answer.json").read_text(encoding="utf-8"))
    assert {"compatibility_ece", "compatibility_auc"} <= set(answer["gates"])
    figures = answer["compatibility"]
    assert figures["n"] > compatibility.FEW
    assert figures["auc_interval"][0] <= figures["auc"] <= figures["auc_interval"][1]
    assert figures["auc"] > 0.6, "three in four couples are of the same planted types"
    registry = Registry(learned / "models")
    manifest = registry.verify(answer["version"])
    assert manifest["compatibility"] == figures
    assert NAME in manifest["files"]
    pack = registry.load()
    assert pack.calibration.couples == figures["n"]
    assert pack.calibration.figures == figures
    assert pack.removed is not None
    report = Path(answer["report"]).read_text(encoding="utf-8")
    assert f"Compatibility, {figures['n']} held-out couples" in report


def test_packs_without_it_have_the_prior() -> None:
    assert TypePack.load(STARTER).calibration is PRIOR


def copied(learned: Path, folder: Path, content: str, *, listed: bool) -> Path:
    """The learned pack with another calibration in it, listed by its hash or not."""
    shutil.copytree(Registry(learned / "models").active(), folder)
    (folder / NAME).write_text(content, encoding="utf-8")
    if listed:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"][NAME] = hashlib.sha256(content.encode()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_changed_calibration_is_refused(learned: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"compatibility\.json"):
        TypePack.load(copied(learned, tmp_path / "altered", json.dumps(PRIOR.plain()), listed=False))
    assert TypePack.load(copied(learned, tmp_path / "other", json.dumps(PRIOR.plain()), listed=True)).calibration.couples == 0
    for number, broken in enumerate(("{", "{}", json.dumps({**PRIOR.plain(), "weights": [1]}))):
        with pytest.raises(PackError, match="cannot be read"):
            TypePack.load(copied(learned, tmp_path / f"broken-{number}", broken, listed=True))


def test_scores_that_are_off_are_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that are as sure as can be, and turn everything round."""
    without_models(monkeypatch)
    fit = compatibility.fit

    def turned(*arguments: Any) -> Calibration:
        found = fit(*arguments)
        return replace(found, weights=-6 * found.weights, covariance=found.covariance / 100)

    monkeypatch.setattr(compatibility, "fit", turned)
    database = opened(tmp_path, planted.corpus())
    answer, why = made(database, tmp_path).learn(quiet)
    database.close()
    assert not answer["published"]
    assert not answer["gates"]["compatibility_ece"]["passed"]
    assert "compatibility_ece" in why
    assert Registry(tmp_path / "models").active_version() == "starter-1"


def test_couples_of_few_people_leave_the_prior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)
    monkeypatch.setattr(compatibility, "FEW", 10_000)
    database = opened(tmp_path, planted.corpus())
    answer, why = made(database, tmp_path).learn(quiet)
    database.close()
    assert why == ""
    assert answer["compatibility"] is None
    assert "compatibility_ece" not in answer["gates"]
    pack = Registry(tmp_path / "models").load()
    assert pack.calibration is PRIOR
    assert "too few couples" in Path(answer["report"]).read_text(encoding="utf-8")
