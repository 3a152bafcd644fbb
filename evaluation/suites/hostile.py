"""Broken, huge and odd files: right answers, in bounded time and memory, without a crash, beside plain Pillow."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engine.types import STARTER
from evaluation.context import Context
from evaluation.corpus import Case, cases
from evaluation.plots import drawing
from evaluation.report import Row, Section
from evaluation.worker import Answer, Worker, WorkerLostError

PATIENCE = 60.0
"""Seconds after which a file counts as having hung its reader."""
SLOWEST_MS = 2000.0
LARGEST_MB = 400.0


def run(context: Context) -> Section:
    """Answers of the engine and of plain Pillow for the whole corpus."""
    corpus = list(cases(mean_face(context.settings.engine.pack)))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for case in corpus:
            path = Path(folder) / case.name
            path.write_bytes(case.data)
            paths.append(path)
        # The orientation cases come last in the corpus and are harmless; the first one warms the process up.
        ours, plain = (answers(reader, paths, warm=paths[-8]) for reader in ("engine", "pillow"))
    draw(context, ours, plain)
    wrong = [f"{case.name}: {answer['answer']}" for case, answer in zip(corpus, ours, strict=True) if not right(case, answer)]
    notes = [f"{len(corpus)} generated files.", *(f"Not the right answer: {line}" for line in wrong)]
    return Section("hostile", "Hostile files", tuple(rows_of(corpus, ours, plain, len(wrong))), ("hostile.png",), tuple(notes))


def rows_of(corpus: list[Case], ours: list[Answer], plain: list[Answer], wrong: int) -> list[Row]:
    """The figures, each beside plain Pillow's."""
    count = len(corpus)
    others = sum(not right(case, answer) for case, answer in zip(corpus, plain, strict=True))
    boxes = [
        answer["box"] for case, answer in zip(corpus, ours, strict=True) if case.name.startswith("orientation-") and "99" not in case.name
    ]
    found = [
        Row(
            "files that ended, hung or raised in the reader",
            fatal(ours),
            count,
            "",
            "lower",
            0,
            baseline=fatal(plain),
            baseline_name="Pillow",
        ),
        Row("files with a wrong answer", wrong, count, "", "lower", 0, baseline=others, baseline_name="Pillow"),
        worst("most processor time for a file", "cpu_ms", "ms", SLOWEST_MS, ours, plain),
        worst("largest growth of the process", "peak_mb", "MB", LARGEST_MB, ours, plain),
    ]
    if all(boxes):
        spread = float(np.ptp(np.array(boxes), axis=0).max())
        found.append(Row("spread of the face box over the 8 EXIF orientations", spread, len(boxes), "pixels", "lower", 12.0))
    else:
        found.append(Row("EXIF orientations in which the face was found", sum(box is not None for box in boxes), len(boxes), bound=8))
    return found


def worst(name: str, key: str, unit: str, bound: float, ours: list[Answer], plain: list[Answer]) -> Row:
    """The highest of a figure, with the file it came from."""
    most = max(ours, key=lambda answer: answer[key])
    other = max(answer[key] for answer in plain)
    return Row(name, most[key], len(ours), unit, "lower", bound, None, other, "Pillow", note=f"{most['file']}: {most['answer']}")


def fatal(found: list[Answer]) -> int:
    """How many files did not get an answer."""
    return sum(str(answer["answer"]).startswith(("raised", "ended", "hung")) for answer in found)


def right(case: Case, answer: Answer) -> bool:
    """Whether the answer is one that is right for this file."""
    return answer["answer"] in case.allowed


def mean_face(folder: str) -> Image.Image | None:
    """A blended mean face of the type pack in `folder` (empty: the starter pack), which is nobody's; None where there is none."""
    found = sorted(
        path for path in (Path(folder) if folder else STARTER).rglob("*") if path.suffix in {".jpg", ".png"} and "wf" in path.stem
    )
    if not found:
        return None
    with Image.open(found[0]) as picture:
        return picture.convert("RGB")


def answers(reader: str, paths: Sequence[Path], warm: Path) -> list[Answer]:
    """The reader's answer for each file; a process that ended or hung is an answer too."""
    worker = Worker("evaluation.child", reader, patience=PATIENCE)
    found = []
    try:
        for path in paths:
            if not worker.started:
                worker.ask(str(warm))
            try:
                answer = worker.ask(str(path))
            except WorkerLostError as lost:
                answer = {
                    "answer": str(lost),
                    "size": (0, 0),
                    "box": None,
                    "ms": PATIENCE * 1000,
                    "cpu_ms": PATIENCE * 1000,
                    "peak_mb": 0.0,
                }
            found.append({"file": path.name, **answer})
    finally:
        worker.stop()
    return found


def draw(context: Context, ours: list[Answer], plain: list[Answer]) -> None:
    """Time against growth, a dot a file."""
    with drawing(context.results / "hostile.png", "Hostile files", "milliseconds of processor time", "growth of the process (MB)") as axes:
        for name, found, mark in (("engine", ours, "o"), ("plain Pillow", plain, "x")):
            axes.plot(
                [answer["cpu_ms"] for answer in found], [answer["peak_mb"] for answer in found], mark, markersize=4, alpha=0.6, label=name
            )
        axes.axvline(SLOWEST_MS, color="grey", linestyle=":")
        axes.axhline(LARGEST_MB, color="grey", linestyle=":", label="bounds")
        axes.set_xscale("log")
