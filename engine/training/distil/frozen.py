"""Ways of assigning types that train no network: nearest neighbours, and heads on trunks that are there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import weights
from engine.backends.onnxruntime import OnnxRuntime
from engine.classifier import NAME, Layout
from engine.fashion import DIMS
from engine.training import clusters
from engine.training.distil.corpus import COMPONENTS, SIDE, TYPES, Corpus
from engine.training.distil.graph import Head, build
from engine.training.distil.heads import Material, fit_head, softened
from engine.training.distil.outcome import Outcome, Share, read, shares, write
from engine.training.distil.weigh import weigh
from engine.training.grouping import block_of
from engine.types import GROUPS

SEED = 20261121
NEIGHBOURS = 5
PIXELS = 64
SFACE_DIMS = 128
WIDEST = 48
"""Principal components of a trunk's numbers that heads are fitted to where they do not get those of the clustering."""
_FACES = [number for number, name in enumerate(GROUPS) if name.endswith("face")]


def neighbours(corpus: Corpus) -> Iterator[Outcome]:
    """Paper 000's way: the majority of the nearest of the corpus; in the trunk's vectors, and in pixels as the paper does."""
    small = np.stack([cv2.resize(crop, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA) for crop in corpus.crops]).astype(np.float32)
    # The paper's normalisation: every picture about its own mean, at one contrast.
    pixels = small.reshape(len(small), -1)
    pixels = (pixels - pixels.mean(axis=1, keepdims=True)) / np.maximum(pixels.std(axis=1, keepdims=True), 1)
    for name, title in (("knn_vectors", "nearest neighbours, trunk's vectors"), ("knn_pixels", "nearest neighbours, 64 × 64 pixels")):
        said = np.zeros(len(corpus.group), np.intp)
        for number, group in enumerate(GROUPS):
            own = np.flatnonzero(corpus.group == number)
            train, test = _local(corpus, number)
            x = pixels[own] if name == "knn_pixels" else corpus.vectors[number][:, slice(*block_of(group, corpus.vectors[number].shape[1]))]
            if name != "knn_pixels":
                x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
            distance = (x[train] ** 2).sum(axis=1)[None] - 2 * x[test] @ x[train].T
            nearest = np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]
            votes = corpus.labels[own[train]][nearest]
            said[own[test]] = [np.bincount(row, minlength=TYPES).argmax() for row in votes]
        rows = np.flatnonzero(corpus.unseen)
        yield Outcome(name, title, "nothing learned", *shares(said[rows], corpus.labels[rows], corpus.group[rows]))


def frozen(corpus: Corpus, folder: Path, *, download: bool = False) -> Iterator[Outcome]:
    """Heads on the trunks that serving computes anyway (SFace, the garment network), and on FaceNet."""
    ways = (
        ("heads_components", "heads in the clustering's components, taught labels", True, False),
        ("heads_soft", "heads in the clustering's components, taught cosines", True, True),
        ("heads_own", f"heads in {WIDEST} components of their own, taught labels", False, False),
    )
    for name, title, components, soft in ways:
        heads = [_head(corpus, number, components=components, soft=soft) for number in range(len(GROUPS))]
        file = folder / name / NAME
        file.parent.mkdir(parents=True, exist_ok=True)
        layout = Layout(SFACE_DIMS, DIMS, dict.fromkeys(GROUPS, TYPES))
        file.write_bytes(build(dict(zip(GROUPS, heads, strict=True)), layout))
        yield priced(_heads_outcome(name, title, corpus, heads), file, (1, layout.dims), parity(file, layout, corpus, heads))
    if download:
        from engine.training.distil.candidates import downloaded_facenet  # noqa: PLC0415 torch is wanted only here
        from engine.training.facenet_reference import embed  # noqa: PLC0415

        network = downloaded_facenet()
        large = np.stack([cv2.resize(crop, (160, 160), interpolation=cv2.INTER_CUBIC) for crop in corpus.crops])
        vectors = [embed(network, large[corpus.group == number]) for number in range(len(GROUPS))]
        title = f"FaceNet of VGGFace2, heads on {WIDEST} components"
    else:
        vectors, title = list(corpus.facenet), f"FaceNet, heads on {WIDEST} components"
    outcome = Outcome("facenet", title, "frozen", *_agreement(corpus, vectors, _FACES), side=160)
    # Both weights are of one architecture, so that the engine's file says what either costs.
    yield priced(outcome, weights.graph(weights.FACENET, folder), (1, 3, 160, 160))


def lite(corpus: Corpus, folder: Path) -> Outcome:
    """Heads on EfficientNet-Lite0 as ImageNet left it, which nothing was trained of; kept in `folder`."""
    kept, file = folder / "lite0_frozen.json", folder / "lite0_frozen.onnx"
    if kept.is_file() and file.is_file():
        return read(kept)
    from engine.training.distil import students  # noqa: PLC0415 torch is wanted only here

    found = students.features("efficientnet_lite0", corpus.crops, file)
    vectors = [found[corpus.group == number] for number in range(len(GROUPS))]
    title = f"EfficientNet-Lite0, frozen, heads in {WIDEST} components"
    outcome = Outcome("lite0_frozen", title, "ImageNet", *_agreement(corpus, vectors, range(len(GROUPS))), side=SIDE)
    outcome = priced(outcome, file, (1, 3, SIDE, SIDE))
    write(kept, asdict(outcome))
    return outcome


def _agreement(
    corpus: Corpus, vectors: Sequence[NDArray[np.float32]], numbers: Iterable[int]
) -> tuple[Share | None, Share | None, dict[str, float]]:
    """Agreement of heads that are fitted to principal components of any vectors, for the groups `numbers`."""
    said, labels, group = [], [], []
    for number in numbers:
        train, test = _local(corpus, number)
        known = corpus.labels[corpus.group == number]
        own = clusters.components(clusters.unit(vectors[number][train].astype(np.float64)), WIDEST)
        head = fit_head(Material(vectors[number][train], known[train], TYPES, mean=own.mean, basis=own.basis), SEED)[0]
        said.append(head.logits(vectors[number][test]).argmax(axis=1))
        labels.append(known[test])
        group.append(np.full(len(test), number))
    return shares(np.concatenate(said), np.concatenate(labels), np.concatenate(group))


def strangers(corpus: Corpus) -> tuple[Share | None, Share | None, dict[str, float]]:
    """Agreement of heads with a clustering that, like them, never saw the people who are asked about: they get their label by its own
    rule, the nearest centre."""
    said, labels, group = [], [], []
    for number, name in enumerate(GROUPS):
        train, test = _local(corpus, number)
        block = block_of(name, corpus.vectors[number].shape[1])
        x = clusters.unit(corpus.vectors[number][:, slice(*block)].astype(np.float64))
        projection = clusters.components(x[train], COMPONENTS)
        z = projection.apply(x[train])
        centres, own = clusters.spherical_kmeans(z, TYPES, SEED)
        taught = softened(z, centres)
        material = Material(corpus.vectors[number][train], own, TYPES, None, block, projection.mean, projection.basis, taught)
        said.append(fit_head(material, SEED)[0].logits(corpus.vectors[number][test]).argmax(axis=1))
        labels.append((projection.apply(x[test]) @ centres.T).argmax(axis=1))
        group.append(np.full(len(test), number))
    return shares(np.concatenate(said), np.concatenate(labels), np.concatenate(group))


def parity(file: Path, layout: Layout, corpus: Corpus, heads: Sequence[Head]) -> float:
    """Largest difference between the heads in numpy and their graph in ONNX Runtime over all people."""
    session = OnnxRuntime().session(file)
    worst = 0.0
    for number, (group, head) in enumerate(zip(layout.types, heads, strict=True)):
        rows = np.zeros((len(corpus.vectors[number]), layout.dims), np.float32)
        at = slice(0, layout.face) if group.endswith("face") else slice(layout.face, None)
        rows[:, at] = corpus.vectors[number]
        worst = max(worst, float(np.abs(session.run(rows)[number] - head.logits(corpus.vectors[number])).max()))
    return worst


def _local(corpus: Corpus, number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions within the group of the people that are learned from, and of the others."""
    unseen = corpus.unseen[corpus.group == number]
    return np.flatnonzero(~unseen), np.flatnonzero(unseen)


def _head(corpus: Corpus, number: int, *, components: bool, soft: bool) -> Head:
    own, (train, _) = np.flatnonzero(corpus.group == number), _local(corpus, number)
    block = block_of(GROUPS[number], corpus.vectors[number].shape[1])
    seen = clusters.unit(corpus.vectors[number][train, slice(*block)].astype(np.float64))
    projection = corpus.projections[number] if components else clusters.components(seen, min(WIDEST, seen.shape[1]))
    material = Material(
        corpus.vectors[number][train],
        corpus.labels[own[train]],
        TYPES,
        block=block,
        mean=projection.mean,
        basis=projection.basis,
        soft=corpus.soft[own[train]] if soft else None,
    )
    return fit_head(material, SEED)[0]


def _heads_outcome(name: str, title: str, corpus: Corpus, heads: Sequence[Head]) -> Outcome:
    said = np.zeros(len(corpus.group), np.intp)
    for number, head in enumerate(heads):
        own, (_, test) = np.flatnonzero(corpus.group == number), _local(corpus, number)
        said[own[test]] = head.logits(corpus.vectors[number][test]).argmax(axis=1)
    rows = np.flatnonzero(corpus.unseen)
    return Outcome(name, title, "frozen", *shares(said[rows], corpus.labels[rows], corpus.group[rows]))


def priced(outcome: Outcome, file: Path, shape: tuple[int, ...], parity: float | None = None) -> Outcome:
    """The outcome with what its file costs in both runtimes."""
    slow, fast = weigh(file, shape), weigh(file, shape, "openvino")
    return replace(outcome, extra_ms=slow.ms, openvino_ms=fast.ms, size_mb=slow.size_mb, memory_mb=slow.memory_mb, parity=parity)
