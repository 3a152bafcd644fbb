"""Give couples the types of a version, from their stored vectors: nothing is looked at again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from db import couples
from db.corpus_records import CouplePerson
from db.session import Database
from engine.embedding import unpacked
from engine.types import Kind, TypePack
from engine.values import Vector

PAGE = 500
"""People that are typed in one transaction."""

Progress = Callable[[str, int, int], None]


def vector(data: bytes | None) -> Vector | None:
    """A stored vector, None where there is none."""
    return None if data is None else unpacked(data)


def comparable(pack: TypePack, kind: Kind, data: bytes | None, version: str | None) -> Vector | None:
    """A stored vector, None where there is none or it is of another embedding than the pack's types."""
    return vector(data) if version is not None and pack.accepts(kind, version) else None


def type_of(pack: TypePack, person: CouplePerson) -> couples.Typing:
    """What `pack` makes of a person; nothing where nobody knows whether they are man or woman."""
    if person.gender is None:
        return person.id, None, None, None
    face = pack.assign_face(comparable(pack, "face", person.face_vector, person.face_version), person.gender)
    fashion = pack.assign_fashion(comparable(pack, "fashion", person.fashion_vector, person.fashion_version), person.gender)
    return person.id, None, face.id if face else None, fashion.id if fashion else None


def type_new(database: Database, pack: TypePack, now: dt.datetime, progress: Progress | None = None) -> int:
    """Type everybody whom `pack` has not looked at yet, a page a transaction; how many.  A killed run is gone on with by calling again."""
    done, after = 0, 0
    while page := database.read(couples.untyped, pack.version, after, PAGE, pixels=False):
        database.transact(couples.retype, pack.version, [type_of(pack, person) for person in page], now)
        done, after = done + len(page), page[-1].id
        if progress is not None:
            progress("typing couples", done, done)
    return done
