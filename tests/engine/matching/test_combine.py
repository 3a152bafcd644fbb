"""Both ways: symmetric, rising, nothing without both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.combine import COMBINERS

chances = st.floats(0, 1)


@pytest.mark.parametrize("name", sorted(COMBINERS))
@given(p=chances, q=chances, r=chances)
def test_two_chances_into_one(name: str, p: float, q: float, r: float) -> None:
    combine = COMBINERS[name]
    assert float(combine(p, q)) == pytest.approx(float(combine(q, p)))
    assert 0 <= float(combine(p, q)) <= max(p, q) + 1e-12
    assert float(combine(p, 0.0)) == 0
    low, high = sorted((q, r))
    assert float(combine(p, low)) <= float(combine(p, high)) + 1e-12


@pytest.mark.parametrize("name", sorted(COMBINERS))
def test_balance_beats_one_warm_side(name: str) -> None:
    assert float(COMBINERS[name](0.5, 0.5)) > float(COMBINERS[name](0.9, 0.1))
