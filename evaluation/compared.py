"""Ways to make types, measured one like the other: `evaluation.suites.clustering` says on what."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import silhouette_score

from engine.training import clusters
from engine.training.clusters import Labels, Matrix
from engine.training.judge import cramers_v
from engine.training.methods import (
    HdbscanPca,
    Method,
    PaperLeader,
    PlainKMeans,
    SphericalPca,
    Standardised,
    bootstrap,
    leader_threshold,
)
from engine.training.newcomers import Newcomers
from evaluation.partitions import Kept, kept

SERVED = "spherical k-means after PCA (served)"
PAPER = "paper 000: 64×64 pixels, leader"
PAPER_GARMENTS = "paper 000: garments, leader"
TIMED = 40
ROUNDS = 5
"""Orders of people in which newcomers come."""


@dataclass(frozen=True, slots=True)
class Group:
    """One of man/woman × face/fashion."""

    name: str
    features: Mapping[str, Matrix]
    """By name, (people, dims): `embedding`, `pixels`, and for faces `outline` and `geometry`."""
    views: Matrix
    """(people, views, dims) of the embedding."""
    removed: Matrix | None
    nuisances: Mapping[str, list[str]]
    """What types should say nothing about, a word a person."""
    photos: Mapping[str, Matrix]
    """Features of several photos of other people; empty for fashion."""
    person: list[str]
    """Whose photos those are."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One way to make types, on one group."""

    types: int
    largest: float
    """Share of all people in the largest type."""
    none: float
    """Share without a type."""
    rand: float
    """Mean adjusted Rand index with types learned from bootstrap samples."""
    jaccard: float
    """Mean over the types of the bootstrap Jaccard similarity; below 0.5 a type is dissolved (Hennig 2007)."""
    silhouette: float | None
    """Of those with a type, in the space that the method works in; None with fewer than two types."""
    kept: Kept | None
    nuisance: Mapping[str, float]
    """Cramér's V."""
    ms: float
    """Milliseconds for a newcomer whose features are known."""


def ways(group: Group, k: int, dims: int) -> dict[str, tuple[str, Callable[[int], Method]]]:
    """Name to (feature, maker of the method by seed)."""
    x = group.features
    smallest = max(5, len(x["embedding"]) // 20)
    found: dict[str, tuple[str, Callable[[int], Method]]] = {}
    pixels = leader_threshold(x["pixels"], k)
    found[PAPER] = ("pixels", lambda _: PaperLeader(pixels))
    if not group.photos:
        garments = leader_threshold(x["embedding"], k)
        found[PAPER_GARMENTS] = ("embedding", lambda _: PaperLeader(garments))
    found["64×64 pixels, k-means"] = ("pixels", lambda seed: PlainKMeans(k, seed))
    if group.photos:
        found["outline (HOG), k-means"] = ("outline", lambda seed: PlainKMeans(k, seed))
        found["landmark geometry, k-means"] = ("geometry", lambda seed: Standardised(PlainKMeans(k, seed)))
    found["k-means"] = ("embedding", lambda seed: PlainKMeans(k, seed))
    found["HDBSCAN after PCA"] = ("embedding", lambda _: HdbscanPca(dims, smallest, group.removed))
    found[SERVED] = ("embedding", lambda seed: SphericalPca(k, dims, seed, group.removed))
    return found


def compare(group: Group, feature: str, make: Callable[[int], Method], samples: int, seed: int) -> Compared:
    """The figures of one way."""
    x = group.features[feature]
    method = make(seed).fit(x)
    labels = method.labels_
    rand, jaccard = bootstrap(make, x, samples, seed)
    typed = labels >= 0
    counts = np.bincount(labels[typed], minlength=1)
    photos = kept(group.person, method.predict(group.photos[feature])) if group.photos else None
    nuisance = {
        name: cramers_v([str(one) for one in labels[typed]], [word for word, has in zip(words, typed, strict=True) if has])
        for name, words in group.nuisances.items()
        if len(set(labels[typed].tolist())) > 1
    }
    return Compared(
        int(labels.max(initial=-1)) + 1,
        float(counts.max() / len(labels)),
        float(1 - typed.mean()),
        float(np.mean(rand)),
        float(np.mean(jaccard)) if jaccard else 0.0,
        _silhouette(method, x, labels),
        photos,
        nuisance,
        _milliseconds(method, x),
    )


def _silhouette(method: Method, x: Matrix, labels: Labels) -> float | None:
    projection = getattr(method, "projection_", None)
    z = x if projection is None else projection.apply(x)
    typed = labels >= 0
    if not 2 <= len(set(labels[typed].tolist())) < typed.sum():
        return None
    return float(silhouette_score(z[typed], labels[typed], metric="euclidean" if projection is None else "cosine"))


def _milliseconds(method: Method, x: Matrix) -> float:
    rows = x[np.arange(TIMED) % len(x)]
    started = time.perf_counter()
    for row in rows:
        method.predict(row[None])
    return (time.perf_counter() - started) / TIMED * 1000


@dataclass(frozen=True, slots=True)
class Between:
    """Newcomers between two trainings; adjusted Rand indices with the types that training again gives them."""

    rule: float
    """Nearest type if near enough, else one of their own."""
    nearest: float
    """Nearest type always."""
    seeds: float
    """Training again with other seeds: what training itself varies by."""
    opened: int
    """Types that were opened."""
    strangers: float
    """Share of newcomers in them."""


def between(group: Group, k: int, dims: int, seed: int, known: float = 0.6) -> Between:
    """Train on the share `known` of the people, let the others come, train again on all; means over several orders of people."""
    x = group.features["embedding"]
    found = []
    for number in range(ROUNDS):
        order = np.random.default_rng(seed + number).permutation(len(x))
        old, new = x[order[: int(known * len(x))]], x[order[int(known * len(x)) :]]
        before = SphericalPca(k, dims, seed, group.removed).fit(old)
        rule = Newcomers(before.projection_, before.centres_, before.floor_)
        ruled = np.array([rule.add(one) for one in new], dtype=np.intp)
        nearest, _ = clusters.nearest(before.projection_.apply(new), before.centres_)
        again = [_trained(x, new, group, k, dims, seed + other) for other in (0, 1)]
        found.append(
            (
                _ari(again[0], ruled),
                _ari(again[0], nearest),
                _ari(again[0], again[1]),
                float(len(rule.leaders)),
                float(np.mean(ruled >= k)),
            )
        )
    means = np.mean(found, axis=0)
    return Between(float(means[0]), float(means[1]), float(means[2]), round(means[3]), float(means[4]))


def _trained(x: Matrix, new: Matrix, group: Group, k: int, dims: int, seed: int) -> Labels:
    again = SphericalPca(k, dims, seed, group.removed).fit(x)
    return clusters.nearest(again.projection_.apply(new), again.centres_)[0]


def _ari(one: Labels, other: Labels) -> float:
    return float(clusters.rand_index(one, other))


def means_of_photos(vectors: Matrix, person: list[str], many: int, seed: int) -> tuple[NDArray[np.float64], list[str]]:
    """Means of `many` photos each of one person, length 1, and whose they are; people with fewer than twice as many are left out."""
    random = np.random.default_rng(seed)
    names = np.asarray(person)
    rows, whose = [], []
    for name in dict.fromkeys(person):
        own = random.permutation(np.flatnonzero(names == name))
        groups = len(own) // many
        if groups < 2:
            continue
        rows.append(vectors[own[: groups * many]].reshape(groups, many, -1).mean(axis=1))
        whose += [name] * groups
    return clusters.unit(np.concatenate(rows)), whose
