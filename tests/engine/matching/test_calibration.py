"""Calibration on planted, distorted log-odds, by gender."""

from __future__ import annotations

import numpy as np
import pytest

from engine.matching.calibration import Calibration
from engine.matching.logistic import Array, sigmoid


def ece(p: Array, y: Array) -> float:
    parts = np.array_split(np.argsort(p), 10)
    return float(sum(abs(p[part].mean() - y[part].mean()) * len(part) for part in parts) / len(p))


def progressive(truth: Array, said: Array, genders: Array, seed: int) -> tuple[Array, Array]:
    """Each is predicted, then learned from: calibrated chances and answers."""
    random = np.random.default_rng(seed)
    calibration = Calibration()
    y = (random.random(len(truth)) < sigmoid(truth)).astype(float)
    p = np.zeros(len(truth))
    for row in range(len(truth)):
        code = np.array([int(genders[row])], dtype=np.intp)
        p[row] = sigmoid(calibration.logits(said[row : row + 1], code))[0]
        calibration.update(float(said[row]), int(code[0]), bool(y[row]))
    return p, y


def test_distorted_chances_are_put_right_for_each_gender() -> None:
    random = np.random.default_rng(1)
    genders = random.integers(0, 2, 8000)
    truth = random.normal(-0.8, 1.0, 8000)
    said = np.where(genders == 0, 2 * truth + 1.5, 0.6 * truth - 0.5)
    p, y = progressive(truth, said, genders, 2)
    late = np.arange(8000) > 2000
    for code in (0, 1):
        here = late & (genders == code)
        assert ece(sigmoid(said)[here], y[here]) > 0.08
        assert ece(p[here], y[here]) < 0.03


def test_what_is_right_stays_right() -> None:
    random = np.random.default_rng(3)
    truth = random.normal(-0.8, 1.2, 4000)
    p, _ = progressive(truth, truth, np.zeros(4000), 4)
    assert np.abs(p - sigmoid(truth)).mean() < 0.02


def test_before_the_first_answer_nothing_is_changed_and_extremes_are_bounded() -> None:
    z = np.array([-3.0, 0.0, 3.0, 1e6, -1e6])
    found = Calibration().logits(z, np.zeros(5, dtype=np.intp))
    assert found[:3] == pytest.approx(z[:3])
    assert np.isfinite(found).all()


def test_it_follows_a_change() -> None:
    random = np.random.default_rng(5)
    z = random.normal(size=20_000)
    truth = np.where(np.arange(20_000) < 8000, z + 1, z - 1)
    p, y = progressive(truth, z, np.zeros(20_000), 6)
    assert abs(p[-4000:].mean() - y[-4000:].mean()) < 0.04
