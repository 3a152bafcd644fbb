"""Popularity and selectivity: shrunk, unbiased, honest about how little is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.logistic import sigmoid
from engine.matching.standing import effect, variance


def test_few_answers_say_little_and_many_say_what_is_so() -> None:
    few, some, many = effect([1, 10, 10_000], [1, 10, 10_000 * 0.9], [0.3, 3.0, 3000.0])
    raw = np.log(9) - np.log(0.3 / 0.7)
    assert 0 < few < some
    assert few < 0.25 * raw
    assert many == pytest.approx(raw, rel=0.01)


def test_shrinking_beats_raw_counts_on_planted_popularity() -> None:
    random = np.random.default_rng(1)
    truth = random.normal(0, 0.9, 3000)
    shown = random.integers(1, 40, 3000)
    z = -0.8
    liked = random.binomial(shown, sigmoid(truth + z))
    expected = shown * float(sigmoid(np.array([z]))[0])
    shrunk = effect(shown, liked, expected)
    raw = np.clip(liked / shown, 0.01, 0.99)
    raw = np.log(raw / (1 - raw)) - z
    assert np.mean((shrunk - truth) ** 2) < 0.5 * np.mean((raw - truth) ** 2)
    assert np.mean((shrunk - truth) ** 2) < 0.6 * np.mean(truth**2)


@given(st.integers(0, 500), st.data())
def test_more_likes_are_never_less_popular_and_as_expected_is_nothing(n: int, data: st.DataObject) -> None:
    liked = data.draw(st.integers(0, n))
    expected = data.draw(st.floats(0, n))
    found = effect([n, n], [liked, min(liked + 1, n)], [expected, expected])
    assert np.isfinite(found).all()
    assert found[0] <= found[1]
    if 0.05 * n < expected < 0.95 * n:
        assert effect([n], [expected], [expected])[0] == pytest.approx(0, abs=1e-9)


def test_uncertainty_falls_with_answers() -> None:
    found = variance([0, 1, 10, 1000], [0.0, 0.3, 3.0, 300.0])
    assert (np.diff(found) < 0).all()
    assert found[-1] < 0.01
