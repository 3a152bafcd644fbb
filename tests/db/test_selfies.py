"""The selfies that new types are tried on: the newest of each member, and of faces only those that may be used."""

from __future__ import annotations

import numpy as np

from db import members, photos, selfies
from db.session import Connection, Database
from tests.db.people import NOW, person


def vector(axis: int) -> bytes:
    return np.eye(4, dtype="<f4")[axis].tobytes()


def selfie(connection: Connection, kinds: dict[str, int], **fields: object) -> int:
    """A member with one photo of vectors of these kinds, each along an axis; their id."""
    member = person(connection, "woman", **fields)
    [photo] = photos.of(connection, member.id)
    for kind, axis in kinds.items():
        photos.add_vector(connection, photo.id, "face" if kind == "face" else "fashion", f"{kind}-1", "test", vector(axis), 4)
    return member.id


def test_the_newest_photo_of_each_member_with_its_vectors(database: Database) -> None:
    one = database.transact(selfie, {"face": 0, "fashion": 1}, face_consent=True)
    other = database.transact(selfie, {"face": 2}, face_consent=True)

    def again(connection: Connection) -> None:
        photo = photos.add(connection, one, b"jpeg", NOW)
        photos.add_vector(connection, photo.id, "face", "face-1", "test", vector(3), 4)

    database.transact(again)
    assert database.read(selfies.recent, 9) == [
        selfies.Selfie(one, "woman", vector(3), "face-1"),
        selfies.Selfie(other, "woman", vector(2), "face-1"),
    ]
    assert [found.member_id for found in database.read(selfies.recent, 1)] == [one]


def test_faces_whose_consent_lapsed_are_out_of_use(database: Database) -> None:
    dressed = database.transact(selfie, {"face": 0, "fashion": 1}, face_consent=True)
    plain = database.transact(selfie, {"face": 2}, face_consent=True)
    never = database.transact(selfie, {"fashion": 3}, face_consent=None)
    for member_id in (dressed, plain):
        database.transact(members.update, member_id, NOW, face_consent=False)
    assert database.read(selfies.recent, 9) == [
        selfies.Selfie(dressed, "woman", fashion=vector(1), fashion_version="fashion-1"),
        selfies.Selfie(never, "woman", fashion=vector(3), fashion_version="fashion-1"),
    ]
    # Who has nothing that may be used takes nobody else's place either.
    assert [found.member_id for found in database.read(selfies.recent, 2)] == [dressed, never]
    database.transact(members.update, plain, NOW, face_consent=True)
    assert database.read(selfies.recent, 9)[1] == selfies.Selfie(plain, "woman", vector(2), "face-1")
