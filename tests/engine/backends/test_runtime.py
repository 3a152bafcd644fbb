"""Both runtimes give the same answers: at float32 to 1e-4 of an output's largest value, at bfloat16 to a cosine of 0.999.

The networks of `EXACT` compute in float32 always.
"""

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine import weights
from engine.backends import openvino as openvino_backend
from engine.backends.openvino import has_bf16
from engine.backends.runtime import Runtime, make_runtime, make_session
from engine.errors import BackendError
from engine.settings import EngineSettings

SHAPES = {
    "yunet": (1, 3, 320, 320),
    "sface": (2, 3, 112, 112),
    "facenet": (1, 3, 160, 160),
    "age": (8, 3, 64, 64),
    "gender": (8, 3, 32, 32),
    "nsfw": (1, 224, 224, 3),
}

EXACT = {weights.YUNET, weights.AGE, weights.GENDER}


def noise(which: weights.Weights) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """As large as the network's usual input: up to 255 or up to 1."""
    top = 255 if which.name in {"yunet", "sface", "nsfw"} else 1
    return np.random.default_rng(5).uniform(0, top, SHAPES[which.name]).astype(np.float32)


@pytest.mark.parametrize("which", weights.ALL, ids=lambda one: one.name)
def test_both_runtimes_agree(which: weights.Weights, runtime: Runtime, engine_cache: Path) -> None:
    file, given = weights.graph(which, engine_cache), noise(which)
    exact = which in EXACT
    ours = runtime.session(file, SHAPES[which.name], exact=exact).run(given)
    theirs = make_runtime(EngineSettings(backend="onnxruntime"), engine_cache).session(file).run(given)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        if exact or runtime.name == "openvino-f32":
            assert float(np.abs(one - other).max()) <= 1e-4 * max(1.0, float(np.abs(other).max()))
        else:
            assert float((one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other))) > 0.999


def test_names_say_runtime_and_precision(tmp_path: Path) -> None:
    assert make_runtime(EngineSettings(precision="f32"), tmp_path).name == "openvino-f32"
    assert make_runtime(EngineSettings(backend="onnxruntime"), tmp_path).name == "onnxruntime-f32"
    assert make_runtime(EngineSettings(), tmp_path).name == ("openvino-bf16" if has_bf16() else "openvino-f32")


def test_bf16_only_where_the_processor_has_it(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nflags : fpu avx2 avx512_bf16\n")
    assert has_bf16(file)
    file.write_text("processor : 0\nflags : fpu avx2 avx512f\n")
    assert not has_bf16(file)
    assert not has_bf16(tmp_path / "missing")


def test_a_session_serves_several_threads(runtime: Runtime, engine_cache: Path) -> None:
    session = runtime.session(weights.graph(weights.GENDER, engine_cache), (1, 3, 32, 32))
    inputs = [np.random.default_rng(seed).uniform(-1, 1, (1, 3, 32, 32)).astype(np.float32) for seed in range(40)]
    alone = [session.run(one)[0] for one in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: session.run(one)[0], inputs))
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_broken_model_is_told(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"no model")
    with pytest.raises(BackendError, match="refuses a model"):
        make_session(file, EngineSettings(backend=backend), tmp_path)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_missing_runtime_is_told(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(openvino_backend, "_cores", {})
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(BackendError, match="make setup"):
        make_session(tmp_path / "any.onnx", EngineSettings(backend=backend), tmp_path)
