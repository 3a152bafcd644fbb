"""What every benchmark is given, and how ratios are stated."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration import Settings
from evaluation.report import Row, Section


@dataclass(frozen=True)
class Context:
    """Settings, where results go, a folder for what is thrown away, and how often everything is done."""

    settings: Settings
    results: Path
    work: Path
    rounds: int

    def new_var(self, name: str) -> Path:
        """An empty `paths.var` that shares the engine's prepared models with the real one."""
        folder = self.work / name
        folder.mkdir()
        cache = self.settings.var / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        (folder / "cache").symlink_to(cache)
        return folder


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A line in the registry."""

    name: str
    title: str
    run: Callable[[Context], Section]


def ratio_row(name: str, ours: Sequence[float], theirs: Sequence[float], baseline: str, bound: float | None, note: str = "") -> Row:
    """Median of the ratios of runs that were taken side by side, with the smallest and the largest."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Row(
        name,
        statistics.median(ratios),
        len(ratios),
        "",
        "lower",
        bound,
        (min(ratios), max(ratios)),
        1.0,
        baseline,
        note or "interval: smallest and largest of the rounds",
    )


def spread_row(
    name: str, values: Sequence[float], unit: str, bound: float | None, baseline: Sequence[float] = (), baseline_name: str = ""
) -> Row:
    """Median of what should be small, with the smallest and the largest."""
    middle = statistics.median(baseline) if baseline else None
    note = "interval: smallest and largest"
    return Row(name, statistics.median(values), len(values), unit, "lower", bound, (min(values), max(values)), middle, baseline_name, note)
