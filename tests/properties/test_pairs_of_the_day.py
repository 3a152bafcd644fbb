"""Property test of the day's pairs, as their job makes them: every filter, block and earlier card counts, and the cap on both sides.

Who may meet is said by `tests.properties.oracle`; who was shown how often is drawn, and written where the bot counts it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bot.context import Context
from bot.learning import LearnedInUse
from bot.usecases import daily
from db import daily as picks
from db import exposures, impressions, likes, members, safety
from db.session import Connection, Database
from db.settings import DatabaseSettings
from engine.matching.daily import stable
from engine.matching.settings import RankingSettings
from tests.bot.meeting import affinity, surroundings
from tests.db.people import NOW, person
from tests.properties import world as town
from tests.properties.oracle import Someone, World

ENOUGH = 2
"""Cards within the window from which on somebody is over the cap: the minimum, since no fair share is known here."""
DAY = NOW.date()
LONG_AGO = NOW - dt.timedelta(days=20)
HAPPENED = ("saw", "skipped", "liked", "blocked")


@dataclass(frozen=True)
class Drawn:
    """A few people and what was between them."""

    people: list[Someone]
    shown: list[int]
    """How many outsiders saw each within the window."""
    before: list[int]
    """… and before it."""
    away: list[bool]
    happened: list[tuple[int, int, str]]
    late: list[int]
    """Who is shown to many between the choices and the gifts."""


@st.composite
def towns(draw: st.DrawFn) -> Drawn:
    """Four to seven people, most of whom could meet."""
    people = draw(st.lists(town.someones(), min_size=4, max_size=7))
    n = len(people)
    one = st.integers(0, n - 1)
    happened = draw(st.lists(st.tuples(one, one, st.sampled_from(HAPPENED)), max_size=5))
    counts = st.lists(town.usually(0, ENOUGH - 1, ENOUGH, ENOUGH + 1), min_size=n, max_size=n)
    away = draw(st.lists(town.usually(False, True), min_size=n, max_size=n))
    late = draw(st.lists(one, max_size=1))
    return Drawn(people, draw(counts), draw(counts), away, [(a, b, what) for a, b, what in happened if a != b], late)


def settle(connection: Connection, drawn: Drawn, world: World) -> list[int]:
    """Everybody and everything that was, in the database and in the oracle's world; the members' ids."""
    outsiders = [person(connection, "other", "everyone", photo=False).id for _ in range(ENOUGH + 1)]
    ids = []
    for number, one in enumerate(drawn.people):
        own = replace(one, photos={}, speaks=set(one.speaks))
        ids.append(town.settle(connection, own, number))
        world.people[ids[-1]] = own
        active = NOW - dt.timedelta(days=8 if drawn.away[number] else 1)
        members.update(connection, ids[-1], NOW, last_active_at=active)
        for at, times in ((NOW - dt.timedelta(days=2), drawn.shown[number]), (LONG_AGO, drawn.before[number])):
            for outsider in outsiders[:times]:
                impressions.add(connection, outsider, ids[-1], at, "discover")
    for a, b, what in drawn.happened:
        one_id, other_id = ids[a], ids[b]
        if what == "blocked":
            safety.block(connection, one_id, other_id, LONG_AGO)
            world.blocked.add(frozenset((one_id, other_id)))
            continue
        exposures.add(connection, one_id, other_id, LONG_AGO)
        world.cards.add((one_id, other_id))
        if what != "saw" and likes.mark(connection, one_id, other_id, what == "liked", LONG_AGO).first:
            world.answer(one_id, other_id, liked=what == "liked")
    return ids


def crowd_in(connection: Connection, member_id: int) -> None:
    """Enough others see somebody."""
    for _ in range(ENOUGH):
        outsider = person(connection, "other", "everyone", photo=False).id
        impressions.add(connection, outsider, member_id, NOW, "discover")


def paired(database: Database, context: Context, late: list[int]) -> dict[int, int]:
    """The job's steps (`bot.jobs`), with what happens between the choices and the gifts."""
    taking_part = database.read(daily.page, context, 0, 100)
    scored = [one for member in taking_part for one in database.read(daily.choices, context, member, DAY)]
    for member_id in late:
        database.transact(crowd_in, member_id)
    for one, other in stable(scored):
        database.transact(daily.give, context, one, other, DAY)
    return database.read(picks.of_day, DAY)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("empty") / "inyeon.db"
    database = Database(DatabaseSettings(url=f"sqlite:///{file}"))
    database.open()
    database.close()
    return file


@given(drawn=towns())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_who_may_not_meet_knows_the_other_or_was_shown_enough_is_in_no_pair(drawn: Drawn, empty: Path) -> None:
    context = surroundings(NOW)
    learned = LearnedInUse(RankingSettings(newcomer_slots=0.0, minimum=ENOUGH)).now(affinity())
    context = replace(context, learned=learned)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty, Path(folder) / "inyeon.db")
        database = Database(DatabaseSettings(url=f"sqlite:///{folder}/inyeon.db"))
        database.open(upgrade=False)
        try:
            world = World()
            ids = database.transact(settle, drawn, world)
            late = [ids[place] for place in drawn.late]
            held = paired(database, context, late)
        finally:
            database.close()
    full = {ids[place] for place, times in enumerate(drawn.shown) if times >= ENOUGH} | set(late)
    known = {frozenset(card) for card in world.cards} | {frozenset(pair) for pair in world.answers}

    def may(one: int, other: int) -> bool:
        both = world.may_be_shown(one, other, DAY) and world.may_be_shown(other, one, DAY)
        return both and frozenset((one, other)) not in known and not {one, other} & full

    for one, other in held.items():
        assert held[other] == one
        assert may(one, other)
    here = {ids[place] for place, gone in enumerate(drawn.away) if not gone}
    assert set(held) <= here
    # … and nobody is left out who could be in one, save for whom somebody was lost to in the last moment.
    left = [pair for pair in itertools.combinations(sorted(here - set(held)), 2) if may(*pair)]
    assert not left or late
    event(f"{len(held) // 2} pairs")
    event(f"{len(full & here)} shown enough")
