"""Vectors of couples made anew under another embedding, while people are removed and some crops cannot be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from crawler import reading
from db import couples, members, pictures, uploads
from db.corpus_records import CouplePerson, NewPerson, PictureRow
from db.session import Connection, Database
from engine.embedding import packed, unpacked
from engine.values import FaceBox, Vector

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
OLD = packed(np.array([0, 0, 0, 1], np.float32))


def vector(crop: bytes) -> Vector:
    """What a crop looks like to an embedding of these tests: another one for each crop."""
    made = np.frombuffer(crop.ljust(4, b".")[:4], np.uint8).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made), np.float32)


@dataclass
class Eyes:
    """Embeds crops; `unreadable` ones not, and before the first one `meanwhile` happens."""

    unreadable: set[bytes] = field(default_factory=set)
    meanwhile: Callable[[], object] | None = None
    looked_at: list[bytes] = field(default_factory=list)

    def face_again(self, crop: bytes) -> Vector | None:
        return self._look(crop)

    def fashion_again(self, body: bytes, face: FaceBox | None) -> Vector | None:
        return self._look(body)

    def _look(self, crop: bytes) -> Vector | None:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        self.looked_at.append(crop)
        return None if crop in self.unreadable else vector(crop)


def person(name: str, fashion: bytes | None = OLD) -> NewPerson:
    return NewPerson(
        "man", 0.9, 30.0, f"{name}f".encode(), f"{name}b".encode(), {}, OLD, "old", fashion, "old fashion" if fashion else None
    )


def couple(connection: Connection, name: str, upload_id: int | None = None) -> None:
    source = "folder" if upload_id is None else "member"
    picture_id = pictures.add(connection, PictureRow(source, name, "accepted", upload_id=upload_id), NOW)
    assert picture_id is not None
    couples.add(connection, picture_id, person(f"{name}a"), person(f"{name}b", None), NOW, upload_id)


def refresh(database: Database, eyes: Eyes, face: str = "new") -> int:
    return reading.refresh(database, face, "new fashion", eyes, lambda stage, done, total: None)


def people(database: Database) -> dict[str, CouplePerson]:
    return {one.face_jpeg.decode()[:2]: one for one in database.read(couples.people)}


def are_their_own(database: Database) -> None:
    """Each vector of the new embeddings is that of the person's own crop."""
    for one in database.read(couples.people):
        if one.face_version != "old":
            assert np.allclose(unpacked(one.face_vector or b""), vector(one.face_jpeg))
        if one.fashion_version == "new fashion":
            assert np.allclose(unpacked(one.fashion_vector or b""), vector(one.body_jpeg))


def test_everybodys_vectors_are_made_anew_once(database: Database) -> None:
    for name in "123":
        database.transact(couple, name)
    assert refresh(database, Eyes()) == 6
    assert {one.face_version for one in people(database).values()} == {"new"}
    assert [one.fashion_version for one in people(database).values()] == ["new fashion", None] * 3
    are_their_own(database)
    again = Eyes()
    assert refresh(database, again) == 0
    assert again.looked_at == []


def test_who_is_removed_meanwhile_is_passed_over_and_nobody_gets_anothers_vector(database: Database) -> None:
    for name in ("1", "2", "3"):
        database.transact(couple, name)
    for gone, left in (("1", 4), ("3", 2)):
        embedding = f"after {gone}"
        eyes = Eyes(meanwhile=lambda gone=gone: database.transact(pictures.remove, "folder", gone, NOW))  # type: ignore[misc]
        assert refresh(database, eyes, embedding) == left + (gone == "1")
        assert len(people(database)) == left
        assert {one.face_version for one in people(database).values()} == {embedding}
        are_their_own(database)


def test_a_photo_withdrawn_meanwhile_is_passed_over(database: Database) -> None:
    database.transact(couple, "1")
    ids = [database.transact(members.create, 900 + number, "ko", NOW).id for number in range(2)]
    upload = database.transact(uploads.create, ids[0], b"photo", "2026-11", NOW)
    database.transact(uploads.confirm, upload.id, ids[1], NOW)
    database.transact(uploads.mark, upload.id, "ingested", "")
    database.transact(couple, str(upload.id), upload.id)
    refresh(database, Eyes(meanwhile=lambda: database.transact(uploads.withdraw, upload.id, NOW)))
    assert sorted(people(database)) == ["1a", "1b"]
    are_their_own(database)


def test_a_crop_that_cannot_be_read_keeps_its_vector_and_is_tried_again(database: Database) -> None:
    database.transact(couple, "1")
    assert refresh(database, Eyes(unreadable={b"1af", b"1ab"})) == 1
    one = people(database)["1a"]
    assert (one.face_vector, one.face_version, one.fashion_vector, one.fashion_version) == (OLD, "old", OLD, "old fashion")
    assert refresh(database, Eyes(unreadable={b"1ab"})) == 1
    one = people(database)["1a"]
    assert (one.face_version, one.fashion_vector, one.fashion_version) == ("new", OLD, "old fashion")
    assert refresh(database, Eyes()) == 1
    assert people(database)["1a"].fashion_version == "new fashion"
    are_their_own(database)


def test_vectors_that_were_lost_before_are_made_again(database: Database) -> None:
    database.transact(couple, "1")
    one = people(database)["1a"]
    database.transact(couples.set_vectors, [(one.id, None, None, packed(vector(one.body_jpeg)), "new fashion")])
    eyes = Eyes()
    assert refresh(database, eyes) == 2
    assert eyes.looked_at == [b"1af", b"1bf"]
    are_their_own(database)
