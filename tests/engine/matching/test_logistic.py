"""Online logistic regression: planted weights, the batch solution, forgetting, certainty."""

from __future__ import annotations

import numpy as np
import pytest

from engine.matching.logistic import BATCH, Array, Logistic, moderated, sigmoid


def prior(features: int, spread: float = 1.0, memory: float = 1e9) -> Logistic:
    return Logistic(np.zeros(features), np.eye(features) / spread**2, memory)


def answers(weights: Array, n: int, random: np.random.Generator) -> tuple[Array, Array]:
    x = random.normal(size=(n, len(weights)))
    x[:, 0] = 1
    return x, (random.random(n) < sigmoid(x @ weights)).astype(float)


def learn(model: Logistic, x: Array, y: Array) -> None:
    for row, answer in zip(x, y, strict=True):
        model.update(row, float(answer))


def test_planted_weights_are_found_within_their_stated_uncertainty() -> None:
    weights = np.array([-1.0, 0.8, -0.5, 0.0, 1.5])
    model = prior(5)
    learn(model, *answers(weights, 6000, np.random.default_rng(1)))
    off = (model.mean - weights) / np.sqrt(np.diag(model.covariance))
    assert np.abs(off).max() < 3.5
    assert np.sqrt(np.diag(model.covariance)).max() < 0.08


def test_one_answer_at_a_time_comes_to_what_all_at_once_would() -> None:
    weights = np.array([-0.5, 1.0, -1.0])
    x, y = answers(weights, 800, np.random.default_rng(2))
    model = prior(3)
    learn(model, x, y)
    batch = np.zeros(3)
    for _ in range(50):  # Newton's method for the posterior's mode
        p = sigmoid(x @ batch)
        hessian = x.T @ (x * (p * (1 - p))[:, None]) + np.eye(3)
        batch -= np.linalg.solve(hessian, x.T @ (p - y) + batch)
    spread = np.sqrt(np.diag(np.linalg.inv(hessian)))
    assert np.abs(model.mean - batch).max() < 0.5 * spread.min()
    assert np.sqrt(np.diag(model.covariance)) == pytest.approx(spread, rel=0.15)


def test_forgetting_follows_a_drift_that_a_long_memory_misses() -> None:
    random = np.random.default_rng(3)
    quick, slow = prior(2, memory=1000), prior(2)
    for weight in (1.5, -1.5):
        x, y = answers(np.array([0.0, weight]), 4000, random)
        learn(quick, x, y)
        learn(slow, x, y)
    assert quick.mean[1] == pytest.approx(-1.5, abs=0.35)
    assert slow.mean[1] > -0.7


def test_what_nothing_is_heard_of_gets_no_less_sure_than_the_prior() -> None:
    model = prior(2, spread=0.5, memory=200)
    for _ in range(40 * BATCH):
        model.update(np.array([1.0, 0.0]), 1.0)
    assert model.covariance[1, 1] == pytest.approx(0.25, rel=1e-6)
    assert np.linalg.eigvalsh(model.covariance).min() > 0


def test_chances_are_more_careful_the_less_is_known() -> None:
    z = np.array([2.0, 2.0, -2.0])
    careful = moderated(z, np.array([0.0, 4.0, 4.0]))
    assert careful[0] == 2
    assert 0 < careful[1] < 2
    assert careful[2] == -careful[1]


def test_an_extreme_answer_does_not_break_it() -> None:
    model = prior(2, spread=10)
    for _ in range(300):
        model.update(np.array([1.0, 1e3]), 0.0)
        model.update(np.array([1.0, -1e3]), 1.0)
    assert np.isfinite(model.mean).all()
    assert np.isfinite(model.covariance).all()
