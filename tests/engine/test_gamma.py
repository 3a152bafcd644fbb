"""Our own gamma functions against SciPy's."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.special import gammaincinv, gammaln

from engine import gamma


def test_quantiles_are_those_of_scipy() -> None:
    shape = np.concatenate([np.linspace(0.5, 12, 400), np.geomspace(9.99, 1e7, 400)])
    low, high = gamma.central_80(shape)
    assert np.abs(low / gammaincinv(shape, 0.1) - 1).max() < 1e-5
    assert np.abs(high / gammaincinv(shape, 0.9) - 1).max() < 1e-5


def test_shapes_may_form_a_table_of_any_kind() -> None:
    shape = np.array([[0.5, 30.0], [2.0, 3.0]])
    low, high = gamma.central_80(shape)
    assert low.shape == high.shape == (2, 2)
    assert (low < shape).all()
    assert gamma.central_80(np.zeros((0, 3)))[0].shape == (0, 3)


def test_log_gamma() -> None:
    x = np.geomspace(0.1, 1e6, 50)
    assert gamma.log_gamma(x) == pytest.approx(gammaln(x), rel=1e-10, abs=1e-10)


def test_examples() -> None:
    results = doctest.testmod(gamma)
    assert results.attempted > 0
    assert results.failed == 0
