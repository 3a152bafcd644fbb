"""The people that candidate networks are compared on: crops, the trunks' vectors, and the types that clustering gives them.

**For measuring only.** Most faces are of `faces_age_gender` (research only, adults only), so no network that was trained on this
corpus may ship; the heads that do ship are fitted by `engine.training.distil.heads` to the corpus that a pack is learned from.
Outfits are of `portraits_ai` and `fashion_street_ccp`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.attributes import AttributeReader
from engine.backends.runtime import make_runtime
from engine.embedding import ARCFACE, FaceNet, SFace
from engine.faces import FaceDetector, similarity, warp
from engine.fashion import FashionReader
from engine.regions import letterbox, upper_box
from engine.settings import EngineSettings
from engine.training import clusters
from engine.training.garment_data import read, rows
from engine.training.grouping import block_of
from engine.types import GROUPS, STARTER
from engine.values import FaceBox, Image

SIDE = 112
"""Pixels: side of the crops that are kept, SFace's own."""
ADULTS = (18, 60)
STREET_STEP = 2
"""Every second street photo, as the starter pack is learned from."""
SURE = 0.97
TYPES = 6
COMPONENTS = 8
SHARPNESS = 0.1
"""Temperature of the softmax over cosines that makes soft targets."""
UNSEEN = 0.3
"""Share of the people whom no student sees."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Corpus:
    """One row a person and group; `group` counts through `engine.types.GROUPS`."""

    crops: NDArray[np.uint8]
    """(rows, SIDE, SIDE, 3): an aligned face, or the upper body in a grey square."""
    group: NDArray[np.intp]
    unseen: NDArray[np.bool_]
    """Whether the person is kept from the students."""
    vectors: tuple[NDArray[np.float32], ...]
    """Of the trunk that serving computes, (rows of the group, dims) for each group."""
    facenet: tuple[NDArray[np.float32], ...]
    """(rows of the group, 512); without columns for outfits."""
    projections: tuple[clusters.Projection, ...]
    centroids: tuple[NDArray[np.float64], ...]
    labels: NDArray[np.intp]
    soft: NDArray[np.float64]
    """(rows, TYPES)"""
    z: NDArray[np.float64]
    """(rows, COMPONENTS) of length 1: where clustering puts a person."""

    def rows(self, group: int, *, unseen: bool) -> NDArray[np.intp]:
        """The rows of a group on one side of the split."""
        return np.flatnonzero((self.group == group) & (self.unseen == unseen))


def gather(data: Path, folder: Path, seed: int, step: int = 1) -> Corpus:
    """The corpus of the photographs in `data`; read once and kept in `folder`.

    Args:
        data: a folder in the layout of ../shared/data.
        folder: where to keep it.
        seed: of clustering and split.
        step: every so many-th of the faces and street photos, for a quick look.

    """
    listed = [hashlib.sha256((data / name / "labels.csv").read_bytes()).hexdigest() for name in _FOLDERS]
    key = hashlib.sha256(json.dumps([listed, SIDE, ADULTS, 1, STREET_STEP, SURE, step]).encode()).hexdigest()[:12]
    kept = folder / f"corpus-{key}.npz"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        found = _read(data, folder, step)
        part = kept.with_suffix(".part.npz")
        np.savez(part, **found)  # type: ignore[arg-type]
        part.replace(kept)
    with np.load(kept) as arrays:
        return labelled({name: arrays[name] for name in arrays.files}, seed)


_FOLDERS = ("portraits_ai", "faces_age_gender", "fashion_street_ccp")


def labelled(arrays: dict[str, NDArray[np.generic]], seed: int) -> Corpus:
    """Cluster every group over all its people, then keep some of them from the students."""
    group = np.asarray(arrays["group"], np.intp)
    labels, unseen = np.zeros(len(group), np.intp), np.zeros(len(group), np.bool_)
    soft, z = np.zeros((len(group), TYPES)), np.zeros((len(group), COMPONENTS))
    vectors, facenet, projections, centroids = [], [], [], []
    random = np.random.default_rng(seed)
    for number, name in enumerate(GROUPS):
        own = np.flatnonzero(group == number)
        whole = np.asarray(arrays[f"vectors_{number}"], np.float32)
        x = clusters.unit(whole[:, slice(*block_of(name, whole.shape[1]))].astype(np.float64))
        projection = clusters.components(x, COMPONENTS)
        z[own] = projection.apply(x)
        centres, labels[own] = clusters.spherical_kmeans(z[own], TYPES, seed)
        weights = np.exp((z[own] @ centres.T - 1) / SHARPNESS)
        soft[own] = weights / weights.sum(axis=1, keepdims=True)
        unseen[own[random.permutation(len(own))[: round(UNSEEN * len(own))]]] = True
        vectors.append(whole)
        facenet.append(np.asarray(arrays[f"facenet_{number}"], np.float32))
        projections.append(projection)
        centroids.append(centres)
    crops = np.asarray(arrays["crops"], np.uint8)
    return Corpus(crops, group, unseen, tuple(vectors), tuple(facenet), tuple(projections), tuple(centroids), labels, soft, z)


class _Reader:
    """The parts of the engine that the corpus is made of."""

    def __init__(self, folder: Path) -> None:
        # float32 everywhere: the comparison shall not depend on whether the processor has bfloat16.
        runtime = make_runtime(EngineSettings(precision="f32"), folder)
        self.detector, self.attributes = FaceDetector(folder, runtime), AttributeReader(folder, runtime)
        self.sface, self.facenet = SFace(folder, runtime), FaceNet(folder, runtime)
        self.fashion = FashionReader(STARTER / "garments.onnx", runtime)

    def face(self, photo: Image) -> FaceBox | None:
        found = self.detector.predict(photo)
        return found[0] if found else None


def _read(data: Path, folder: Path, step: int) -> dict[str, NDArray[np.generic]]:
    reader = _Reader(folder)
    crops: list[Image] = []
    group: list[int] = []
    vectors: list[list[NDArray[np.float32]]] = [[] for _ in GROUPS]
    facenet: list[list[NDArray[np.float32]]] = [[] for _ in GROUPS]
    for photo, gender, kind in _photos(data, reader, step):
        face = reader.face(photo)
        if face is None:
            continue
        number = GROUPS.index(f"{gender}_{kind}")
        if kind == "face":
            crops.append(warp(photo, similarity(face.landmarks, ARCFACE), SIDE))
            vectors[number].append(reader.sface.predict(photo, face))
            facenet[number].append(reader.facenet.predict(photo, face))
        else:
            box = upper_box((photo.shape[1], photo.shape[0]), face)
            outfit = reader.fashion.predict(photo, face).embedding
            if box is None or outfit is None or not outfit[slice(*block_of("man_fashion", len(outfit)))].any():
                continue
            crops.append(cv2.resize(letterbox(box.cut(photo)), (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8))
            vectors[number].append(outfit)
            facenet[number].append(np.zeros(0, np.float32))
        group.append(number)
        if len(group) % 200 == 0:
            log.info("corpus: %d people", len(group))
    arrays: dict[str, NDArray[np.generic]] = {"crops": np.stack(crops), "group": np.array(group)}
    # The pictures of one person may stand in two groups, which have no head in common: nothing is given away.
    for number in range(len(GROUPS)):
        arrays[f"vectors_{number}"], arrays[f"facenet_{number}"] = np.stack(vectors[number]), np.stack(facenet[number])
    return arrays


def _photos(data: Path, reader: _Reader, step: int) -> Iterator[tuple[Image, str, str]]:
    """Photo, gender and what is looked at."""
    seen: set[str] = set()
    for row in sorted(rows(data / "portraits_ai"), key=lambda one: -int(one["w"])):
        if Path(row["file"]).name in seen:
            continue
        seen.add(Path(row["file"]).name)
        photo, gender = read(data / "portraits_ai" / row["file"]), _gender(row)
        yield photo, gender, "face"
        yield photo, gender, "fashion"
    for row in rows(data / "faces_age_gender")[::step]:
        if ADULTS[0] <= int(row["age"]) <= ADULTS[1]:
            yield read(data / "faces_age_gender" / row["file"]), _gender(row), "face"
    for row in rows(data / "fashion_street_ccp")[:: STREET_STEP * step]:
        photo = read(data / "fashion_street_ccp" / row["file"])
        face = reader.face(photo)
        said = reader.attributes.predict(photo, face) if face is not None else None
        if said is not None and said.gender is not None and said.gender_confidence >= SURE:
            yield photo, said.gender, "fashion"


def _gender(row: dict[str, str]) -> str:
    return "woman" if row["gender"] == "female" else "man"
