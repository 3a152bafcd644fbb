"""Types out of embeddings: linear directions removed, principal components, spherical k-means, K chosen by stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, silhouette_score

Matrix = NDArray[np.float64]
Labels = NDArray[np.intp]

SAMPLE = 2000
"""People of whom a silhouette is taken."""


def unit(rows: Matrix) -> Matrix:
    """Rows scaled to length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), dtype=np.float64)


def without(x: Matrix, nuisances: Matrix) -> Matrix:
    """The projection (dims, dims) after which no linear function of `x` is correlated with any column of `nuisances`.

    Spectral attribute removal (Shao, Ziser & Cohen 2022): the column space of the cross-covariance is projected away.

    Args:
        x: (people, dims).
        nuisances: (people, attributes), what the types shall not be about.

    """
    centred, target = x - x.mean(axis=0), nuisances - nuisances.mean(axis=0)
    axes, values, _ = np.linalg.svd(centred.T @ (target / np.maximum(target.std(axis=0), 1e-12)), full_matrices=False)
    kept = axes[:, values > 1e-6 * values.max()]
    return np.asarray(np.eye(x.shape[1]) - kept @ kept.T, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Projection:
    """z = normalise((x - mean) @ basis)."""

    mean: NDArray[np.float64]
    basis: Matrix

    def apply(self, x: Matrix) -> Matrix:
        """(people, dims) of length 1."""
        return unit((x - self.mean) @ self.basis)


def components(x: Matrix, dims: int, removed: Matrix | None = None) -> Projection:
    """Principal components of `x` after the projection `removed`; signs fixed so that runs agree."""
    mean = x.mean(axis=0)
    keep = np.eye(x.shape[1]) if removed is None else removed
    _, _, axes = np.linalg.svd((x - mean) @ keep, full_matrices=False)
    axes = axes[:dims]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    return Projection(mean, keep @ (axes * signs[:, None]).T)


def spherical_kmeans(z: Matrix, k: int, seed: int, restarts: int = 20) -> tuple[Matrix, Labels]:
    """Centroids (k, dims) of length 1 and each row's cluster: the best of `restarts` by total cosine (Dhillon & Modha 2001)."""
    random = np.random.default_rng(seed)
    best: tuple[float, Matrix, Labels] | None = None
    for _ in range(restarts):
        centres = _spread(z, k, random)
        labels = np.full(len(z), -1, dtype=np.intp)
        for _ in range(60):
            cosine = z @ centres.T
            moved = cosine.argmax(axis=1)
            if np.array_equal(moved, labels):
                break
            labels = moved
            for one in range(k):
                members = z[labels == one]
                # An emptied cluster starts again at the point that fits worst.
                centres[one] = unit(members.sum(axis=0)) if len(members) else z[cosine.max(axis=1).argmin()]
        score = float((z @ centres.T).max(axis=1).sum())
        if best is None or score > best[0] + 1e-9:
            best = (score, centres.copy(), (z @ centres.T).argmax(axis=1))
    if best is None:
        raise ValueError("restarts must be at least 1")
    return best[1], best[2]


def _spread(z: Matrix, k: int, random: np.random.Generator) -> Matrix:
    """k-means++ (Arthur & Vassilvitskii 2007) with 1 - cosine."""
    chosen = [z[random.integers(len(z))]]
    while len(chosen) < k:
        distance = np.clip(1 - np.max(z @ np.stack(chosen).T, axis=1), 0, None)
        total = distance.sum()
        chosen.append(z[random.choice(len(z), p=distance / total) if total > 0 else random.integers(len(z))])
    return np.stack(chosen)


def farther(x: Matrix, views: Matrix, cosine: float) -> Matrix:
    """The views moved on from their people along the same lines until the mean cosine with them is `cosine`.

    Altered copies of one picture differ less than two pictures of one person; this makes up for it without other pictures.

    Args:
        x: (people, dims) of length 1.
        views: (people, views, dims) of length 1, nearer than `cosine`.
        cosine: mean cosine of two pictures of one person in this embedding.

    """
    low, high = 1.0, 32.0
    for _ in range(40):
        middle = (low + high) / 2
        moved = unit(x[:, None] + middle * (views - x[:, None]))
        low, high = (middle, high) if float((moved * x[:, None]).sum(axis=2).mean()) > cosine else (low, middle)
    return unit(x[:, None] + low * (views - x[:, None]))


@dataclass(frozen=True, slots=True)
class Stability:
    """How well a number of types holds."""

    k: int
    dims: int
    rand: float
    """Mean adjusted Rand index between the types and those learned from bootstrap samples; 0 is chance."""
    jaccard: float
    """Mean over the types of the bootstrap Jaccard similarity (Hennig 2007)."""
    jaccard_least: float
    agreement: float
    """Share of altered pictures of a person that get the person's type."""
    silhouette: float
    smallest: int
    """People of the smallest type."""


def stability(x: Matrix, altered: Matrix, k: int, dims: int, removed: Matrix | None, seed: int, samples: int = 20) -> Stability:
    """Learn `k` types in `dims` components and judge them.

    Args:
        x: (people, embedding).
        altered: (people, views, embedding): the same people's pictures after photographic changes.
        k: number of types.
        dims: number of principal components.
        removed: see `without`.
        seed: of the clustering and the bootstrap.
        samples: bootstrap samples.

    """
    random = np.random.default_rng(seed)
    projection = components(x, dims, removed)
    z = projection.apply(x)
    centres, labels = spherical_kmeans(z, k, seed)
    rand, same = [], []
    for number in range(samples):
        drawn = np.unique(random.integers(0, len(x), len(x)))
        again = components(x[drawn], dims, removed)
        theirs, _ = spherical_kmeans(again.apply(x[drawn]), k, seed + 1 + number, restarts=6)
        other = (again.apply(x) @ theirs.T).argmax(axis=1)
        rand.append(adjusted_rand_score(labels, other))
        same.append(jaccards(labels, other.astype(np.intp)))
    views = projection.apply(altered.reshape(-1, x.shape[1])).reshape(len(x), -1, z.shape[1])
    agreement = float(np.mean((views @ centres.T).argmax(axis=2) == labels[:, None]))
    means = np.mean([np.pad(one, (0, k - len(one))) for one in same], axis=0)
    return Stability(
        k,
        dims,
        round(float(np.mean(rand)), 3),
        round(float(means.mean()), 3),
        round(float(means.min()), 3),
        round(agreement, 3),
        round(silhouette(z, labels), 3),
        int(np.bincount(labels, minlength=k).min()),
    )


def silhouette(z: Matrix, labels: Labels) -> float:
    """Mean silhouette with 1 - cosine (Rousseeuw 1987); of SAMPLE people where there are more, since it compares all with all."""
    chosen = slice(None) if len(z) <= SAMPLE else np.sort(np.random.default_rng(0).permutation(len(z))[:SAMPLE])
    return float(silhouette_score(z[chosen], labels[chosen], metric="cosine"))


def rand_index(one: Labels, other: Labels) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985): 1 for the same groups, 0 as by chance.

    >>> rand_index(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    return float(adjusted_rand_score(one, other))


def jaccards(labels: Labels, other: Labels) -> NDArray[np.float64]:
    """Jaccard similarity of each type in `labels` with its match in `other` (best one-to-one matching); -1 in either is no type.

    >>> jaccards(np.array([0, 0, 1, 1]), np.array([1, 1, 0, -1])).tolist()
    [1.0, 0.5]
    """
    k, others = int(labels.max(initial=-1)) + 1, int(other.max(initial=-1)) + 1
    found = np.zeros(k)
    if not others or not k:
        return found
    mine, theirs = np.eye(k + 1)[labels][:, :k], np.eye(others + 1)[other][:, :others]
    both = mine.T @ theirs
    similarity = both / np.maximum(mine.sum(axis=0)[:, None] + theirs.sum(axis=0)[None] - both, 1)
    rows, columns = linear_sum_assignment(-similarity)
    found[rows] = similarity[rows, columns]
    return found


def choose(tried: list[Stability], least_members: int) -> Stability:
    """The steadiest of the tries whose smallest type is not tiny; of nearly equal ones the one with more types.

    Steadiness is the mean of three things a type should do: be found again in other people (bootstrap Rand index), as itself (bootstrap
    Jaccard, Hennig 2007), and be given to the same person's other pictures.
    """
    fit = [one for one in tried if one.smallest >= least_members] or tried
    score = {id(one): (one.rand + one.jaccard + one.agreement) / 3 for one in fit}
    top = max(score.values())
    return max((one for one in fit if score[id(one)] >= top - 0.02), key=lambda one: (one.k, score[id(one)]))


def temperature(cosines: Matrix, labels: Labels) -> float:
    """The softmax temperature under which the known types are likeliest.

    Args:
        cosines: (views, k) of altered pictures with the centroids.
        labels: (views,) their people's types.

    """
    choices = np.geomspace(0.01, 1.0, 80)
    losses = []
    for one in choices:
        logits = cosines / one
        top = logits.max(axis=1, keepdims=True)
        losses.append(float(np.mean(np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0] - logits[np.arange(len(labels)), labels])))
    return float(choices[int(np.argmin(losses))])


def outlier_floor(z: Matrix, centres: Matrix, most: float = 0.05) -> float:
    """The cosine under which somebody is like no type: Tukey's lower fence, never so high that more than `most` fall out.

    The fence is the first quartile less 1.5 interquartile ranges of the people's cosines with their nearest centre (Tukey 1977), so
    that types that hold everybody turn nobody away.  Without people, or with `most` at 0, the floor is -1: everybody has a type.

    Args:
        z: (people, dims) of length 1, the people that the types were learned from.
        centres: (k, dims) of length 1.
        most: largest share of the people that may be left without a type, 0 to 1.

    """
    if not len(z) or most <= 0:
        return -1.0
    cosines = (z @ centres.T).max(axis=1)
    low, high = np.percentile(cosines, [25, 75])
    return float(max(-1.0, min(low - 1.5 * (high - low), np.quantile(cosines, most, method="lower"))))


def nearest(z: Matrix, centres: Matrix, floor: float = -1.0) -> tuple[Labels, NDArray[np.float64]]:
    """Each row's type, -1 where its cosine with every centre is below `floor`, and that cosine; (people,) each."""
    cosine = z @ centres.T
    labels = cosine.argmax(axis=1)
    best = cosine[np.arange(len(z)), labels]
    return np.where(best < floor, -1, labels).astype(np.intp), np.asarray(best, dtype=np.float64)
