"""The lines about ages: kept apart, and what the suite says of them."""

from __future__ import annotations

from pathlib import Path

import configuration
from evaluation.context import Context
from evaluation.report import Row
from evaluation.suites import said


def test_no_line_stands_in_two_lists() -> None:
    lists = [[one.text for one in said.read(part)] for part in said.PARTS]
    assert all(len(texts) == len(set(texts)) > 50 for texts in lists)
    assert sum(map(len, lists)) == len({text for texts in lists for text in texts})


def test_both_languages_and_enough_that_only_looks_like_it() -> None:
    test = said.read("test")
    for korean in (True, False):
        half = [one for one in test if said.is_korean(one.text) == korean]
        assert min(sum(one.sign for one in half), sum(not one.sign for one in half)) >= 30


def test_the_figures_are_those_of_the_lines(tmp_path: Path) -> None:
    section = said.run(Context(configuration.load(environment={}), tmp_path, tmp_path, lambda paths, what: []))
    assert not [row.name for row in section.rows if row.passed is False]
    made = [said.Line(True, "a", True), said.Line(True, "b", False), said.Line(False, "c", True), said.Line(False, "d", False)]
    assert [row.value for row in said.both("x", made, None)] == [0.5, 0.5]
    assert [row.value for row in said.both("x", [], 0.9)] == [None, None]
    assert isinstance(section.rows[0], Row)
