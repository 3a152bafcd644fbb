"""Who is who on photos that came since types were learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from crawler import identities
from crawler.identities import Likeness, People, Photo, Shown
from engine.training.identities import LEAST, MOST
from engine.values import Vector

DIMS = 128


class Street:
    """Photos of couples: two photos of one person have a cosine of about `alike`, as SFace vectors of real people have."""

    def __init__(self, alike: float = 0.55, seed: int = 0) -> None:
        self.random, self.alike = np.random.default_rng(seed), alike
        self.faces: dict[int, Vector] = {}
        self.made = 0

    def face(self, person: int) -> Vector:
        if person not in self.faces:
            self.faces[person] = self._drawn()
        return self._unit(np.sqrt(self.alike) * self.faces[person] + np.sqrt(1 - self.alike) * self._drawn())

    def photo(self, one: int, other: int, accounts: tuple[int, int] | None = None) -> Photo:
        self.made += 2
        return Photo((Shown(self.made - 1, self.face(one)), Shown(self.made, self.face(other))), accounts)

    def couple(self, number: int, photos: int = 1) -> list[Photo]:
        """Photos of the couple of this number, every other one with the two the other way round."""
        pair = (2 * number, 2 * number + 1)
        return [self.photo(*(pair if turn % 2 == 0 else pair[::-1])) for turn in range(photos)]

    def _drawn(self) -> Vector:
        return self._unit(self.random.normal(size=DIMS))

    @staticmethod
    def _unit(vector: np.ndarray) -> Vector:
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def named(photos: Sequence[Photo], known: Sequence[Photo] = ()) -> list[tuple[int, int]]:
    """The identities on each photo."""
    people = People(Likeness.of([*known, *photos]), 2 * len(photos) + 2 * len(known), DIMS)
    people.learn(known)
    found = people.name(photos)
    return [(found.get(a.id, a.identity or 0), found.get(b.id, b.identity or 0)) for a, b in (photo.shown for photo in photos)]


def couples(found: Sequence[tuple[int, int]]) -> int:
    return len({frozenset(pair) for pair in found})


def test_photos_of_one_couple_alone_are_one_couple() -> None:
    """Where nobody else is there, nothing tells how alike strangers are."""
    found = named(Street().couple(0, 30))
    assert set(map(frozenset, found)) == {frozenset((1, 2))}
    assert found[0] == (1, 2)
    assert found[1] == (2, 1)


@pytest.mark.parametrize("others", [1, 5, 40])
def test_one_couple_with_many_photos_among_others(others: int) -> None:
    street = Street(seed=others)
    photos = [*street.couple(0, 40), *(photo for number in range(1, others + 1) for photo in street.couple(number))]
    street.random.shuffle(photos)  # type: ignore[arg-type]
    assert couples(named(photos)) == 1 + others


def test_a_few_photos_of_each_of_many_couples() -> None:
    street = Street()
    photos = [photo for number in range(300) for photo in street.couple(number, 3)]
    street.random.shuffle(photos)  # type: ignore[arg-type]
    assert couples(named(photos)) == pytest.approx(300, abs=6)


def test_strangers_are_strangers() -> None:
    street = Street()
    assert couples(named([photo for number in range(500) for photo in street.couple(number)])) == 500


def test_faces_that_are_all_alike_ask_for_more() -> None:
    """A corpus as of one image generator: strangers have a mean cosine of 0.42, of which LEAST would make one couple."""
    street = Street()
    common = street.face(-1)
    blend = [
        Photo((Shown(a.id, street._unit(0.65 * common + 0.76 * a.face)), Shown(b.id, street._unit(0.65 * common + 0.76 * b.face))))
        for number in range(200)
        for photo in street.couple(number)
        for a, b in [photo.shown]
        if a.face is not None and b.face is not None
    ]
    likeness = Likeness.of(blend)
    assert LEAST < likeness.together < likeness.alone <= MOST
    assert couples(named(blend)) > 150


def test_two_faces_of_one_photo_are_two_people() -> None:
    """Twins, and a known person who is the nearest to both."""
    street = Street()
    face = street.face(1)
    twins = [Photo((Shown(10 * n + 1, face), Shown(10 * n + 2, face))) for n in range(1, 4)]
    found = named(twins)
    assert all(a != b for a, b in found)
    assert couples(found) == 1
    alone = Photo((Shown(1, face, 1), Shown(2, street.face(2), 2)))
    [pair] = named([Photo((Shown(5, face), Shown(6, face)))], [alone])
    assert sorted(pair) in ([1, 5], [1, 6])
    half = Photo((Shown(7, face, 1), Shown(8, face)))
    assert named([half], [alone]) == [(1, 8)]


def test_somebody_with_another_partner_is_the_same_person_and_another_couple() -> None:
    street = Street(alike=0.9)
    crowd = [photo for number in range(10, 40) for photo in street.couple(number)]
    found = named([street.photo(0, 1), street.photo(2, 0), street.photo(1, 0), *crowd])
    (he, she), (her, again), turned = found[:3]
    assert again == he
    assert her not in (he, she)
    assert turned == (she, he)


def test_two_accounts_are_one_couple_whatever_their_faces_look_like() -> None:
    street = Street(alike=0.05)
    mine = [street.photo(*((0, 1) if turn % 2 == 0 else (1, 0)), (7, 9)) for turn in range(20)]
    crowd = [photo for number in range(5, 30) for photo in street.couple(number)]
    theirs = street.photo(0, 1, (7, 10))
    found = named([*mine, *crowd, theirs])
    assert couples(found[:20]) == 1
    assert couples(found) == 1 + 25 + 1
    blurred = Photo((Shown(901, None), Shown(902, None)), (7, 9))
    assert couples(named([*mine, blurred])) == 1


def test_who_has_no_face_is_alone_without_an_account() -> None:
    street = Street()
    blank = [Photo((Shown(100 + 2 * n, None), Shown(101 + 2 * n, None))) for n in range(3)]
    assert named([*street.couple(0), *blank])[1:] == [(100, 101), (102, 103), (104, 105)]
    assert named(blank) == [(100, 101), (102, 103), (104, 105)]


def test_nobody_who_is_known_gets_another_identity_and_newcomers_get_theirs() -> None:
    street = Street()
    first = [photo for number in range(20) for photo in street.couple(number, 2)]
    people = named(first)
    known = [
        Photo((Shown(a.id, a.face, one), Shown(b.id, b.face, other)))
        for (a, b), (one, other) in zip((photo.shown for photo in first), people, strict=True)
    ]
    later = [photo for number in range(20) for photo in street.couple(number)]
    fresh = named([*known, *later], known)[len(known) :]
    assert sum(frozenset(pair) == frozenset(people[2 * number]) for number, pair in enumerate(fresh)) >= 19


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street(alike=0.45)
    photos = [photo for number in range(40) for photo in street.couple(number, 4)]
    whole = named(photos)
    monkeypatch.setattr(identities, "BLOCK", 1)
    assert named(photos) == whole


def test_a_large_corpus_is_looked_at_in_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of a face depends on how many there are, not on how many were looked at."""
    street = Street()
    photos = [photo for number in range(400) for photo in street.couple(number)]
    whole = Likeness.of(photos)
    monkeypatch.setattr(identities, "SAMPLE", 150)
    part = Likeness.of(photos)
    assert part.alone == pytest.approx(whole.alone, abs=0.02)
    assert part.together == pytest.approx(whole.together, abs=0.02)
