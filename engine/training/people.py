"""The people that starter types are learned from, as the serving path sees them.

`portraits_ai` (CC0) gives faces and outfits; gender and the age that a portrait was made for come from its own labels.
`fashion_street_ccp` (Apache-2.0) gives outfits only, of people whose gender the engine reads with confidence; a garment never
decides which gender's types a person is counted among.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.attributes import AttributeReader
from engine.backends.runtime import Runtime
from engine.colours import to_lab
from engine.embedding import FaceEmbedder
from engine.faces import FaceDetector
from engine.fashion import FashionReader, FashionReading
from engine.training.alter import altered
from engine.training.garment_data import read, rows
from engine.training.origins import region
from engine.values import FaceBox, Gender, Image, Vector

VIEWS = 6
"""Altered pictures of each portrait; street photos, of which there are many, get one."""
STREET_STEP = 2
"""Every second street photo is enough: there are five times as many as portraits."""
SURE = 0.97
"""Confidence from which a street photo's gender reading is believed."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the learning data."""

    source: str
    file: Path
    gender: Gender
    age: float
    origin: str
    """World region that a portrait was made for (`engine.training.origins`); empty for street photos."""
    face: FaceBox
    skin: NDArray[np.float64]
    """CIELAB of the cheeks: says as much of the light as of the person, and types shall depend on neither."""
    embedding: Vector | None
    """None for street photos: their faces are too small to learn from."""
    altered: tuple[Vector, ...]
    fashion: FashionReading
    fashion_altered: tuple[Vector, ...]


class Reader:
    """The engine's parts that starter types need."""

    def __init__(self, garments: Path, cache: Path, runtime: Runtime) -> None:
        self.detector = FaceDetector(cache, runtime)
        self.embedder = FaceEmbedder(cache, runtime)
        self.attributes = AttributeReader(cache, runtime)
        self.fashion = FashionReader(garments, runtime)

    def portraits(self, data: Path, seed: int) -> Iterator[Person]:
        """Each portrait once, in the largest size that there is; faces that are not found are passed over."""
        folder = data / "portraits_ai"
        random = np.random.default_rng(seed)
        largest: dict[str, dict[str, str]] = {}
        for row in rows(folder):
            name = Path(row["file"]).name
            if name not in largest or int(row["w"]) > int(largest[name]["w"]):
                largest[name] = row
        for name in sorted(largest):
            row = largest[name]
            prompt = json.loads(row["metadata_json"])["prompt"]
            age = int(re.findall(r"(\d+)-year-old", prompt)[0])
            origin = region(re.findall(r"from (.*)$", prompt)[0])
            gender: Gender = "woman" if row["gender"] == "female" else "man"
            person = self._portrait(folder / row["file"], gender, age, origin, random)
            if person is not None:
                yield person

    def _portrait(self, file: Path, gender: Gender, age: float, origin: str, random: np.random.Generator) -> Person | None:
        photo = read(file)
        face = self._face(photo)
        if face is None:
            return None
        embeddings, outfits = [], []
        for _ in range(VIEWS):
            view = altered(photo, random)
            seen = self._face(view)
            if seen is not None:
                embeddings.append(self.embedder.predict(view, seen))
                outfit = self.fashion.predict(view, seen).embedding
                if outfit is not None:
                    outfits.append(outfit)
        if len(embeddings) < VIEWS // 2:
            return None
        return Person(
            "portraits",
            file,
            gender,
            age,
            origin,
            face,
            skin_colour(photo, face),
            self.embedder.predict(photo, face),
            tuple(embeddings),
            self.fashion.predict(photo, face),
            tuple(outfits),
        )

    def street(self, data: Path, seed: int) -> Iterator[Person]:
        """People of street photos with a face whose gender the engine does not abstain from."""
        random = np.random.default_rng(seed)
        folder = data / "fashion_street_ccp"
        for row in rows(folder)[::STREET_STEP]:
            photo = read(folder / row["file"])
            face = self._face(photo)
            if face is None:
                continue
            said = self.attributes.predict(photo, face)
            if said.gender is None or said.gender_confidence < SURE:
                continue
            outfit = self.fashion.predict(photo, face)
            view = altered(photo, random)
            seen = self._face(view)
            again = self.fashion.predict(view, seen).embedding if seen is not None else None
            views = () if again is None else (again,)
            yield Person("street", folder / row["file"], said.gender, said.age, "", face, np.zeros(3), None, (), outfit, views)

    def _face(self, photo: Image) -> FaceBox | None:
        found = self.detector.predict(photo)
        return found[0] if found else None


def skin_colour(photo: Image, face: FaceBox) -> NDArray[np.float64]:
    """Median CIELAB of the patch between eyes and mouth."""
    x, y, width, height = face.box
    part = photo[int(y + 0.45 * height) : int(y + 0.7 * height), int(x + 0.22 * width) : int(x + 0.78 * width)]
    return np.asarray(np.median(to_lab(part).reshape(-1, 3), axis=0), dtype=np.float64)


def fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of a data folder's label file and pictures that are listed in it."""
    total = hashlib.sha256()
    for row in sorted(rows(folder), key=lambda one: one["file"]):
        total.update(row["file"].encode())
        total.update(hashlib.sha256((folder / row["file"]).read_bytes()).digest())
    return total.hexdigest()
