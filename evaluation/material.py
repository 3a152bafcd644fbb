"""What types are made of and judged on, read once and kept: generated portraits, street photos, and several photos of known people.

Kept as plain arrays in one file under var/cache; it counts as long as the code that reads them and the data's labels are the same.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import make_runtime
from engine.preprocess import luminance, pixels
from engine.regions import upper_box
from engine.settings import EngineSettings
from engine.training.garment_data import read
from engine.training.grouping import SEEN
from engine.training.landmarks import geometry, outline
from engine.training.people import Person, Reader, skin_colour
from engine.types import STARTER
from engine.values import FaceBox, Image
from evaluation.context import Context

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261121
DEPENDS = (
    "engine/embedding.py",
    "engine/faces.py",
    "engine/fashion.py",
    "engine/preprocess.py",
    "engine/regions.py",
    "engine/training/alter.py",
    "engine/training/landmarks.py",
    "engine/training/people.py",
    "engine/starter/garments.onnx",
    "evaluation/material.py",
)
SIDE = 64
Table = Mapping[str, NDArray[np.generic]]
"""Columns by name, rows are people or photos."""


@dataclass(frozen=True, slots=True)
class Material:
    """Three tables."""

    faces: Table
    """Portraits: gender, age, origin, light, embedding (n, 128), views (n, v, 128), pixels (n, 4096), outline, geometry."""
    dressed: Table
    """Portraits and street people: gender, age, source, light, embedding (n, SEEN), views (n, 1, SEEN), pixels (n, 4096)."""
    photos: Table
    """Several photos of known people: person, gender, embedding, pixels, outline, geometry, light."""


def gather(context: Context) -> Material:
    """The material, from the cache if it is there."""
    folder = context.settings.var / "cache" / "eval"
    file = folder / f"people-{fingerprint(context)}.npz"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = look(context)
        arrays = {f"{name}/{column}": values for name in ("faces", "dressed", "photos") for column, values in getattr(made, name).items()}
        partial = file.with_suffix(".partial")
        with partial.open("wb") as out:
            np.savez_compressed(out, **arrays)
        partial.replace(file)
    with np.load(file, allow_pickle=False) as kept:
        tables: dict[str, dict[str, NDArray[np.generic]]] = {"faces": {}, "dressed": {}, "photos": {}}
        for name in kept.files:
            table, _, column = name.partition("/")
            tables[table][column] = kept[name]
    return Material(**tables)


def fingerprint(context: Context) -> str:
    """Changes with whatever makes the material another."""
    digest = hashlib.sha256(f"{context.every} {context.settings.engine.backend}".encode())
    for name in DEPENDS:
        digest.update((ROOT / name).read_bytes())
    for folder in ("portraits_ai", "fashion_street_ccp", "faces_identity"):
        digest.update((context.data / folder / "labels.csv").read_bytes())
    return digest.hexdigest()[:16]


def look(context: Context) -> Material:
    """Read everything anew, with progress on stderr."""
    cache = context.settings.var / "cache"
    runtime = make_runtime(EngineSettings(backend=context.settings.engine.backend, precision="f32"), cache)
    reader = Reader(STARTER / "garments.onnx", cache, runtime)
    reader.detector.load()
    with ThreadPoolExecutor(2) as pool:
        of_portraits = pool.submit(lambda: list(told(reader.portraits(context.data, SEED), "portraits"))[:: context.every])
        of_street = pool.submit(lambda: list(told(reader.street(context.data, SEED), "street photos"))[:: context.every])
        of_photos = pool.submit(photos_of, context, reader)
        portraits, street, photos = of_portraits.result(), of_street.result(), of_photos.result()
    return Material(faces_of(portraits), dressed_of([*portraits, *street]), photos)


def told(people: Iterable[Person], what: str) -> Iterable[Person]:
    """The same people, counted on stderr."""
    for number, person in enumerate(people, 1):
        if number % 50 == 0:
            sys.stderr.write(f"  {what}: {number}\n")
        yield person


def faces_of(people: list[Person]) -> Table:
    """The portraits' faces."""
    fewest = min(len(person.altered) for person in people)
    rows = [looks(read(person.file), person.face) for person in people]
    return {
        "gender": np.array([person.gender for person in people]),
        "age": np.array([person.age for person in people]),
        "origin": np.array([person.origin for person in people]),
        "light": np.array([person.skin[0] for person in people]),
        "skin": np.stack([person.skin for person in people]),
        "embedding": np.stack([person.embedding for person in people if person.embedding is not None]),
        "views": np.stack([np.stack(person.altered[:fewest]) for person in people]),
        **{name: np.stack([row[name] for row in rows]) for name in rows[0]},
    }


def looks(photo: Image, face: FaceBox) -> dict[str, NDArray[np.floating]]:
    """What can be said of a face without a network."""
    return {"pixels": pixels(photo, face), "outline": outline(photo, face), "geometry": geometry(face)}


def dressed_of(people: list[Person]) -> Table:
    """Whoever wears something that is seen, on the photo and on its altered copy."""
    kept = [
        (person, person.fashion.embedding, person.fashion_altered[0])
        for person in people
        if person.fashion.embedding is not None and person.fashion_altered and person.fashion.embedding[:SEEN].any()
    ]
    crops = [body(read(person.file), person.face) for person, _, _ in kept]
    return {
        "gender": np.array([person.gender for person, _, _ in kept]),
        "age": np.array([person.age for person, _, _ in kept]),
        "source": np.array([person.source for person, _, _ in kept]),
        "light": np.array([float(crop.mean()) for crop in crops]),
        "embedding": np.stack([vector[:SEEN] for _, vector, _ in kept]),
        "views": np.stack([view[:SEEN] for _, _, view in kept])[:, None],
        "pixels": np.stack([crop.ravel() for crop in crops]),
    }


def body(photo: Image, face: FaceBox) -> NDArray[np.float32]:
    """64 × 64 grey pixels of the upper body after the paper's step, 0–1; grey where it is not on the photo."""
    box = upper_box((photo.shape[1], photo.shape[0]), face)
    if box is None:
        return np.full((SIDE, SIDE), 0.5, np.float32)
    grey = luminance(np.asarray(cv2.resize(box.cut(photo), (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8))
    values = (grey.astype(np.float32) - np.float32(grey.mean())) * np.float32(1.5) + np.float32(127.5)
    return np.asarray(np.clip(values, 0, 255) / np.float32(255), dtype=np.float32)


def photos_of(context: Context, reader: Reader) -> Table:
    """The photos of `faces_identity` whose face is found."""
    columns: dict[str, list[object]] = {}
    for number, row in enumerate(context.labels("faces_identity"), 1):
        photo = read(context.data / row["file"])
        found = reader.detector.predict(photo)
        if not found:
            continue
        one: dict[str, object] = {
            "person": row["identity"],
            "gender": "woman" if row["gender"].startswith("f") else "man",
            "light": float(skin_colour(photo, found[0])[0]),
            "embedding": reader.embedder.predict(photo, found[0]),
            **looks(photo, found[0]),
        }
        for name, value in one.items():
            columns.setdefault(name, []).append(value)
        if number % 200 == 0:
            sys.stderr.write(f"  photos of known people: {number}\n")
    return {name: np.asarray(values) for name, values in columns.items()}
