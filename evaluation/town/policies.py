"""Who decides whose card comes first: the shape of a policy, and those that the product is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from evaluation.town.people import Bools, Codes, Floats
from evaluation.town.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """Candidates, best first, and what the policy says about them; NaN where it says nothing."""

    ids: Codes
    out: Floats
    """The chance that the viewer likes each."""
    back: Floats
    """The chance that each likes the viewer."""
    explored: Bools
    """Stands here so that a newcomer becomes known, not by its score."""

    @classmethod
    def of(cls, ids: Codes) -> Order:
        """Without chances."""
        nothing = np.full(len(ids), np.nan)
        return cls(ids, nothing, nothing, np.zeros(len(ids), dtype=bool))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a policy may know when it is asked."""

    viewer: int
    ids: Codes
    """Whom the viewer may be shown: every filter holds and there is no answer yet."""
    liked_me: Bools
    """Who of them likes the viewer already."""
    passed_me: Bools
    """Who of them skipped the viewer."""
    day: int
    turn: int
    """Counts the requests, for random numbers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a card."""

    viewer: int
    shown: int
    liked: bool
    day: int
    place: str
    """discover, likes or daily."""
    out: float
    """What was said of it; NaN: nothing."""


class Policy(Protocol):
    """Orders cards and learns from answers."""

    name: str

    def order(self, asked: Asked) -> Order:
        """All of `asked.ids`, best first."""

    def answered(self, answer: Answer) -> None:
        """Called after every answer."""

    def morning(self, day: int, free: Bools) -> dict[int, int]:
        """Cards of the day by member.  `free`: (n, n) whom each may be shown."""

    def looked(self, idle_days: float, answered: bool) -> None:
        """Whether somebody who was liked after so many days away answered about the liker within a week; called when it is over."""


class Plain:
    """A policy that learns nothing and suggests nothing."""

    name = "random"

    def __init__(self, world: World) -> None:
        self.world = world

    def order(self, asked: Asked) -> Order:
        """Falling scores; ties in random order."""
        random = np.random.default_rng([self.world.seed, 7, asked.turn])
        mixed = random.permutation(len(asked.ids))
        scores = self.scores(asked)[mixed]
        return Order.of(asked.ids[mixed[np.argsort(-scores, kind="stable")]])

    def scores(self, asked: Asked) -> Floats:
        """One for each of `asked.ids`."""
        return np.zeros(len(asked.ids))

    def answered(self, answer: Answer) -> None:
        """Nothing."""

    def morning(self, day: int, free: Bools) -> dict[int, int]:
        """Nothing."""
        return {}

    def looked(self, idle_days: float, answered: bool) -> None:
        """Nothing."""


class Popularity(Plain):
    """Who got most likes comes first."""

    name = "popularity"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.likes = np.zeros(len(world))

    def scores(self, asked: Asked) -> Floats:
        """Likes so far."""
        return self.likes[asked.ids]

    def answered(self, answer: Answer) -> None:
        """Counts."""
        self.likes[answer.shown] += answer.liked


class PartnerType(Plain):
    """The paper's way: the types that most couples of the viewer's types have, by raw counts."""

    name = "most frequent partner type"

    def scores(self, asked: Asked) -> Floats:
        """Couples with the viewer's and the candidate's types, of faces and clothes together."""
        types, pairs = self.world.people.types, self.world.truth.couples.pairs
        own = types[asked.viewer]
        return np.array([sum(pairs.get((one, other), 0) for one in own for other in types[i]) for i in asked.ids], dtype=np.float64)


class Truthful(Plain):
    """Who knows who would like whom: as many matches as the order of cards can give."""

    name = "who knows the truth"

    def scores(self, asked: Asked) -> Floats:
        """Mutual likes first."""
        return np.asarray(self.world.truth.mutual[asked.viewer, asked.ids] + self.world.truth.mutual_chance[asked.viewer, asked.ids])


@dataclass
class LikersFirst:
    """Another policy, with who likes the viewer put first and who skipped them last: what knowing the answers alone is worth."""

    inner: Policy
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = f"{self.inner.name}, likers first"

    def order(self, asked: Asked) -> Order:
        """The inner order, within each of the three."""
        found = self.inner.order(asked)
        rank = dict(zip(asked.ids.tolist(), (asked.passed_me * 1 - asked.liked_me * 1).tolist(), strict=True))
        places = np.argsort([rank[one] for one in found.ids.tolist()], kind="stable")
        return Order(found.ids[places], found.out[places], found.back[places], found.explored[places])

    def answered(self, answer: Answer) -> None:
        """The inner policy learns."""
        self.inner.answered(answer)

    def morning(self, day: int, free: Bools) -> dict[int, int]:
        """As the inner policy."""
        return self.inner.morning(day, free)

    def looked(self, idle_days: float, answered: bool) -> None:
        """As the inner policy."""
        self.inner.looked(idle_days, answered)
