"""Paper 000's claim: assigning a newcomer by nearest neighbours over the corpus, beside a network that was trained on it.

The neighbours are searched exactly: one product of the newcomer's float32 vector with the corpus', then the largest few.  The corpus is
random numbers, since neither time nor storage depends on what they say.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.context import Context
from engine.backends.runtime import make_runtime
from engine.classifier import NAME, Layout, TypeClassifier
from engine.fashion import DIMS
from engine.training.distil.graph import Head, build
from engine.types import GROUPS
from evaluation.plots import drawing
from evaluation.report import Row, Section

PEOPLE = (1_000, 3_000, 10_000, 30_000, 100_000)
VECTORS = {"SFace, 128 numbers": 128, "FaceNet, 512 numbers": 512, "the paper's 64 × 64 × 3 pixels": 64 * 64 * 3}
PLAIN = f"nearest of {PEOPLE[-1]:,} in 128 numbers"
NEIGHBOURS = 5
TYPES, COMPONENTS, FACE = 6, 8, 128
PART = 250e6
"""Bytes that are scanned at a time, more than any processor's cache holds: the pixels of 100,000 people would take 4.9 GB, so the same
part is scanned again and again."""


def run(context: Context) -> Section:
    """Processor time and storage a newcomer as the corpus grows; the head's beside it."""
    with threadpool_limits(1):
        scans = {name: [scan(dims, people, context.rounds) for people in PEOPLE] for name, dims in VECTORS.items()}
        head, size = heads(context)
    rows = []
    for name, times in scans.items():
        dims = VECTORS[name]
        for people, values in zip(PEOPLE, times, strict=True):
            if people not in (PEOPLE[0], PEOPLE[-1]):
                continue
            title = f"nearest of {people:,} people, {name}"
            spread = (min(values), max(values))
            note = f"keeps {storage(people, dims):,.1f} MB"
            rows.append(
                Row(title, float(np.median(values)), len(values), "ms", "lower", None, spread, float(np.median(head)), "four heads", note)
            )
    slowest = float(np.median(scans["SFace, 128 numbers"][-1]))
    rows.append(
        Row(
            "four heads on the vectors that serving has anyway",
            float(np.median(head)),
            len(head),
            "ms",
            "lower",
            slowest,
            (min(head), max(head)),
            slowest,
            PLAIN,
            f"whatever the corpus; keeps {size:.3f} MB",
        )
    )
    draw(context.results / "assignment.png", scans, float(np.median(head)))
    note = (
        "Processor milliseconds a newcomer in one thread; interval: smallest and largest. Storage is the float32 vectors alone. "
        "Neighbours must also keep one vector of every person for as long as they are to be asked, the heads keep nobody's. "
        "Both come after the trunk, whose vector a newcomer needs either way; the pixels need none."
    )
    return Section("assignment", "Assigning a newcomer to a type", tuple(rows), ("assignment.png",), (note,))


def storage(people: int, dims: int) -> float:
    """Megabytes of `people` float32 vectors.

    >>> storage(1000, 128)
    0.512
    """
    return people * dims * 4 / 1e6


def nearest(corpus: NDArray[np.float32], newcomer: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Indices of the `count` rows nearest to `newcomer` (L2 among rows of one length), the nearest first."""
    scores = corpus @ newcomer
    best = np.argpartition(-scores, count)[:count]
    return np.asarray(best[np.argsort(-scores[best], kind="stable")], np.intp)


def scan(dims: int, people: int, rounds: int) -> list[float]:
    """Milliseconds of processor time of each search among `people`."""
    random = np.random.default_rng(dims)
    held = int(min(people, PART / (4 * dims)))
    corpus = random.standard_normal((held, dims), dtype=np.float32)
    newcomer = random.standard_normal(dims, dtype=np.float32)
    whole, rest = divmod(people, held)

    def search() -> None:
        for _ in range(whole):
            nearest(corpus, newcomer, NEIGHBOURS)
        if rest:
            nearest(corpus[:rest], newcomer, min(NEIGHBOURS, rest - 1))

    return timed(search, max(3, rounds))


def heads(context: Context) -> tuple[list[float], float]:
    """Milliseconds of processor time of all four heads at once, and their file's megabytes."""
    random = np.random.default_rng(0)
    layout = Layout(FACE, DIMS, dict.fromkeys(GROUPS, TYPES))
    made = {}
    for group in GROUPS:
        dims = layout.face if group.endswith("face") else layout.fashion
        parts = (random.normal(size=dims), random.normal(size=(dims, COMPONENTS)), random.normal(size=(COMPONENTS, TYPES)))
        made[group] = Head(0, dims, *parts, np.zeros(TYPES))
    file: Path = context.work / NAME
    file.write_bytes(build(made, layout))
    classifier = TypeClassifier(file, layout, make_runtime(context.settings.engine, context.work))
    classifier.load()
    face, fashion = (random.normal(size=count).astype(np.float32) for count in (layout.face, layout.fashion))
    return timed(lambda: classifier.predict_all(face, fashion), max(3, context.rounds), 50), file.stat().st_size / 1e6


def timed(work: Callable[[], object], rounds: int, each: int = 1) -> list[float]:
    """Milliseconds of processor time of `work`, the mean of `each` runs, `rounds` times after one that is not counted."""
    work()
    found = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(each):
            work()
        found.append((time.process_time() - started) * 1000 / each)
    return found


def draw(path: Path, scans: dict[str, list[list[float]]], head: float) -> None:
    """Milliseconds against people, both logarithmic; the storage stands in the legend."""
    with drawing(path, "Assigning one newcomer", "people in the corpus", "processor time, ms") as axes:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.01, 20_000)  # leaves room for the legend
        for name, times in scans.items():
            label = f"nearest neighbours, {name}: {storage(PEOPLE[0], VECTORS[name]):.1f} – {storage(PEOPLE[-1], VECTORS[name]):,.0f} MB"
            axes.plot(PEOPLE, [float(np.median(values)) for values in times], marker="o", label=label)
        axes.plot(PEOPLE, [head] * len(PEOPLE), color="black", label="four heads, whatever the corpus")
