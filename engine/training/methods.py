"""Ways to make types out of people, behind one shape, so that they can be compared: paper 000's own, and those that came after.

Each is made with plain numbers, `fit(x)` gives every row a type (or -1: none) and keeps what `predict(x)` needs for newcomers.  Which
part of a person `x` is (pixels, geometry, an embedding) is the caller's choice; `evaluation.suites.clustering` compares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, KMeans

from engine.training import clusters
from engine.training.clusters import Labels, Matrix


class Method(Protocol):
    """Fitted names end in `_`; the same seed and rows give the same types."""

    labels_: Labels
    """(people,) of the last `fit`; -1: no type."""

    def fit(self, x: Matrix) -> Self:
        """Make types of (people, dims)."""
        ...

    def predict(self, x: Matrix) -> Labels:
        """The types of newcomers, -1 for none."""
        ...


class PaperLeader:
    """Paper 000: an image joins the cluster most frequent among its `neighbours` nearest, or opens one where all are beyond `threshold`.

    The order of the rows decides, as it did there.  All images are kept, and each newcomer is compared with every one of them.  Only
    neighbours within the threshold vote: with all of them voting, as one may also read the paper, the second member of a new cluster is
    outvoted by the first cluster, and everybody ends up in that.
    """

    def __init__(self, threshold: float, neighbours: int = 5) -> None:
        """`threshold`: L2 distance."""
        self.threshold = threshold
        self.neighbours = neighbours

    def fit(self, x: Matrix) -> Self:
        """See `Method.fit`."""
        self.rows_, self.squares_ = x, (x**2).sum(axis=1)
        labels = np.full(len(x), -1, dtype=np.intp)
        opened = 0
        for at in range(len(x)):
            found = self._vote(x[at], labels[:at])
            if found < 0:
                found, opened = opened, opened + 1
            labels[at] = found
        self.labels_ = labels
        return self

    def predict(self, x: Matrix) -> Labels:
        """See `Method.predict`."""
        return np.array([self._vote(row, self.labels_) for row in x], dtype=np.intp)

    def _vote(self, row: NDArray[np.float64], labels: Labels) -> int:
        """The cluster of `row` among the first images, which have `labels`."""
        if not len(labels):
            return -1
        squared = self.squares_[: len(labels)] - 2 * (self.rows_[: len(labels)] @ row) + row @ row
        distance = np.sqrt(np.maximum(squared, 0))
        if distance.min() > self.threshold:
            return -1
        near = np.argsort(distance, kind="stable")[: self.neighbours]
        near = near[distance[near] <= self.threshold]
        counts = np.bincount(labels[near])
        # Of clusters with as many votes the one with the nearest image.
        return int(next(labels[at] for at in near if counts[labels[at]] == counts.max()))


def leader_threshold(x: Matrix, k: int, neighbours: int = 5, rounds: int = 12) -> float:
    """The threshold under which `PaperLeader` makes about `k` clusters ("the upper bound of K"; the paper names no threshold)."""
    low, high = 0.0, float(np.linalg.norm(x - x.mean(axis=0), axis=1).max()) * 2
    for _ in range(rounds):
        middle = (low + high) / 2
        many = PaperLeader(middle, neighbours).fit(x).labels_.max() + 1 > k
        low, high = (middle, high) if many else (low, middle)
    return high


class PlainKMeans:
    """k-means (Lloyd 1982) on the rows as they are: the paper's own second choice."""

    def __init__(self, k: int, seed: int) -> None:
        self.k = k
        self.seed = seed

    def fit(self, x: Matrix) -> Self:
        """See `Method.fit`."""
        self.model_ = KMeans(self.k, n_init=10, random_state=self.seed).fit(x)
        self.labels_ = self.model_.labels_.astype(np.intp)
        return self

    def predict(self, x: Matrix) -> Labels:
        """See `Method.predict`."""
        return np.asarray(self.model_.predict(x), dtype=np.intp)


class SphericalPca:
    """What the product does: nuisances taken out, principal components, spherical k-means, a floor under which nobody has a type."""

    def __init__(self, k: int, dims: int, seed: int, removed: Matrix | None = None, outliers: float = 0.05) -> None:
        self.k = k
        self.dims = dims
        self.seed = seed
        self.removed = removed
        self.outliers = outliers

    def fit(self, x: Matrix) -> Self:
        """See `Method.fit`."""
        self.projection_ = clusters.components(x, self.dims, self.removed)
        z = self.projection_.apply(x)
        self.centres_, _ = clusters.spherical_kmeans(z, self.k, self.seed)
        self.floor_ = clusters.outlier_floor(z, self.centres_, self.outliers)
        self.labels_, _ = clusters.nearest(z, self.centres_, self.floor_)
        return self

    def predict(self, x: Matrix) -> Labels:
        """See `Method.predict`."""
        return clusters.nearest(self.projection_.apply(x), self.centres_, self.floor_)[0]


class HdbscanPca:
    """HDBSCAN (Campello, Moulavi & Sander 2013) on principal components: types where people are dense, and nobody's land between.

    A newcomer gets the type of the nearest member who has one and is no farther than that type's members are from each other (the 95th
    percentile of the distances to their nearest fellow).
    """

    def __init__(self, dims: int, smallest: int, removed: Matrix | None = None) -> None:
        self.dims = dims
        self.smallest = smallest
        self.removed = removed

    def fit(self, x: Matrix) -> Self:
        """See `Method.fit`."""
        self.projection_ = clusters.components(x, self.dims, self.removed)
        self.rows_ = self.projection_.apply(x)
        smallest = max(2, min(self.smallest, len(x) - 1))
        model = HDBSCAN(min_cluster_size=smallest, min_samples=min(3, smallest), cluster_selection_method="eom", copy=True)
        self.labels_ = model.fit(self.rows_).labels_.astype(np.intp)
        self.reach_ = np.zeros(self.labels_.max(initial=-1) + 1)
        for one in range(len(self.reach_)):
            own = self.rows_[self.labels_ == one]
            apart = _distances(own, own)
            np.fill_diagonal(apart, np.inf)
            self.reach_[one] = np.percentile(apart.min(axis=1), 95)
        return self

    def predict(self, x: Matrix) -> Labels:
        """See `Method.predict`."""
        typed = self.labels_ >= 0
        if not typed.any():
            return np.full(len(x), -1, dtype=np.intp)
        apart = _distances(self.projection_.apply(x), self.rows_[typed])
        labels = self.labels_[typed][apart.argmin(axis=1)]
        return np.where(apart.min(axis=1) <= self.reach_[labels], labels, -1).astype(np.intp)


def _distances(one: Matrix, other: Matrix) -> Matrix:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * one @ other.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)), dtype=np.float64)


class Standardised:
    """Another method on columns brought to mean 0 and spread 1: for measures of different units."""

    def __init__(self, method: Method) -> None:
        self.method = method

    def fit(self, x: Matrix) -> Self:
        """See `Method.fit`."""
        self.mean_, self.spread_ = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
        self.labels_ = self.method.fit((x - self.mean_) / self.spread_).labels_
        return self

    def predict(self, x: Matrix) -> Labels:
        """See `Method.predict`."""
        return self.method.predict((x - self.mean_) / self.spread_)


def bootstrap(make: Callable[[int], Method], x: Matrix, samples: int, seed: int) -> tuple[list[float], list[float]]:
    """How well a method finds the same types again: (adjusted Rand index a sample, Jaccard a type of the whole).

    Each sample draws people with return, makes types of those and says what type all people would get; people with no type on either side
    are a group of their own for the Rand index and count for no type's Jaccard (Hennig 2007).

    Args:
        make: a new method of the given seed.
        x: (people, dims).
        samples: how often.
        seed: of the drawing.

    """
    random = np.random.default_rng(seed)
    labels = make(seed).fit(x).labels_
    rand, jaccard = [], []
    for number in range(samples):
        drawn = np.sort(np.unique(random.integers(0, len(x), len(x))))
        other = make(seed + 1 + number).fit(x[drawn]).predict(x)
        rand.append(clusters.rand_index(labels, other))
        jaccard.append(clusters.jaccards(labels, other))
    return rand, [float(value) for value in np.mean(jaccard, axis=0)] if jaccard else []
