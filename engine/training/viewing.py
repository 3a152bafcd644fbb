"""Other pictures of the same people: crops changed as photographs differ, and embedded again."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from engine.analysis import CROP_POINTS
from engine.backends.runtime import Runtime
from engine.embedding import FaceEmbedder, Kind
from engine.faces import FaceDetector
from engine.fashion import FashionReader
from engine.preprocess import lit
from engine.training.alter import altered
from engine.training.corpus import decoded
from engine.values import FaceBox, Vector


class Views(Protocol):
    """Embeds changed copies of a subject's crops."""

    def face(self, crop: bytes, number: int, seed: int) -> list[Vector]:
        """Face embeddings of at most `number` changed copies."""

    def fashion(self, body: bytes, number: int, seed: int) -> list[Vector]:
        """Fashion embeddings of at most `number` changed copies."""


class Viewer:
    """`Views` with the engine's models; also embeds crops anew whose vectors are of another embedding."""

    def __init__(self, cache: Path, runtime: Runtime, garments: Path, embedding: Kind = "sface") -> None:
        """`garments`: the fashion network of the pack in use."""
        self.detector = FaceDetector(cache, runtime)
        self.embedder = FaceEmbedder(cache, runtime, embedding)
        self.reader = FashionReader(garments, runtime)

    def face(self, crop: bytes, number: int, seed: int) -> list[Vector]:
        """See `Views`; a copy in which no face is found is left out."""
        photo = decoded(crop)
        if photo is None:
            return []
        random = np.random.default_rng(seed)
        # Faces are looked for and embedded in the light in which those of selfies and couples are (`engine.analysis`).
        copies = [lit(altered(photo, random), "faint") for _ in range(number)]
        return [self.embedder.predict(copy, found[0]) for copy in copies if (found := self.detector.predict(copy))]

    def fashion(self, body: bytes, number: int, seed: int) -> list[Vector]:
        """See `Views`; a copy in which no face or no clothes are seen is left out."""
        photo = decoded(body)
        if photo is None:
            return []
        random = np.random.default_rng(seed)
        found = []
        for _ in range(number):
            copy = altered(photo, random)
            faces = self.detector.predict(lit(copy, "faint"))
            vector = self.reader.predict(copy, faces[0]).embedding if faces else None
            if vector is not None:
                found.append(vector)
        return found

    def face_again(self, crop: bytes) -> Vector | None:
        """The face embedding of a stored crop: its five points are known.  None where it cannot be read."""
        photo = decoded(crop)
        if photo is None:
            return None
        points = np.asarray(CROP_POINTS, dtype=np.float32)
        left, top = points.min(axis=0) - 30
        right, bottom = points.max(axis=0) + 30
        face = FaceBox((float(left), float(top), float(right - left), float(bottom - top)), points, 1.0)
        # Only the crop is left of the photo whose light was evened: its own range stands for that.
        return self.embedder.predict(lit(photo, "faint"), face)

    def fashion_again(self, body: bytes, face: FaceBox | None) -> Vector | None:
        """The fashion embedding of a stored body crop with the face at `face` (None: it is looked for)."""
        photo = decoded(body)
        if photo is None:
            return None
        found = self.detector.predict(lit(photo, "faint")) if face is None else (face,)
        return self.reader.predict(photo, found[0]).embedding if found else None


def spread(x: np.ndarray, differences: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Views of everyone from what views differ by in a sample of people.

    Args:
        x: (people, dims) of length 1.
        differences: (n, dims), view less person; none: directions at random, at cosine 0.9.
        number: views a person.
        seed: of the draw.

    Returns:
        (people, number, dims) of length 1.

    """
    random = np.random.default_rng(seed)
    if len(differences):
        moves = differences[random.integers(0, len(differences), (len(x), number))]
    else:
        # tan(acos(0.9)) of the length of x, across it in nearly every direction.
        moves = random.normal(size=(len(x), number, x.shape[1])) * (0.484 / np.sqrt(x.shape[1]))
    whole = x[:, None] + moves
    return np.asarray(whole / np.maximum(np.linalg.norm(whole, axis=2, keepdims=True), 1e-12), dtype=np.float64)
