"""ONNX Runtime on the processor, float32: the fallback where OpenVINO does not run."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BackendError


class OnnxSession:
    """A model in ONNX Runtime, whose sessions may be run by several threads."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._names = [item.name for item in session.get_inputs()]

    def run(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """See `engine.backends.runtime.Session`."""
        return tuple(self._session.run(None, dict(zip(self._names, inputs, strict=True))))


class OnnxRuntime:
    """The ONNX Runtime."""

    @property
    def name(self) -> str:
        """`onnxruntime-f32`."""
        return "onnxruntime-f32"

    def session(self, model: Path | bytes, shape: tuple[int, ...] | None = None, *, exact: bool = False) -> OnnxSession:
        """See `engine.backends.runtime.Runtime`; it knows float32 alone."""
        try:
            # Since 1.29 it reports models and their use to its maker, from native code, and leaves a number of this machine in the home
            # folder.  Only the environment stops all of it, and only before it is loaded.
            os.environ["ORT_DISABLE_TELEMETRY"] = "1"
            ort = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise BackendError(f"ONNX Runtime cannot be loaded ({error}): run `make setup`") from error
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        source = str(model) if isinstance(model, Path) else model
        try:
            return OnnxSession(ort.InferenceSession(source, options, providers=["CPUExecutionProvider"]))
        except Exception as error:
            # Its errors have no common base class but Exception.
            raise BackendError(f"ONNX Runtime refuses a model: {str(error).splitlines()[0]}") from error
