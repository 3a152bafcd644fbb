"""Newcomers among the others: their share of the places, nobody lost, the same by the same seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.explore import interleaved


@given(st.integers(0, 40), st.floats(0, 1), st.integers(0, 2**31), st.data())
def test_everybody_keeps_one_place_and_others_keep_their_order(n: int, slots: float, seed: int, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(n))), dtype=np.intp)
    new = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=bool)
    drawn = np.array(data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))
    found, explored = interleaved(order, new, drawn, slots, np.random.default_rng(seed))
    again, _ = interleaved(order, new, drawn, slots, np.random.default_rng(seed))
    assert sorted(found.tolist()) == list(range(n))
    assert found.tolist() == again.tolist()
    assert new[found[explored]].all()
    assert found[~new[found]].tolist() == order[~new[order]].tolist()
    if slots == 0 or not new.any():
        assert found.tolist() == order.tolist()


def test_newcomers_at_the_end_get_their_share_of_the_first_places() -> None:
    order = np.arange(200, dtype=np.intp)
    new = order >= 100
    shares = []
    for seed in range(200):
        found, _ = interleaved(order, new, np.zeros(200), 0.2, np.random.default_rng(seed))
        shares.append(new[found[:10]].mean())
    assert 0.15 < float(np.mean(shares)) < 0.25


def test_the_most_promising_newcomer_comes_first() -> None:
    drawn = np.array([0.0, 0.0, 0.1, 0.9])
    found, explored = interleaved(np.arange(4, dtype=np.intp), np.array([False, False, True, True]), drawn, 1.0, np.random.default_rng(1))
    assert found.tolist() == [3, 2, 0, 1]
    assert explored.tolist() == [True, True, False, False]
