"""Who is who: faces of one person brought together, before types are made of people.

Threshold clustering of face embeddings does better for identities than k-means or DBSCAN (Bijl 2018), and a photo adds what no
threshold knows: two faces of one photo are never one person.  This is average linkage (Sokal & Michener 1958) under such cannot-link
constraints (Wagstaff et al. 2001): the two clusters with the highest mean cosine are joined, unless some photo shows both, until no two
are as alike as the threshold.  Only pairs of faces above the threshold can start a merge, so they are all that is kept: they are found in
blocks of one matrix product, and 100,000 faces need neither n² memory nor n² Python steps.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Faces = NDArray[np.float32]
Indices = NDArray[np.intp]

LEAST, MOST = 0.363, 0.75
"""Mean cosines of SFace vectors between which `fitting` chooses.  The lower is what OpenCV's own example for this network takes for two
photos, found by its authors on LFW; the upper is about what one photo and its altered copy have."""
STRANGERS = 0.05
"""Strangers that a face may have above the threshold.  A corpus of n faces has n²/2 pairs of strangers, so that the threshold rises with n.
Two people taken for one spoil both, one person taken for two is counted twice: better a little too high."""
PAIRS = 200_000
"""Pairs of faces that are drawn to see how alike strangers are."""
NEIGHBOURS = 64
"""Most partners above the threshold that are kept for a face; further ones of one person are reached through these."""
BLOCK, TILE = 1024, 4096
"""Rows and columns of the products of which a few lie in memory."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Which faces are one person's."""

    labels: Indices
    """(faces,): each face's person, numbered from 0 in the order of their first faces."""
    centroids: Faces
    """(people, dims), length 1: the mean of each person's faces."""


def identify(
    faces: Faces,
    photos: NDArray[np.integer],
    threshold: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Identities:
    """Bring together the faces of each person.

    Args:
        faces: (n, dims) of Euclidean length 1.
        photos: (n,) ids; two faces with one id are two people.
        threshold: mean cosine from which two groups of faces are one person; None: the `fitting` one.
        progress: told (faces compared, faces) now and then.

    """
    if len(faces) == 0:
        return Identities(np.zeros(0, dtype=np.intp), np.zeros((0, faces.shape[1]), np.float32))
    threshold = fitting(faces) if threshold is None else threshold
    groups = _Groups(faces, photos)
    first, second, cosine = alike(faces, threshold, progress=progress)
    waiting: list[tuple[float, int, int]] = []
    faces_when_pushed: dict[tuple[int, int], int] = {}
    edge = 0
    while edge < len(cosine) or waiting:
        # The pairs of faces lie sorted; pairs of grown groups wait in the heap.  Both say at most how alike two groups can be.
        if waiting and (edge == len(cosine) or -waiting[0][0] >= cosine[edge]):
            bound, one, other = heapq.heappop(waiting)
            most = -bound
        else:
            most, one, other = float(cosine[edge]), int(first[edge]), int(second[edge])
            edge += 1
        one, other = groups.find(one), groups.find(other)
        if one == other or groups.apart(one, other):
            continue
        mean = groups.cosine(one, other)
        if mean >= most - 1e-6:
            groups.join(one, other)
        elif mean >= threshold:
            # Many pairs of faces ask for the same two groups: as long as neither has grown, once is enough.
            pair, size = (min(one, other), max(one, other)), groups.size[one] + groups.size[other]
            if faces_when_pushed.get(pair) != size:
                faces_when_pushed[pair] = size
                heapq.heappush(waiting, (-mean, one, other))
    return groups.result()


class _Groups:
    """A disjoint-set forest whose roots know the sum of their faces and the photos that show them."""

    def __init__(self, faces: Faces, photos: NDArray[np.integer]) -> None:
        self.parent = list(range(len(faces)))
        self.size = [1] * len(faces)
        self.sum = faces.astype(np.float32, copy=True)
        self.photos: list[set[int]] = [{int(one)} for one in photos]

    def find(self, one: int) -> int:
        while self.parent[one] != one:
            self.parent[one] = self.parent[self.parent[one]]
            one = self.parent[one]
        return one

    def apart(self, one: int, other: int) -> bool:
        return not self.photos[one].isdisjoint(self.photos[other])

    def cosine(self, one: int, other: int) -> float:
        """Mean over all pairs of faces of the two."""
        return float(self.sum[one] @ self.sum[other]) / (self.size[one] * self.size[other])

    def join(self, one: int, other: int) -> None:
        if self.size[one] < self.size[other]:
            one, other = other, one
        self.parent[other] = one
        self.size[one] += self.size[other]
        self.sum[one] += self.sum[other]
        self.photos[one] |= self.photos[other]
        self.photos[other] = set()

    def result(self) -> Identities:
        roots = np.array([self.find(one) for one in range(len(self.parent))])
        _, first, labels = np.unique(roots, return_index=True, return_inverse=True)
        order = np.argsort(first)
        number = np.empty_like(order)
        number[order] = np.arange(len(order))
        centroids = self.sum[roots[first[order]]]
        centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
        return Identities(number[labels].astype(np.intp), centroids)


def alike(
    faces: Faces,
    threshold: float,
    neighbours: int = NEIGHBOURS,
    block: int = BLOCK,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Indices, Indices, Faces]:
    """The pairs (first < second) of faces whose cosine is at least `threshold`, the most alike first, and those cosines.

    Memory is a tile of the products and the pairs found, of which each face starts at most `neighbours`.
    """
    found = list(_blocks(faces, threshold, neighbours, block, progress))
    if not found:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0, np.float32)
    first, second, cosine = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((second, first, -cosine))
    return first[order], second[order], cosine[order]


def _blocks(
    faces: Faces, threshold: float, neighbours: int, block: int, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[Indices, Indices, Faces]]:
    for start in range(0, len(faces), block):
        rows = faces[start : start + block]
        parts = []
        # Only columns from the block's own start on: each pair is looked at once.  Tiles that fit the cache are several times as fast.
        for left in range(start, len(faces), TILE):
            tile = rows @ faces[left : left + TILE].T
            hits = np.flatnonzero(tile >= threshold)
            row, column = np.divmod(hits, tile.shape[1])
            later = column + left > row + start
            parts.append((row[later], column[later] + left, tile.ravel()[hits[later]]))
        first, second, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((-values, first))
        first, second, values = first[order], second[order], values[order]
        rank = np.arange(len(first)) - np.searchsorted(first, first)
        kept = rank < neighbours
        yield (first[kept] + start).astype(np.intp), second[kept].astype(np.intp), values[kept]
        if progress is not None:
            progress(min(start + block, len(faces)), len(faces))


def fitting(faces: Faces, strangers: float = STRANGERS, seed: int = 0) -> float:
    """The threshold above which a face has `strangers` others of somebody else, between LEAST and MOST.

    Nearly all pairs drawn at random are strangers.  Their cosines are taken for normal with the median and the upper spread (84 % less
    50 %) that are seen, which the few pairs of one person hardly move; the share that is looked for lies far beyond what can be counted.
    Faces that are all alike, such as those of one image generator, get a higher threshold than faces of the world.

    Args:
        faces: (n, dims) of length 1.
        strangers: expected number per face, above 0.
        seed: of the drawing.

    """
    if len(faces) < 3:
        return LEAST
    one, other = np.random.default_rng(seed).integers(0, len(faces), (2, PAIRS))
    apart = one != other
    cosines = np.concatenate(
        [
            np.einsum("ij,ij->i", faces[a], faces[b])
            for a, b in zip(np.array_split(one[apart], 50), np.array_split(other[apart], 50), strict=True)
        ]
    )
    middle, upper = np.quantile(cosines.astype(np.float64), [0.5, norm.cdf(1)])
    return float(np.clip(middle + norm.isf(min(strangers / len(faces), 0.5)) * (upper - middle), LEAST, MOST))
