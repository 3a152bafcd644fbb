"""Rows, verdicts and the two files that they are written to."""

from __future__ import annotations

import doctest
import json
import math
from pathlib import Path

import numpy as np
import pytest

from evaluation import report
from evaluation.report import Row, Section


def test_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(report).failed == 0


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_promised_figure_that_could_not_be_measured_is_missed(value: float | None) -> None:
    assert Row("x", value, 0, bound=1).passed is False
    assert Row("x", value, 0).passed is None


def test_both_files_say_the_same(tmp_path: Path) -> None:
    rows = (
        Row("good", 0.99, 10, bound=0.9, interval=(0.98, 1.0), baseline=0.5, baseline_name="a coin"),
        Row("slow", np.float64(12), 3, "ms", "lower", bound=8.0, note="why"),
        Row("odd", math.nan, 0),
    )
    sections = [
        Section("a", "First", rows, ("a.png",), ("a note",)),
        Section("b", "Second", skipped="no data"),
        Section("c", "Third", error="Boom"),
    ]
    report.write(tmp_path, "Quality", sections, {"machine": "M"})
    found = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    first, second, third = found["sections"]
    assert [row["passed"] for row in first["rows"]] == [True, False, None]
    assert first["rows"][2]["value"] is None
    assert second["skipped"] == "no data"
    assert third["error"] == "Boom"
    text = (tmp_path / "latest.md").read_text(encoding="utf-8")
    assert "| good | 0.99 | 0.98 – 1 | ≥ 0.9 | 0.5 (a coin) | 10 | kept |" in text
    assert "slow<br><sub>why</sub> | 12 ms |  | ≤ 8 |  | 3 | **MISSED** |" in text
    assert "bounds kept: 1 of 2" in text
    assert "Skipped: no data" in text
    assert "**Broken**: Boom" in text
    assert "![First](a.png)" in text
