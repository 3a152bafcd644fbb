"""Compare what could assign types: `python -m engine.training.distil.compare [--data ../shared/data] [--folder DIR] [--seconds 30]`.

Writes `outcomes.json` into the folder.  Every candidate is kept there as soon as it is done, so that a run that was killed goes on
with the next one.  Nets that are trained here have seen `faces_age_gender` and are for measuring only: none of them ships.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from engine import weights
from engine.classifier import NAME, Layout
from engine.fashion import DIMS
from engine.training import clusters
from engine.training.distil.corpus import COMPONENTS, TYPES, Corpus, gather
from engine.training.distil.graph import Head, build
from engine.training.distil.heads import Material, fit_head
from engine.training.distil.outcome import Outcome, Share, judged, shares, table
from engine.training.distil.weigh import weigh
from engine.training.grouping import block_of
from engine.types import GROUPS, STARTER

FOLDER = Path("var/cache/distil")
SEED = 20261121
SECONDS = 30.0
"""Processor time that each net is trained for."""
NEIGHBOURS = 5
PIXELS = 64
NETS = (
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_lite0",
    "efficientnet_b0",
    "resnet18",
    "resnet34",
    "googlenet",
    "vgg11_bn",
)
"""What a whole comparison trains (`engine.training.distil.candidates`, which needs torch)."""
SFACE_DIMS = 128
WIDEST = 48
"""Principal components of a trunk's numbers that heads are fitted to where they do not get those of the clustering."""
log = logging.getLogger(__name__)


def frozen(corpus: Corpus, folder: Path) -> Iterator[Outcome]:
    """Heads on the trunks that serving computes anyway, and on FaceNet."""
    ways = (
        ("heads_components", "SFace and garment trunk, heads on the clustering's components", True, False),
        ("heads_soft", "the same, taught the clustering's cosines", True, True),
        ("heads_own", f"SFace and garment trunk, heads on {WIDEST} components of their own", False, False),
    )
    for name, title, components, soft in ways:
        log.info("%s", name)
        heads = [_head(corpus, number, components=components, soft=soft) for number in range(len(GROUPS))]
        file = folder / name / NAME
        file.parent.mkdir(parents=True, exist_ok=True)
        layout = Layout(SFACE_DIMS, DIMS, dict.fromkeys(GROUPS, TYPES))
        file.write_bytes(build(dict(zip(GROUPS, heads, strict=True)), layout))
        yield _priced(_heads_outcome(name, title, corpus, heads), file, (1, layout.dims), parity(file, layout, corpus, heads))
    faces = [number for number, group in enumerate(GROUPS) if group.endswith("face")]
    said, labels, group = [], [], []
    for number in faces:
        train, test = _local(corpus, number)
        own = clusters.components(clusters.unit(corpus.facenet[number][train].astype(np.float64)), WIDEST)
        known = Material(corpus.facenet[number][train], corpus.labels[corpus.group == number][train], TYPES, mean=own.mean, basis=own.basis)
        head = _fitted(known)[0]
        said.append(head.logits(corpus.facenet[number][test]).argmax(axis=1))
        labels.append(corpus.labels[corpus.group == number][test])
        group.append(np.full(len(test), number))
    agreement = shares(np.concatenate(said), np.concatenate(labels), np.concatenate(group))
    outcome = Outcome("facenet", f"FaceNet, heads on {WIDEST} components", "frozen", *agreement, side=160)
    yield _priced(outcome, weights.graph(weights.FACENET, folder), (1, 3, 160, 160))


def strangers(corpus: Corpus) -> tuple[Share | None, Share | None, dict[str, float]]:
    """Agreement of heads with a clustering that, like them, never saw the people who are asked about: they get their label by its own
    rule, the nearest centre."""
    said, labels, group = [], [], []
    for number, name in enumerate(GROUPS):
        train, test = _local(corpus, number)
        block = block_of(name, corpus.vectors[number].shape[1])
        x = clusters.unit(corpus.vectors[number][:, slice(*block)].astype(np.float64))
        projection = clusters.components(x[train], COMPONENTS)
        centres, own = clusters.spherical_kmeans(projection.apply(x[train]), TYPES, SEED)
        material = Material(corpus.vectors[number][train], own, TYPES, block=block, mean=projection.mean, basis=projection.basis)
        said.append(_fitted(material)[0].logits(corpus.vectors[number][test]).argmax(axis=1))
        labels.append((projection.apply(x[test]) @ centres.T).argmax(axis=1))
        group.append(np.full(len(test), number))
    return shares(np.concatenate(said), np.concatenate(labels), np.concatenate(group))


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


def trained(corpus: Corpus, folder: Path, seconds: float, names: Sequence[str], *, download: bool) -> Iterator[Outcome]:
    """The candidates that are trained on pixels; kept one by one in `folder`."""
    from engine.training.distil import candidates, students  # noqa: PLC0415 torch is wanted only here

    for name in names:
        candidate = candidates.CANDIDATES[name]
        kept, file = folder / f"{name}.json", folder / f"{name}.onnx"
        before = _outcome(json.loads(kept.read_text(encoding="utf-8"))) if kept.is_file() and file.is_file() else None
        if before is not None and before.cpu_seconds >= seconds:
            yield before
            continue
        found = students.train(candidate, corpus, seconds, SEED, file, download=download)
        rows = np.flatnonzero(corpus.unseen)
        outcome = Outcome(
            name,
            candidate.title,
            "ImageNet" if download or candidate.weights == "package" else "chance",
            *shares(found.logits[rows].argmax(axis=1), corpus.labels[rows], corpus.group[rows]),
            side=students.SIDE,
            parameters=found.parameters,
            epochs=found.epochs,
            cpu_seconds=found.cpu_seconds,
        )
        outcome = _priced(outcome, file, (1, 3, students.SIDE, students.SIDE), found.parity)
        _write(kept, asdict(outcome))
        log.info("%s: agreement %.3f, %.2f ms", name, outcome.agreement or 0, outcome.extra_ms or 0)
        yield outcome


def anyway(folder: Path) -> dict[str, float]:
    """Processor milliseconds in ONNX Runtime of the trunks that serving computes for every selfie."""
    found = {
        "sface": weigh(weights.graph(weights.SFACE, folder), (1, 3, 112, 112)).ms,
        "garments": weigh(STARTER / "garments.onnx", (1, 3, 224, 224)).ms,
    }
    return {name: round(value, 2) for name, value in found.items()}


def compare(data: Path, folder: Path, seconds: float, names: Sequence[str], *, download: bool = False) -> dict[str, Any]:
    """Everything; nets that are in `folder` from before are used where data and code are the same and they were trained as long.

    Returns:
        `outcomes` (see `Outcome`), `people` (seen and unseen per group), `strangers` (see there), `anyway`, `seconds`.

    """
    folder.mkdir(parents=True, exist_ok=True)
    corpus = gather(data, folder, SEED)
    work = folder / fingerprint(data, download=download)
    work.mkdir(exist_ok=True)
    outcomes = [*neighbours(corpus), *frozen(corpus, folder), *trained(corpus, work, seconds, names, download=download)]
    people = {group: [len(corpus.rows(number, unseen=side)) for side in (False, True)] for number, group in enumerate(GROUPS)}
    new = dict(zip(("faces", "outfits"), [asdict(one) for one in strangers(corpus)[:2] if one], strict=True))
    seconds = min((one.cpu_seconds for one in outcomes if one.cpu_seconds), default=0.0)
    facts = {"people": people, "strangers": new, "anyway": anyway(folder), "seconds": seconds}
    result = {"outcomes": [asdict(one) for one in judged(outcomes)], **facts}
    _write(work / ("outcomes.json" if {*names} >= {*NETS} else "some.json"), result)
    return result


def fingerprint(data: Path, *, download: bool = False) -> str:
    """Names what the training of the nets depends on, but for how long it takes: the data's labels and the code that trains."""
    digest = hashlib.sha256(f"{download}".encode())
    code = [Path(__file__).with_name(f"{name}.py") for name in ("candidates", "corpus", "students")]
    for path in [*code, *sorted(data.glob("*/labels.csv"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def parity(file: Path, layout: Layout, corpus: Corpus, heads: Sequence[Head]) -> float:
    """Largest difference between the heads in numpy and their graph in ONNX Runtime over all people."""
    from engine.backends.onnxruntime import OnnxRuntime  # noqa: PLC0415

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
    return _fitted(material)[0]


def _fitted(material: Material) -> tuple[Head, Any]:
    with threadpool_limits(1):
        return fit_head(material, SEED)


def _heads_outcome(name: str, title: str, corpus: Corpus, heads: Sequence[Head]) -> Outcome:
    said = np.zeros(len(corpus.group), np.intp)
    for number, head in enumerate(heads):
        own, (_, test) = np.flatnonzero(corpus.group == number), _local(corpus, number)
        said[own[test]] = head.logits(corpus.vectors[number][test]).argmax(axis=1)
    rows = np.flatnonzero(corpus.unseen)
    return Outcome(name, title, "frozen", *shares(said[rows], corpus.labels[rows], corpus.group[rows]))


def _priced(outcome: Outcome, file: Path, shape: tuple[int, ...], parity: float | None = None) -> Outcome:
    slow, fast = weigh(file, shape), weigh(file, shape, "openvino")
    return replace(outcome, extra_ms=slow.ms, openvino_ms=fast.ms, size_mb=slow.size_mb, memory_mb=slow.memory_mb, parity=parity)


def _outcome(plain: dict[str, Any]) -> Outcome:
    for kind in ("faces", "outfits"):
        if plain[kind] is not None:
            plain[kind] = Share(plain[kind]["value"], tuple(plain[kind]["interval"]), plain[kind]["people"])
    return Outcome(**plain)


def outcomes(result: dict[str, Any]) -> list[Outcome]:
    """The outcomes of what `compare` returned or wrote."""
    return [_outcome(dict(one)) for one in result["outcomes"]]


def _write(path: Path, document: object) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def main() -> None:
    """Compare and say where the outcome lies."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.distil.compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what is kept (default: var/cache/distil)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="processor seconds that each net is trained for (default: 30)")
    parser.add_argument("--only", nargs="*", metavar="NET", choices=NETS, help="train only these; none: no training (default: all)")
    parser.add_argument(
        "--weights", choices=("package", "downloaded"), default="package", help="what the nets start from (default: package)"
    )
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.nice(10)
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    names = list(NETS) if given.only is None else given.only
    found = compare(given.data, given.folder, given.seconds, names, download=given.weights == "downloaded")
    log.info("%s", table(outcomes(found)))


if __name__ == "__main__":
    main()
