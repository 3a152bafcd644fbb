"""Who may be shown to whom, in plain Python and from the words of the requirement; it shares no code with `db.search`.

Two people may meet if each is of a gender that the other seeks and of an age between the other's bounds, each lives within the
other's distance, they share a language where either asks for it, each is verified where the other asks for it, neither blocked
the other, and they never were a pair.  Who is shown is active, not hidden, can be reached and has an approved photo; to whom
they are shown is active and not hidden.  Frozen and banned people are neither.  Nobody under 18 is on either side, and nobody whom
one answered about comes back.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

WANTED = {"women": {"woman"}, "men": {"man"}, "everyone": {"woman", "man", "other"}}
OWN = ("distance", "age", "language", "verified")
"""Filters that a member sets, and that cost them people."""
THEIRS = tuple(f"their_{name}" for name in OWN)


@dataclass
class Someone:
    """A member as the test knows them."""

    gender: str
    seeks: str
    born: dt.date
    ages: tuple[int, int]
    place: tuple[float, float] | None
    """Degrees north and east."""
    city: str | None
    within_km: int
    """0: anywhere."""
    speaks: set[str]
    only_my_languages: bool = False
    verified: bool = False
    only_verified: bool = False
    status: str = "active"
    before: str = "active"
    """What they were when they were frozen."""
    hidden: bool = False
    """Until an admin looked at what was reported."""
    reachable: bool = True
    photos: dict[int, str] = field(default_factory=dict)
    """Status by id, in their order."""
    by_photos: bool = True
    face: bool = True
    """Whether they agree to face processing."""

    def age(self, today: dt.date) -> int:
        """Whole years, one more on the birthday."""
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))

    def shows(self, today: dt.date) -> bool:
        """Whether they may be shown to anybody at all."""
        return (
            self.status == "active" and not self.hidden and self.reachable and self.age(today) >= 18 and "approved" in self.photos.values()
        )


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the great circle, by the angle between two unit vectors."""

    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        north, east = map(math.radians, place)
        return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)

    cosine = sum(a * b for a, b in zip(vector(one), vector(other), strict=True))
    return 6371.0 * math.acos(max(-1.0, min(1.0, cosine)))


def near(one: Someone, other: Someone) -> bool:
    """Whether `other` is within the distance that `one` set."""
    if one.within_km == 0:
        return True
    if one.place is None or other.place is None:
        return one.city is not None and one.city == other.city
    return kilometres(one.place, other.place) <= one.within_km


def wishes(one: Someone, other: Someone, today: dt.date) -> dict[str, bool]:
    """Which of the filters that `one` set `other` meets."""
    low, high = one.ages
    return {
        "distance": near(one, other),
        "age": low <= other.age(today) <= high,
        "language": not one.only_my_languages or bool(one.speaks & other.speaks),
        "verified": not one.only_verified or other.verified,
    }


@dataclass
class World:
    """Everybody, and what happened between them."""

    people: dict[int, Someone] = field(default_factory=dict)
    answers: dict[tuple[int, int], bool] = field(default_factory=dict)
    """By who and whom: whether it was a like."""
    blocked: set[frozenset[int]] = field(default_factory=set)
    pairs: dict[frozenset[int], bool] = field(default_factory=dict)
    """Whoever ever were a pair, and whether they still are."""
    cards: set[tuple[int, int]] = field(default_factory=set)
    """Who saw whose card."""

    def may_meet(self, one: int, other: int, today: dt.date, but: Collection[str] = ()) -> bool:
        """Whether `one` may look at `other` (again), leaving out the filters `but`."""
        me, you = self.people.get(one), self.people.get(other)
        if me is None or you is None or one == other:
            return False
        both = frozenset((one, other))
        if both in self.blocked or both in self.pairs:
            return False
        if me.status != "active" or me.hidden or me.age(today) < 18 or not you.shows(today):
            return False
        if you.gender not in WANTED[me.seeks] or me.gender not in WANTED[you.seeks]:
            return False
        held = {**wishes(me, you, today), **{f"their_{name}": met for name, met in wishes(you, me, today).items()}}
        return all(met for name, met in held.items() if name not in but)

    def may_be_shown(self, viewer: int, person: int, today: dt.date, but: Collection[str] = ()) -> bool:
        """Whether `viewer` may be given a new card of `person`."""
        return (viewer, person) not in self.answers and self.may_meet(viewer, person, today, but)

    def left(self, viewer: int, today: dt.date, but: Collection[str] = ()) -> set[int]:
        """Everybody whom `viewer` may be shown."""
        return {person for person in self.people if self.may_be_shown(viewer, person, today, but)}

    def cost(self, viewer: int, name: str, today: dt.date) -> int:
        """How many more there would be if one filter alone were dropped."""
        return len(self.left(viewer, today, (name,))) - len(self.left(viewer, today))

    def gain(self, viewer: int, wider: Someone, today: dt.date) -> int:
        """How many more there would be if the viewer were as `wider`."""
        before, here = len(self.left(viewer, today)), self.people[viewer]
        self.people[viewer] = wider
        try:
            return len(self.left(viewer, today)) - before
        finally:
            self.people[viewer] = here

    def likers(self, who: int) -> set[int]:
        """Who likes `who` and has no answer."""
        return {one for (one, whom), liked in self.answers.items() if whom == who and liked and (who, one) not in self.answers}

    def partners(self, who: int) -> Iterator[int]:
        """Whom `who` is in a pair with now."""
        for both, still in self.pairs.items():
            if still and who in both:
                yield from both - {who}

    def answer(self, who: int, whom: int, *, liked: bool) -> bool:
        """Note the first answer of `who`, or a second thought; whether it makes a match."""
        self.answers[who, whom] = liked
        match = liked and self.answers.get((whom, who)) is True
        if match:
            self.pairs[frozenset((who, whom))] = True
        return match

    def forget(self, who: int) -> None:
        """Erase somebody: what was between them and others goes too."""
        self.people.pop(who, None)
        self.answers = {key: liked for key, liked in self.answers.items() if who not in key}
        self.cards = {key for key in self.cards if who not in key}
        self.blocked = {both for both in self.blocked if who not in both}
        self.pairs = {both: still for both, still in self.pairs.items() if who not in both}
