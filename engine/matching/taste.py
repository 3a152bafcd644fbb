"""A member's own taste in faces and clothes: logistic regression over others' vectors, one answer at a time.

The weights w of one member have the prior N(0, SPREAD² I) and are added to what the shared model says: a like has the log-odds
z + w · x, where x is the shown person's vector less the mean of their population, so that a taste is about differences between
people and not about liking everybody.  One answer moves the weights along x by the one-dimensional extended Kalman step

    w += g (liked - p) x,    g = s / (1 + p (1 - p) s |x|²)

where s is the variance of the weights, the same in all directions: 1 / (1 / SPREAD² + INFORMATION n / DIMS).  Vectors of
different people are nearly at right angles while n is smaller than the space, so that little is lost against a full covariance,
which would be 64 kB a member instead of half a kB.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.matching.people import GENDERS, MemberGender
from engine.types import KINDS, TypePack
from engine.values import Vector

SPREAD: Final = {"face": 1.0, "fashion": 1.0}
"""Standard deviation of a weight before any answer."""
DIMS: Final = {"face": 40.0, "fashion": 20.0}
"""In how many directions vectors really spread (participation ratio of their covariance); answers are shared out over these."""
FASHION_DIMS: Final = 121
"""Length of a fashion vector, `engine.fashion.DIMS`, which is not imported since it brings OpenCV along."""
INFORMATION: Final = 0.12
"""What an answer tells about a weight: p (1 - p) |x|² at usual chances and lengths."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Mean vectors of the population by gender, part by part: a part that a photo does not show is zeros and takes no part."""

    version: str
    """Of the embeddings: means of others say nothing."""
    parts: Mapping[str, tuple[tuple[int, int], ...]]
    """By kind, [start, stop) of each part of a vector; what the types do not look at is a part too, with a mean still to be met."""
    means: Mapping[str, NDArray[np.float32]]
    """By kind, (len(GENDERS), dims): mean of the parts, each scaled to length 1 before."""

    @classmethod
    def start(cls, pack: TypePack) -> Centre:
        """The means of the people from whom the types were learned; for "other" the mean of both genders."""
        parts, means = {}, {}
        for kind in KINDS:
            blocks = {gender: pack.groups[f"{gender}_{kind}"].blocks for gender in ("woman", "man")}
            known = [(block.start, block.stop) for block in blocks["woman"]]
            dims = max([stop for _, stop in known] + ([FASHION_DIMS] if kind == "fashion" else []))
            parts[kind] = _whole(known, dims)
            rows = np.zeros((len(GENDERS), dims), dtype=np.float32)
            for row, gender in enumerate(("woman", "man")):
                for block in blocks[gender]:
                    rows[row, block.start : block.stop] = block.mean
            rows[2] = rows[:2].mean(axis=0)
            means[kind] = rows
        return cls(f"{pack.face_model} {pack.fashion_model}", parts, means)

    def dims(self, kind: str) -> int:
        """Length of this kind's vectors."""
        return int(self.means[kind].shape[1])

    def centred(self, kind: str, vectors: NDArray[np.float32], genders: NDArray[np.intp]) -> NDArray[np.float32]:
        """Rows (n, dims) less the mean of their gender; what a row does not show, or a row of zeros, stays 0."""
        out = np.empty_like(vectors)
        for start, stop in self.parts[kind]:
            length = np.sqrt(np.einsum("ij,ij->i", vectors[:, start:stop], vectors[:, start:stop]))
            out[:, start:stop] = vectors[:, start:stop] - length[:, None] * self.means[kind][genders, start:stop]
        return out

    def moved(self, kind: str, vector: Vector, gender: MemberGender, weight: float) -> Centre:
        """With the mean of one gender moved towards a person by `weight` of the way."""
        rows, row = self.means[kind].copy(), GENDERS.index(gender)
        for start, stop in self.parts[kind]:
            part = vector[start:stop]
            length = float(np.linalg.norm(part))
            if length > 1e-6:
                rows[row, start : start + len(part)] += weight * (part / length - rows[row, start : start + len(part)])
        return Centre(self.version, self.parts, {**self.means, kind: rows})


def step(weights: Vector | None, n: int, kind: str, centred: Vector, p: float, liked: bool) -> Vector:
    """The weights after one answer.

    Args:
        weights: before it; None: none yet, or of another embedding.
        n: answers folded in before.
        kind: "face" or "fashion".
        centred: the shown person's vector less their population's mean.
        p: the chance that the model gave a like before the answer.
        liked: the answer.

    """
    own = np.zeros_like(centred) if weights is None or weights.shape != centred.shape else weights
    doubt = float(spread(kind, n))
    gain = doubt / (1 + max(p * (1 - p), 0.01) * doubt * float(centred @ centred))
    return np.asarray(own + gain * (float(liked) - p) * centred, dtype=np.float32)


def _whole(known: Sequence[tuple[int, int]], dims: int) -> tuple[tuple[int, int], ...]:
    """The parts and what lies between and behind them.

    >>> _whole([(0, 40), (64, 70)], 121)
    ((0, 40), (40, 64), (64, 70), (70, 121))
    """
    edges = sorted({0, dims, *(edge for part in known for edge in part)})
    return tuple(itertools.pairwise(edges))


def spread(kind: str, n: ArrayLike) -> NDArray[np.float64]:
    """Variance of one weight after `n` answers, in squared log-odds.

    >>> spread("fashion", [0, 1000]).round(2).tolist()
    [1.0, 0.14]
    """
    return np.asarray(1 / (1 / SPREAD[kind] ** 2 + INFORMATION * np.asarray(n, dtype=np.float64) / DIMS[kind]))
