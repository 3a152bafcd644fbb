"""What a suite finds, as plain values, and how they are written: `latest.json` for scripts, `latest.md` for people.

The benchmarks write their results with the same classes.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, beside the bound that it is held against and the baseline that it should beat."""

    name: str
    value: float | None
    """None: it could not be measured; `note` says why."""
    n: int
    """How many photos, pairs, people or runs it rests on."""
    unit: str = ""
    better: Better = "higher"
    bound: float | None = None
    """The figure that was promised; None: for information."""
    interval: tuple[float, float] | None = None
    """95 % interval, or the smallest and largest of the runs where `note` says so."""
    baseline: float | None = None
    baseline_name: str = ""
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the bound is kept; None without a bound.

        >>> Row("auc", 0.9, 5, bound=0.8).passed, Row("ms", 9, 5, better="lower", bound=8).passed, Row("x", 1, 1).passed
        (True, False, None)
        """
        if self.bound is None:
            return None
        if self.value is None or math.isnan(self.value):
            return False
        return self.value >= self.bound if self.better == "higher" else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """What one suite found."""

    name: str
    title: str
    rows: tuple[Row, ...] = ()
    plots: tuple[str, ...] = ()
    """File names, beside the report."""
    notes: tuple[str, ...] = ()
    skipped: str = ""
    """Why the suite did not run."""
    error: str = ""
    """The exception that ended it; that is a fault of the product or of the suite."""
    seconds: float = 0.0


def number(value: float | None) -> str:
    """Four significant digits, without an exponent.

    >>> number(0.99871), number(1234.5), number(12.0), number(None), number(0.0)
    ('0.9987', '1234', '12', '–', '0')
    """
    if value is None or math.isnan(value):
        return "–"
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}"


def verdict(row: Row) -> str:
    """The word in the table's last column."""
    return {True: "kept", False: "**MISSED**", None: ""}[row.passed]


def table(rows: Sequence[Row]) -> list[str]:
    """A Markdown table, a line each."""
    lines = ["| figure | value | interval | bound | baseline | n | |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        value = number(row.value) + (f" {row.unit}" if row.unit and row.value is not None else "")
        interval = f"{number(row.interval[0])} – {number(row.interval[1])}" if row.interval else ""
        bound = f"{'≥' if row.better == 'higher' else '≤'} {number(row.bound)}" if row.bound is not None else ""
        baseline = f"{number(row.baseline)} ({row.baseline_name})" if row.baseline is not None else row.baseline_name
        name = row.name + (f"<br><sub>{row.note}</sub>" if row.note else "")
        lines.append(f"| {name} | {value} | {interval} | {bound} | {baseline} | {row.n} | {verdict(row)} |")
    return lines


def markdown(title: str, sections: Sequence[Section], facts: dict[str, str]) -> str:
    """The whole report."""
    lines = [f"# {title}", ""]
    lines += [f"- {key}: {value}" for key, value in facts.items()]
    bounds = [row.passed for section in sections for row in section.rows if row.passed is not None]
    lines += [f"- bounds kept: {sum(bounds)} of {len(bounds)}", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        if section.skipped:
            lines += [f"Skipped: {section.skipped}", ""]
        if section.error:
            lines += [f"**Broken**: {section.error}", ""]
        if section.rows:
            lines += [*table(section.rows), ""]
        lines += [f"{note}\n" for note in section.notes]
        lines += [f"![{section.title}]({plot})\n" for plot in section.plots]
    return "\n".join(lines).rstrip() + "\n"


def write(folder: Path, title: str, sections: Sequence[Section], facts: dict[str, str]) -> None:
    """Write `latest.json` and `latest.md` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = [
        {**asdict(section), "rows": [{**asdict(row), "passed": row.passed} for row in section.rows], "plots": list(section.plots)}
        for section in sections
    ]
    document = {"title": title, **facts, "sections": plain}
    text = json.dumps(_finite(document), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "latest.json").write_text(text + "\n", encoding="utf-8")
    (folder / "latest.md").write_text(markdown(title, sections, facts), encoding="utf-8")


def facts_of_machine() -> dict[str, str]:
    """When and on what the figures were taken."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), processor)
        cores = sum(line.startswith("processor") for line in lines)
    except OSError:
        cores = 0
    return {
        "taken": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{processor}, {cores or 'unknown number of'} cores, {platform.system()}, Python {platform.python_version()}",
    }


def _finite(value: object) -> object:
    """The same document with None for NaN and infinity, which JSON has not."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value
