"""Chances that mean what they say: beta calibration, learned online from what was predicted and then happened.

A chance p becomes σ(c + a ln p - b ln(1 - p)), which leaves it as it is at a = b = 1, c = 0 (Kull et al. 2017).  The three numbers
are shared, with deviations by the viewer's gender, and learned as `engine.matching.logistic` does, with a shorter memory than the
weights': each answer first is predicted, then learned from, so that what is corrected is the error on people whom the model
itself chose to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.matching.logistic import Array, Logistic, sigmoid
from engine.matching.people import GENDERS

SPREADS: Final = (0.5, 0.25, 0.25)
"""Standard deviations of c, a and b before any answer."""
DEVIATION: Final = 0.7
"""Those of a gender's own part, relative to the shared ones'."""
MEMORY: Final = 5000.0


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
        return np.asarray(_features(z, gender) @ self.weights.mean)

    def update(self, z: float, gender: int, liked: bool) -> None:
        """Learn from one answer that had these log-odds before it."""
        self.weights.update(_features(np.array([z]), np.array([gender], dtype=np.intp))[0], float(liked))


def _features(z: Array, gender: NDArray[np.intp]) -> Array:
    p = np.clip(sigmoid(z), 1e-6, 1 - 1e-6)
    own = np.stack([np.ones_like(p), np.log(p), -np.log1p(-p)], axis=1)
    x = np.zeros((len(p), 3 * (1 + len(GENDERS))))
    x[:, :3] = own
    for place in range(len(GENDERS)):
        x[:, 3 * (place + 1) : 3 * (place + 2)] = own * (gender == place)[:, None]
    return x
