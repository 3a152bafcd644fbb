"""The corpus out of the database, as learning wants it; vectors of another embedding are made anew from the stored crops first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from crawler.assigning import Progress, vector
from db import couples, selfies
from db.corpus_records import CouplePerson
from db.session import Database
from engine.embedding import packed
from engine.training.corpus import Corpus, Recent, Subject
from engine.values import FaceBox, Vector

PAGE = 500


class Again(Protocol):
    """Embeds stored crops anew."""

    def face_again(self, crop: bytes) -> Vector | None:
        """The face embedding of a face crop."""

    def fashion_again(self, body: bytes, face: FaceBox | None) -> Vector | None:
        """The fashion embedding of a body crop with the face at `face`."""


def refresh(database: Database, face_model: str, fashion_model: str, again: Again, progress: Progress) -> int:
    """Make vectors of other embeddings anew, a page a transaction; how many people got new ones.

    Whose crop cannot be embedded keeps the vector and version that there were, which nothing compares with new ones, and is tried
    again in the next run.  Who is removed meanwhile is passed over.
    """
    changed = 0
    for page in _pages(database, pixels=False):
        found = (_anew(database, one, face_model, fashion_model, again) for one in page)
        rows = [row for row in found if row is not None]
        if rows:
            database.transact(couples.set_vectors, rows)
            changed += len(rows)
            progress("embedding couples anew", changed, changed)
    return changed


def _anew(database: Database, one: CouplePerson, face_model: str, fashion_model: str, again: Again) -> couples.Vectors | None:
    """Somebody's vectors, those of other embeddings made anew; None where there is nothing new to write."""
    # Everybody has a face: who has a vector of none lost it when a crop could not be read.  Clothes are not seen of everybody.
    old_face, old_fashion = one.face_version != face_model, one.fashion_version not in {fashion_model, None}
    crops = _crops(database, one.id) if old_face or old_fashion else None
    if crops is None:
        return None
    face = _packed(again.face_again(crops[0])) if old_face else None
    fashion = _packed(again.fashion_again(crops[1], _face(one.facts))) if old_fashion else None
    if face is None and fashion is None:
        return None
    return (
        one.id,
        *((one.face_vector, one.face_version) if face is None else (face, face_model)),
        *((one.fashion_vector, one.fashion_version) if fashion is None else (fashion, fashion_model)),
    )


def _crops(database: Database, person: int) -> tuple[bytes, bytes] | None:
    """Crops of face and body, None where the person was removed meanwhile: the next one in the table is somebody else."""
    found = database.read(couples.people, person - 1, 1)
    return (found[0].face_jpeg, found[0].body_jpeg) if found and found[0].id == person else None


def read(database: Database, face_model: str, fashion_model: str, recent: int) -> Corpus:
    """Everybody on photos of couples, with vectors of these two embeddings only, and the `recent` newest selfies."""
    subjects = tuple(_subject(one, face_model, fashion_model) for page in _pages(database, pixels=False) for one in page)

    def pixels(person: int) -> tuple[bytes, bytes]:
        # Somebody who was removed meanwhile is drawn as nobody.
        return _crops(database, person) or (b"", b"")

    members = tuple(
        Recent(
            "man" if one.gender == "man" else "woman" if one.gender == "woman" else None,
            vector(one.face) if one.face_version == face_model else None,
            vector(one.fashion) if one.fashion_version == fashion_model else None,
        )
        for one in (database.read(selfies.recent, recent) if recent else [])
    )
    return Corpus(subjects, face_model, fashion_model, pixels, members)


def _subject(one: CouplePerson, face_model: str, fashion_model: str) -> Subject:
    face = vector(one.face_vector) if one.face_version == face_model else None
    fashion = vector(one.fashion_vector) if one.fashion_version == fashion_model else None
    return Subject.of(one.id, one.couple_id, one.gender, one.age, face, fashion, one.facts)


def _pages(database: Database, *, pixels: bool) -> Iterator[list[CouplePerson]]:
    after = 0
    while page := database.read(couples.people, after, PAGE, pixels=pixels):
        yield page
        after = page[-1].id


def _packed(found: Vector | None) -> bytes | None:
    return None if found is None else packed(found)


def _face(facts: Any) -> FaceBox | None:
    """The face in the body crop."""
    face = facts.get("face")
    if not face:
        return None
    left, top, width, height = face["box"]
    return FaceBox((left, top, width, height), np.asarray(face["landmarks"], dtype=np.float32), float(face.get("score", 1.0)))
