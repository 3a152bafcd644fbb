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

THRESHOLD = 0.363
"""Mean cosine of SFace vectors from which two groups of faces are one person: what OpenCV's own example for this network takes, found by
its authors on LFW.  docs/types.md has what it does here, and what other thresholds would."""
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
    threshold: float = THRESHOLD,
    progress: Callable[[int, int], None] | None = None,
) -> Identities:
    """Bring together the faces of each person.

    Args:
        faces: (n, dims) of Euclidean length 1.
        photos: (n,) ids; two faces with one id are two people.
        threshold: mean cosine from which two groups of faces are one person.
        progress: told (faces compared, faces) now and then.

    """
    if len(faces) == 0:
        return Identities(np.zeros(0, dtype=np.intp), np.zeros((0, faces.shape[1]), np.float32))
    groups = _Groups(faces, photos)
    first, second, cosine = alike(faces, threshold, progress=progress)
    waiting: list[tuple[float, int, int]] = []
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


def threshold_for(strangers: Faces, share: float) -> float:
    """The cosine that at most `share` of the pairs of different people reach, by the normal distribution of such pairs' cosines.

    A corpus of n people has n²/2 pairs of strangers, so that a share that few photographs cannot show has to be extrapolated.

    Args:
        strangers: (people, dims) of length 1, one face a person.
        share: of pairs, above 0.

    """
    rows, columns = np.triu_indices(len(strangers), 1)
    cosines = (strangers @ strangers.T)[rows, columns].astype(np.float64)
    return float(cosines.mean() + norm.isf(share) * cosines.std())
