"""From subjects on photos to what the four groups are learned from: one row a person for faces, one a photo for clothes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.training import clusters
from engine.training.corpus import Subject, couples_of
from engine.training.grouping import block_of
from engine.training.identities import identify
from engine.types import TypePack
from engine.values import Gender, Vector

Labels = NDArray[np.intp]
Typing = tuple[int, int, str | None, str | None]
"""(subject id, identity, face type, fashion type); the identity is the id of the person's first subject."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What one group is learned from."""

    group: str
    block: tuple[int, int]
    vectors: NDArray[np.float32]
    """(n, dims) whole embeddings of length 1."""
    people: Labels
    """(n,) identities."""
    subjects: Labels
    """(n,) index of the subject whose crops show the row."""

    @property
    def x(self) -> NDArray[np.float64]:
        """(n, numbers) of length 1: the block that types are made of."""
        return clusters.unit(self.vectors[:, slice(*self.block)].astype(np.float64))


def identities_of(subjects: Sequence[Subject]) -> Labels:
    """(subjects,) the id of each one's first subject: the same for all photos of a person; who has no face is alone."""
    own = np.array([one.id for one in subjects], dtype=np.intp)
    faced = [at for at, one in enumerate(subjects) if one.face is not None]
    if faced:
        faces = np.stack([one.face for one in subjects if one.face is not None]).astype(np.float32)
        labels = identify(faces, np.array([subjects[at].couple for at in faced])).labels
        _, first = np.unique(labels, return_index=True)
        own[faced] = own[np.array(faced)[first]][labels]
    return own


def genders_of(subjects: Sequence[Subject], identities: Labels) -> dict[int, Gender | None]:
    """What most readings of each identity say; None where none does or they contradict each other evenly."""
    votes: dict[int, Counter[Gender]] = {}
    for one, identity in zip(subjects, identities.tolist(), strict=True):
        votes.setdefault(identity, Counter()).update([one.gender] if one.gender else [])
    found: dict[int, Gender | None] = {}
    for identity, counted in votes.items():
        best = counted.most_common(2)
        found[identity] = None if not best or (len(best) == 2 and best[0][1] == best[1][1]) else best[0][0]
    return found


def mean_faces(subjects: Sequence[Subject], identities: Labels) -> dict[int, Vector]:
    """The mean face vector of each identity, of length 1."""
    faces: dict[int, list[Vector]] = {}
    for one, identity in zip(subjects, identities.tolist(), strict=True):
        if one.face is not None:
            faces.setdefault(identity, []).append(one.face)
    return {identity: clusters.unit(np.mean(own, axis=0).astype(np.float64)).astype(np.float32) for identity, own in faces.items()}


def rows_of(group: str, subjects: Sequence[Subject], identities: Labels) -> Rows | None:
    """What `group` is learned from, in the order of the subjects; None where there is nobody."""
    gender, kind = group.split("_")
    genders = genders_of(subjects, identities)
    faces = mean_faces(subjects, identities) if kind == "face" else {}
    vectors, people, shown = [], [], []
    taken: set[int] = set()
    for at, (one, identity) in enumerate(zip(subjects, identities.tolist(), strict=True)):
        if genders[identity] != gender or (kind == "face" and (identity in taken or one.face is None)):
            continue
        vector = faces[identity] if kind == "face" else one.fashion
        if vector is None or not np.any(vector[slice(*block_of(group, len(vector)))]):
            continue
        taken.add(identity)
        vectors.append(vector)
        people.append(identity)
        shown.append(at)
    if not vectors:
        return None
    whole = np.stack(vectors).astype(np.float32)
    return Rows(group, block_of(group, whole.shape[1]), whole, np.array(people, dtype=np.intp), np.array(shown, dtype=np.intp))


def typings_of(subjects: Sequence[Subject], identities: Labels, pack: TypePack) -> list[Typing]:
    """The types that `pack` gives each subject: the face type of the person, the fashion type of the photo; none without a gender."""
    genders, faces = genders_of(subjects, identities), mean_faces(subjects, identities)
    face_types: dict[int, str | None] = {}
    for identity, face in faces.items():
        gender = genders[identity]
        guess = pack.assign_face(face, gender) if gender else None
        face_types[identity] = guess.id if guess else None
    made = []
    for one, identity in zip(subjects, identities.tolist(), strict=True):
        gender = genders[identity]
        guess = pack.assign_fashion(one.fashion, gender) if gender else None
        made.append((one.id, identity, face_types.get(identity), guess.id if guess else None))
    return made


def partners_of(subjects: Sequence[Subject], typings: Sequence[Typing]) -> list[tuple[str, str, str]]:
    """(kind, type, other type) of each couple: pictures of the same two people are one couple, for which the first with types speaks."""
    found = []
    spoken: set[tuple[str, int, int]] = set()
    for a, b in couples_of(subjects):
        one, other = typings[a], typings[b]
        for kind, mine, theirs in (("face", one[2], other[2]), ("fashion", one[3], other[3])):
            key = (kind, min(one[1], other[1]), max(one[1], other[1]))
            if mine is None or theirs is None or key in spoken:
                continue
            spoken.add(key)
            found.append((kind, min(mine, theirs), max(mine, theirs)))
    return found
