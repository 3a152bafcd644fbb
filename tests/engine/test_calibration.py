"""A chance with its interval: more evidence narrows it, parts that are not known say nothing, and what is stored comes back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.calibration import FEATURES, PRIOR, Calibration

NOTHING = np.zeros(len(FEATURES))


def pair(face: float = 0.0, fashion: float = 0.0) -> np.ndarray:
    return np.array([1.0, 0.0, face, 1.0, 0.0, fashion])


def test_what_is_not_known_says_nothing() -> None:
    chance = PRIOR.chance(NOTHING, NOTHING)
    assert chance.mean == 0.5
    assert chance.interval == (0.5, 0.5)
    only_face = np.array([1.0, 0.3, 1.5, 0.0, 0.0, 0.0])
    assert PRIOR.chance(only_face, NOTHING).mean == PRIOR.chance(only_face, NOTHING, "face").mean
    assert PRIOR.chance(only_face, NOTHING, "fashion").mean == 0.5


def test_the_prior_is_about_even_for_random_pairs_and_rises_with_likeness() -> None:
    random = np.random.default_rng(0)
    drawn = [PRIOR.chance(pair(*random.normal(size=2)), NOTHING).mean for _ in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.49, abs=0.01)
    assert (
        PRIOR.chance(pair(2, 2), NOTHING).mean > 0.6 > PRIOR.chance(pair(), NOTHING).mean > 0.4 > PRIOR.chance(pair(-2, -2), NOTHING).mean
    )


def test_the_interval_contains_the_chance_and_narrows_with_evidence() -> None:
    unsure = np.array([0.0, 0.1, 0.0, 0.0, 0.1, 0.0])
    sure = replace(PRIOR, covariance=PRIOR.covariance / 100)
    for face in (-4.0, -1.0, 0.0, 1.0, 4.0):
        wide, narrow = PRIOR.chance(pair(face), unsure), sure.chance(pair(face), unsure / 100)
        for chance in (wide, narrow):
            assert chance.interval[0] <= chance.mean <= chance.interval[1]
        assert wide.interval[1] - wide.interval[0] > 2 * (narrow.interval[1] - narrow.interval[0])


def test_the_interval_covers_four_in_five() -> None:
    """Of weights drawn from the prior, four in five give a chance within the interval."""
    random = np.random.default_rng(1)
    x = pair(2.0, -1.0)
    weights = random.multivariate_normal(PRIOR.weights, PRIOR.covariance, 20_000)
    chances = 1 / (1 + np.exp(-weights @ x))
    chance = PRIOR.chance(x, NOTHING)
    inside = np.mean((chances >= chance.interval[0]) & (chances <= chance.interval[1]))
    assert inside == pytest.approx(0.8, abs=0.01)
    assert chances.mean() == pytest.approx(chance.mean, abs=0.005)


def test_gaps_of_ages_blend_what_is_assumed_and_what_was_seen() -> None:
    gaps = tuple(np.linspace(0, 10, 21))
    few, many = replace(PRIOR, gaps=gaps, couples=8), replace(PRIOR, gaps=gaps, couples=8000)
    assert many.usual(5.0) == pytest.approx(0.5, abs=0.01)
    assert few.usual(5.0) == pytest.approx((0.5 + PRIOR.usual(5.0)) / 2)
    for known in (PRIOR, few, many):
        falling = [known.usual(gap) for gap in (0.0, 1.0, 3.0, 7.0, 12.0, 60.0)]
        assert falling == sorted(falling, reverse=True)
        assert all(0 <= share <= 1 for share in falling)


def test_what_is_stored_comes_back() -> None:
    known = replace(PRIOR, gaps=(0.0, 2.0, 9.0), couples=41, usual_likeness={"mf-1 wf-2": 0.25}, figures={"auc": 0.6})
    again = Calibration.of(json.loads(json.dumps(known.plain())))
    assert np.allclose(again.weights, known.weights)
    assert np.allclose(again.covariance, known.covariance)
    assert (again.gaps, again.couples, again.figures, again.likeness) == (known.gaps, 41, {"auc": 0.6}, known.likeness)
    assert again.usual_likeness == {"mf-1 wf-2": 0.25}
    older = {name: value for name, value in known.plain().items() if name != "usual_likeness"}
    assert Calibration.of(older).usual_likeness == {}, "packs of before it was known are read as before"


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"features": ["face"]},
        {"weights": [1.0]},
        {"weights": [float("nan")] * 6},
        {"covariance": [[1.0]]},
        {"likeness": {"face_mixed": [0, 1]}},
        {"likeness": {name: [0.0, 0.0] for name in PRIOR.likeness}},
        {"usual_likeness": {"mf-1 wf-2": float("inf")}},
    ],
)
def test_what_is_no_calibration_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Calibration.of({**PRIOR.plain(), **change})
