"""A town of one seed: people, their tastes and their habits, each from random numbers of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.types import TypePack
from evaluation.town import habits, people, taste
from evaluation.town.habits import Habits
from evaluation.town.parameters import Town
from evaluation.town.people import People
from evaluation.town.taste import Truth


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is so before the first card is shown."""

    town: Town
    pack: TypePack
    people: People
    truth: Truth
    habits: Habits
    seed: int

    def __len__(self) -> int:
        return len(self.people)


def make(town: Town, pack: TypePack, seed: int) -> World:
    """The same for the same arguments."""
    sources = [np.random.default_rng([seed, part]) for part in range(3)]
    folk = people.make(town, pack, habits.number(town), sources[0])
    return World(town, pack, folk, taste.make(town, pack, folk, sources[1]), habits.make(town, folk.gender, sources[2]), seed)
