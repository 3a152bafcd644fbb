"""Types for those who come between two trainings: the nearest type if it is near enough, else a type of their own that others may join.

This is the leader rule of Hartigan (1975) that paper 000 uses for everybody, here only for newcomers, against centroids and in the space
that the types were learned in.  `evaluation.suites.clustering` holds it against training again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.training.clusters import Matrix, Projection, unit


@dataclass
class Newcomers:
    """Types that grow by leaders; made from a training, fed with one newcomer at a time."""

    projection: Projection
    centres: Matrix
    """(k, dims) of length 1: the types of the training; they don't move."""
    floor: float
    """Cosine below which a type is too far, see `clusters.outlier_floor`."""
    leaders: list[NDArray[np.float64]] = field(default_factory=list)
    """Sums of those who joined a type that was opened since."""
    members: list[int] = field(default_factory=list)

    def add(self, vector: NDArray[np.floating]) -> int:
        """The newcomer's type: below k one of the training, from k on one that was opened since; the nearest one counts."""
        z = self.projection.apply(np.asarray(vector, dtype=np.float64)[None])[0]
        cosines = np.concatenate([self.centres @ z, [float(unit(one) @ z) for one in self.leaders]])
        best = int(cosines.argmax())
        if cosines[best] < self.floor:
            self.leaders.append(z.copy())
            self.members.append(1)
            return len(cosines)
        opened = best - len(self.centres)
        if opened >= 0:
            self.leaders[opened] += z
            self.members[opened] += 1
        return best

    def worth_training(self, least_members: int) -> bool:
        """Whether a type that was opened since has as many people as a type must have: a reason to train again."""
        return max(self.members, default=0) >= least_members
