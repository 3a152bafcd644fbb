"""`python -m evaluation.child engine|pillow`: read files in a process of its own, which hostile ones may kill.

File names come on stdin, one a line; for each, one JSON object goes to stdout: `file`, `answer` (a problem code, `usable`, or
`raised: …`), `ms`, `peak_mb` (how much the process grew while it read the file), `size`, `box` (of the main face).
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

import configuration
from engine.analysis import Analyser

Reader = Callable[[bytes], dict[str, Any]]


def engine() -> Reader:
    """The product's own reading."""
    settings = configuration.load()
    analyser = Analyser(settings.engine, settings.var / "cache" / "engine")

    def read(data: bytes) -> dict[str, Any]:
        analysis = analyser.analyse(data)
        face = analysis.main_face
        return {
            "answer": analysis.problem.code if analysis.problem else "usable",
            "size": analysis.size,
            "box": face.box if face else None,
        }

    return read


def pillow() -> Reader:
    """The plain way: Pillow opens and decodes whatever it can."""

    def read(data: bytes) -> dict[str, Any]:
        with Image.open(io.BytesIO(data)) as picture:
            picture.convert("RGB")
            return {"answer": "usable", "size": picture.size, "box": None}

    return read


def memory(field: str) -> float:
    """VmRSS or VmHWM of this process in megabytes; 0 where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


def forget_peak() -> None:
    """Let VmHWM start again from the present size."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def main() -> None:
    """Answer until stdin ends."""
    read = {"engine": engine, "pillow": pillow}[sys.argv[1]]()
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        data = path.read_bytes()
        forget_peak()
        before, started = memory("VmRSS"), time.perf_counter()
        try:
            found = read(data)
        except Exception as error:  # noqa: BLE001 a raised exception is an answer here
            found = {"answer": f"raised: {type(error).__name__}", "size": (0, 0), "box": None}
        took = (time.perf_counter() - started) * 1000
        sys.stdout.write(json.dumps({"file": path.name, **found, "ms": took, "peak_mb": memory("VmHWM") - before}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
