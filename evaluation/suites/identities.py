"""Are the faces of one person brought together, and only those?  Beside agglomerative clustering, DBSCAN and k-means."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans

from engine.training.identities import LEAST, fitting, identify
from evaluation.context import Context
from evaluation.metrics import unit
from evaluation.partitions import bcubed, pairwise, singles
from evaluation.plots import drawing
from evaluation.report import Row, Section

SWEEP = (0.2, 0.25, 0.3, 0.33, LEAST, 0.4, 0.45, 0.5, 0.55)
LOOSE = 0.25
"""So low that what photos say can matter."""
MANY = 20_000
"""Faces of the timing; a hundred thousand take minutes (docs/types.md)."""
SEED = 20261121
Faces = NDArray[np.float32]


def run(context: Context) -> Section:
    """The stated threshold, what photos add, and what other ways and thresholds would do."""
    rows = context.labels("faces_identity")
    seen = context.seen(rows, "identities")
    there = [at for at, one in enumerate(seen) if "served" in one.vectors]
    faces = unit(np.stack([seen[at].vectors["served"] for at in there])).astype(np.float32)
    truth = [rows[at]["identity"] for at in there]
    people = len(set(truth))
    alone = np.arange(len(faces))
    k_means = KMeans(people, n_init=10, random_state=SEED).fit_predict(faces).astype(np.intp)
    fitted = fitting(faces)
    base = bcubed(truth, k_means.tolist()).f1
    found = [
        *figures(f"cosine {LEAST}", truth, identify(faces, alone, LEAST).labels, base, bounded=True),
        *figures(f"cosine {LOOSE}", truth, identify(faces, alone, LOOSE).labels, base),
        *figures(f"cosine {LOOSE}, photos of two strangers each", truth, identify(faces, together(truth), LOOSE).labels, base),
        *figures(f"fitting cosine {fitted:.2f}", truth, identify(faces, alone).labels, base),
        *figures("k-means, told how many people there are", truth, k_means, None),
    ]
    curves: dict[str, list[float]] = {}
    for name, make in OTHERS.items():
        results = {cosine: make(faces, cosine) for cosine in SWEEP}
        curves[name] = [bcubed(truth, singles(labels).tolist()).f1 for labels in results.values()]
        best = SWEEP[int(np.argmax(curves[name]))]
        if name != "average linkage under constraints":
            found += figures(f"{name}, cosine {LEAST}", truth, singles(results[LEAST]), base)
        found += figures(f"{name}, cosine {best} (best in hindsight)", truth, singles(results[best]), base)
    found.append(timing())
    with drawing(context.results / "identities.png", "Bringing the faces of a person together", "cosine threshold", "BCubed F1") as axes:
        for name, values in curves.items():
            axes.plot(SWEEP, values, marker="o", label=name, linewidth=3 if "constraints" in name else 1.5)
        axes.axhline(base, linestyle="--", color="grey", label="k-means told the number of people")
        axes.axvline(LEAST, linestyle=":", color="grey")
    note = (
        f"{len(faces)} photos of {people} people. No threshold was chosen on them: {LEAST} is stated by OpenCV's example for "
        "SFace; `fitting` is what learning takes, high since two people merged do more harm than one person split. "
        "`photos of two strangers each`: every face shares a made-up photo with a face of somebody else, drawn at random, and the "
        "clustering is told. Each DBSCAN outlier counts as a person. The baseline of the F1s is k-means told how many people there are."
    )
    return Section("identities", "Who is who among many faces", tuple(found), ("identities.png",), (note,))


def ours(faces: Faces, cosine: float) -> NDArray[np.intp]:
    """Every face in a photo of its own."""
    return identify(faces, np.arange(len(faces)), cosine).labels


def agglomerative(faces: Faces, cosine: float) -> NDArray[np.intp]:
    """scikit-learn's complete linkage: two groups are one person if even their least alike faces are."""
    model = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="complete", distance_threshold=1 - cosine)
    return np.asarray(model.fit_predict(faces), dtype=np.intp)


def dbscan(faces: Faces, cosine: float) -> NDArray[np.intp]:
    """scikit-learn's DBSCAN with two faces as the smallest group."""
    return np.asarray(DBSCAN(eps=1 - cosine, min_samples=2, metric="cosine").fit_predict(faces), dtype=np.intp)


OTHERS: dict[str, Callable[[Faces, float], NDArray[np.intp]]] = {
    "average linkage under constraints": ours,
    "complete linkage": agglomerative,
    "DBSCAN": dbscan,
}


def together(truth: list[str]) -> NDArray[np.intp]:
    """Photo ids such that most faces share a photo with one of somebody else."""
    order = np.random.default_rng(SEED).permutation(len(truth))
    photos = np.arange(len(truth))
    for one, other in zip(order[::2], order[1::2], strict=False):
        if truth[one] != truth[other]:
            photos[other] = one
    return photos


def figures(name: str, truth: list[str], labels: NDArray[np.intp], base: float | None, *, bounded: bool = False) -> list[Row]:
    """BCubed and pairwise agreement with who is who."""
    over_faces, over_pairs = bcubed(truth, labels.tolist()), pairwise(truth, labels.tolist())
    count = len(set(labels.tolist()))
    return [
        Row(
            f"{name}: BCubed F1",
            over_faces.f1,
            len(truth),
            bound=0.92 if bounded else None,
            baseline=base,
            baseline_name="" if base is None else "k-means",
            note=f"precision {over_faces.precision:.3f}, recall {over_faces.recall:.3f}; {count} groups of {len(set(truth))} people",
        ),
        Row(
            f"{name}: pairwise F1",
            over_pairs.f1,
            len(truth),
            note=f"precision {over_pairs.precision:.3f}, recall {over_pairs.recall:.3f}",
        ),
    ]


def timing() -> Row:
    """Seconds for MANY faces of made-up people, two a photo."""
    random = np.random.default_rng(SEED)
    centres = unit(random.normal(size=(MANY * 2 // 5, 128)))
    faces = unit(centres[random.integers(0, len(centres), MANY)] + random.normal(size=(MANY, 128)) * 0.8 / np.sqrt(128)).astype(np.float32)
    started = time.perf_counter()
    found = identify(faces, np.arange(MANY) // 2)
    took = time.perf_counter() - started
    return Row(
        f"{MANY} made-up faces", took, MANY, unit="s", better="lower", note=f"{len(found.centroids)} groups of {len(centres)} people"
    )
