"""Types of people: what a type pack holds and how a person is assigned to one of its types.

A pack is a folder with `manifest.json`, `centroids.npz`, the types' pictures and the fashion weights.  Assigning is one small
forward pass whose cost does not depend on how many people the types were learned from: per block of the embedding

    z = normalise((x - mean) @ basis),    logit_k = mean over the seen blocks of z · centroid_k / temperature

and a softmax over the types of the group.  A block of zeros takes no part: a fashion embedding holds the upper and the lower body
apart, and a selfie does not show the legs.  Who is less like every type of a group than its `floor` has no type.

A pack says which embeddings it was learned in (`face_model`, `fashion_model`); `accepts` tells whether a stored vector is one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import Runtime
from engine.calibration import NAME as CALIBRATION
from engine.calibration import PRIOR, Calibration
from engine.classifier import NAME, Layout, TypeClassifier
from engine.errors import PackError
from engine.values import Gender, TypeGuess, Vector

FORMAT = 1
STARTER = Path(__file__).resolve().parent / "starter"
KINDS = ("face", "fashion")
GROUPS = ("man_face", "man_fashion", "woman_face", "woman_fashion")
REMOVED = "face_removed"
"""Name in `centroids.npz` of the directions in `TypePack.removed`; some packs have none."""

Kind = Literal["face", "fashion"]


@dataclass(frozen=True, slots=True)
class Given:
    """What an admin calls a type and shows for it; what is empty or None stays as it was learned."""

    name: str = ""
    name_ko: str = ""
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What there is to say and show about a type."""

    id: str
    group: str
    """`man_face`, `man_fashion`, `woman_face` or `woman_fashion`."""
    name: str
    name_ko: str
    description: str
    description_ko: str
    picture: Path
    """JPEG or PNG: 512 × 512 for faces, 640 × 480 for fashion."""
    palette: tuple[str, ...]
    """`#RRGGBB`, the most present colour first."""
    garments: tuple[str, ...]
    """English garment words, the most usual first; empty for faces."""
    garments_ko: tuple[str, ...]
    members: int
    """How many people of the learning data have this type."""

    @property
    def gender(self) -> Gender:
        """Whose type it is."""
        return cast("Gender", self.group.split("_")[0])

    @property
    def kind(self) -> Kind:
        """What the type describes."""
        return cast("Kind", self.group.split("_")[1])


@dataclass(frozen=True, slots=True)
class Block:
    """The part [start, stop) of an embedding with its own projection and its own centroids."""

    start: int
    stop: int
    mean: NDArray[np.float32]
    """(stop - start,)"""
    basis: NDArray[np.float32]
    """(stop - start, dims)"""
    centroids: NDArray[np.float32]
    """(types, dims), rows of length 1 (or 0 where the type says nothing about this block)."""

    def cosines(self, embedding: Vector) -> NDArray[np.float32] | None:
        """Cosine of `embedding` with each centroid in this block, None where the embedding does not see the block."""
        part = embedding[self.start : self.stop]
        norm = float(np.linalg.norm(part))
        if norm < 1e-6:
            return None
        projected = (part / norm - self.mean) @ self.basis
        length = float(np.linalg.norm(projected))
        return cast("NDArray[np.float32]", self.centroids @ (projected / max(length, 1e-9)))


@dataclass(frozen=True, slots=True)
class Group:
    """The types of one of the four groups and what assigns them."""

    name: str
    types: tuple[TypeInfo, ...]
    blocks: tuple[Block, ...]
    temperature: float
    floor: float = -1.0
    """The cosine with the nearest centroid below which somebody has no type; -1: everybody has one."""

    def similarities(self, embedding: Vector) -> NDArray[np.float64] | None:
        """Cosine with each centroid, averaged over the blocks that the embedding sees; None where it sees none."""
        seen = [cosines for block in self.blocks if (cosines := block.cosines(embedding)) is not None]
        return np.asarray(np.mean(seen, axis=0), dtype=np.float64) if seen else None

    def probabilities(self, embedding: Vector) -> NDArray[np.float64]:
        """The calibrated probability of each type, summing to 1; uniform where the embedding sees no block."""
        cosines = self.similarities(embedding)
        logits = np.zeros(len(self.types)) if cosines is None else cosines / self.temperature
        weights = np.exp(logits - logits.max())
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    def likeness(self, embedding: Vector) -> float:
        """Cosine with the nearest centroid, comparable between groups."""
        cosines = self.similarities(embedding)
        return -1.0 if cosines is None else float(cosines.max())


@dataclass(frozen=True)
class TypePack:
    """The types in use; made by `load`."""

    folder: Path
    version: str
    face_model: str
    """The face embedding that the face types were learned in."""
    fashion_model: str
    groups: Mapping[str, Group]
    anchors: Mapping[str, Vector]
    """Per type id: mean embedding of its people relative to their group's mean, length 1; what types of different groups are
    compared by."""
    classifier: TypeClassifier | None = None
    """Says which type somebody has, in place of the centroids; who has none is still said by the group's `floor`."""
    couples: tuple[tuple[str, str, int], ...] = ()
    """(type id, partner's type id, couples) of when the types were learned; empty where none were known."""
    calibration: Calibration = PRIOR
    """How couples differ from random pairs of the same ages; the stated prior in packs that were learned without it."""
    removed: NDArray[np.float32] | None = None
    """(numbers, axes) directions of face embeddings that types are not about (age, skin, origin); None where the pack has none."""

    @classmethod
    def load(
        cls,
        folder: Path = STARTER,
        face_model: str | None = None,
        names: Mapping[str, Given] | None = None,
        runtime: Runtime | None = None,
    ) -> TypePack:
        """The pack in `folder`.

        Args:
            folder: with a `manifest.json` whose SHA-256 list the other files must match.
            face_model: version of the face embedding that will be passed to `assign_face`; None leaves it unchecked.
            names: per type id what an admin calls and shows it instead (`engine.registry.Registry.names`).
            runtime: for the pack's distilled classifier; None, or a pack without one: the centroids assign.

        Raises:
            PackError: a file is missing or altered, or the pack was learned with another face embedding.

        """
        manifest = read_manifest(folder)
        if face_model is not None and manifest["face_model"] != face_model:
            raise PackError(
                f"the type pack {folder} was learned with the face embedding {manifest['face_model']!r}, this engine uses {face_model!r}: "
                "roll back to a version with that embedding (python -m engine models) or choose another engine.pack"
            )
        try:
            with np.load(folder / "centroids.npz", allow_pickle=False) as arrays:
                groups = {name: _group(name, folder, manifest, arrays, names or {}) for name in GROUPS}
                anchors = {info.id: arrays[f"anchor_{info.id}"] for group in groups.values() for info in group.types}
                removed = arrays[REMOVED] if REMOVED in arrays.files else None
            couples = tuple((str(one), str(other), int(count)) for one, other, count in manifest.get("couples", ()))
            calibration = _calibration(folder) if CALIBRATION in manifest["files"] else PRIOR
        except (KeyError, ValueError, TypeError) as error:
            raise PackError(f"the type pack {folder} cannot be read: {error}") from error
        if len(anchors) < sum(len(group.types) for group in groups.values()):
            raise PackError(f"the type pack {folder} cannot be read: a type id stands in it twice")
        classifier = None
        if runtime is not None and NAME in manifest["files"]:
            classifier = TypeClassifier(folder / NAME, Layout.of(manifest.get("classifier", {})), runtime)
            counts = {name: len(group.types) for name, group in groups.items()}
            if dict(classifier.layout.types) != counts:
                raise PackError(
                    f"the type pack {folder} cannot be read: its classifier gives {dict(classifier.layout.types)}, it has {counts}"
                )
            classifier.load()
        models = manifest["face_model"], manifest["fashion_model"]
        return cls(folder, manifest["version"], *models, groups, anchors, classifier, couples, calibration, removed)

    @property
    def garments(self) -> Path:
        """The fashion network's weights, for `engine.fashion.FashionReader`."""
        return self.folder / "garments.onnx"

    def accepts(self, kind: Kind, version: str) -> bool:
        """Whether a stored vector of this version may be compared with the pack's types.

        Vectors of other embeddings lie elsewhere in space: their cosines would be numbers without meaning.

        Args:
            kind: what the vector describes.
            version: `Analysis.face_model` or `fashion_model` of when it was made, or `Analysis.model_version` of rows of before there
                were these (`sface-3_cydral-8_starter-1`: the face embedding first, the pack, then always the starter, last).

        """
        own = self.face_model if kind == "face" else self.fashion_model
        if version == own:
            return True
        parts = version.split("_")
        if len(parts) < 3:
            return False
        return parts[0] == own if kind == "face" else parts[-1] == _starter()["version"] and _starter()["fashion_model"] == own

    @cached_property
    def types(self) -> tuple[TypeInfo, ...]:
        """All types of all groups."""
        return tuple(info for group in self.groups.values() for info in group.types)

    @cached_property
    def by_id(self) -> Mapping[str, TypeInfo]:
        """The types by their ids."""
        return {info.id: info for info in self.types}

    def assign_face(self, embedding: Vector | None, gender: Gender | None) -> TypeGuess | None:
        """The face type of a face embedding; with `gender` None, the nearer one of both genders."""
        return self._assign("face", embedding, gender)

    def assign_fashion(self, embedding: Vector | None, gender: Gender | None) -> TypeGuess | None:
        """The fashion type of a fashion embedding; with `gender` None, the nearer one of both genders."""
        return self._assign("fashion", embedding, gender)

    def _assign(self, kind: Kind, embedding: Vector | None, gender: Gender | None) -> TypeGuess | None:
        if embedding is None or not np.isfinite(embedding).all():
            return None
        wanted = [gender] if gender else ["man", "woman"]
        group = max((self.groups[f"{name}_{kind}"] for name in wanted), key=lambda one: one.likeness(embedding))
        if group.similarities(embedding) is None or group.likeness(embedding) < group.floor:
            return None
        said = None if self.classifier is None else self.classifier.predict(group.name, embedding)
        probabilities = group.probabilities(embedding) if said is None else said
        best = int(probabilities.argmax())
        info = group.types[best]
        return TypeGuess(info.id, info.name, info.name_ko, float(probabilities[best]))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a pack whose files all match it.

    Raises:
        PackError: the manifest or a file is missing, unreadable or altered.

    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        listed: Mapping[str, str] = manifest["files"]
        if manifest["format"] != FORMAT:
            raise PackError(f"the type pack {folder} has format {manifest['format']}; this engine reads {FORMAT}")
        for name, expected in listed.items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
                raise PackError(f"the type pack {folder} is damaged: {name} is not the file that its manifest lists; get the pack again")
    except OSError as error:
        raise PackError(f"the type pack {folder} is incomplete: cannot read {error.filename}; check engine.pack") from error
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"the manifest of the type pack {folder} cannot be read: {error}") from error
    return manifest


@cache
def _starter() -> dict[str, Any]:
    return read_manifest(STARTER)


def _calibration(folder: Path) -> Calibration:
    return Calibration.of(json.loads((folder / CALIBRATION).read_text(encoding="utf-8")))


def _group(
    name: str, folder: Path, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[np.float32]], names: Mapping[str, Given]
) -> Group:
    described = manifest["groups"][name]
    types = tuple(_info(row, folder, names.get(row["id"], Given())) for row in manifest["types"] if row["group"] == name)
    blocks = tuple(
        Block(start, stop, arrays[f"{name}_mean_{number}"], arrays[f"{name}_basis_{number}"], arrays[f"{name}_centroids_{number}"])
        for number, (start, stop) in enumerate(cast("Sequence[tuple[int, int]]", described["blocks"]))
    )
    if not types or any(block.centroids.shape[0] != len(types) for block in blocks):
        raise ValueError(f"{name} has {len(types)} types and other numbers of centroids")
    return Group(name, types, blocks, float(described["temperature"]), float(described.get("floor", -1.0)))


def _info(row: Mapping[str, Any], folder: Path, given: Given) -> TypeInfo:
    return TypeInfo(
        id=row["id"],
        group=row["group"],
        name=given.name or row["name"],
        name_ko=given.name_ko or row["name_ko"],
        description=row["description"],
        description_ko=row["description_ko"],
        picture=given.picture or folder / row["picture"],
        palette=tuple(row["palette"]),
        garments=tuple(row["garments"]),
        garments_ko=tuple(row["garments_ko"]),
        members=int(row["members"]),
    )
