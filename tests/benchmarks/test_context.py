"""Ratios and spreads as the table states them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.context import ratio_row, spread_row
from benchmarks.registry import BENCHMARKS
from benchmarks.suites import selfie


def test_a_ratio_is_taken_round_by_round() -> None:
    """A machine that is slow for a while slows both sides of a round, so the rounds' ratios stay what they are."""
    row = ratio_row("x", [10, 20, 40], [100, 200, 400], "plain", 0.15)
    assert row.value == pytest.approx(0.1)
    assert row.interval == (pytest.approx(0.1), pytest.approx(0.1))
    assert row.passed is True
    assert ratio_row("x", [16, 10, 17], [100, 100, 100], "plain", 0.15).passed is False


def test_rounds_must_match() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        ratio_row("x", [1, 2], [1], "plain", None)


def test_a_spread_states_median_and_ends_beside_the_baseline() -> None:
    row = spread_row("x", [3, 1, 2], "ms", 5, [10, 30, 20], "bare")
    assert (row.value, row.interval, row.baseline, row.baseline_name) == (2, (1, 3), 20, "bare")


def test_every_benchmark_states_a_baseline() -> None:
    folder = Path(selfie.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert modules == {one.name for one in BENCHMARKS}, "a file in suites/ that the registry does not run"
    for name in modules:
        assert re.search(r"\b(PLAIN|BARE|theirs|bare|without|beside)\b", (folder / f"{name}.py").read_text(encoding="utf-8")), name
