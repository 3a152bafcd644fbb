"""Gates: what new types must not fall short of before anybody is given one (docs/adr/0024-publishing.md).

A gate holds a figure of the candidate against a bound.  The bound is the settings' or, where that is stricter, what the version in use
reaches on the same people, less three standard errors of the difference: what cannot be told from noise is not worse, and with some
thirty figures compared each time, two standard errors would refuse every other candidate for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from engine.affinity import shrunk_lifts
from engine.training import clusters
from engine.training.grouping import Found

Labels = NDArray[np.intp]

NOISE = 3.0
"""Standard errors that count as noise."""
RESAMPLES = 200
BOOTSTRAPS = 12
PLANTED_COUPLES = 30_000
PLANTED_LIFT = 2.0
FEW = 30
"""Recent members, or couples, below which a gate about them would say nothing."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure, its bound, and whether it holds."""

    name: str
    value: float
    bound: float
    passed: bool
    noise: float = 0.0
    """Standard error of the value, or of its difference to the version in use."""
    about: str = ""
    """Which group or kind it is about where the worst of several is shown."""

    def plain(self) -> dict[str, Any]:
        """Itself for JSON."""
        made = {"value": round(self.value, 4), "bound": round(self.bound, 4), "passed": self.passed, "noise": round(self.noise, 4)}
        return {**made, "about": self.about} if self.about else made


def at_least(name: str, value: float, bound: float, noise: float = 0.0, about: str = "") -> Gate:
    """A gate that holds where the value is not below the bound.

    >>> at_least("coverage", 0.95, 0.9).passed
    True
    """
    return Gate(name, value, bound, bool(value >= bound), noise, about)


def at_most(name: str, value: float, bound: float, noise: float = 0.0, about: str = "") -> Gate:
    """A gate that holds where the value is not above the bound."""
    return Gate(name, value, bound, bool(value <= bound), noise, about)


def worst(gates: Iterable[Gate]) -> Gate:
    """Of gates of one name the one that failed, or came nearest to it."""
    return min(gates, key=lambda gate: (gate.passed, abs(gate.value - gate.bound)))


def compared(name: str, value: float, lowest: float, before: float | None, noise: float, about: str = "") -> Gate:
    """A gate whose bound is `lowest` or, where that is higher, what was reached `before` less `NOISE` times the `noise`."""
    bound = lowest if before is None else max(lowest, before - NOISE * noise)
    return at_least(name, value, bound, noise, about)


def compared_most(name: str, value: float, highest: float, before: float | None, noise: float, about: str = "") -> Gate:
    """As `compared`, for a figure that is the better the lower it is."""
    bound = highest if before is None else min(highest, before + NOISE * noise)
    return at_most(name, value, bound, noise, about)


def noise_of_shares(one: float, n: int, other: float, m: int) -> float:
    """Standard error of the difference of a share of `n` people and one of `m` others, as if both were the same share.

    That share is the pooled one: a share of 1 alone would claim to know itself exactly.

    >>> round(noise_of_shares(1.0, 300, 0.95, 300), 4), noise_of_shares(1.0, 300, 1.0, 300)
    (0.0127, 0.0)
    """
    pooled = min(1.0, (one * n + other * m) / (n + m))
    return float(np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))


@dataclass(frozen=True, slots=True)
class Held:
    """How well types hold when they are learned again from bootstrap samples of the people."""

    rand: float
    """Mean adjusted Rand index; 0 is chance."""
    rand_noise: float
    """Its standard deviation between samples."""
    jaccard: float
    """The least type's mean Jaccard similarity with its match (Hennig 2007)."""
    jaccard_noise: float
    same_noise: float
    """Standard deviation, between samples, of how well other pictures of a person keep their type (`kappa`)."""
    changed: float
    """Mean share of people whose type becomes another than its match."""


def held(
    x: NDArray[np.float64],
    views: NDArray[np.float64],
    found: Found,
    removed: NDArray[np.float64] | None,
    seed: int,
    samples: int | None = None,
) -> Held:
    """Learn the types of `found` again from bootstrap samples of the people `x` that they were learned from.

    Args:
        x: (people, numbers) of length 1.
        views: (people, views, numbers) of length 1: other pictures of them.
        found: their types.
        removed: as in `engine.training.grouping.find`.
        seed: of the samples.
        samples: how many; None: `BOOTSTRAPS`.

    """
    random = np.random.default_rng(seed)
    k, dims = found.centroids.shape
    rand, jaccards, changed, kept = [], [], [], []
    for number in range(samples or BOOTSTRAPS):
        drawn = np.unique(random.integers(0, len(x), len(x)))
        again = clusters.components(x[drawn], dims, removed)
        centres, _ = clusters.spherical_kmeans(again.apply(x[drawn]), k, seed + 1 + number, restarts=6)
        other = (again.apply(x) @ centres.T).argmax(axis=1)
        rand.append(adjusted_rand_score(found.labels, other))
        both = crossed(found.labels, other, k, k)
        either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None] - both
        likeness = both / np.maximum(either, 1)
        rows, columns = linear_sum_assignment(-likeness)
        jaccards.append(likeness[rows, columns])
        changed.append(1 - both[rows, columns].sum() / len(x))
        seen = (again.apply(views.reshape(-1, x.shape[1])) @ centres.T).argmax(axis=1).reshape(views.shape[:2])
        kept.append(kappa((seen == other[:, None]).mean(axis=1), other, k))
    each = np.stack(jaccards)
    least = int(each.mean(axis=0).argmin())
    return Held(
        float(np.mean(rand)),
        float(np.std(rand)),
        float(each[:, least].mean()),
        float(each[:, least].std()),
        float(np.std(kept)),
        float(np.mean(changed)),
    )


def crossed(one: Labels, other: Labels, rows: int, columns: int) -> NDArray[np.float64]:
    """How many have label i of `one` and j of `other`; those with -1 in either are left out.

    >>> crossed(np.array([0, 1, -1]), np.array([1, 1, 0]), 2, 2).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    kept = (one >= 0) & (other >= 0)
    table = np.zeros((rows, columns))
    np.add.at(table, (one[kept], other[kept]), 1)
    return table


def kappa(same: NDArray[np.float64], labels: Labels, types: int) -> float:
    """Share of pictures that get their person's type, less what the types' sizes would give by chance (Cohen 1960).

    Args:
        same: (people,) share of a person's pictures with the person's type.
        labels: (people,) their types, -1 for none.
        types: how many there are.

    """
    sizes = np.bincount(labels[labels >= 0], minlength=types) / max(1, int((labels >= 0).sum()))
    chance = float((sizes**2).sum())
    return (float(same.mean()) - chance) / max(1 - chance, 1e-9)


def resampled(statistic: Callable[[NDArray[np.intp]], float], n: int, seed: int, samples: int | None = None) -> float:
    """Standard error of `statistic`, a function of the indices drawn, by the bootstrap over `n` units (Efron 1979)."""
    random = np.random.default_rng(seed)
    return float(np.std([statistic(random.integers(0, n, n)) for _ in range(samples or RESAMPLES)]))


def cramers_v(table: NDArray[np.float64], *, symmetric: bool = False) -> float:
    """Association of two labellings, 0–1, bias-corrected (Bergsma 2013); 0 where there is nothing to associate.

    Args:
        table: how many have which two labels.
        symmetric: both sides are the same group, and each couple stands in the table from either side.  Among couples who have nothing
            to do with each other chi square then has k (k - 1) / 2 degrees of freedom, those of genotypes at one locus.

    >>> round(cramers_v(np.eye(3) * 100), 2), cramers_v(np.ones((3, 3)) * 50)
    (1.0, 0.0)

    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    whole = table.sum()
    n = whole / 2 if symmetric else whole
    if n < 2 or min(table.shape) < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / whole
    r, k = table.shape
    freedom = (k * (k - 1) / 2,) * 3 if symmetric else ((r - 1) * (k - 1), (k - 1) ** 2, (r - 1) ** 2)
    by_chance, columns, rows = (float(one) / (n - 1) for one in freedom)
    phi = max(0.0, float(((table - expected) ** 2 / expected).sum()) / whole - by_chance)
    return float(np.sqrt(phi / max(min(k - columns, r - rows) - 1, 1e-9)))


def seen_together(rows: Labels, columns: Labels, types: tuple[int, int], *, symmetric: bool = False) -> float:
    """Association of the types of couples, see `cramers_v`; `symmetric`: both sides are the same group."""
    table = crossed(rows, columns, *types)
    return cramers_v(table + table.T if symmetric else table, symmetric=symmetric)


def planted(rows: NDArray[np.float64], columns: NDArray[np.float64], seed: int, couples: int = PLANTED_COUPLES) -> float:
    """Share of a planted affinity that is recovered among types of these sizes: 1 is all that could be.

    Each type of one side is given a favourite on the other that it pairs with `PLANTED_LIFT` times as often as chance; from couples
    drawn so, each type's best partner type by shrunk lift is read.  The share is the planted lift of what is read over that of the
    favourites, both above chance.

    Args:
        rows: sizes of one side's types, any unit.
        columns: sizes of the other side's types.
        seed: of the favourites and of the draw.
        couples: how many are drawn.

    """
    random = np.random.default_rng(seed)
    one, other = rows / rows.sum(), columns / columns.sum()
    lifts = np.ones((len(one), len(other)))
    favourites = random.permutation(max(len(one), len(other)))[: len(one)] % len(other)
    lifts[np.arange(len(one)), favourites] = PLANTED_LIFT
    shares = one[:, None] * other[None] * lifts
    shares /= shares.sum()
    drawn = random.multinomial(couples, shares.ravel()).reshape(shares.shape).astype(np.float64)
    truth = shares / (shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True))
    read = shrunk_lifts(drawn)[0].argmax(axis=1)
    reached = truth[np.arange(len(one)), read] - 1
    attainable = truth.max(axis=1) - 1
    return float((one * reached).sum() / (one * attainable).sum())


def found_by_chance(rows: Labels, columns: Labels, types: tuple[int, int], seed: int, times: int = 20, *, symmetric: bool = False) -> float:
    """Mean share of pairs of types whose interval says that they go together, or do not, after partners were shuffled.

    `symmetric`: both sides are the same group, so that anybody may become the partner of anybody, and a pair of types counts once.
    """
    random = np.random.default_rng(seed)
    shares = []
    for _ in range(times):
        if symmetric:
            one, other = np.split(random.permutation(np.concatenate([rows, columns])), 2)
            table = crossed(one, other, *types)
            counted = np.triu(np.ones(types, dtype=bool))
            _, low, high = shrunk_lifts(table + table.T - np.diag(np.diag(table)), symmetric=True)
        else:
            counted = np.ones(types, dtype=bool)
            _, low, high = shrunk_lifts(crossed(rows, random.permutation(columns), *types))
        shares.append(float(np.mean(((low > 1) | (high < 1))[counted])))
    return float(np.mean(shares))


@dataclass(frozen=True, slots=True)
class Switch:
    """What a change of types does to people who had types before."""

    changed: float
    """Share of them whose new type is not the successor of their old one."""
    chance: float
    """What that share would be if new types had nothing to do with old ones."""
    noise: float


def switching(mapping: NDArray[np.float64], old: Labels, new: Labels, seed: int) -> Switch:
    """How far new types keep old ones apart from what the mapping between them explains.

    Args:
        mapping: (old types, new types) people of the corpus with both, from which each old type's successor is read (one to one, so
            that types that fall together count as changes).
        old: (members,) types of members under the version in use, -1 for none.
        new: (members,) their types under the candidate.
        seed: of the bootstrap.

    """
    rows, columns = linear_sum_assignment(-mapping)
    successor = np.full(mapping.shape[0], -2)
    successor[rows] = columns
    had = old >= 0
    moved = (new[had] != successor[old[had]]).astype(np.float64)
    sizes = np.bincount(old[had], minlength=mapping.shape[0]) / max(1, int(had.sum()))
    theirs = np.bincount(new[new >= 0], minlength=mapping.shape[1]) / max(1, int((new >= 0).sum()))
    chance = 1 - float((sizes[rows] * theirs[columns]).sum())
    noise = resampled(lambda drawn: float(moved[drawn].mean()), len(moved), seed) if len(moved) else 0.0
    return Switch(float(moved.mean()) if len(moved) else 0.0, chance, noise)


def percentile(values: Sequence[float], share: float) -> float:
    """A quantile of measured times."""
    return float(np.quantile(np.asarray(values), share))
