"""How attention is shared: Gini, the cap, levelling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.exposure import Cap, Fair, gini, levelled


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    values = np.array(counts, dtype=float)
    naive = np.abs(values[:, None] - values).mean() / (2 * values.mean()) if values.any() else 0.0
    assert gini(counts) == pytest.approx(naive, abs=1e-9)


def test_the_cap_is_relative_to_the_fair_share_of_the_own_gender_but_not_below_the_minimum() -> None:
    fair = Fair.of({"woman": 400, "man": 40}, {"woman": 10, "man": 20})
    shares = fair.of_all(np.array([0, 1, 2], dtype=np.intp))
    assert shares.tolist() == [40, 2, 0]
    assert Cap(1.5, 10).over([59, 9, 9], shares).tolist() == [False, False, False]
    assert Cap(1.5, 10).over([60, 10, 10], shares).tolist() == [True, True, True]


@given(st.integers(0, 500), st.floats(0, 100), st.floats(0, 4))
def test_levelling_only_ever_lowers_and_falls_with_attention(recent: int, fair: float, power: float) -> None:
    one, more = levelled([recent, recent + 1], [fair, fair], power)
    assert 0 < more <= one <= 1
