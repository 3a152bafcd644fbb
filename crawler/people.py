"""What is stored of the two people of a couple's photo: crops, vectors, and what learning needs to know of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from crawler.bodies import Crops, crops, within
from crawler.couples import Subject
from db.corpus_records import NewPerson
from engine.colours import to_lab
from engine.embedding import packed
from engine.fashion import FashionReader, FashionReading
from engine.images import Decoded
from engine.regions import Box
from engine.values import FaceBox, Image


class Describer:
    """Turns a subject into what is stored of them."""

    def __init__(self, fashion: FashionReader, fashion_version: str, face_version: str) -> None:
        """The versions name the two embeddings; vectors of different versions cannot be compared."""
        self.fashion = fashion
        self.fashion_version = fashion_version
        self.face_version = face_version

    def predict(self, photo: Decoded, subject: Subject) -> NewPerson:
        """A person of `photo`; the clothes are read within the body's own region, so that the other one's are not."""
        image = photo.image
        face = subject.face.scaled(1 / photo.scale)
        region = box_of(subject, photo)
        kept = crops(image, face, region)
        reading = self.fashion.predict(np.ascontiguousarray(region.cut(image)), within(face, region))
        outfit = reading.embedding
        return NewPerson(
            subject.gender,
            subject.gender_confidence,
            subject.age,
            kept.face_jpeg,
            kept.body_jpeg,
            facts(subject, photo, kept, reading, skin(image, face)),
            packed(subject.embedding),
            self.face_version,
            None if outfit is None else packed(outfit),
            None if outfit is None else self.fashion_version,
        )


def facts(subject: Subject, photo: Decoded, kept: Crops, reading: FashionReading, cheek: tuple[float, float, float]) -> dict[str, Any]:
    """What is known beside pixels and vectors, as JSON: `face` in pixels of the body crop, `photo` in those of the photo."""
    return {
        "face": _face(kept.face),
        "photo": {"size": list(photo.size), "face": _face(subject.face), "body": [round(value, 1) for value in subject.body]},
        "age_range": [round(value, 1) for value in subject.age_range],
        "minor_score": round(subject.minor_score, 4),
        "quality": round(subject.quality, 4),
        "garments": [
            {"region": one.region, "label": one.label, "score": round(one.score, 4), "colour": one.colour} for one in reading.garments
        ],
        "palette": list(reading.palette),
        "skin": [round(value, 2) for value in cheek],
    }


def skin(image: Image, face: FaceBox) -> tuple[float, float, float]:
    """Median CIELAB of the patch between eyes and mouth."""
    x, y, width, height = face.box
    top, left = max(0, int(y + 0.45 * height)), max(0, int(x + 0.22 * width))
    part = image[top : max(top + 1, int(y + 0.7 * height)), left : max(left + 1, int(x + 0.78 * width))]
    light, red, yellow = np.median(to_lab(part).reshape(-1, 3), axis=0).tolist()
    return light, red, yellow


def box_of(subject: Subject, photo: Decoded) -> Box:
    """The body's region in pixels of the decoded picture."""
    left, top, width, height = (value / photo.scale for value in subject.body)
    down, across = photo.image.shape[:2]
    box = Box(round(left), round(top), min(across, round(left + width)), min(down, round(top + height)))
    return Box(box.left, box.top, max(box.right, box.left + 1), max(box.bottom, box.top + 1))


def _face(face: FaceBox) -> dict[str, Any]:
    return {
        "box": [round(value, 2) for value in face.box],
        "landmarks": [[round(float(value), 2) for value in point] for point in face.landmarks],
        "score": round(face.score, 4),
    }
