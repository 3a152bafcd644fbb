"""Who is shown next: order, caps, newcomers, reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.affinity import Affinity, CoupleCounts
from engine.matching.exposure import Fair
from engine.matching.features import FEATURES
from engine.matching.model import LikeModel
from engine.matching.people import Candidate, Person, Record
from engine.matching.ranking import Matcher
from engine.matching.settings import RankingSettings
from engine.matching.taste import Centre
from engine.types import TypePack

EVEN = Fair({"woman": 10.0, "man": 10.0})


@pytest.fixture(scope="module")
def pack() -> TypePack:
    return TypePack.load()


@pytest.fixture(scope="module")
def model(pack: TypePack) -> LikeModel:
    return LikeModel(Centre.start(pack))


@pytest.fixture(scope="module")
def matcher(pack: TypePack) -> Matcher:
    return Matcher(Affinity(pack), RankingSettings(newcomer_slots=0.0))


def known(person_id: int, **said: object) -> Person:
    return replace(Person(person_id, "woman", 30.0, record=Record(shown=100, liked=30, expected=30.0)), **said)  # type: ignore[arg-type]


VIEWER = Person(1000, "man", 30.0, types=("mf-1", "mo-1"))


def ids(matcher: Matcher, model: LikeModel, people: list[Candidate], fair: Fair = EVEN, seed: int = 1) -> list[int]:
    return [one.id for one in matcher.rank(VIEWER, people, model, None, fair, seed)]


def test_near_in_age_comes_before_far(matcher: Matcher, model: LikeModel) -> None:
    people = [Candidate(known(1, age=50.0)), Candidate(known(2, age=31.0)), Candidate(known(3, age=40.0))]
    assert ids(matcher, model, people) == [2, 3, 1]


def test_whoever_likes_the_viewer_comes_before_an_equal(matcher: Matcher, model: LikeModel) -> None:
    first = matcher.rank(VIEWER, [Candidate(known(1)), Candidate(known(2), liked_me=True)], model, None, EVEN, 1)[0]
    assert (first.id, first.p_back, first.reply) == (2, 1.0, 1.0)


def test_who_was_shown_enough_comes_last_save_for_those_they_like(matcher: Matcher, model: LikeModel) -> None:
    much = Candidate(known(1, recent=50))
    some = Candidate(known(2, recent=5, age=48.0))
    assert ids(matcher, model, [much, some]) == [2, 1]
    assert ids(matcher, model, [replace(much, liked_me=True), some]) == [1, 2]
    ranked = matcher.rank(VIEWER, [much, some], model, None, EVEN, 1)
    assert [one.capped for one in ranked] == [False, True]


def test_the_same_whatever_the_order_they_come_in(matcher: Matcher, model: LikeModel) -> None:
    people = [Candidate(known(number, age=20.0 + number % 7)) for number in range(1, 40)]
    assert ids(matcher, model, people) == ids(matcher, model, people[::-1])


def test_a_lift_of_couples_is_a_reason_with_its_evidence(matcher: Matcher, model: LikeModel) -> None:
    couples = CoupleCounts.of([("mf-1", "wf-1", 300), ("mf-1", "wf-2", 30), ("mf-2", "wf-2", 300), ("mf-2", "wf-1", 30)])
    people = [Candidate(known(1, types=("wf-2",))), Candidate(known(2, types=("wf-1",)))]
    first, second = matcher.rank(VIEWER, people, model, couples, EVEN, 1)
    assert (first.id, second.id) == (2, 1)
    reason = next(part for part in first.parts if part.feature == "lift_face")
    assert reason.evidence == "observed"
    assert reason.log_odds > 0
    assert reason.partner is not None
    assert reason.partner.couples == 300
    assert next(part for part in matcher.rank(VIEWER, people, model, None, EVEN, 1)[0].parts if part.partner).evidence == "prior"


def test_contributions_and_features_are_those_of_the_model(matcher: Matcher, model: LikeModel) -> None:
    one = matcher.rank(VIEWER, [Candidate(known(1, age=40.0, latitude=37.5, longitude=127.0))], model, None, EVEN, 1)[0]
    weights = model.by_gender()[1]
    assert one.features.shape == (len(FEATURES),)
    assert np.allclose(one.contributions, weights * one.features, atol=1e-6)


def test_nobody_to_rank(matcher: Matcher, model: LikeModel) -> None:
    assert matcher.rank(VIEWER, [], model, None, EVEN, 1) == []
