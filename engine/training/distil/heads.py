"""Fit the heads of `classifier.onnx` to the types of a corpus; needs no torch.

A head reads one stretch of the trunk's vectors and is a multinomial logistic regression, or a comparison with the types' mean
directions where that does better, on the sphere that spherical k-means clusters on:

    z = normalise((normalise(x[start:stop]) - mean) @ basis),   p(type | x) = softmax((z @ weights + bias) / temperature)

`mean` and `basis` are those that the types were learned with (`engine.training.clusters.Projection`): they are part of the trunk and
saw no label.  Agreement is cross-validated over people: a head is asked only about people of whom it saw nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from engine.classifier import Layout
from engine.training.clusters import Labels, Matrix, unit
from engine.training.distil.graph import Head, build
from engine.training.distil.regression import SHARPNESS, best_temperature, folds, regression, softmax, strength_of
from engine.types import GROUPS

FOLDS = 5


@dataclass(frozen=True)
class Material:
    """What the head of one group is learned from."""

    vectors: NDArray[np.floating]
    """(rows, dims) of the whole face or fashion embedding; one row a person, or several."""
    labels: NDArray[np.integer]
    """(rows,) 0 … types - 1; -1 where clustering gave none: such rows teach nothing and are not counted."""
    types: int
    people: NDArray[np.integer] | None = None
    """(rows,) who is who; None: every row is another person."""
    block: tuple[int, int] | None = None
    """The stretch of the embedding that types are made of; None: all of it."""
    mean: NDArray[np.floating] | None = None
    """(stop - start,) of the projection that the types were learned with; None: the mean of the rows."""
    basis: NDArray[np.floating] | None = None
    """(stop - start, components); None: no projection."""
    soft: NDArray[np.floating] | None = None
    """(rows, types) what clustering thinks of each type (rows sum to 1), see `softened`; teaches far more than the label alone."""
    views: NDArray[np.floating] | None = None
    """(photos, dims): further photos or altered copies, which the probabilities are calibrated on; None: the rows themselves."""
    view_rows: NDArray[np.integer] | None = None
    """(photos,) which row each of `views` belongs to."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a head does."""

    people: int
    rows: int
    types: int
    left_out: int
    """Rows without a type."""
    agreement: float
    """Share of the rows of unseen people that get the label that clustering gave them."""
    interval: tuple[float, float]
    """95 %, of as many trials as there are people (Wilson 1927)."""
    commonest: float
    """What always saying the commonest type would reach."""
    temperature: float
    confidence: float
    """Mean probability of the type that is said, on unseen people; beside `right`."""
    right: float
    """How often that type is the label, on the same rows (`views` where there are any)."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier and its figures."""

    model: bytes
    """`classifier.onnx`"""
    layout: Layout
    figures: Mapping[str, Figures]


def fit(materials: Mapping[str, Material], face: int, fashion: int, seed: int = 0) -> Fitted:
    """Learn the four heads; the same arguments give the same bytes on the same packages and processor.

    Args:
        materials: per group of `engine.types.GROUPS`.
        face: numbers of the face embedding.
        fashion: numbers of the fashion embedding.
        seed: of the folds.

    Raises:
        ValueError: a group is missing, or a type has no row.

    """
    heads: dict[str, Head] = {}
    figures: dict[str, Figures] = {}
    for group in GROUPS:
        if group not in materials:
            raise ValueError(f"nothing to learn {group} from")
        heads[group], figures[group] = fit_head(materials[group], seed)
    layout = Layout(face, fashion, {group: materials[group].types for group in GROUPS})
    return Fitted(build(heads, layout), layout, figures)


def fit_head(material: Material, seed: int = 0) -> tuple[Head, Figures]:
    """One head and its figures.

    Raises:
        ValueError: a type has no row.

    """
    # More threads than one only wait for each other on matrices this small, a hundredfold on a busy machine.
    with threadpool_limits(1):
        return _fit_head(material, seed)


def _fit_head(material: Material, seed: int) -> tuple[Head, Figures]:
    kept = np.flatnonzero(np.asarray(material.labels) >= 0)
    labels = np.asarray(material.labels)[kept].astype(np.intp)
    counts = np.bincount(labels, minlength=material.types)
    if len(counts) != material.types or not counts.all():
        raise ValueError(f"every type needs somebody who has it; their numbers are {counts.tolist()}")
    people = np.arange(len(kept)) if material.people is None else np.unique(np.asarray(material.people)[kept], return_inverse=True)[1]
    start, stop = material.block or (0, material.vectors.shape[1])
    parts = unit(np.asarray(material.vectors, np.float64)[kept, start:stop])
    mean = parts.mean(axis=0) if material.mean is None else np.asarray(material.mean, np.float64)
    basis = np.eye(stop - start) if material.basis is None else np.asarray(material.basis, np.float64)
    z = unit((parts - mean) @ basis)
    targets = np.eye(material.types)[labels] if material.soft is None else np.asarray(material.soft, np.float64)[kept]
    unseen = _unseen(z, labels, targets, people, seed)
    shown, truth, held = z, labels, unseen.logits(z, people)
    agreement = float(np.mean(held.argmax(axis=1) == labels))
    if material.views is not None and material.view_rows is not None:
        position = np.full(len(material.labels), -1, np.intp)
        position[kept] = np.arange(len(kept))
        rows = position[np.asarray(material.view_rows)]
        shown = unit((unit(np.asarray(material.views, np.float64)[rows >= 0, start:stop]) - mean) @ basis)
        truth, held = labels[rows[rows >= 0]], unseen.logits(shown, people[rows[rows >= 0]])
    temperature = best_temperature(held, truth)
    said = softmax(held / temperature)
    weights, bias = regression(z, targets, strength_of(z, labels, targets, people, seed))
    head = Head(start, stop, mean, basis, weights / temperature, bias / temperature)
    everyone = int(people.max()) + 1
    return head, Figures(
        people=everyone,
        rows=len(kept),
        types=material.types,
        left_out=len(material.labels) - len(kept),
        agreement=round(agreement, 4),
        interval=wilson(agreement, everyone),
        commonest=round(float(counts.max() / counts.sum()), 4),
        temperature=round(temperature, 5),
        confidence=round(float(said.max(axis=1).mean()), 4),
        right=round(float(np.mean(said.argmax(axis=1) == truth)), 4),
    )


@dataclass(frozen=True, slots=True)
class _Unseen:
    """One head a fold, each learned without the people of that fold."""

    fold: NDArray[np.intp]
    """(people,)"""
    heads: tuple[tuple[Matrix, Matrix], ...]

    def logits(self, z: Matrix, people: NDArray[np.intp]) -> Matrix:
        """What the heads that never saw these people say."""
        found = np.empty((len(z), self.heads[0][0].shape[1]))
        for number, (weights, bias) in enumerate(self.heads):
            own = self.fold[people] == number
            found[own] = z[own] @ weights + bias
        return found


def _unseen(z: Matrix, labels: Labels, targets: Matrix, people: NDArray[np.intp], seed: int) -> _Unseen:
    fold = folds(labels, people, FOLDS, seed)
    heads = []
    for number in range(FOLDS):
        own = fold[people] != number
        strength = strength_of(z[own], labels[own], targets[own], people[own], seed + 1)
        heads.append(regression(z[own], targets[own], strength))
    return _Unseen(fold, tuple(heads))


def softened(z: Matrix, centroids: Matrix) -> Matrix:
    """What spherical k-means thinks of each type, for `Material.soft`: softmax(cosines / SHARPNESS) (Hinton et al. 2015).

    The label says only which centroid is nearest; the cosines say by how much, from which few people place the borders.

    Args:
        z: (rows, components) of length 1.
        centroids: (types, components) of length 1.

    """
    return softmax(np.asarray(z @ centroids.T, np.float64) / SHARPNESS)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of `n` people.

    >>> wilson(0.95, 100)
    (0.8882, 0.9785)
    """
    z = 1.959964
    centre = (share * n + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(n * share * (1 - share) + z * z / 4)
    return round(max(0.0, centre - half), 4), round(min(1.0, centre + half), 4)
