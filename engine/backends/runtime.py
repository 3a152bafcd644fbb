"""The runtime that the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.backends.onnxruntime import OnnxRuntime
from engine.backends.openvino import OpenVino
from engine.settings import EngineSettings

Array = NDArray[np.generic]


class Session(Protocol):
    """One loaded model; may be run by several threads at once."""

    def run(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Outputs in the model's order for inputs in the model's order; the caller owns the arrays."""
        ...


class Runtime(Protocol):
    """Loads models; one object for all models of a process."""

    @property
    def name(self) -> str:
        """Runtime and precision, such as `openvino-f32`: stored with every vector."""
        ...

    def session(self, model: Path | bytes, shape: tuple[int, ...] | None = None, *, exact: bool = False) -> Session:
        """A model from an ONNX file or its bytes; `shape` fixes the shape of its only input, which makes it faster.

        With `exact` it computes in float32 whatever the settings say: for what bfloat16's three digits would show in the answers.

        Raises:
            BackendError: the runtime refuses the model.

        """
        ...


def make_runtime(settings: EngineSettings, cache: Path) -> Runtime:
    """The runtime named by `settings.backend`; compiled models are kept under `cache`.

    Raises:
        BackendError: the runtime cannot be imported.

    """
    if settings.backend == "onnxruntime":
        return OnnxRuntime()
    return OpenVino(settings.precision, cache / "openvino")


def make_session(model: Path | bytes, settings: EngineSettings, cache: Path, shape: tuple[int, ...] | None = None) -> Session:
    """One model in a runtime of its own; where several models are loaded share a `make_runtime` instead."""
    return make_runtime(settings, cache).session(model, shape)
