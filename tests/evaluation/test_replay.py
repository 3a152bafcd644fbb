"""Replay: only the log is learned from, the split is in time, and what was planted is found in the later weeks."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import TypePack
from evaluation.town import replaying, world
from evaluation.town.parameters import Town
from evaluation.town.people import Bools, Codes, Floats
from evaluation.town.product import Product
from evaluation.town.replaying import Events
from evaluation.town.world import World


@pytest.fixture(scope="module")
def town() -> World:
    return world.make(Town(members=90, arrivals=6, weeks=2, active=0.6), TypePack.load(), 1)


def test_what_comes_later_is_scored_without_having_been_seen(town: World) -> None:
    events = replaying.logged(town)
    split = round(replaying.SPLIT * town.town.days)
    before, later = events.where(events.day < split), events.where(events.day >= split)
    assert before.day.max() < later.day.min()
    product = replaying.learned(town, before)
    assert product.model.seen == len(before)
    assert sum(person.record.shown for person in product.people) == len(before)
    told = replaying.scores(town, product, before, later)
    # Other answers in the later weeks change nothing of what is said about them.
    other = Events(later.day, later.viewer, later.shown, ~later.liked)
    again = replaying.scores(town, product, before, other)
    assert all(np.array_equal(told.match[name], again.match[name]) for name in told.match)


def test_what_was_planted_is_found_in_the_later_weeks(town: World) -> None:
    found = replaying.figures(town)
    assert found["AUC of a like, the product"] > 0.6
    assert found["AUC of a like, the product"] > found["AUC of a like, random"]
    assert found["log loss"] < found["log loss of the usual rate"]


def test_both_must_have_answered_for_a_match_to_be_judged() -> None:
    log = Events(np.array([0, 0, 1, 1]), np.array([1, 2, 2, 3]), np.array([2, 3, 1, 2]), np.array([True, True, True, False]))
    known, mutual = replaying.answered_both(log)
    assert known.tolist() == [True, True, True, True]
    assert mutual.tolist() == [True, False, True, False]
    known, mutual = replaying.answered_both(log.where(log.viewer != 3))
    assert known.tolist() == [True, False, True]
    assert mutual.tolist() == [True, False, True]


def test_no_half_of_a_judged_match_was_learned_from(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the first weeks' answers were, what is judged of the later cards, and by which labels, stays the same."""
    events = replaying.logged(town)
    split = round(replaying.SPLIT * town.town.days)
    early = events.day < split
    before = set(zip(events.viewer[early].tolist(), events.shown[early].tolist(), strict=True))
    judged: list[tuple[Codes, Floats, Bools]] = []

    def noted(viewers: Codes, score: Floats, mutual: Bools) -> dict[str, float]:
        judged.append((viewers, score, mutual))
        return {}

    def learned(world: World, told: Events) -> Product:
        assert set(zip(told.viewer.tolist(), told.shown.tolist(), strict=True)) == before
        return Product(world, daily=False)  # what was learned moves scores, which are no part of this

    monkeypatch.setattr(replaying, "learned", learned)
    monkeypatch.setattr(replaying, "per_viewer", noted)
    found = []
    for log in (events, Events(events.day, events.viewer, events.shown, np.where(early, ~events.liked, events.liked))):
        monkeypatch.setattr(replaying, "logged", lambda world, log=log: log)
        found.append(replaying.figures(town))
    half = len(judged) // 2
    for (viewers, _, mutual), (again, _, same) in zip(judged[:half], judged[half:], strict=True):
        assert np.array_equal(viewers, again)
        assert np.array_equal(mutual, same)
    later = events.where(~early)
    known, _ = replaying.answered_both(later)
    back = zip(later.shown[known].tolist(), later.viewer[known].tolist(), strict=True)
    assert not before & set(back)
    assert 20 < found[0]["judged"] == known.sum() < found[0]["answered by both"]


def test_orders_are_judged_within_a_viewer() -> None:
    viewers = np.array([1, 1, 1, 2, 2, 3])
    score = np.array([0.9, 0.5, 0.1, 0.2, 0.8, 1.0])
    mutual = np.array([True, False, False, True, False, True])
    found = replaying.per_viewer(viewers, score, mutual)  # 3 has nobody to be told apart
    assert found["precision at 5"] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert found["recall at 5"] == 1
    assert found["NDCG at 5"] == pytest.approx((1 + 1 / np.log2(3)) / 2)
    assert np.isnan(replaying.per_viewer(viewers[:1], score[:1], mutual[:1])["NDCG at 5"])
