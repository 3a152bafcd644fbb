"""The simulation of compatibility is right, and the score finds in it what was planted, and nothing where nothing was."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from engine.types import STARTER, TypePack
from evaluation.suites import compat
from evaluation.suites.compat import Judged, World

LEARNED, HELD = 500, 300


@cache
def pack() -> TypePack:
    return TypePack.load(STARTER)


@cache
def made(*, shuffled: bool) -> World:
    return compat.world(pack(), LEARNED + HELD, 1, shuffled=shuffled)


@cache
def judged(*, shuffled: bool) -> Judged:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compat, "HELD", HELD)
        return compat.judge(pack(), made(shuffled=shuffled), LEARNED, 1)


def own(world: World) -> np.ndarray:
    """True log odds of the couples, against those of everybody with everybody."""
    return np.diag(world.odds) - world.odds.mean()


def test_couples_are_those_that_the_plant_makes_likely() -> None:
    assert own(made(shuffled=False)).mean() > 0.3
    assert own(made(shuffled=True)).mean() == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("shuffled", [False, True])
def test_couples_are_of_like_age(shuffled: bool) -> None:
    ages = np.array([one.age for one in made(shuffled=shuffled).subjects]).reshape(-1, 2)
    assert np.corrcoef(ages.T)[0, 1] > 0.6, "age must be there, so that it is worth taking out"
    assert len({one.id for one in made(shuffled=shuffled).subjects}) == 2 * (LEARNED + HELD)


def test_a_plant_is_found_and_calibrated() -> None:
    found = judged(shuffled=False)
    assert found.attainable > 0.6
    assert found.auc > 0.5 + 0.75 * (found.attainable - 0.5)
    assert found.ece < 0.08
    assert found.scores.mean() > 0.52


def test_an_80_percent_interval_holds_the_true_chance_about_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over three worlds, since one differs from the next by a tenth; 0.67 where likeness holds how alike types are as well."""
    monkeypatch.setattr(compat, "HELD", HELD)
    worlds = [compat.world(pack(), LEARNED + HELD, seed) for seed in (1, 2, 3)]
    held = [compat.judge(pack(), one, LEARNED, seed).covered for seed, one in enumerate(worlds, 1)]
    assert 0.74 < float(np.mean(held)) < 0.88, held


def test_true_chances_are_even_for_everybody() -> None:
    """Everybody is in one couple: what makes somebody wanted by all is nothing that a pair could be told by."""
    chances = made(shuffled=False).chances
    ratio = chances / (1 - chances)
    assert np.abs(ratio.mean(axis=0) - 1).max() < 1e-6
    assert np.abs(ratio.mean(axis=1) - 1).max() < 1e-6
    assert np.diag(chances).mean() > 0.52
    assert np.all(made(shuffled=True).chances == 0.5)


def test_where_age_alone_chose_nothing_is_found() -> None:
    found = judged(shuffled=True)
    assert found.auc == pytest.approx(0.5, abs=0.06)
    assert found.scores.mean() == pytest.approx(0.5, abs=0.02)
    assert found.scores.std() < 0.05


def test_rows_miss_their_bounds_where_the_score_is_upside_down() -> None:
    found = judged(shuffled=False)
    from dataclasses import replace

    rows = compat.planted([replace(found, auc=0.5, ece=0.3, covered=0.5)], compat.PROMISED)
    assert [row.passed for row in rows] == [False, False, False]
    assert [row.passed for row in compat.planted([found], compat.LEARNED[0])] == [None, None, None]
    assert not any(row.passed for row in compat.shuffled([replace(found, auc=0.6, ece=0.2, scores=np.full(10, 0.6))]))
