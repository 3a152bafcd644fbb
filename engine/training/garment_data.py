"""The garment pictures that may be learned from, cut the way the serving path cuts them.

Sources (../shared/data/DATA.md allows all three for shipped weights): `fashion_items` (CC0, single garments),
`fashion_street_ccp` (Apache-2.0, tags of whole photos), `portraits_ai` (CC0; garments named by us by eye in
`portrait_garments.csv`).  Every picture becomes one or two crops with, per label, 1 (is there), 0 (is not) or -1 (not known).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.fashion import LABELS, LOWER_LABELS, UPPER_LABELS
from engine.regions import Box, letterbox, lower_box, upper_box
from engine.training.faces_found import find_face
from engine.values import FaceBox, Image

ITEMS = {
    "T-Shirt": "t-shirt",
    "Longsleeve": "longsleeve",
    "Shirt": "shirt",
    "Polo": "polo",
    "Blouse": "blouse",
    "Top": "top",
    "Undershirt": "top",
    "Body": "top",
    "Hoodie": "hoodie",
    "Blazer": "blazer",
    "Dress": "dress",
    "Pants": "pants",
    "Shorts": "shorts",
    "Skirt": "skirt",
    "Outwear": "jacket",
    "Hat": "",
    "Shoes": "",
}
# What an item's label leaves open: outwear may be a coat, pants may be jeans, a long sleeve may be knitted.
ITEMS_OPEN = {"Outwear": ("coat",), "Pants": ("jeans", "leggings"), "Longsleeve": ("sweater",), "Undershirt": ("longsleeve",)}
STREET = {
    "t-shirt": "t-shirt",
    "shirt": "shirt",
    "blouse": "blouse",
    "top": "top",
    "bodysuit": "top",
    "sweater": "sweater",
    "jumper": "sweater",
    "cardigan": "sweater",
    "hoodie": "hoodie",
    "sweatshirt": "hoodie",
    "vest": "vest",
    "jacket": "jacket",
    "coat": "coat",
    "cape": "coat",
    "blazer": "blazer",
    "suit": "blazer",
    "pants": "pants",
    "jeans": "jeans",
    "shorts": "shorts",
    "skirt": "skirt",
    "leggings": "leggings",
    "dress": "dress",
    "romper": "dress",
}
# The street tags do not know these, or use another word for them.
STREET_OPEN = ("longsleeve", "polo")
HELD_OUT = 20
"""Per cent of the street photos and portraits that are never learned from."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One crop with what is known about it."""

    source: str
    """`items`, `street`, `portraits` or `nothing`."""
    part: str
    """`whole`, `upper` or `lower`."""
    file: str
    crop: Image
    labels: NDArray[np.int8]
    """(len(LABELS),): 1, 0 or -1."""
    held_out: bool
    whole_label: str = ""
    """The source's own label, of single garments."""


def share(text: str) -> int:
    """A number 0–99 that depends on the file's name alone, so that a photo stays on its side of the split."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % 100


def rows(folder: Path) -> list[dict[str, str]]:
    """The rows of a data folder's labels.csv."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(path: Path) -> Image:
    """A picture in RGB."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(path)
    return np.asarray(picture[:, :, ::-1], dtype=np.uint8)


def marked(present: Iterable[str], open_labels: Iterable[str] = (), known: Sequence[str] = LABELS) -> NDArray[np.int8]:
    """Label vector: 1 for `present`, -1 for `open_labels` and labels not in `known`, 0 else."""
    wanted, unsure = set(present), set(open_labels)
    return np.array([1 if one in wanted else -1 if one in unsure or one not in known else 0 for one in LABELS], dtype=np.int8)


def items(data: Path) -> Iterator[Sample]:
    """Single garments; held out are the small set's validation rows and a tenth of those outside it."""
    for row in rows(data / "fashion_items"):
        label = row["label"]
        held_out = row["small_split"] == "validation" or (not row["small_split"] and share(row["file"]) < 10)
        labels = marked([ITEMS[label]] if ITEMS[label] else [], ITEMS_OPEN.get(label, ()))
        yield Sample("items", "whole", row["file"], letterbox(read(data / "fashion_items" / row["file"])), labels, held_out, label)


def street(data: Path) -> Iterator[Sample]:
    """Upper and lower body of street photos, and patches of their background."""
    folder = data / "fashion_street_ccp"
    for row in rows(folder):
        photo = read(folder / row["file"])
        tags = {STREET[tag] for tag in row["tags"].split("|") if tag in STREET}
        held_out = share(row["file"]) < HELD_OUT
        open_labels = [*STREET_OPEN, *(["pants"] if "jeans" in tags or "suit" in row["tags"].split("|") else [])]
        face = find_face(photo)
        if face is None:
            continue
        size = (photo.shape[1], photo.shape[0])
        for part, box, known in (("upper", upper_box(size, face), UPPER_LABELS), ("lower", lower_box(size, face), LOWER_LABELS)):
            if box is not None:
                yield Sample("street", part, row["file"], letterbox(box.cut(photo)), marked(tags, open_labels, known), held_out)
        yield from _background(photo, face, row["file"], held_out)


def _background(photo: Image, face: FaceBox, file: str, held_out: bool) -> Iterator[Sample]:
    """What stands beside the person, of half the photos: there is no garment on it."""
    if share("background" + file) >= 50:
        return
    height, width = photo.shape[:2]
    left, right = int(face.box[0] - 1.6 * face.box[3]), int(face.box[0] + face.box[2] + 1.6 * face.box[3])
    box = Box(0, height // 4, left, height) if left > width - right else Box(right, height // 4, width, height)
    if box.right - box.left >= 40:
        yield Sample("nothing", "whole", file, letterbox(box.cut(photo)), marked([]), held_out)


def portraits(data: Path, named: Path) -> Iterator[Sample]:
    """Upper bodies of the portraits whose garments we named, and their faces as pictures without a garment."""
    with named.open(encoding="utf-8", newline="") as file:
        tags = {row["file"]: row["tags"].split("|") for row in csv.DictReader(file)}
    for name, present in tags.items():
        photo = read(data / "portraits_ai" / name)
        face = find_face(photo)
        box = upper_box((photo.shape[1], photo.shape[0]), face) if face is not None else None
        if face is None or box is None:
            continue
        held_out = share(name) < HELD_OUT
        yield Sample("portraits", "upper", name, letterbox(box.cut(photo)), marked(present, (), UPPER_LABELS), held_out)
        if share("face" + name) < 50:
            x, y, width, height = (int(value) for value in face.box)
            yield Sample("nothing", "whole", name, letterbox(photo[max(0, y) : y + height, max(0, x) : x + width]), marked([]), held_out)
