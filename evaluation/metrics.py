"""Figures of merit and their intervals; every function is pure, and seeded where it draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def unit(vectors: Floats) -> Floats:
    """Scaled to Euclidean length 1 along the last axis."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), dtype=vectors.dtype)


def auc(positive: Floats, negative: Floats) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Mann & Whitney 1947).

    >>> auc(np.array([0.9, 0.5]), np.array([0.5, 0.1]))
    0.875
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / 2 / len(negative))


def tar_at_far(positive: Floats, negative: Floats, far: float) -> float:
    """Share of positives above the lowest threshold that lets at most the share `far` of the negatives through.

    NaN where there are fewer than 10/`far` negatives, too few to place that threshold.

    >>> tar_at_far(np.array([0.99, 0.2, 0.995]), np.arange(1000) / 1010, 0.01)
    0.6666666666666666
    """
    if len(negative) * far < 10 or not len(positive):
        return math.nan
    let_through = int(len(negative) * far)
    threshold = np.partition(negative, len(negative) - let_through - 1)[len(negative) - let_through - 1]
    return float((positive > threshold).mean())


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of photos, sorted by falling likeness."""

    scores: Floats
    """Shape (pairs,), float32, falling."""
    same: NDArray[np.bool_]
    first: NDArray[np.intp]
    """Index of the first photo's person."""
    second: NDArray[np.intp]
    people: int

    @property
    def genuine(self) -> Floats:
        """Scores of pairs of one person."""
        return self.scores[self.same]

    @property
    def impostor(self) -> Floats:
        """Scores of pairs of two people."""
        return self.scores[~self.same]


def all_pairs(embeddings: Floats, labels: Sequence[str]) -> Pairs:
    """Inner products of all pairs of rows of `embeddings` (photos × dims, unit length), with who is who."""
    names, person = np.unique(np.asarray(labels), return_inverse=True)
    rows, columns = np.triu_indices(len(person), 1)
    scores = (embeddings @ embeddings.T)[rows, columns].astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    first, second = person[rows][order], person[columns][order]
    return Pairs(scores[order], first == second, first, second, len(names))


def weighted(pairs: Pairs, weights: Floats, fars: Sequence[float]) -> tuple[float, list[float]]:
    """AUC and TAR at each of `fars` where person i counts `weights[i]` times (pairs of two copies of one person are left out)."""
    per_pair = np.where(pairs.same, weights[pairs.first], weights[pairs.first] * weights[pairs.second])
    of_same, of_others = np.where(pairs.same, per_pair, 0.0), np.where(pairs.same, 0.0, per_pair)
    # The leading 0 is the threshold above every pair.
    genuine, impostor = (np.concatenate([[0.0], np.cumsum(part)]) for part in (of_same, of_others))
    if genuine[-1] == 0 or impostor[-1] == 0:
        return math.nan, [math.nan] * len(fars)
    area = 1 - float((of_same * impostor[1:]).sum() / (genuine[-1] * impostor[-1]))
    tars = [float(genuine[np.searchsorted(impostor, far * impostor[-1], side="right") - 1] / genuine[-1]) for far in fars]
    return area, tars


def bootstrap_over_people(pairs: Pairs, fars: Sequence[float], rounds: int, seed: int) -> Floats:
    """95 % intervals of (AUC, TAR at each of `fars`) when people, not photos, are drawn anew; shape (2, 1 + fars).

    Photos of one person resemble each other, so resampling photos or pairs would claim too much certainty.
    """
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        weights = np.bincount(generator.integers(0, pairs.people, pairs.people), minlength=pairs.people).astype(float)
        area, tars = weighted(pairs, weights, fars)
        found.append([area, *tars])
    return np.asarray(np.nanpercentile(np.asarray(found), [2.5, 97.5], axis=0))


def bootstrap(values: Floats, statistic: Callable[[Floats], float] = np.mean, rounds: int = 1000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of `statistic` over independent `values`."""
    if len(values) < 2:
        return math.nan, math.nan
    generator = np.random.default_rng(seed)
    found = [float(statistic(values[generator.integers(0, len(values), len(values))])) for _ in range(rounds)]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), good also near 0 and 1.

    >>> tuple(round(end, 3) for end in wilson(95, 100))
    (0.888, 0.978)
    """
    if n == 0:
        return math.nan, math.nan
    z = 1.959964
    centre = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def modal_share(groups: Sequence[Sequence[str]]) -> float:
    """Mean over people of the share of their photos that get their most frequent label.

    >>> modal_share([["a", "a", "b", "a"], ["c", "c"]])
    0.875
    """
    return float(np.mean([max(group.count(label) for label in set(group)) / len(group) for group in map(list, groups)]))
