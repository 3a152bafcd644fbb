"""How well one grouping agrees with another: pairwise and BCubed precision and recall, and types that a person keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and their harmonic mean, 0–1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """2pr / (p + r)."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-12)


def table(truth: Sequence[object], found: Sequence[object]) -> NDArray[np.float64]:
    """How many things are in each group of `truth` (rows) and of `found` (columns)."""
    rows, columns = (np.unique(np.asarray(one), return_inverse=True)[1] for one in (truth, found))
    counts = np.zeros((rows.max(initial=-1) + 1, columns.max(initial=-1) + 1))
    np.add.at(counts, (rows, columns), 1)
    return counts


def pairwise(truth: Sequence[object], found: Sequence[object]) -> Agreement:
    """Over pairs of things: of those put together, how many belong together; of those that belong together, how many were.

    >>> pairwise([1, 1, 2, 2], [1, 1, 1, 2])
    Agreement(precision=0.3333333333333333, recall=0.5)
    """
    counts = table(truth, found)

    def pairs(numbers: NDArray[np.float64]) -> float:
        return float((numbers * (numbers - 1)).sum() / 2)

    both = pairs(counts)
    return Agreement(both / max(pairs(counts.sum(axis=0)), 1e-12), both / max(pairs(counts.sum(axis=1)), 1e-12))


def bcubed(truth: Sequence[object], found: Sequence[object]) -> Agreement:
    """Averaged over things: the share of a thing's group that belongs to it, and of its own that are in its group (Bagga & Baldwin 1998).

    Large groups count for less than in `pairwise`.

    >>> bcubed([1, 1, 2, 2], [1, 1, 1, 2])
    Agreement(precision=0.6666666666666666, recall=0.75)
    """
    counts = table(truth, found)
    total = max(counts.sum(), 1.0)
    precision = (counts**2 / np.maximum(counts.sum(axis=0), 1)[None]).sum() / total
    recall = (counts**2 / np.maximum(counts.sum(axis=1), 1)[:, None]).sum() / total
    return Agreement(float(precision), float(recall))


def singles(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Everything labelled -1 in a group of its own.

    >>> singles(np.array([0, -1, 0, -1])).tolist()
    [0, 1, 0, 2]
    """
    alone = labels < 0
    made = labels.copy()
    made[alone] = labels.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return made


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether the photos of one person get one type."""

    usual: float
    """Mean over people of the share of their photos that get their most frequent type."""
    same: float
    """Mean over people of the share of pairs of their photos that get one type."""
    chance: float
    """The same for photos of two people."""
    none: float
    """Share of photos that get no type; they are left out above."""
    people: int

    @property
    def corrected(self) -> float:
        """0 as by chance, 1 always the same; comparable between numbers of types."""
        return (self.same - self.chance) / max(1 - self.chance, 1e-12)


def kept(people: Sequence[str], types: NDArray[np.intp]) -> Kept:
    """Over people with at least two typed photos; -1 is no type.

    >>> kept(["a", "a", "b", "b"], np.array([0, 0, 1, 1])).corrected
    1.0
    """
    names = np.asarray(people)
    usual, same, shares = [], [], []
    k = int(types.max(initial=0)) + 1
    for name in dict.fromkeys(people):
        own = types[(names == name) & (types >= 0)]
        if len(own) < 2:
            continue
        counts = np.bincount(own, minlength=k).astype(np.float64)
        usual.append(counts.max() / len(own))
        same.append((counts * (counts - 1)).sum() / (len(own) * (len(own) - 1)))
        shares.append(counts / len(own))
    if not usual:
        return Kept(0.0, 0.0, 0.0, float(np.mean(types < 0)), 0)
    total = np.sum(shares, axis=0)
    # Pairs of photos of two different people.
    different = (total**2).sum() - np.sum([(one**2).sum() for one in shares])
    chance = different / max(len(shares) * (len(shares) - 1), 1)
    return Kept(float(np.mean(usual)), float(np.mean(same)), float(chance), float(np.mean(types < 0)), len(usual))
