"""Whether somebody who was liked will answer at all, by how long ago they were here: a share by bucket, with a stated prior."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

WINDOW_DAYS: Final = 7.0
"""Within so many days of a like its answer came in time."""
EDGES: Final = (1.0, 3.0, 7.0, 14.0, 30.0)
"""Days; below the first edge, between them, from the last on: six buckets."""
PRIOR: Final = (0.9, 0.8, 0.65, 0.45, 0.25, 0.1)
"""Shares that are assumed before anything is seen."""
STRENGTH: Final = 20.0
"""How many answers the assumption is worth."""
MEMORY: Final = 2000.0
"""Answers in a bucket from which on old ones fade."""


class Replies:
    """Counts by bucket; changes in place."""

    def __init__(self, counts: NDArray[np.float64] | None = None) -> None:
        self.counts = np.zeros((len(PRIOR), 2)) if counts is None else counts
        """(buckets, 2): who was liked and looked at the card in time, and who did not."""

    def chances(self, idle_days: ArrayLike) -> NDArray[np.float64]:
        """Chance that somebody idle for so many days answers.

        >>> Replies().chances([0.1, 5, 100]).round(2).tolist()
        [0.9, 0.65, 0.1]
        """
        prior = np.asarray(PRIOR)
        shares = (self.counts[:, 0] + STRENGTH * prior) / (self.counts.sum(axis=1) + STRENGTH)
        return np.asarray(shares[_bucket(idle_days)])

    def update(self, idle_days: float, replied: bool) -> None:
        """Count one who was liked when they had been away for so long: whether an answer came in time."""
        bucket = int(_bucket(idle_days))
        self.counts[bucket] *= 1 - 1 / MEMORY
        self.counts[bucket, 0 if replied else 1] += 1


def _bucket(idle_days: ArrayLike) -> NDArray[np.intp]:
    return np.searchsorted(np.asarray(EDGES), np.asarray(idle_days, dtype=np.float64), side="right")
