"""Figures of merit of recommending people to people, and the intervals of experiments that are repeated over seeds.

Independent of `engine.matching` on purpose: what is measured must not be measured by its own code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

T_975 = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
    2.120,
    2.110,
    2.101,
    2.093,
)
"""Student's t quantiles at 0.975 for 1 to 19 degrees of freedom."""
BINS = 15
"""Bins of the calibration error, as in Guo et al. (2017)."""


def gini(amounts: ArrayLike) -> float:
    """Inequality of non-negative amounts: 0 where all have the same, (n - 1) / n where one has everything; NaN for nothing at all.

    >>> round(gini([1, 1, 1, 1]), 3), round(gini([0, 0, 0, 8]), 3), round(gini([1, 2, 3, 4]), 3)
    (0.0, 0.75, 0.25)
    """
    ordered = np.sort(np.asarray(amounts, dtype=np.float64))
    n, total = len(ordered), float(ordered.sum())
    if n == 0 or total <= 0:
        return math.nan
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def precision(relevant: Sequence[bool] | NDArray[np.bool_], k: int) -> float:
    """Share of the first `k` (of fewer, where fewer were ranked) that are relevant; NaN for an empty ranking.

    >>> precision([True, False, True, False], 2), precision([True], 5)
    (0.5, 1.0)
    """
    first = np.asarray(relevant, dtype=bool)[:k]
    return float(first.mean()) if len(first) else math.nan


def recall(relevant: Sequence[bool] | NDArray[np.bool_], k: int) -> float:
    """Share of all the relevant that stand among the first `k`; NaN where none is relevant.

    >>> recall([True, False, True, False], 2)
    0.5
    """
    every = np.asarray(relevant, dtype=bool)
    return float(every[:k].sum() / every.sum()) if every.any() else math.nan


def ndcg(relevant: Sequence[bool] | NDArray[np.bool_], k: int) -> float:
    """Discounted gain of the first `k` over that of the best order (Järvelin & Kekäläinen 2002); NaN where none is relevant.

    >>> ndcg([True, False, False], 3), round(ndcg([False, True, False], 3), 4), round(ndcg([False, True, True], 2), 4)
    (1.0, 0.6309, 0.3869)
    """
    every = np.asarray(relevant, dtype=np.float64)
    if not every.any():
        return math.nan
    discounts = 1 / np.log2(np.arange(2, min(k, len(every)) + 2))
    best = np.sort(every)[::-1][:k]
    return float(every[:k] @ discounts / (best @ discounts))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Chances beside what happened, in bins of equally many cases."""

    said: Floats
    """(bins,) mean chance of each bin."""
    happened: Floats
    """(bins,) share of it that happened."""
    counts: NDArray[np.int64]

    @property
    def ece(self) -> float:
        """Expected calibration error: the distance of the two, weighted by cases; NaN without cases."""
        if not self.counts.sum():
            return math.nan
        return float((self.counts * np.abs(self.said - self.happened)).sum() / self.counts.sum())


def reliability(chances: ArrayLike, happened: ArrayLike, bins: int = BINS) -> Reliability:
    """Cases in `bins` bins of equally many: where most chances are small, bins of equal width would put all cases into one.

    >>> found = reliability([0.1, 0.1, 0.9, 0.9], [False, False, True, True], 2)
    >>> found.happened.tolist(), round(found.ece, 3)
    ([0.0, 1.0], 0.1)
    """
    chance, event = np.asarray(chances, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return Reliability(
        np.array([chance[part].mean() for part in parts]),
        np.array([event[part].mean() for part in parts]),
        np.array([len(part) for part in parts], dtype=np.int64),
    )


def ece_equal_width(chances: ArrayLike, happened: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal width, as usually quoted.

    >>> round(ece_equal_width([0.2, 0.3, 0.9], [False, True, True], 2), 3)
    0.2
    """
    chance, event = np.asarray(chances, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if not len(chance):
        return math.nan
    place = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = np.abs(np.bincount(place, chance, bins) - np.bincount(place, event, bins))
    return float(gaps.sum() / len(chance))


def auc(scores: ArrayLike, relevant: ArrayLike) -> float:
    """The chance that a relevant case scores above another one, ties counting half; NaN where one of the two kinds is missing.

    >>> auc([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    0.875
    """
    score, hit = np.asarray(scores, dtype=np.float64), np.asarray(relevant, dtype=bool)
    if hit.all() or not hit.any():
        return math.nan
    others = np.sort(score[~hit])
    below = np.searchsorted(others, score[hit], side="left") + np.searchsorted(others, score[hit], side="right")
    return float(below.mean() / 2 / len(others))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds and its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """None where it cannot be told from one seed."""
        return None if math.isnan(self.low) else (self.low, self.high)


def over_seeds(values: ArrayLike) -> Estimate:
    """Mean and Student's 95 % interval of independent repetitions; NaN among them are left out.

    >>> found = over_seeds([1.0, 2.0, 3.0])
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (2.0, -0.484, 4.484)
    """
    each = np.asarray(values, dtype=np.float64)
    each = each[~np.isnan(each)]
    if not len(each):
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = float(each.mean())
    if len(each) == 1:
        return Estimate(mean, math.nan, math.nan, 1)
    t = T_975[len(each) - 2] if len(each) - 2 < len(T_975) else 1.96
    half = t * float(each.std(ddof=1)) / math.sqrt(len(each))
    return Estimate(mean, mean - half, mean + half, len(each))


def ratio(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Geometric mean of the ratios on the same seeds, with its interval (Student's, of the logarithms).

    >>> found = ratio([2.0, 8.0], [1.0, 2.0])
    >>> round(found.value, 4)
    2.8284
    """
    ours, theirs = np.asarray(values, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    usable = (ours > 0) & (theirs > 0)
    found = over_seeds(np.log(ours[usable] / theirs[usable]))
    return Estimate(math.exp(found.value), math.exp(found.low), math.exp(found.high), found.n)
