"""How attention is shared: who was shown often enough lately, and how uneven it is.

A member's fair share is the mean number of cards within the window that showed a member of their gender.  Above `share` times that
(and above a `minimum`, so that a small or young town is not held up) somebody is over the cap: they come after everybody else,
save for those whom they like already.  Below it the score falls gently with how often they were shown (`levelled`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.matching.people import GENDERS, MemberGender


@dataclass(frozen=True, slots=True)
class Fair:
    """The fair share by gender: cards within the window over members who can be shown; 0 where nothing is known."""

    shares: Mapping[MemberGender, float] = field(default_factory=dict)

    @classmethod
    def of(cls, shown: Mapping[MemberGender, float], members: Mapping[MemberGender, int]) -> Fair:
        """From how many cards showed each gender within the window, and how many members of it there are.

        >>> Fair.of({"woman": 300, "man": 50}, {"woman": 10, "man": 0}).shares["woman"]
        30.0
        """
        return cls({gender: shown.get(gender, 0) / max(members.get(gender, 0), 1) for gender in GENDERS})

    def of_all(self, genders: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n,) the share of each place in GENDERS."""
        return np.array([self.shares.get(gender, 0.0) for gender in GENDERS])[genders]


@dataclass(frozen=True, slots=True)
class Cap:
    """How often somebody may be shown within the window."""

    share: float
    """In fair shares."""
    minimum: int
    """Cards that nobody is held up below."""

    def over(self, recent: ArrayLike, fair: ArrayLike) -> NDArray[np.bool_]:
        """Who was shown enough.

        >>> Cap(2, 20).over([19, 20, 59, 60], [1, 1, 30, 30]).tolist()
        [False, True, False, True]
        """
        return np.asarray(np.asarray(recent) >= np.maximum(self.minimum, self.share * np.asarray(fair)))


def levelled(recent: ArrayLike, fair: ArrayLike, power: float) -> NDArray[np.float64]:
    """By how much scores fall with how often somebody was shown lately: not at all at 0 cards, to 2^-power at the fair share.

    >>> levelled([0, 10, 30], [10, 10, 10], 1.0).tolist()
    [1.0, 0.5, 0.25]
    """
    return np.asarray((1 + np.asarray(recent) / np.maximum(fair, 1.0)) ** -power)


def gini(counts: ArrayLike) -> float:
    """Gini's coefficient of how often members were shown: 0 all alike, near 1 one has it all.

    >>> gini([5, 5, 5]), round(gini([0, 0, 0, 1]), 2), gini([])
    (0.0, 0.75, 0.0)
    """
    values = np.sort(np.asarray(counts, dtype=np.float64))
    total = float(values.sum())
    if not total:
        return 0.0
    n = len(values)
    return float(2 * (np.arange(1, n + 1) @ values) / (n * total) - (n + 1) / n)
