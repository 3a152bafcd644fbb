"""Couples of photos that came since types were learned: typed, known again, and counted once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from crawler import assigning
from crawler.assigning import type_new
from db import affinities, couples, identities, pictures, uploads
from db.corpus_records import PersonGender, PictureRow
from db.session import Connection, Database
from engine.embedding import FaceEmbedder
from engine.training.corpus import Subject
from engine.types import STARTER, TypePack
from tests.crawler.planted import NOW, person
from tests.crawler.test_identities import Street
from tests.db.people import people

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def pack() -> TypePack:
    return TypePack.load(STARTER)


class Album:
    """Photos of couples in a database; the starter's types are given as the crawler gives them."""

    def __init__(self, database: Database, pack: TypePack) -> None:
        self.database, self.pack, self.street = database, pack, Street()
        self.random = np.random.default_rng(1)

    def add(self, number: int, upload_id: int | None = None, version: str = FaceEmbedder.VERSION) -> str:
        """Another photo of the couple of this number; its id at the source."""
        turned = self.random.random() < 0.5
        found = [self._person(2 * number + side, "man" if side == 0 else "woman") for side in (0, 1)]
        source_id = f"photo {next(NUMBERS)}"

        def store(connection: Connection) -> None:
            picture = pictures.add(connection, PictureRow("folder", source_id, "accepted", upload_id=upload_id), NOW)
            assert picture is not None
            a, b = (person(one, version) for one in (found[::-1] if turned else found))
            couples.add(connection, picture, a, b, NOW, upload_id)

        self.database.transact(store)
        return source_id

    def type(self) -> int:
        return type_new(self.database, self.pack, NOW)

    def counts(self, version: str = "") -> tuple[int, int]:
        """Couples that count by their faces, and by their clothes."""
        version = version or self.pack.version
        made = [self.database.read(affinities.counts, version, kind) for kind in affinities.KINDS]
        assert made == [self.database.read(affinities.recount, version, kind) for kind in affinities.KINDS]
        faces, clothes = (sum(n for _, _, n in each) for each in made)
        return faces, clothes

    def known(self) -> list[int | None]:
        return [one.identity for one in self.database.read(couples.people, 0, 10_000, version=self.pack.version, pixels=False)]

    def _person(self, number: int, gender: PersonGender) -> Subject:
        clothes = self.random.normal(size=48).astype(np.float32)
        return Subject(number, number, gender, 30.0, self.street.face(number), clothes / np.linalg.norm(clothes))


@pytest.fixture
def album(database: Database, pack: TypePack) -> Album:
    return Album(database, pack)


def test_three_photos_a_day_of_one_couple_are_one_couple(album: Album) -> None:
    """Under the starter pack, which nobody was clustered for, from the first day to the seventeenth."""
    for _ in range(17):
        for _ in range(3):
            album.add(0)
        assert album.type() == 6
        assert album.counts() == (1, 1)
    assert len(set(album.known())) == 2
    for number in range(1, 13):
        album.add(number)
        album.add(number)
    album.type()
    assert album.counts() == (13, 13)


def test_couples_that_were_typed_before_there_were_identities_become_one(album: Album) -> None:
    """What the first versions of the program left behind: each photo a couple, none with an identity."""
    for number in (0, 0, 0, 1):
        album.add(number)
    rows = [assigning.type_of(album.pack, one, None) for one in album.database.read(couples.untyped, album.pack.version)]
    album.database.transact(couples.retype, album.pack.version, rows, NOW)
    assert album.counts() == (4, 4)
    before = album.database.read(couples.people, version=album.pack.version)
    assert album.type() == 0
    assert album.counts() == (2, 2)
    after = album.database.read(couples.people, version=album.pack.version)
    assert [(one.face_type, one.fashion_type) for one in after] == [(one.face_type, one.fashion_type) for one in before]


def test_couples_whom_learning_knows_are_known_again(album: Album) -> None:
    """The version in use has identities of its own; photos that come later are of these people."""
    for number in (0, 1):
        album.add(number)
    album.type()
    # Beyond any number that the database would give next: how far it has counted is its own affair.
    learned = {one.id: 10**9 + at for at, one in enumerate(album.database.read(couples.people))}
    rows = [(one.id, learned[one.id], one.face_type, one.fashion_type) for one in album.database.read(couples.people, version="starter-1")]
    album.database.transact(couples.retype, album.pack.version, rows, NOW)
    for number in (1, 0, 2, 2):
        album.add(number)
    album.type()
    assert {one for one in album.known() if one is not None and one >= 10**9} == set(learned.values())
    assert len(set(album.known())) == 6
    assert album.counts() == (3, 3)


def test_two_members_are_one_couple_whatever_they_send(album: Album) -> None:
    """Faces that are nearly as unlike as strangers': it is the two who agreed that count."""
    album.street.alike = 0.05
    her, him, third = people(album.database, "woman", "man", "man")
    for partner, times in ((him, 6), (third, 1)):
        for turn in range(times):
            sender, other = (her, partner) if turn % 2 == 0 else (partner, her)
            upload = album.database.transact(uploads.create, sender.id, b"jpeg", "couple-1", NOW)
            assert album.database.transact(uploads.claim, upload.id, other.id)
            album.add(partner.id, upload.id)
            album.type()
    assert album.counts() == (2, 2)


def test_a_photo_that_goes_leaves_the_couple_to_the_others(album: Album) -> None:
    first, second = album.add(0), album.add(0)
    album.type()
    assert album.counts() == (1, 1)
    assert album.database.transact(pictures.remove, "folder", first, NOW)
    assert album.counts() == (1, 1)
    album.add(0)
    album.type()
    assert album.counts() == (1, 1)
    album.database.transact(pictures.remove, "folder", second, NOW)
    assert album.counts() == (1, 1)


def test_faces_of_another_embedding_are_nobodys(album: Album) -> None:
    for _ in range(2):
        album.add(0, version="other-1")
    album.type()
    assert album.known() == [one.id for one in album.database.read(couples.people)]
    assert album.counts() == (0, 2)


def test_a_run_that_is_killed_is_gone_on_with(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (0, 1, 2, 0, 1, 2, 0):
        album.add(number)
    monkeypatch.setattr(assigning, "PAGE", 2)

    def killed(stage: str, done: int, total: int) -> None:
        if done == 8:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        type_new(album.database, album.pack, NOW, killed)
    assert album.counts() == (3, 3)
    assert album.known()[8:] == [None] * 6
    assert album.type() == 6
    assert album.counts() == (3, 3)
    assert len(set(album.known())) == 6


def test_nothing_is_read_where_nothing_is_new(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    album.add(0)
    album.type()

    def read(*_: object) -> list[identities.Faced]:
        raise AssertionError

    monkeypatch.setattr(identities, "page", read)
    assert album.type() == 0


def test_excluded_couples_are_nobody(album: Album) -> None:
    album.add(0)
    [couple_id] = {one.couple_id for one in album.database.read(couples.people)}
    album.database.transact(couples.exclude, couple_id, NOW)
    assert album.type() == 0
    assert album.counts() == (0, 0)
    album.database.transact(couples.exclude, couple_id, NOW, excluded=False)
    assert album.type() == 2
    assert album.counts() == (1, 1)
