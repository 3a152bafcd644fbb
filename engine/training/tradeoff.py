"""How many types there are, by the stability trade-off of Mourer, Forest, Lebbah, Azzag & Lacaille (2020), "Stadion".

Too many types are split by a little noise (low stability between types); with too few, a type can itself be divided in a stable way (high
stability within types).  The trade-off is the difference of the two, as adjusted Rand indices under additive noise; over a few strengths
of noise the largest counts (Stadion-max).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import adjusted_rand_score

from engine.training.clusters import Matrix, spherical_kmeans, unit

NOISES = (0.2, 0.4, 0.6, 0.8)
"""Length of the noise beside vectors of length 1; two photos of one person are about 1.3 apart in whole SFace vectors before averaging."""
WITHIN = (2, 3)
"""Into how many parts a type is divided on trial."""
LEAST = 12
"""People below which a type is not divided."""


def tradeoff(z: Matrix, k: int, seed: int, copies: int = 4, noises: Sequence[float] = NOISES, restarts: int = 3) -> float:
    """Stability between `k` types less stability within them, -1 to 1; higher is a better number of types.

    Args:
        z: (people, dims) of length 1.
        k: number of types.
        seed: of noise and clustering.
        copies: noisy copies a strength.
        noises: strengths.
        restarts: of the clustering.

    """
    _, labels = spherical_kmeans(z, k, seed, restarts)
    parts = [z[labels == one] for one in range(k)]
    best = -1.0
    for noise in noises:
        between = _stability(z, k, noise, seed, copies, restarts)
        within = sum(
            len(part) / len(z) * float(np.mean([_stability(part, few, noise, seed, copies, restarts) for few in WITHIN]))
            for part in parts
            if len(part) >= LEAST
        )
        best = max(best, between - within)
    return best


def _stability(z: Matrix, k: int, noise: float, seed: int, copies: int, restarts: int) -> float:
    """Mean adjusted Rand index of the types of `z` and of noisy copies of it."""
    random = np.random.default_rng(seed)
    _, labels = spherical_kmeans(z, k, seed, restarts)
    found = []
    for _ in range(copies):
        moved = unit(z + random.normal(size=z.shape) * noise / np.sqrt(z.shape[1]))
        found.append(float(adjusted_rand_score(labels, spherical_kmeans(moved, k, seed, restarts)[1])))
    return float(np.mean(found))
