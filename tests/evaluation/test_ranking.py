"""Figures of merit against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.matching import exposure
from evaluation import ranking


def test_ndcg_by_hand() -> None:
    # Relevant at places 2 and 4 of 4: (1 / log2 3 + 1 / log2 5) / (1 / log2 2 + 1 / log2 3).
    wanted = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert ranking.ndcg([False, True, False, True], 10) == pytest.approx(wanted)
    assert ranking.ndcg([False, True, False, True], 1) == 0
    assert ranking.ndcg([True, True, False], 2) == 1
    assert math.isnan(ranking.ndcg([False, False], 2))


def test_precision_and_recall_by_hand() -> None:
    order = [True, False, True, True, False]
    assert [ranking.precision(order, k) for k in (1, 2, 3, 5, 9)] == pytest.approx([1, 1 / 2, 2 / 3, 3 / 5, 3 / 5])
    assert [ranking.recall(order, k) for k in (1, 2, 3, 5)] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])
    assert math.isnan(ranking.precision([], 3))
    assert math.isnan(ranking.recall([False], 3))


def test_gini_by_hand_and_beside_the_products() -> None:
    assert ranking.gini([0, 0, 10]) == pytest.approx(2 / 3)
    assert ranking.gini([1, 3]) == pytest.approx(0.25)
    assert ranking.gini([5]) == 0
    assert math.isnan(ranking.gini([0, 0]))
    counts = np.random.default_rng(0).integers(0, 50, 200)
    assert ranking.gini(counts) == pytest.approx(exposure.gini(counts))
    assert ranking.gini(counts * 7) == pytest.approx(ranking.gini(counts))


def test_chances_that_hold_have_a_small_calibration_error_and_others_the_right_one() -> None:
    random = np.random.default_rng(1)
    chance = random.random(60_000) ** 2
    happened = random.random(60_000) < chance
    assert ranking.reliability(chance, happened).ece < 0.01
    assert ranking.ece_equal_width(chance, happened) < 0.01
    assert ranking.reliability(np.full(1000, 0.3), np.zeros(1000)).ece == pytest.approx(0.3)
    assert math.isnan(ranking.reliability([], []).ece)
    assert ranking.reliability([0.2, 0.4], [0, 1], bins=15).counts.tolist() == [1, 1]


def test_auc_by_hand() -> None:
    assert ranking.auc([3, 2, 1], [True, False, False]) == 1
    assert ranking.auc([1, 1], [True, False]) == 0.5
    assert ranking.auc([1, 2, 3, 4], [True, False, True, False]) == pytest.approx(1 / 4)
    assert math.isnan(ranking.auc([1, 2], [True, True]))


def test_students_intervals_cover_as_often_as_they_say() -> None:
    random = np.random.default_rng(2)
    covered = []
    for _ in range(2000):
        found = ranking.over_seeds(random.normal(3, 2, 5))
        covered.append(found.low <= 3 <= found.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_a_ratio_is_taken_within_a_seed() -> None:
    found = ranking.ratio([2.0, 20.0, 200.0], [1.0, 10.0, 100.0])
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))
    assert ranking.ratio([1.0, 0.0], [1.0, 1.0]).n == 1
    assert ranking.over_seeds([math.nan, 1.0]).interval is None
