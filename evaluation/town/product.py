"""The product in the town: `engine.matching` itself, fed with what the service would know, as the bot feeds it from the database."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from engine.affinity import Affinity
from engine.matching.daily import best, stable
from engine.matching.exposure import Fair
from engine.matching.features import Crowd
from engine.matching.lifts import Table
from engine.matching.model import LikeModel
from engine.matching.people import GENDERS, Candidate, MemberGender, Person, Record, Taste
from engine.matching.ranking import Matcher, Ranked
from engine.matching.settings import RankingSettings
from engine.matching.taste import Centre
from evaluation.town.people import Bools, Floats
from evaluation.town.policies import Answer, Asked, Order
from evaluation.town.world import World

KNOWN = 10_000
"""Answers from which a taste is as good as known."""
AWAKE = 7
"""Days within which somebody was active who takes part in the pairs of the day."""


class Kept(LikeModel):
    """The model, with its columns of people kept between requests: the same numbers (`tests/evaluation/test_town.py`) in less time."""

    everybody: list[Person]
    """The town's members by id; `changed` must hear of each who is replaced."""
    _columns: Crowd | None = None
    _stale: set[int]

    def serve(self, everybody: list[Person]) -> None:
        """Forget all columns: a new day, or other means of the population."""
        self.everybody, self._columns, self._stale = everybody, None, set()

    def changed(self, one: int) -> None:
        """This member is not as they were."""
        self._stale.add(one)

    def crowd(self, people: Sequence[Person], table: Table) -> Crowd:
        """As the model's own."""
        if self._columns is None:
            self._columns = Crowd.of(self.everybody, self.centre, table)
        elif self._stale:
            stale = sorted(self._stale)
            fresh = Crowd.of([self.everybody[one] for one in stale], self.centre, table)
            for field in fields(Crowd):
                _put(getattr(self._columns, field.name), stale, getattr(fresh, field.name))
        self._stale.clear()
        return self._columns.take(np.asarray([person.id for person in people], dtype=np.intp))


def _put(column: Any, places: list[int], fresh: Any) -> None:
    if isinstance(column, dict):
        for name, part in column.items():
            part[places] = fresh[name]
    else:
        column[places] = fresh


class Product:
    """What the bot does, without Telegram and database."""

    def __init__(
        self,
        world: World,
        settings: RankingSettings | None = None,
        name: str = "the product",
        *,
        one_way: bool = False,
        daily: bool = True,
        told: bool = False,
    ) -> None:
        """On the first day, with nothing learned.

        Args:
            world: whom it serves.
            settings: of ranking; None: those that ship.
            name: what the report calls it.
            one_way: order by the chance that the viewer likes the candidate, alone: no way back (nor a word of it), no levelling, no
                newcomers, no pairs.
            daily: pairs of the day are made.
            told: every member's taste in faces and clothes is known from the start, but for a number of the
                viewer's own (`Truth.directions`), which is learned as ever.

        """
        self.name = name
        self.world = world
        self.settings = settings or RankingSettings()
        self.matcher = Matcher(Affinity(world.pack), self.settings)
        self.model = Kept(Centre.start(world.pack), self.settings.memory)
        self.one_way = one_way
        self.daily = daily and not one_way
        self.told = told
        self.people = [_person(world, one, told=told) for one in range(len(world))]
        self.shown: deque[Floats] = deque([np.zeros(len(world))], maxlen=self.settings.window_days)
        self.fair = Fair()
        self.ranked: dict[int, Ranked] = {}
        self.seen: list[int] = []

    def morning(self, day: int, free: Bools) -> dict[int, int]:
        """Everybody is a day older; then the pairs of the day."""
        if day:
            self.shown.append(np.zeros(len(self.world)))
        recent = np.sum(self.shown, axis=0)
        habits = self.world.habits
        idle, present = habits.idle(day), habits.present[day]
        for one in np.flatnonzero(present).tolist():
            person = self.people[one]
            self.people[one] = replace(
                person, idle_days=float(idle[one]), joined_days=float(day - habits.joined[one]), recent=int(recent[one])
            )
        for one in self.seen:
            self.model.observe(self.people[one])
        self.seen.clear()
        self.model.serve(self.people)
        self._share(recent, present)
        if not self.daily:
            return {}
        awake = np.flatnonzero(present & (idle <= AWAKE))
        new = free[np.ix_(awake, awake)]
        places = np.argwhere(np.triu(new & new.T))
        scored = self.matcher.pairs([self.people[one] for one in awake], places, self.model, self.world.truth.couples, self.fair)
        chosen = stable(best([*scored, *((other, one, score) for one, other, score in scored)]))
        return {**dict(chosen), **{other: one for one, other in chosen}}

    def order(self, asked: Asked) -> Order:
        """By `Matcher.rank`."""
        candidates = [
            Candidate(self.people[one], liked, passed)
            for one, liked, passed in zip(asked.ids.tolist(), asked.liked_me.tolist(), asked.passed_me.tolist(), strict=True)
        ]
        viewer = self.people[asked.viewer]
        found = self.matcher.rank(viewer, candidates, self.model, self.world.truth.couples, self.fair, asked.turn)
        if self.one_way:
            found = sorted(found, key=lambda one: -one.p_out)
        self.ranked = {one.id: one for one in found}
        return Order(
            np.array([one.id for one in found], dtype=np.intp),
            np.array([one.p_out for one in found]),
            np.array([math.nan if self.one_way else one.p_back for one in found]),
            np.array([one.explored and not self.one_way for one in found]),
        )

    def answered(self, answer: Answer) -> None:
        """The answer's transaction (standings, tastes), then the learner's turn."""
        ranked = self.ranked[answer.shown]
        viewer, shown = self.people[answer.viewer], self.people[answer.shown]
        given, got = viewer.record, shown.record
        taste = viewer.taste if self.told else self.model.taste_step(viewer.taste, shown, ranked.p_out, answer.liked)
        self.people[answer.viewer] = replace(
            viewer,
            taste=taste,
            record=replace(
                given,
                given=given.given + 1,
                given_liked=given.given_liked + answer.liked,
                given_expected=given.given_expected + ranked.given_expected,
            ),
        )
        self.shown[-1][answer.shown] += 1
        self.people[answer.shown] = replace(
            shown,
            recent=shown.recent + 1,
            record=replace(got, shown=got.shown + 1, liked=got.liked + answer.liked, expected=got.expected + ranked.expected),
        )
        for one in (answer.viewer, answer.shown):
            self.model.changed(one)
        self.model.update(ranked.features, viewer.gender, answer.liked)
        self.seen.append(answer.shown)  # the means of the population follow at night

    def looked(self, idle_days: float, answered: bool) -> None:
        """What the learner counts a week after a like."""
        self.model.observe_reply(idle_days, answered)

    def _share(self, recent: Floats, present: Bools) -> None:
        """Cards within the window over members who can be shown, by gender."""
        gender = self.world.people.gender
        cards = np.bincount(gender, recent, len(GENDERS))
        members = np.bincount(gender[present], minlength=len(GENDERS))
        names: tuple[MemberGender, ...] = GENDERS
        self.fair = Fair.of(dict(zip(names, cards.tolist(), strict=True)), dict(zip(names, members.tolist(), strict=True)))


def _person(world: World, one: int, *, told: bool) -> Person:
    people = world.people
    latitude, longitude = people.place(one)
    return Person(
        id=one,
        gender=GENDERS[people.gender[one]],
        age=float(people.age[one]),
        latitude=latitude,
        longitude=longitude,
        face=people.face[one],
        fashion=people.fashion[one],
        types=people.types[one],
        record=Record(),
        taste=_known(world, one) if told else Taste(),
    )


def _known(world: World, one: int) -> Taste:
    face, fashion = (world.truth.directions[kind][one].astype(np.float32) for kind in ("face", "fashion"))
    return Taste(face, fashion, KNOWN, KNOWN)
