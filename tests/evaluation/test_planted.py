"""The simulation itself is right, and the product's ranking finds in it what was planted, and nothing where nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import configuration
from evaluation.context import Context
from evaluation.seen import Seen
from evaluation.suites import planted

WORLDS = range(8)
PRODUCT, UNSHRUNK, FREQUENT, RANDOM = planted.METHODS


@pytest.mark.parametrize("one_group", [False, True])
def test_a_world_keeps_the_popularity_of_its_types(one_group: bool) -> None:
    world = planted.make(1, one_group=one_group)
    assert world.lifts @ world.women == pytest.approx(np.ones(planted.TYPES))
    assert world.men @ world.lifts == pytest.approx(np.ones(planted.TYPES))
    assert world.men.sum() == pytest.approx(1)
    assert world.men.max() / world.men.min() == pytest.approx(planted.TYPES)
    if one_group:
        assert world.lifts == pytest.approx(world.lifts.T)


def test_the_share_is_one_for_who_knows_and_none_for_who_guesses() -> None:
    world = planted.make(2)
    assert planted.share(world, world.lifts) == 1
    assert planted.share(world, -world.lifts) < 0
    random = np.random.default_rng(0)
    assert np.mean([planted.share(world, random.random(world.lifts.shape)) for _ in range(400)]) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("one_group", [False, True])
def test_couples_are_drawn_as_planted_and_shuffling_keeps_the_people(one_group: bool) -> None:
    world = planted.make(3, one_group=one_group)
    random = np.random.default_rng(0)
    one, other = world.couples(200_000, random)
    counts = planted.crossed(world, one, other)
    mass = np.outer(world.men, world.women) * world.lifts
    drawn = mass + mass.T - np.diag(np.diag(mass)) if one_group else mass
    assert counts / 200_000 == pytest.approx(drawn, abs=0.003)
    mixed = planted.shuffled(world, one, other, random)
    assert np.array_equal(np.bincount(np.concatenate(mixed)), np.bincount(np.concatenate([one, other])))
    assert np.array_equal(mixed[0], one) != one_group


@pytest.mark.parametrize("one_group", [False, True])
def test_a_planted_affinity_is_found_at_30000_couples(one_group: bool) -> None:
    found = [planted.look(seed, planted.PROMISED, one_group=one_group).shares for seed in WORLDS]
    assert np.mean([one[PRODUCT] for one in found]) >= planted.ATTAINED
    assert np.mean([one[FREQUENT] for one in found]) < 0.6
    assert abs(np.mean([one[RANDOM] for one in found])) < 0.3


@pytest.mark.parametrize("one_group", [False, True])
def test_nothing_is_found_after_shuffling(one_group: bool) -> None:
    found = [planted.look(seed, planted.PROMISED, one_group=one_group, shuffle=True) for seed in WORLDS]
    assert np.mean([one.excluding for one in found]) <= planted.NOMINAL / 2
    assert abs(np.mean([one.shares[PRODUCT] for one in found])) < 0.25
    assert max(one.farthest for one in found) < 0.1


def test_shrinking_is_worth_it_where_couples_are_few() -> None:
    found = [planted.look(seed, 300, types=20).shares for seed in range(16)]
    assert np.mean([one[PRODUCT] for one in found]) > np.mean([one[UNSHRUNK] for one in found])


def test_the_section_says_what_was_promised(tmp_path: Path) -> None:
    def look(_paths: Sequence[Path], _what: str) -> list[Seen]:
        raise AssertionError("no photographs are looked at")

    section = planted.run(Context(configuration.load(environment={}), tmp_path, tmp_path, look, every=10))
    assert (tmp_path / "planted.png").stat().st_size > 1000
    assert len([row for row in section.rows if row.bound is not None]) == 6
    assert all(row.passed for row in section.rows if row.bound == planted.ATTAINED)
