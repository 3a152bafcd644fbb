"""What types are learned from, as plain values: the people of couples' photos, and recent members to try new types on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.values import Garment, Gender, Image, Vector

TONE = (66.0, 13.0, 17.0)
"""CIELAB that a cheek counts as having where it was not measured."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One person on one photo of a couple."""

    id: int
    couple: int
    """Two subjects with one couple stand on one photo, so they are two people."""
    gender: Gender | None
    """None where nothing said so with confidence: nobody learns from them, and they get no type."""
    age: float
    face: Vector | None = field(repr=False)
    """Of length 1, in the corpus's face embedding; None where there is none."""
    fashion: Vector | None = field(repr=False)
    skin: tuple[float, float, float] = TONE
    """CIELAB of the cheeks."""
    garments: tuple[Garment, ...] = ()
    box: tuple[float, float, float, float] | None = None
    """Of the face in the body crop: left, top, width, height in pixels; None where it is not known."""
    landmarks: NDArray[np.float32] | None = field(default=None, repr=False)
    """(5, 2) in the body crop, as `engine.values.FaceBox`."""

    @classmethod
    def of(
        cls, row: int, couple: int, gender: Gender | None, age: float, face: Vector | None, fashion: Vector | None, facts: Mapping[str, Any]
    ) -> Subject:
        """From stored `facts`: `skin` (L, a, b), `garments` (as `Garment`), `face` with `box` and `landmarks`; what is missing is unknown.

        >>> Subject.of(1, 1, None, 30.0, None, None, {}).garments
        ()
        """
        described = facts.get("face") or {}
        points = described.get("landmarks")
        garments = tuple(Garment(one["region"], one["label"], float(one["score"]), one["colour"]) for one in facts.get("garments") or ())
        light, red, yellow = facts.get("skin") or TONE
        box = described.get("box")
        return cls(
            row,
            couple,
            gender,
            age,
            face,
            fashion,
            (float(light), float(red), float(yellow)),
            garments,
            (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if box else None,
            np.asarray(points, dtype=np.float32) if points else None,
        )


@dataclass(frozen=True, slots=True)
class Recent:
    """A member's newest selfie: what new types are tried on before they are published."""

    gender: Gender | None
    face: Vector | None = field(repr=False)
    fashion: Vector | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that learning is given."""

    subjects: tuple[Subject, ...]
    """By id."""
    face_model: str
    """The embedding that every face vector here is of; vectors of others do not belong here."""
    fashion_model: str
    pixels: Callable[[int], tuple[bytes, bytes]] = field(repr=False)
    """(face crop, body crop) of a subject by id: JPEG, 256 × 256 with the points of `engine.analysis.CROP_POINTS`, and the body."""
    recent: tuple[Recent, ...] = ()

    def fingerprint(self) -> str:
        """SHA-256 over everything that types are learned from; recent members do not belong to that."""
        total = hashlib.sha256(f"{self.face_model} {self.fashion_model}".encode())
        for one in self.subjects:
            total.update(f"{one.id} {one.couple} {one.gender} {one.age:.2f} {one.skin} {one.box} {one.garments}".encode())
            for vector in (one.face, one.fashion, one.landmarks):
                total.update(b"-" if vector is None else np.ascontiguousarray(vector, dtype=np.float32).tobytes())
        return total.hexdigest()


def couples_of(subjects: Sequence[Subject]) -> list[tuple[int, int]]:
    """Indices of the two subjects of each couple that has both here, in the order of the couples."""
    found: dict[int, list[int]] = {}
    for index, one in enumerate(subjects):
        found.setdefault(one.couple, []).append(index)
    return [(both[0], both[1]) for _, both in sorted(found.items()) if len(both) == 2]


def decoded(jpeg: bytes) -> Image | None:
    """RGB of a stored crop; None where there is none or it is damaged."""
    pixels = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    return None if pixels is None else np.ascontiguousarray(np.asarray(pixels, dtype=np.uint8)[:, :, ::-1])
