"""OpenVINO on the processor: one thread a request, compiled models kept on disk."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BackendError

_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
_cores: dict[str, Any] = {}
_making = threading.Lock()


def has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor computes in bfloat16 by itself; False where this cannot be read."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in text.splitlines() if line.startswith("flags")), [])
    return bool(_BF16_FLAGS.intersection(flags))


class OpenVinoSession:
    """A compiled model with as many requests as were ever needed at once."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: list[Any] = []

    def run(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """See `engine.backends.runtime.Session`."""
        with self._request() as request:
            request.infer(list(inputs), share_inputs=True)
            # The tensors are the request's own and change with its next run.
            return tuple(np.array(tensor.data, np.float32) for tensor in request.output_tensors)

    @contextmanager
    def _request(self) -> Iterator[Any]:
        try:
            request = self._idle.pop()  # atomic, so no lock is needed
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            yield request
        finally:
            self._idle.append(request)


class OpenVino:
    """The OpenVINO runtime; `precision` is `auto` (bf16 where the processor has it and the model bears it) or `f32`."""

    def __init__(self, precision: str, cache: Path) -> None:
        self.precision = precision
        self.cache = cache
        self._bf16 = precision == "auto" and has_bf16()

    @property
    def name(self) -> str:
        """`openvino-bf16` or `openvino-f32`."""
        return "openvino-bf16" if self._bf16 else "openvino-f32"

    def session(self, model: Path | bytes, shape: tuple[int, ...] | None = None, *, exact: bool = False) -> OpenVinoSession:
        """See `engine.backends.runtime.Runtime`."""
        core = _core()
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if self._bf16 and not exact else "f32",
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": "1",
            "CACHE_DIR": str(self.cache),
            "ENABLE_CPU_PINNING": False,
        }
        try:
            network = core.read_model(str(model) if isinstance(model, Path) else model)
            if shape is not None:
                network.reshape(list(shape))
            return OpenVinoSession(core.compile_model(network, "CPU", options))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BackendError(f"OpenVINO refuses a model ({reason}): try engine.backend = onnxruntime") from error


def _core() -> Any:
    """The process's only `Core`, imported on first use: it costs 0.1 s, which `--help` should not pay."""
    with _making:
        if "core" not in _cores:
            try:
                # OpenVINO reports each import to its maker's web analytics, from a forked copy of this process with all that it holds
                # in memory, where this package is installed (our requirements leave it out); without it, it does without.
                sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
                _cores["core"] = importlib.import_module("openvino").Core()
            except (ImportError, RuntimeError) as error:
                raise BackendError(f"OpenVINO cannot be loaded ({error}): run `make setup` or set engine.backend = onnxruntime") from error
        return _cores["core"]
