"""Agreement of groupings: against their definitions, pair by pair and thing by thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.partitions import bcubed, kept, pairwise, singles

groupings = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=25)


@given(groupings)
def test_pairwise_counts_pairs(both: list[tuple[int, int]]) -> None:
    truth, found = zip(*both, strict=True)
    pairs = [(truth[a] == truth[b], found[a] == found[b]) for a in range(len(both)) for b in range(a)]
    right = sum(one and other for one, other in pairs)
    agreement = pairwise(truth, found)
    assert agreement.precision == pytest.approx(right / max(sum(other for _, other in pairs), 1e-12))
    assert agreement.recall == pytest.approx(right / max(sum(one for one, _ in pairs), 1e-12))


@given(groupings)
def test_bcubed_averages_over_things(both: list[tuple[int, int]]) -> None:
    truth, found = (np.array(one) for one in zip(*both, strict=True))
    precision = [np.mean(truth[found == found[at]] == truth[at]) for at in range(len(both))]
    recall = [np.mean(found[truth == truth[at]] == found[at]) for at in range(len(both))]
    agreement = bcubed(truth.tolist(), found.tolist())
    assert agreement.precision == pytest.approx(np.mean(precision))
    assert agreement.recall == pytest.approx(np.mean(recall))


def test_outliers_become_people_of_their_own() -> None:
    assert len(set(singles(np.array([0, -1, -1, 2, 0])).tolist())) == 4


def test_types_dealt_out_at_random_agree_as_chance_does() -> None:
    random = np.random.default_rng(0)
    people = [f"p{number // 10}" for number in range(4000)]
    found = kept(people, random.integers(0, 5, 4000))
    assert found.corrected == pytest.approx(0, abs=0.02)
    assert found.people == 400


def test_photos_without_a_type_are_left_out_and_counted() -> None:
    found = kept(["a", "a", "a", "b", "b"], np.array([1, 1, -1, 0, 0]))
    assert (found.usual, found.same, found.none) == (1.0, 1.0, 0.2)
