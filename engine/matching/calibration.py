"""Chances that mean what they say: beta calibration, learned online from what was predicted and then happened.

A chance p becomes σ(c + a ln p - b ln(1 - p)), which leaves it as it is at a = b = 1, c = 0 (Kull et al. 2017).  The three numbers
are shared, with deviations by the viewer's gender, and learned as `engine.matching.logistic` does, with a shorter memory than the
weights': each answer first is predicted, then learned from, so that what is corrected is the error on people whom the model
itself chose to show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.matching.logistic import Array, Logistic
from engine.matching.people import GENDERS

SPREADS: Final = (0.5, 0.25, 0.25)
"""Standard deviations of c, a and b before any answer."""
DEVIATION: Final = 0.7
"""Those of a gender's own part, relative to the shared ones'."""
MEMORY: Final = 5000.0
MOST: Final = 13.0
"""Log-odds beyond which chances are all alike."""


def _start() -> Logistic:
    mean = np.zeros(3 * (1 + len(GENDERS)))
    mean[1:3] = 1
    spreads = np.concatenate([SPREADS, *([np.array(SPREADS) * DEVIATION] * len(GENDERS))])
    return Logistic(mean, np.diag(spreads**-2.0), MEMORY)


@dataclass(slots=True)
class Calibration:
    """Log-odds as the model has them → log-odds that hold; changes in place."""

    weights: Logistic = field(default_factory=_start)

    def logits(self, z: Array, gender: NDArray[np.intp]) -> Array:
        """Calibrated log-odds, (n,) for log-odds (n,) and the viewers' genders (n,)."""
        parts = self.weights.mean.reshape(1 + len(GENDERS), 3)
        c, a, b = (parts[0] + parts[1:])[gender].T
        bounded = np.minimum(np.maximum(z, -MOST), MOST)
        gone = np.log1p(np.exp(bounded))  # -ln(1 - p)
        return np.asarray(c + a * (bounded - gone) + b * gone)

    def update(self, z: float, gender: int, liked: bool) -> None:
        """Learn from one answer that had these log-odds before it."""
        bounded = min(max(z, -MOST), MOST)
        gone = math.log1p(math.exp(bounded))
        x = np.zeros((1 + len(GENDERS), 3))
        x[0] = x[1 + gender] = 1, bounded - gone, gone
        self.weights.update(x.ravel(), float(liked))
