"""Patterns that look for signs in what people write: how often they are right, and how fast they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from evaluation.metrics import wilson
from evaluation.report import Row


def both(name: str, told: Sequence[tuple[bool, bool]], bound: float | None) -> list[Row]:
    """Precision, held against `bound`, and recall of lines: whether a sign was found in it, and whether it has one."""
    hits = sum(found and true for found, true in told)
    flagged, real = sum(found for found, _ in told), sum(true for _, true in told)
    precise, recalled = wilson(hits, flagged) if flagged else None, wilson(hits, real) if real else None
    return [
        Row(f"precision, {name}", hits / flagged if flagged else None, flagged, bound=bound, interval=precise),
        Row(f"recall, {name}", hits / real if real else None, real, interval=recalled),
    ]


def pace(find: Callable[[str], object], texts: Sequence[str]) -> float:
    """Microseconds that `find` takes for a text, the best of five rounds."""
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for text in texts:
            find(text)
        rounds.append(time.perf_counter() - begun)
    return min(rounds) / max(len(texts), 1) * 1e6
