"""Give couples the types of a version, from their stored vectors: nothing is looked at again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np

from crawler.identities import Likeness, People, Photo, Shown
from db import couples, identities
from db.corpus_records import CouplePerson
from db.session import Database
from engine.embedding import unit, unpacked
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


def type_of(pack: TypePack, person: CouplePerson, identity: int | None) -> couples.Typing:
    """What `pack` makes of a person; nothing but who it is where nobody knows whether they are man or woman."""
    if person.gender is None:
        return person.id, identity, None, None
    face = pack.assign_face(comparable(pack, "face", person.face_vector, person.face_version), person.gender)
    fashion = pack.assign_fashion(comparable(pack, "fashion", person.fashion_vector, person.fashion_version), person.gender)
    return person.id, identity, face.id if face else None, fashion.id if fashion else None


def type_new(database: Database, pack: TypePack, now: dt.datetime, progress: Progress | None = None) -> int:
    """Type everybody whom `pack` has not looked at yet, a page a transaction; how many.  A killed run is gone on with by calling again.

    Everybody is given an identity with it, so that several photos of a couple count once; so are those who were typed without one.
    """
    if not database.read(identities.missing, pack.version):
        return 0
    found, nameless = _identify(database, pack)
    for at in range(0, len(nameless), PAGE):
        rows = [(one.id, found[one.id], one.face_type, one.fashion_type) for one in nameless[at : at + PAGE]]
        database.transact(couples.retype, pack.version, rows, now)
    done, after = 0, 0
    while page := database.read(couples.untyped, pack.version, after, PAGE, pixels=False):
        # Who came only now has no identity yet, and is given one the next time.
        database.transact(couples.retype, pack.version, [type_of(pack, person, found.get(person.id)) for person in page], now)
        done, after = done + len(page), page[-1].id
        if progress is not None:
            progress("typing couples", done, done)
    return done


def _identify(database: Database, pack: TypePack) -> tuple[dict[int, int], list[identities.Faced]]:
    """Who those are who have no identity, by person; and those of them who were typed already."""
    shown: dict[int, list[Shown]] = {}
    senders: dict[int, tuple[int, int] | None] = {}
    nameless: list[identities.Faced] = []
    after = 0
    while page := database.read(identities.page, pack.version, after, PAGE):
        for one in page:
            shown.setdefault(one.couple_id, []).append(Shown(one.id, _face(pack, one), one.identity))
            senders[one.couple_id] = one.senders
            if one.typed and one.identity is None:
                nameless.append(one)
        after = page[-1].id
    photos = [Photo((pair[0], pair[1]), senders[couple]) for couple, pair in shown.items() if len(pair) == 2]
    people = People(Likeness.of(photos), 2 * len(photos), _dims(photos))
    people.learn(photos)
    found = people.name([photo for photo in photos if any(one.identity is None for one in photo.shown)])
    return found, [one for one in nameless if one.id in found]


def _face(pack: TypePack, one: identities.Faced) -> Vector | None:
    """The face at length 1, None where there is none that the pack's types may be compared with."""
    face = comparable(pack, "face", one.face, one.face_version)
    return None if face is None or not np.isfinite(face).all() or not face.any() else unit(face)


def _dims(photos: Sequence[Photo]) -> int:
    """Numbers of a face; faces that may be compared have as many."""
    return next((len(one.face) for photo in photos for one in photo.shown if one.face is not None), 0)
