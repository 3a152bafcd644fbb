"""Who is shown next: order, caps, newcomers, reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.affinity import Affinity, CoupleCounts
from engine.matching.exposure import Fair
from engine.matching.features import FEATURES
from engine.matching.model import LikeModel
from engine.matching.people import Candidate, Person, Record
from engine.matching.ranking import Matcher
from engine.matching.settings import RankingSettings

EVEN = Fair({"woman": 10.0, "man": 10.0})


@pytest.fixture(scope="module")
def matcher(affinity: Affinity) -> Matcher:
    return Matcher(affinity, RankingSettings(newcomer_slots=0.0))


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


def test_who_passed_the_viewer_comes_after_everybody_else(matcher: Matcher, model: LikeModel) -> None:
    people = [Candidate(known(1, age=30.0), passed_me=True), Candidate(known(2, age=60.0)), Candidate(known(3, recent=90))]
    ranked = matcher.rank(VIEWER, people, model, None, EVEN, 1)
    assert [one.id for one in ranked] == [2, 3, 1]
    assert [one.passed_me for one in ranked] == [False, False, True]
    assert ranked[2].p_back < 0.05


def test_newcomers_are_tried_and_only_until_they_are_known(affinity: Affinity, model: LikeModel) -> None:
    matcher = Matcher(affinity, RankingSettings(newcomer_slots=0.3, newcomer_shown=20))
    old = [Candidate(known(number, age=30.0)) for number in range(1, 51)]
    new = [Candidate(Person(number, "woman", 48.0)) for number in range(51, 61)]
    firsts = [matcher.rank(VIEWER, old + new, model, None, EVEN, seed)[0] for seed in range(100)]
    assert 0.15 < sum(one.explored for one in firsts) / 100 < 0.45
    assert all((one.id > 50) == one.explored for one in firsts)
    learned = [replace(one, person=replace(one.person, record=Record(20, 4, 4.0))) for one in new]
    assert not any(matcher.rank(VIEWER, old + learned, model, None, EVEN, seed)[0].explored for seed in range(30))


def test_one_seed_is_one_order(affinity: Affinity, model: LikeModel) -> None:
    matcher = Matcher(affinity, RankingSettings(newcomer_slots=0.5))
    people = [Candidate(Person(number, "woman", 20.0 + number % 9)) for number in range(1, 40)]
    orders = {tuple(ids(matcher, model, people, seed=seed)) for seed in (7, 7, 7)}
    assert len(orders) == 1
    assert ids(matcher, model, people, seed=8) != list(orders.pop())


def test_nobody_is_shown_to_everyone(matcher: Matcher, model: LikeModel) -> None:
    """Forty viewers in a row, one person whom all would like best: the cap holds, and levelling spreads the rest."""
    people = [replace(known(number, age=33.0), record=Record(100, 95 if number == 1 else 30, 30.0)) for number in range(1, 21)]
    shown = dict.fromkeys(range(1, 21), 0)
    for turn in range(400):
        fair = Fair.of({"woman": turn}, {"woman": 20})
        candidates = [Candidate(replace(person, recent=shown[person.id])) for person in people]
        shown[matcher.rank(replace(VIEWER, id=1000 + turn), candidates, model, None, fair, turn)[0].id] += 1
    assert shown[1] == max(shown.values())
    assert shown[1] <= matcher.settings.share * 400 / 20 + 1
    assert min(shown.values()) > 10


def test_scores_of_pairs_are_those_of_ranking_and_of_either_order(matcher: Matcher, model: LikeModel, made: Any) -> None:
    random = np.random.default_rng(1)
    people = [made(number, "man" if number % 2 else "woman", random) for number in range(12)]
    places = np.array([(a, b) for a in range(12) for b in range(a + 1, 12) if (a + b) % 2])
    scored = matcher.pairs(people, places, model, None, Fair())
    assert [(one, other) for one, other, _ in scored] == [tuple(pair) for pair in places.tolist()]
    for one, other, score in scored[:5]:
        ranked = matcher.rank(people[one], [Candidate(people[other])], model, None, Fair(), 1)[0]
        assert score == pytest.approx(ranked.p_out * ranked.p_back * model.replies.chances([0.0])[0] ** 2, rel=1e-5)
    turned = matcher.pairs(people, places[:, ::-1], model, None, Fair())
    assert [score for *_, score in turned] == pytest.approx([score for *_, score in scored])
    assert matcher.pairs(people, np.zeros((0, 2), dtype=int), model, None, Fair()) == []


@pytest.mark.parametrize("full", [0, 1])
def test_a_pair_with_somebody_who_was_shown_enough_is_none_whichever_side_they_stand_on(
    matcher: Matcher, model: LikeModel, made: Any, full: int
) -> None:
    random = np.random.default_rng(2)
    people = [made(number, "man" if number % 2 else "woman", random) for number in range(4)]
    share = matcher.settings.share * 10
    places = np.array([(0, 1), (1, 2), (2, 3), (3, 0)])
    for recent, kept in ((share - 1, 4), (share, 2)):
        people[full] = replace(people[full], recent=int(recent))
        scored = matcher.pairs(people, places, model, None, EVEN)
        assert len(scored) == kept
        assert kept == 4 or not any(full in (one, other) for one, other, _ in scored)


def test_in_the_days_pairs_attention_is_levelled_on_both_sides(matcher: Matcher, model: LikeModel, made: Any) -> None:
    random = np.random.default_rng(3)
    her, him = made(0, "woman", random), made(1, "man", random)

    def score(*recent: int) -> float:
        people = [replace(one, recent=often) for one, often in zip((her, him), recent, strict=True)]
        return matcher.pairs(people, np.array([(0, 1)]), model, None, EVEN)[0][2]

    assert score(0, 10) / score(0, 0) == pytest.approx(2**-matcher.settings.levelling)
    assert score(10, 0) / score(0, 0) == pytest.approx(2**-matcher.settings.levelling)
    assert score(10, 10) / score(0, 0) == pytest.approx(4**-matcher.settings.levelling)


@pytest.mark.parametrize("combine", ["product", "harmonic"])
def test_both_ways_of_combining_can_be_chosen(affinity: Affinity, model: LikeModel, combine: str) -> None:
    one = Matcher(affinity, RankingSettings(combine=combine)).rank(VIEWER, [Candidate(known(1))], model, None, EVEN, 1)[0]
    p, q = one.p_out, one.p_back
    assert one.score == pytest.approx((p * q if combine == "product" else 2 * p * q / (p + q)) * one.reply)
