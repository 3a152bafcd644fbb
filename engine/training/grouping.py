"""The types of one group: how many, where they lie, how sure an assignment is; before they have names and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.training import clusters

SEEN = 40
"""Leading dimensions of a fashion embedding that types are made of: kinds and colours of the upper body, which selfies show."""
ALIKE = 0.6
"""Mean cosine of two photos of one person in SFace, in round numbers: the product's photos of a person differ as much."""

FACE_REMOVED = "face_removed"
"""Name of the array in a pack's `centroids.npz` with the directions of face embeddings that types shall not be about."""

TRIED = 3000
"""People among whom K and the dimensions are chosen: time and memory of the trials grow with the square of their number."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what the number of types and of dimensions is chosen."""

    ks: tuple[int, ...]
    dims: tuple[int, ...]
    least_members: int
    """People that the smallest type must have."""
    outliers: float
    """Largest share of the people that may be left without a type, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Found:
    """The types of one group, the largest first."""

    group: str
    block: tuple[int, int]
    """The part of an embedding that they are made of."""
    projection: clusters.Projection
    centroids: NDArray[np.float64]
    """(k, dims) of length 1."""
    labels: NDArray[np.intp]
    """(people,) the type that each person was counted to, outliers too."""
    typical: NDArray[np.float64]
    """(people,) cosine with the centroid of their type."""
    anchors: NDArray[np.float64]
    """(k, stop - start) of length 1: mean of the type's people relative to their group's mean, free of what was removed."""
    temperature: float
    floor: float
    """Cosine below which somebody has no type."""
    figures: dict[str, Any]

    def members(self, number: int) -> list[int]:
        """Indices of the people of a type, the most typical first."""
        own = np.flatnonzero(self.labels == number)
        return [int(at) for at in own[np.argsort(-self.typical[own], kind="stable")]]


def block_of(group: str, dims: int) -> tuple[int, int]:
    """The part of an embedding of `dims` numbers that the types of a group are made of."""
    return (0, dims) if group.endswith("face") else (0, min(SEEN, dims))


def seen(vectors: Sequence[NDArray[np.floating]], block: tuple[int, int]) -> NDArray[np.float64]:
    """The block of each vector, (people, stop - start) of length 1."""
    return clusters.unit(np.stack([one[slice(*block)] for one in vectors]).astype(np.float64))


def find(
    group: str,
    x: NDArray[np.float64],
    views: NDArray[np.float64],
    removed: NDArray[np.float64] | None,
    bounds: Bounds,
    seed: int,
    block: tuple[int, int] | None = None,
) -> Found:
    """Choose K and the dimensions, cluster, calibrate.

    Args:
        group: `man_face` and so on.
        x: (people, numbers) of length 1, see `seen`.
        views: (people, views, numbers) of length 1: other pictures of the same people.
        removed: (numbers, numbers) projection that takes out what types shall not be about, see `clusters.without`.
        bounds: what is tried.
        seed: of clustering and bootstrap.
        block: which part of an embedding `x` is; None: the first numbers.

    """
    if group.endswith("face"):
        views = clusters.farther(x, views, ALIKE)
    some = np.sort(np.random.default_rng(seed).permutation(len(x))[:TRIED])
    tried = [clusters.stability(x[some], views[some], k, dims, removed, seed) for dims in bounds.dims for k in bounds.ks]
    chosen = clusters.choose(tried, max(1, bounds.least_members * len(some) // len(x)))
    projection = clusters.components(x, chosen.dims, removed)
    z = projection.apply(x)
    centroids, labels = clusters.spherical_kmeans(z, chosen.k, seed)
    order = np.argsort(-np.bincount(labels, minlength=chosen.k), kind="stable")
    centroids, labels = centroids[order], np.argsort(order)[labels].astype(np.intp)
    flat = projection.apply(views.reshape(-1, x.shape[1]))
    temperature = clusters.temperature(flat @ centroids.T, np.repeat(labels, views.shape[1]))
    aside = (x - x.mean(axis=0)) if removed is None else (x - x.mean(axis=0)) @ removed
    anchors = clusters.unit(np.stack([aside[labels == number].mean(axis=0) for number in range(chosen.k)]))
    smallest = int(np.bincount(labels, minlength=chosen.k).min())
    figures = {**asdict(chosen), "smallest": smallest, "people": len(x), "tried": [asdict(one) for one in tried]}
    typical = (z * centroids[labels]).sum(axis=1)
    floor = clusters.outlier_floor(z, centroids, bounds.outliers)
    return Found(group, block or (0, x.shape[1]), projection, centroids, labels, typical, anchors, temperature, floor, figures)


def axes_of(projection: NDArray[np.float64]) -> NDArray[np.float32]:
    """The directions (numbers, axes) of length 1 that a projection takes out, see `clusters.without`.

    >>> axes_of(np.diag([1.0, 0.0, 1.0])).ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    values, vectors = np.linalg.eigh(np.eye(len(projection)) - projection)
    axes = vectors[:, values > 0.5]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.asarray(axes * signs, dtype=np.float32)


def removing(axes: NDArray[np.floating]) -> NDArray[np.float64]:
    """The projection that takes out the directions `axes` (numbers, axes), which need not be orthogonal."""
    whole, values, _ = np.linalg.svd(axes.astype(np.float64), full_matrices=False)
    kept = whole[:, values > 1e-6 * max(float(values.max(initial=0.0)), 1e-12)]
    return np.asarray(np.eye(len(axes)) - kept @ kept.T, dtype=np.float64)


def arrays_of(found: Found, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """What `centroids.npz` of a pack holds of a group."""
    arrays = {
        f"{found.group}_mean_0": found.projection.mean.astype(np.float32),
        f"{found.group}_basis_0": found.projection.basis.astype(np.float32),
        f"{found.group}_centroids_0": found.centroids.astype(np.float32),
    }
    return arrays | {f"anchor_{name}": anchor.astype(np.float32) for name, anchor in zip(ids, found.anchors, strict=True)}


def described(found: Found) -> dict[str, Any]:
    """What a manifest says of a group."""
    return {
        "blocks": [list(found.block)],
        "temperature": round(found.temperature, 5),
        "floor": round(found.floor, 5),
        "figures": found.figures,
    }


def short_name(group: str) -> str:
    """`mf`, `mo`, `wf` or `wo`: what the ids of a group's types start with.

    >>> short_name("woman_fashion")
    'wo'
    """
    return f"{group[0]}{'f' if group.endswith('face') else 'o'}"
