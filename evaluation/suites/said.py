"""Are people's own words that they are under 18 found, and all others left alone?  Made-up lines, half of them Korean.

`tune` is what the patterns were written on; `held` counts as seen since its first look; `test` was written before the patterns of
November 2026 were touched and was not looked into since.  Patterns and lines have the same author: the figures flatter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import ages
from evaluation import signs
from evaluation.context import Context
from evaluation.report import Row, Section

FOLDER = Path(__file__).resolve().parent.parent / "ages"
PARTS = ("test", "held", "tune")
PRECISION = 0.95
"""A sign freezes a member until an admin looked: hardly any may be false."""
YEAR = 2026
"""The year in which the lines were written; years of birth in them are meant so."""


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line, and what was found."""

    sign: bool
    text: str
    found: bool


def run(context: Context) -> Section:
    """Precision and recall on each list, and of both languages on the one that nobody tuned on."""
    rows = [row for part in PARTS for row in both(f"lines of {part}", read(part), PRECISION if part == "test" else None)]
    test = read("test")
    for name, korean in (("Korean", True), ("English", False)):
        rows += both(f"lines of test in {name}", [one for one in test if is_korean(one.text) == korean], PRECISION)
    pace = signs.pace(lambda text: ages.underage(text, YEAR), [one.text for one in test if not one.sign])
    rows.append(Row("microseconds a line", pace, len(test), better="lower"))
    return Section("said", "Words that say somebody is under 18", tuple(rows), notes=(__doc__.split("\n\n")[1].replace("\n", " "),))


def read(part: str) -> list[Line]:
    """One of the lists."""
    rows = [line.split("\t", 1) for line in (FOLDER / f"{part}.tsv").read_text(encoding="utf-8").splitlines()]
    return [Line(label == "1", text, ages.underage(text, YEAR) is not None) for label, text in rows]


def both(name: str, lines: Sequence[Line], bound: float | None) -> list[Row]:
    """Precision and recall."""
    return signs.both(name, [(one.found, one.sign) for one in lines], bound)


def is_korean(text: str) -> bool:
    """Whether a line has a Korean letter."""
    return any("가" <= letter <= "힣" for letter in text)
