"""Bayesian logistic regression, one answer at a time, with a full covariance and forgetting.

The weights are N(mean, covariance).  An answer y about features x is folded in by Laplace's approximation along x, which is where
alone the likelihood tells anything: with z = x · mean and s = xᵀ C x the mode of N(t; z, s) σ(t)^y (1 - σ(t))^(1-y) is found by
Newton's method, and with v = σ'(t) there

    mean += C x (y - σ(t)),    C -= C x xᵀ C v / (1 + v s)

(Spiegelhalter & Lauritzen 1990; the extended Kalman filter does one Newton step only).  Chances are those of the mean with the
uncertainty taken in, σ(z / sqrt(1 + π s / 8)) (MacKay 1992).

Forgetting is exponential and towards the prior: every answer an information matrix Λ becomes λ Λ + (1 - λ) Λ0, so that answers
count e-fold less after `memory` further ones, and directions that nothing is heard of widen no further than the prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BATCH: Final = 100
"""Answers after which forgetting is done at once; an inverse each time would cost more than everything else."""
NEWTON: Final = 8
MOST: Final = 500.0
"""Log-odds beyond which a chance is 0 or 1."""


@dataclass(slots=True)
class Logistic:
    """Weights and how sure they are; changes in place."""

    prior_mean: Array
    """(features,)"""
    prior_precision: Array
    """(features, features)"""
    memory: float
    """Answers after which an answer counts e-fold less."""
    mean: Array = field(init=False)
    covariance: Array = field(init=False)
    seen: int = 0
    """Answers folded in."""

    def __post_init__(self) -> None:
        self.mean = self.prior_mean.copy()
        self.covariance = np.asarray(np.linalg.inv(self.prior_precision), dtype=np.float64)

    def logits(self, x: Array) -> tuple[Array, Array]:
        """Log-odds and their variances, (n,) each, for features (n, features)."""
        return x @ self.mean, np.einsum("ij,ij->i", x @ self.covariance, x)

    def update(self, x: Array, y: float, weight: float = 1.0) -> None:
        """Fold in one answer: features (features,), 1 for a like and 0 for none."""
        along = self.covariance @ x
        z, s = float(x @ self.mean), float(x @ along)
        t = _mode(z, s * weight, y)
        p = _chance(t)
        v, pull = weight * p * (1 - p), weight * (y - p)
        self.mean = self.mean + pull * along
        self.covariance = self.covariance - np.outer(along, along) * (v / (1 + v * s))
        self.seen += 1
        if self.seen % BATCH == 0:
            self._forget(float(np.exp(-BATCH / self.memory)))

    def _forget(self, kept: float) -> None:
        precision = kept * np.linalg.inv(self.covariance) + (1 - kept) * self.prior_precision
        covariance = np.linalg.inv(precision)
        self.covariance = (covariance + covariance.T) / 2


def _mode(z: float, s: float, y: float) -> float:
    """Where t = z + s (y - σ(t)): Newton's method, and halving where it would leave what the solution lies in.

    >>> t = _mode(0.5, 2.0, 1.0)
    >>> abs(t - (0.5 + 2.0 * (1.0 - _chance(t)))) < 1e-6
    True
    """
    low, high = sorted((z, z + s * (y - _chance(z))))
    t = z
    for _ in range(NEWTON):
        p = _chance(t)
        off = t - z - s * (y - p)
        low, high = (low, t) if off > 0 else (t, high)
        t -= off / (1 + s * p * (1 - p))
        if not low <= t <= high:
            t = (low + high) / 2
    return t


def _chance(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -MOST else 0.0


def moderated(z: Array, s: Array) -> Array:
    """Log-odds with their uncertainty taken in: nearer to even odds the less sure they are."""
    return z / np.sqrt(1 + np.pi * s / 8)


def sigmoid(z: Array) -> Array:
    """Chances of log-odds.

    >>> sigmoid(np.array([0.0, 800.0])).tolist()
    [0.5, 1.0]
    """
    return np.asarray(1 / (1 + np.exp(-np.minimum(np.maximum(z, -MOST), MOST))), dtype=np.float64)
