"""Who is who on photos that came since types were learned: each new face is given to the person it shows, or to somebody new.

What counts is a couple, not a picture of it (docs/adr/0020), so pictures of the same two must be known as such from the first day on,
not only once learning has clustered everybody.  Learning compares all faces with all; here newcomers are compared with the people
who are known, by the same measure (the mean cosine with somebody's faces, `engine.training.identities`), and nobody who has an
identity gets another one.  Three things say who somebody is, the surest first:

1. The two accounts that a photo is from: both confirmed that it shows the two of them.
2. Both faces: a photo shows a known couple where its two faces are on average as alike to the couple's as `Likeness.together` says, and
   neither less than `Likeness.either`, as somebody's next partner is.  Two strangers who are alike are seldom there with partners who
   are alike too, so much less is asked than of one face.
3. One face: somebody is known where `Likeness.alone` says so, and was not on the same photo: two faces of a photo are two people.

Photos are taken in their order, one after the other, so that the outcome depends on nothing but them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from engine.training.identities import LEAST, MOST, STRANGERS, fitting
from engine.values import Vector

Accounts = tuple[int, int]
Floats = NDArray[np.float32]
Pair = tuple[int, int]

SAMPLE: Final = 1000
"""Most photos that `Likeness.of` looks at."""
FEW: Final = 0.01
"""Share of pairs of strangers that are passed over when it is looked at how alike strangers are."""
FLOOR: Final = 0.25
"""Below this two faces are not one person's even where the other two are alike: about 5 % of real strangers are more alike."""
BLOCK: Final = 64
"""Photos whose faces are compared with everybody in one product: 128 × 100,000 people are 51 MB."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody on a photo."""

    id: int
    face: Vector | None
    """Length 1; None where there is none that may be compared with the others."""
    identity: int | None = None
    """Who it is, where that is known."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of a couple."""

    shown: tuple[Shown, Shown]
    accounts: Accounts | None = None
    """The members that it is from, the smaller id first; None where it is not theirs."""

    @property
    def faces(self) -> tuple[Vector, Vector] | None:
        """Both faces, None where one is missing."""
        one, other = self.shown
        return None if one.face is None or other.face is None else (one.face, other.face)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Mean cosines from which a face is somebody who is known."""

    alone: float
    """Of this face alone."""
    together: float
    """Of both faces of a photo, their mean."""
    either: float
    """Of the less alike one of these two."""

    @classmethod
    def of(cls, photos: Sequence[Photo]) -> Likeness:
        """Fitted to a corpus as in learning (`fitting`): STRANGERS are taken for one by each face, or couple.

        Fitting takes nearly all pairs for strangers, which one couple with a third of the photos would spoil.  So only photos that
        hardly show the same two (`_apart`) are looked at.
        """
        one, other, number = _apart(photos)
        faces = np.concatenate([one, other])
        if len(faces) < 3:
            return cls(LEAST, LEAST, FLOOR)
        everybody = sum(shown.face is not None for photo in photos for shown in photo.shown)
        above = np.triu_indices(len(one), 1)
        together = _beyond(_both(one, other)[above], STRANGERS / number)
        either = _beyond((faces @ faces.T)[np.triu_indices(len(faces), 1)], STRANGERS)
        return cls(
            # `fitting` divides by the faces that it is shown; those that are not looked at are strangers too.
            fitting(faces, STRANGERS / everybody * len(faces)),
            float(np.clip(together, LEAST, MOST)),
            float(np.clip(either, FLOOR, LEAST)),
        )


def _apart(photos: Sequence[Photo]) -> tuple[Floats, Floats, int]:
    """Both faces of at most SAMPLE photos, spread evenly, that show different couples; and how many photos there are to spread over.

    Of photos that may show the same two only the first stays: those of the same accounts, and those whose faces are on average as alike
    as LEAST, or as few strangers are in this corpus.  How alike these are is told by the two of each photo, whatever else there is.
    """
    seen: set[Accounts] = set()
    whole = []
    for photo in photos:
        if photo.faces is not None and (photo.accounts is None or photo.accounts not in seen):
            whole.append(photo.faces)
            if photo.accounts is not None:
                seen.add(photo.accounts)
    if not whole:
        return np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32), 0
    drawn = [whole[at] for at in np.unique(np.linspace(0, len(whole) - 1, min(SAMPLE, len(whole))).astype(int))]
    one, other = (np.stack([faces[side] for faces in drawn]).astype(np.float32) for side in (0, 1))
    unlike = max(LEAST, _beyond(np.einsum("ij,ij->i", one, other), FEW))
    first = ~np.tril(_both(one, other) >= unlike, -1).any(axis=1)
    return one[first], other[first], len(whole)


def _beyond(cosines: Floats, share: float) -> float:
    """What this share of strangers exceeds, from the cosines of strangers, as `fitting` tells it."""
    middle, upper = np.quantile(cosines.astype(np.float64), [0.5, norm.cdf(1)])
    return float(middle + norm.isf(min(share, 0.5)) * (upper - middle))


def _both(one: Floats, other: Floats) -> Floats:
    """(photos, photos): the mean cosine of both faces of two photos, whichever way round they are more alike."""
    straight, turned = one @ one.T + other @ other.T, one @ other.T
    return np.maximum(straight, turned + turned.T) * np.float32(0.5)


class People:
    """Everybody who is known: the sum of each one's faces, and who is a couple with whom.

    Args:
        likeness: from which faces are one person's.
        most: how many people there can be.
        dims: numbers of a face.

    """

    def __init__(self, likeness: Likeness, most: int, dims: int) -> None:
        """Nobody is known yet."""
        self._likeness = likeness
        self._sums = np.zeros((most, dims), np.float32)
        self._sizes = np.zeros(most, np.float32)
        self._numbers: list[int] = []
        self._places: dict[int, int] = {}
        self._couples = np.zeros((max(1, most // 2), 2), np.intp)
        self._known: set[Pair] = set()
        self._accounts: dict[Accounts, Pair] = {}

    def learn(self, photos: Iterable[Photo]) -> None:
        """Take in the people on these photos whose identities are known."""
        for photo in photos:
            places = [None if one.identity is None else self._seen(one.identity, one.face) for one in photo.shown]
            self._together(photo, places[0], places[1])

    def name(self, photos: Sequence[Photo]) -> dict[int, int]:
        """The identity of each person on these photos who has none, by person: that of somebody known, or the person's own id.

        Whoever is named is known from then on.
        """
        found: dict[int, int] = {}
        for start in range(0, len(photos), BLOCK):
            block = photos[start : start + BLOCK]
            faces = np.zeros((2 * len(block), self._sums.shape[1]), np.float32)  # a face that is missing is like nobody's
            for row, one in enumerate(one for photo in block for one in photo.shown):
                if one.face is not None:
                    faces[row] = one.face
            count = len(self._numbers)
            board = np.zeros((len(faces), count + len(faces)), np.float32)
            board[:, :count] = faces @ self._sums[:count].T / np.maximum(self._sizes[:count], 1)
            for at, photo in enumerate(block):
                count = len(self._numbers)
                places = self._who(photo, board[2 * at, :count], board[2 * at + 1, :count])
                for side, one in enumerate(photo.shown):
                    if one.identity is None:
                        place = places[side]
                        number = one.id if place is None else self._numbers[place]
                        place = places[side] = self._seen(number, one.face)
                        board[:, place] = faces @ self._sums[place] / max(self._sizes[place], 1)
                        found[one.id] = number
                self._together(photo, places[0], places[1])
        return found

    def _who(self, photo: Photo, one: Floats, other: Floats) -> list[int | None]:
        """Where the two people of a photo stand, None for somebody new; `one` and `other`: their mean cosines with everybody."""
        places = [None if shown.identity is None else self._places[shown.identity] for shown in photo.shown]
        if places == [None, None]:
            couple = self._by_accounts(photo.accounts, one, other) or self._by_both(one, other)
            if couple is not None:
                return list(couple)
        left = [side for side in (0, 1) if places[side] is None]
        while left and len(one):
            likeness, side, place = max(self._nearest((one, other)[side], places, side) for side in left)
            if likeness < self._likeness.alone:
                break
            places[side] = place
            left.remove(side)
        return places

    def _by_accounts(self, accounts: Accounts | None, one: Floats, other: Floats) -> Pair | None:
        """The couple that these two members were on their first photo; which of them stands where is told by the faces."""
        if accounts is None or accounts not in self._accounts:
            return None
        a, b = self._accounts[accounts]
        return (a, b) if one[a] + other[b] >= one[b] + other[a] else (b, a)

    def _by_both(self, one: Floats, other: Floats) -> Pair | None:
        """The couple that both faces are on average most like, if they are like enough."""
        if not self._known:
            return None
        a, b = self._couples[: len(self._known)].T
        a, b = np.concatenate([a, b]), np.concatenate([b, a])  # whichever way round
        both = np.where(np.minimum(one[a], other[b]) < self._likeness.either, -1.0, (one[a] + other[b]) / 2)
        at = int(both.argmax())
        return None if both[at] < self._likeness.together else (int(a[at]), int(b[at]))

    @staticmethod
    def _nearest(cosines: Floats, taken: Sequence[int | None], side: int) -> tuple[float, int, int]:
        """(mean cosine, side, place) of whom a face is most like, but for who is on the photo already."""
        free = cosines.copy()
        free[[place for place in taken if place is not None]] = -1.0
        place = int(free.argmax())
        return float(free[place]), side, place

    def _seen(self, number: int, face: Vector | None) -> int:
        """Add a face to somebody's, who may be new; where they stand."""
        place = self._places.setdefault(number, len(self._numbers))
        if place == len(self._numbers):
            self._numbers.append(number)
        if face is not None:
            self._sums[place] += face
            self._sizes[place] += 1
        return place

    def _together(self, photo: Photo, one: int | None, other: int | None) -> None:
        if one is None or other is None or one == other:
            return
        pair = (min(one, other), max(one, other))
        if pair not in self._known:
            self._couples[len(self._known)] = pair
            self._known.add(pair)
        if photo.accounts is not None:
            self._accounts.setdefault(photo.accounts, (one, other))
