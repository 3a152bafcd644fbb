"""Names and pictures for types that were just learned: a type that clearly is an older one keeps that one's name."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.analysis import CROP_POINTS
from engine.faces import similarity
from engine.training import describe
from engine.training.corpus import Corpus, Subject, decoded
from engine.training.grouping import Found, short_name
from engine.training.portrayal import Look, face_row, fashion_row, outfit
from engine.types import TypeInfo, TypePack
from engine.values import Image

CLEARLY = 0.8
"""Cosine of two types' anchors from which the new one is the old one, learned again."""

MIDDLING = (62.0, 44.0, 132.0, 170.0)
"""Box in the crop of a face whose box is not known."""

GREY = np.full((256, 256, 3), 128, dtype=np.uint8)
"""Stands for a crop that is damaged."""


def successors(found: Found, old: TypePack, face_model: str, fashion_model: str) -> dict[int, TypeInfo]:
    """The older type of each new type (by number) that clearly is one, one to one; none where embeddings differ."""
    face = found.group.endswith("face")
    if (old.face_model != face_model) if face else (old.fashion_model != fashion_model):
        return {}
    infos = old.groups[found.group].types
    theirs = np.stack([old.anchors[info.id] for info in infos])
    if theirs.shape[1] != found.anchors.shape[1]:
        return {}
    alike = found.anchors @ theirs.T.astype(np.float64)
    rows, columns = linear_sum_assignment(-alike)
    return {int(row): infos[column] for row, column in zip(rows, columns, strict=True) if alike[row, column] >= CLEARLY}


def look_of(subject: Subject, corpus: Corpus) -> Look:
    """What a subject adds to the picture and the words of their type."""
    box, landmarks = subject.box, subject.landmarks
    if box is None or landmarks is None:
        box, landmarks = MIDDLING, np.asarray(CROP_POINTS, dtype=np.float32)
    # Where the points came to lie when the crop was cut by a similarity.
    matrix = np.asarray(similarity(landmarks, CROP_POINTS))
    points = np.asarray(landmarks @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)

    def picture() -> tuple[Image, NDArray[np.float64]]:
        photo = decoded(corpus.pixels(subject.id)[0])
        return (GREY.copy() if photo is None else photo), points

    return Look(subject.age, np.array(subject.skin), describe.proportions(box, landmarks), subject.garments, picture)


def portray(
    found: Found, looks: Sequence[Look], kept: Mapping[int, TypeInfo], taken: Collection[str]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Describe and draw the types of a group.

    Args:
        found: the types.
        looks: of the people that they were learned from, in the order of the labels.
        kept: per number the older type that it is.
        taken: English names that other groups' types have.

    Returns:
        Rows as in a manifest, without their ids; and the pictures' bytes by the name that the rows give them.

    """
    rows: list[dict[str, Any]] = []
    pictures: dict[str, bytes] = {}
    used = set(taken)
    with tempfile.TemporaryDirectory(prefix="inyeon-types-") as name:
        for number in range(len(found.centroids)):
            members = [looks[at] for at in found.members(number)]
            path = Path(name) / f"{short_name(found.group)}-{number + 1}"
            old = kept.get(number)
            own = (old.name, old.name_ko) if old is not None and old.name not in used else None
            reserved = used | {info.name for other, info in kept.items() if other != number}
            if found.group.endswith("face"):
                row = face_row(members, looks, number, path, own or describe.face_name(reserved))
            else:
                # Clothes give a type its name: what is mainly worn otherwise now is called otherwise.
                same = old is not None and outfit(members, looks)[0].garments[:1] == old.garments[:1]
                row = fashion_row(members, looks, path, reserved, own if same else None)
            used.add(row["name"])
            rows.append({"group": found.group, "members": len(members), **row})
            pictures[row["picture"]] = (Path(name) / Path(row["picture"]).name).read_bytes()
    return rows, pictures
