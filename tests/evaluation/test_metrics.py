"""The figures of merit against slow, obvious definitions."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from evaluation import metrics
from evaluation.metrics import all_pairs, auc, bootstrap_over_people, tar_at_far, weighted


def test_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(metrics).failed == 0


def test_auc_is_the_share_of_pairs_in_order() -> None:
    generator = np.random.default_rng(1)
    positive, negative = generator.integers(0, 9, 40) / 9, generator.integers(0, 9, 60) / 9
    slow = np.mean([[1.0 if p > n else 0.5 if p == n else 0.0 for n in negative] for p in positive])
    assert auc(positive, negative) == pytest.approx(slow)


def test_tar_lets_no_more_through_than_the_far() -> None:
    generator = np.random.default_rng(2)
    positive, negative = generator.normal(2, 1, 500), generator.normal(0, 1, 20_000)
    tar = tar_at_far(positive, negative, 1e-2)
    threshold = np.sort(positive)[::-1][round(tar * 500) - 1]
    assert (negative >= threshold).mean() <= 1e-2
    lower = np.sort(positive)[::-1][round(tar * 500)]
    assert (negative > lower).mean() >= 1e-2, "one more positive would need a threshold below"


def test_tar_is_unknown_where_negatives_are_too_few() -> None:
    assert math.isnan(tar_at_far(np.ones(5), np.zeros(99), 0.1 / 1.01))


def people(count: int, photos: int, spread: float, seed: int) -> tuple[np.ndarray, list[str]]:
    generator = np.random.default_rng(seed)
    centres = np.repeat(generator.normal(size=(count, 16)), photos, axis=0)
    found = centres + spread * generator.normal(size=centres.shape)
    return metrics.unit(found.astype(np.float32)), [str(index) for index in range(count) for _ in range(photos)]


def test_pairs_are_all_pairs_and_sorted() -> None:
    embeddings, labels = people(5, 4, 0.5, 0)
    pairs = all_pairs(embeddings, labels)
    assert len(pairs.scores) == 20 * 19 // 2
    assert len(pairs.genuine) == 5 * 4 * 3 // 2
    assert (np.diff(pairs.scores) <= 0).all()


def test_weights_of_one_give_the_plain_figures() -> None:
    pairs = all_pairs(*people(30, 5, 1.2, 3))
    area, (tar,) = weighted(pairs, np.ones(pairs.people), (1e-2,))
    assert area == pytest.approx(auc(pairs.genuine, pairs.impostor), abs=1e-6)
    assert tar == pytest.approx(tar_at_far(pairs.genuine, pairs.impostor, 1e-2), abs=1e-6)


def test_a_person_of_weight_nought_takes_no_part() -> None:
    embeddings, labels = people(12, 4, 1.0, 4)
    weights = np.ones(12)
    whole = all_pairs(embeddings, labels)
    weights[np.unique(labels).tolist().index("7")] = 0
    kept = np.array(labels) != "7"
    part = all_pairs(embeddings[kept], [label for label in labels if label != "7"])
    assert weighted(whole, weights, ())[0] == pytest.approx(auc(part.genuine, part.impostor), abs=1e-6)


def test_the_worst_embedding_accepts_nobody_at_a_low_far() -> None:
    """The highest score belongs to two people: no threshold above it accepts a true pair."""
    pairs = metrics.Pairs(
        np.array([0.9, 0.8, 0.1], np.float32), np.array([False, True, False]), np.array([0, 0, 0]), np.array([1, 0, 1]), people=2
    )
    assert weighted(pairs, np.ones(2), (1e-3,))[1] == [0.0]


def test_intervals_hold_the_figure_and_shrink_with_more_people() -> None:
    widths = []
    for count in (10, 60):
        pairs = all_pairs(*people(count, 4, 1.2, 5))
        low, high = bootstrap_over_people(pairs, (), 200, seed=0)[:, 0]
        assert low <= auc(pairs.genuine, pairs.impostor) <= high
        widths.append(high - low)
    assert widths[1] < widths[0]


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 10), (0, 0)])
def test_wilson_stays_within_nought_and_one(hits: int, n: int) -> None:
    low, high = metrics.wilson(hits, n)
    if n:
        assert 0 <= low <= hits / n <= high <= 1
    else:
        assert math.isnan(low)
