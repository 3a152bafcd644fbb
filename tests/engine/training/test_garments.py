"""What garments are learned from, the split, and the export with halved weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.fashion import LABELS, UPPER_LABELS
from engine.training import garment_data
from engine.training.garment_data import ITEMS, STREET, marked, share

torch = pytest.importorskip("torch", reason="learning needs requirements/train.txt")
pytestmark = pytest.mark.training


def test_labels_are_there_absent_or_unknown() -> None:
    found = marked(["shirt"], ["polo"], UPPER_LABELS)
    assert found[LABELS.index("shirt")] == 1
    assert found[LABELS.index("polo")] == -1
    assert found[LABELS.index("jeans")] == -1, "an upper crop says nothing about the lower body"
    assert found[LABELS.index("coat")] == 0


def test_all_source_labels_lead_to_ours() -> None:
    assert {label for label in ITEMS.values() if label} | set(STREET.values()) == set(LABELS)


def test_the_split_depends_on_the_name_alone() -> None:
    shares = [share(f"images/{number}.jpg") for number in range(2000)]
    assert shares == [share(f"images/{number}.jpg") for number in range(2000)]
    assert 0.17 < np.mean(np.array(shares) < garment_data.HELD_OUT) < 0.23


def test_halved_weights_compute_the_same_in_both_runtimes(tmp_path: Path) -> None:
    from engine.backends.runtime import make_session
    from engine.settings import EngineSettings
    from engine.training.export import to_onnx

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(16 * 36, 5)).eval()
    example = torch.randn(1, 3, 8, 8)
    to_onnx(network, example, tmp_path / "small.onnx", ["pixels"], ["out"])
    expected = network(example).detach().numpy()
    assert (tmp_path / "small.onnx").stat().st_size < 0.7 * sum(4 * one.numel() for one in network.parameters())
    for backend in ("openvino", "onnxruntime"):
        settings = EngineSettings(backend=backend, precision="f32")
        (found,) = make_session(tmp_path / "small.onnx", settings, tmp_path / backend, (1, 3, 8, 8)).run(example.numpy())
        np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.shared
def test_crops_of_portraits_show_clothes(shared_data: Path) -> None:
    from engine.training.garments import NAMED

    samples = [sample for sample, _ in zip(garment_data.portraits(shared_data, NAMED), range(12), strict=False)]
    assert {sample.part for sample in samples} <= {"upper", "whole"}
    for sample in samples:
        assert sample.crop.shape == (224, 224, 3)
        assert (sample.labels == 1).any() == (sample.source == "portraits")
