"""What a network costs by itself: `python -m engine.training.distil.weigh MODEL --shape 1 3 64 64 [--backend openvino]`.

A process of its own, so that its memory is the network's and nobody else's; prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.backends.runtime import make_runtime
from engine.settings import EngineSettings

ROOT = Path(__file__).resolve().parents[3]
WARMING = 5


@dataclass(frozen=True, slots=True)
class Weight:
    """Cost of one network in one runtime, one thread, batch 1."""

    ms: float
    """Median processor time of a run, milliseconds."""
    memory_mb: float
    """Resident memory that loading and running it added, megabytes."""
    process_mb: float
    """Resident memory of the whole process then."""
    size_mb: float
    """Of the file."""


def weigh(model: Path, shape: tuple[int, ...], backend: str = "onnxruntime", runs: int = 30) -> Weight:
    """Measure in a new process.

    Raises:
        RuntimeError: the process failed; the message is its last line.

    """
    command = [sys.executable, "-m", __spec__.name, str(model), "--backend", backend, "--runs", str(runs), "--shape", *map(str, shape)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 our own module
    if done.returncode:
        raise RuntimeError(f"{model.name} could not be weighed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return Weight(**json.loads(done.stdout))


def measure(model: Path, shape: tuple[int, ...], backend: str, runs: int) -> Weight:
    """Measure in this process."""
    with tempfile.TemporaryDirectory(prefix="inyeon-weigh-") as cache:
        runtime = make_runtime(EngineSettings(backend=backend, precision="f32"), Path(cache))
        # A first model brings the runtime's own libraries into memory, which are not to be counted.
        runtime.session(_smallest()).run(np.zeros((1, 1), np.float32))
        before = _resident()
        session = runtime.session(model, shape)
        pixels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
        times = []
        for number in range(WARMING + runs):
            started = time.process_time()
            session.run(pixels)
            if number >= WARMING:
                times.append(time.process_time() - started)
        after = _resident()
    return Weight(round(float(np.median(times)) * 1000, 4), round(after - before, 1), round(after, 1), round(model.stat().st_size / 1e6, 3))


def _smallest() -> bytes:
    from onnx import TensorProto, helper  # noqa: PLC0415 costs a tenth of a second, which only this command pays

    places = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "smallest", places[:1], places[1:])
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


def _resident() -> float:
    """Megabytes; of Linux."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Print the weight as JSON."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.distil.weigh", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--shape", type=int, nargs="+", required=True)
    parser.add_argument("--backend", choices=("onnxruntime", "openvino"), default="onnxruntime")
    parser.add_argument("--runs", type=int, default=30)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(asdict(measure(given.model, tuple(given.shape), given.backend, given.runs))) + "\n")


if __name__ == "__main__":
    main()
