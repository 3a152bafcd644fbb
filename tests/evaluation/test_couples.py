"""Figures on decisions that were planned, so that the right figure is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crawler.couples import Decision, Reason, Subject
from engine.values import Gender
from evaluation.suites.couples import Judged, draw, figures, genders, moved


def subject(gender: Gender | None) -> Subject:
    box = (0.0, 0.0, 9.0, 9.0)
    return Subject(box, box, np.zeros((5, 2), np.float32), 0.9, gender, 0.9, 30, (25, 35), 0, 1, np.ones(4, np.float32))


def judged(label: str, reason: Reason = "", score: float = 0.8, plain: bool = True, named: tuple[Gender | None, ...] = ()) -> Judged:
    both = (subject(named[0]), subject(named[1])) if named else None
    details = {"depth": 0.1, "blur": 0.2}
    return Judged(label, plain, Decision(not reason, reason, both, score, details))


@pytest.fixture
def photos() -> list[Judged]:
    return [
        judged("man_woman", named=("man", "woman")),
        judged("man_woman", named=("woman", "woman")),
        judged("man_woman", named=(None, "man"), score=0.55),
        judged("same_gender_pair", named=("man", "man")),
        judged("same_gender_pair", "minor", named=("woman", "woman")),
        judged("not_clean_pair"),
        judged("not_clean_pair", "bystander", score=0.45),
        judged("not_clean_pair", "bystander", score=0.1, plain=False),
    ]


def test_precision_and_recall_stand_beside_the_plain_rule(photos: list[Judged]) -> None:
    precision, recall = figures(photos)
    assert (precision.value, precision.n, precision.baseline) == (pytest.approx(4 / 5), 5, pytest.approx(5 / 7))
    assert (recall.value, recall.n, recall.baseline) == (pytest.approx(4 / 5), 5, 1)
    assert precision.passed is False
    assert recall.passed is False
    assert precision.interval is not None
    assert precision.interval[0] < 0.8 < precision.interval[1]


def test_moving_the_limits_moves_what_is_accepted(photos: list[Judged]) -> None:
    rows = {row.name: row.value for row in moved(photos)}
    assert rows["recall, limits of company × 0.8"] == pytest.approx(3 / 5)
    assert rows["precision, limits of company × 1.1"] == pytest.approx(4 / 6)
    assert rows["recall, limits of company × 1.25"] == pytest.approx(4 / 5), "other reasons stay"


def test_genders_count_where_both_are_named(photos: list[Judged]) -> None:
    right, left_open, kept = genders(photos)
    assert (right.value, right.n) == (pytest.approx(1 / 2), 2)
    assert (left_open.value, left_open.n) == (pytest.approx(1 / 3), 3)
    assert (kept.value, kept.n) == (1, 1)


def test_nothing_accepted_is_no_division_by_zero(photos: list[Judged], tmp_path: Path) -> None:
    none = [replace(one, decision=Decision(False, "no_face")) for one in photos]
    assert [row.value for row in figures(none)] == [0, 0]
    assert genders(none)[0].value == 0
    draw(tmp_path / "x.png", none + photos)
    assert (tmp_path / "x.png").stat().st_size > 1000
