"""Popularity and selectivity from counted answers, shrunk towards "as expected".

A member's popularity is how much likelier others like them than the model expected without knowing it, as a difference of
log-odds so that it adds up with everything else.  Counts are shrunk by `SHRINK` imagined answers that went as expected, the
observed/expected shrinking of `engine.affinity` for chances instead of rates:

    m = expected / n,    effect = logit((liked + SHRINK m) / (n + SHRINK)) - logit(m)

Its variance without any answer is that of the population (`SPREAD` squared) and falls as answers come.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

SHRINK: Final = 6.0
"""Imagined answers: a population whose effects have a standard deviation of about 1 / sqrt(SHRINK m (1 - m)) ≈ 0.9."""
SPREAD: Final = 0.9
USUAL: Final = 0.3
"""Chance of a like where nothing is known."""
LOW, HIGH = 0.02, 0.98


def effect(n: ArrayLike, liked: ArrayLike, expected: ArrayLike) -> NDArray[np.float64]:
    """Log-odds by which answers went beyond what was expected; 0 without answers.

    >>> effect([0, 10, 1000], [0, 5, 500], [0.0, 3.0, 300.0]).round(2).tolist()
    [0.0, 0.55, 0.84]
    """
    number, likes = np.asarray(n, dtype=np.float64), np.asarray(liked, dtype=np.float64)
    usual = _usual(number, np.asarray(expected, dtype=np.float64))
    seen = (likes + SHRINK * usual) / (number + SHRINK)
    return np.asarray(logit(np.clip(seen, 1e-3, 1 - 1e-3)) - logit(usual))


def variance(n: ArrayLike, expected: ArrayLike) -> NDArray[np.float64]:
    """How unsure `effect` is, in squared log-odds; `SPREAD` squared without answers.

    >>> variance([0, 100], [0.0, 30.0]).round(2).tolist()
    [0.81, 0.04]
    """
    number = np.asarray(n, dtype=np.float64)
    usual = _usual(number, np.asarray(expected, dtype=np.float64))
    return np.asarray(1 / (1 / SPREAD**2 + number * usual * (1 - usual)))


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of chances strictly between 0 and 1."""
    return np.asarray(np.log(p) - np.log1p(-p))


def _usual(n: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.where(n > 0, expected / np.maximum(n, 1), USUAL), LOW, HIGH)
