"""The classifier of a pack in both runtimes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.backends.onnxruntime import OnnxRuntime
from engine.backends.openvino import OpenVino
from engine.backends.runtime import Runtime
from engine.classifier import NAME, Layout, TypeClassifier
from engine.errors import PackError
from engine.training.distil.graph import Head, build

LAYOUT = Layout(4, 3, {"man_face": 3, "man_fashion": 2, "woman_face": 3, "woman_fashion": 2})


@pytest.fixture(params=["onnxruntime", "openvino"])
def one_runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Runtime:
    return OnnxRuntime() if request.param == "onnxruntime" else OpenVino("f32", tmp_path / "openvino")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The k-th type of each group lies along axis k; women's logits are twice as far apart."""
    heads = {}
    for group, types in LAYOUT.types.items():
        dims = 4 if group.endswith("face") else 3
        scale = 4.0 if group.startswith("woman") else 2.0
        heads[group] = Head(0, dims, np.zeros(dims), np.eye(dims), scale * np.eye(dims)[:, :types], np.zeros(types))
    (tmp_path / NAME).write_bytes(build(heads, LAYOUT))
    return tmp_path / NAME


def test_the_nearest_type_is_said_with_its_probability(model: Path, one_runtime: Runtime) -> None:
    classifier = TypeClassifier(model, LAYOUT, one_runtime)
    said = classifier.predict("man_face", np.array([0, 1, 0, 0], np.float32))
    assert said is not None
    np.testing.assert_allclose(said, np.exp([0, 2, 0]) / np.exp([0, 2, 0]).sum(), atol=1e-5)
    surer = classifier.predict("woman_face", np.array([0, 1, 0, 0], np.float32))
    assert surer is not None
    assert surer[1] > said[1]
    outfit = classifier.predict("woman_fashion", np.array([3, 0, 0], np.float32))
    assert outfit is not None
    assert outfit.argmax() == 0


def test_all_groups_at_once_are_the_groups_one_by_one(model: Path, one_runtime: Runtime) -> None:
    classifier = TypeClassifier(model, LAYOUT, one_runtime)
    face, fashion = np.array([0.5, 0.1, 0.2, 0.3], np.float32), np.array([0.1, 0.9, 0.1], np.float32)
    together = classifier.predict_all(face, fashion)
    for group, said in together.items():
        alone = classifier.predict(group, face if group.endswith("face") else fashion)
        assert said is not None
        assert alone is not None
        np.testing.assert_allclose(said, alone, atol=1e-6)
        assert said.sum() == pytest.approx(1)


def test_what_is_not_seen_has_no_type(model: Path, one_runtime: Runtime) -> None:
    classifier = TypeClassifier(model, LAYOUT, one_runtime)
    assert classifier.predict("man_face", np.zeros(4, np.float32)) is None
    assert classifier.predict("man_fashion", np.array([np.nan, 0, 0], np.float32)) is None
    together = classifier.predict_all(fashion=np.ones(3, np.float32))
    assert together["man_face"] is None
    assert together["man_fashion"] is not None


def test_a_missing_or_another_model_is_refused(model: Path, one_runtime: Runtime) -> None:
    with pytest.raises(PackError, match=r"no gone\.onnx"):
        TypeClassifier(model.with_name("gone.onnx"), LAYOUT, one_runtime).load()
    other = Layout(4, 3, {**LAYOUT.types, "man_face": 5})
    with pytest.raises(PackError, match="manifest says"):
        TypeClassifier(model, other, one_runtime).load()


@pytest.mark.parametrize("described", [{}, {"face": 4, "fashion": 3}, {"face": "x", "fashion": 3, "types": {}}, {"types": 3}, []])
def test_a_manifest_that_says_nothing_useful_is_refused(described: object) -> None:
    with pytest.raises(PackError, match="does not describe its classifier"):
        Layout.of(described)  # type: ignore[arg-type]
