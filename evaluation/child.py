"""`python -m evaluation.child engine|pillow`: read files in a process of its own, which hostile ones may kill.

A line is a path; the answer is `answer` (a problem code, `usable`, or `raised: …`), `size`, `box` (of the main face) and what
`evaluation.worker.measured` adds.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from PIL import Image

import configuration
from engine.analysis import Analyser
from evaluation.worker import Answer, measured, serve

Reader = Callable[[bytes], Answer]


def engine() -> Reader:
    """The product's own reading."""
    settings = configuration.load()
    analyser = Analyser(settings.engine, settings.var / "cache")
    analyser.load()

    def read(data: bytes) -> Answer:
        analysis = analyser.analyse(data)
        face = analysis.main_face
        return {"answer": analysis.problem.code if analysis.problem else "usable", "size": analysis.size, "box": face.box if face else None}

    return read


def pillow() -> Reader:
    """The plain way: Pillow opens and decodes whatever it can; its own complaints count as the answers that they mean."""
    warnings.simplefilter("ignore")

    def read(data: bytes) -> Answer:
        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.convert("RGB")
                return {"answer": "usable", "size": picture.size, "box": None}
        except Image.DecompressionBombError:
            return {"answer": "too_large", "size": (0, 0), "box": None}
        except OSError:
            return {"answer": "not_an_image", "size": (0, 0), "box": None}

    return read


def main() -> None:
    """Answer until stdin ends."""
    read = {"engine": engine, "pillow": pillow}[sys.argv[1]]()

    def guarded(data: bytes) -> Answer:
        try:
            return read(data)
        except Exception as error:  # noqa: BLE001 a raised exception is an answer here
            return {"answer": f"raised: {type(error).__name__}", "size": (0, 0), "box": None}

    def answer(line: str) -> Answer:
        data = Path(line).read_bytes()
        return measured(lambda: guarded(data))

    serve(answer)


if __name__ == "__main__":
    main()
