"""When members come, look at cards, pause and leave: drawn once, the same whatever ranks the cards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.town.parameters import Town
from evaluation.town.people import Bools, Codes, Floats

PAUSE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Session:
    """A member looks at cards."""

    member: int
    cards: int
    opens_likes: bool
    """Begins with those who like them."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The town's calendar."""

    joined: Codes
    """(n,) day; 0 for who is there from the start."""
    left: Codes
    """(n,) first day on which they are gone; past the end for who stays."""
    present: Bools
    """(days, n) may be shown: joined, not gone, not paused."""
    active: Bools
    """(days, n) looks at cards; only who is present."""
    sessions: tuple[tuple[Session, ...], ...]
    """By day, in the order of the day."""

    def idle(self, day: int) -> Floats:
        """(n,) days since each was last active before `day`, counted from joining for who never was; 0 on the day itself."""
        days = np.arange(day + 1)[:, None]
        last = np.where(self.active[: day + 1], days, -1).max(axis=0)
        return np.asarray(np.maximum(day - np.maximum(last, self.joined), 0), dtype=np.float64)


def number(town: Town) -> int:
    """How many members there will have been."""
    return town.members + round(town.arrivals * town.weeks)


def make(town: Town, genders: Codes, random: np.random.Generator) -> Habits:
    """The habits of members of these genders."""
    n, days = len(genders), town.days
    joined = np.zeros(n, dtype=np.intp)
    joined[town.members :] = np.sort(random.integers(0, days, n - town.members))
    stays = np.where(random.random(n) < town.first_week_loss, random.uniform(1, 7, n), 7 + _weeks(town, n, random))
    stays[: town.members] = _weeks(town, town.members, random)  # who was there before has the first week behind them
    left = np.minimum(joined + np.maximum(1, np.round(stays)).astype(np.intp), days + 365)
    calendar = np.arange(days)[:, None]
    pauses = np.where(random.random(n) < town.pause, random.integers(0, days, n), days)
    present = (calendar >= joined) & (calendar < left) & ~((calendar >= pauses) & (calendar < pauses + PAUSE_DAYS))
    often = random.beta(1.5, 1.5 * (1 - town.active) / town.active, n)
    active = present & (random.random((days, n)) < often)
    active |= present & (calendar == joined) & (joined > 0)  # who joins looks around
    mean = np.where(genders == 0, town.cards_women, town.cards_men)
    cards = np.minimum(random.geometric(1 / mean, (days, n)), 40)
    opens = random.random((days, n)) < town.opens_likes
    sessions = []
    for day in range(days):
        order = random.permutation(np.flatnonzero(active[day]))
        sessions.append(tuple(Session(int(i), int(cards[day, i]), bool(opens[day, i])) for i in order))
    return Habits(joined, left, present, active, tuple(sessions))


def _weeks(town: Town, n: int, random: np.random.Generator) -> Floats:
    """Days until leaving at the weekly rate."""
    return np.asarray(random.exponential(7 / -np.log1p(-town.weekly_loss), n))
