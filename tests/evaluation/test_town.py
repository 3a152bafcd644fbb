"""The town is the same for a seed, its truth knows no policy, its filters hold, and what is planted can be found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.matching.daily import Scored
from engine.matching.exposure import Fair
from engine.matching.features import Crowd
from engine.matching.people import Person
from engine.matching.ranking import Matcher
from engine.matching.settings import RankingSettings
from engine.types import TypePack
from evaluation.ranking import gini
from evaluation.report import number
from evaluation.suites import town as suite
from evaluation.town import habits, outcome, service, world
from evaluation.town.life import PLACES, Life, live
from evaluation.town.parameters import SENSITIVITY, Town
from evaluation.town.people import Floats
from evaluation.town.policies import Asked, LikersFirst, PartnerType, Plain, Policy, Popularity, Truthful
from evaluation.town.product import Kept, Product
from evaluation.town.runs import POLICIES, STATED, Done, Job
from evaluation.town.world import World

SMALL = Town(members=120, arrivals=12, weeks=2, active=0.5)
MAKERS: dict[str, Callable[[World], Policy]] = {
    "random": Plain,
    "popularity": Popularity,
    "types": PartnerType,
    "likers": lambda town: LikersFirst(Popularity(town)),
    "one-way": lambda town: Product(town, one_way=True),
    "product": Product,
}


@pytest.fixture(scope="module")
def pack() -> TypePack:
    return TypePack.load()


@pytest.fixture(scope="module")
def small(pack: TypePack) -> World:
    return world.make(SMALL, pack, 3)


@pytest.fixture(scope="module")
def lives(small: World) -> dict[str, Life]:
    return {name: live(small, make(small)) for name, make in MAKERS.items()}


def test_who_is_told_the_tastes_knows_what_vectors_can_tell(pack: TypePack) -> None:
    """In a town where nothing but own tastes counts, the directions say every utility, up to a number of the viewer's own."""
    nothing_else = {"type_taste": 0, "resemblance": 0, "desired_women": 0, "desired_men": 0, "selectivity": 0, "own_rest": 0, "per_km": 0}
    wide = {"men_contact": (0.0, 1e9), "women_contact": (0.0, 1e9)}
    made = world.make(replace(SMALL, **nothing_else, **wide), pack, 5)
    utility = np.log(made.truth.chance) - np.log1p(-made.truth.chance)
    said = made.truth.directions["face"] @ made.people.face.T + made.truth.directions["fashion"] @ made.people.fashion.T
    assert np.allclose((utility - said).std(axis=1), 0, atol=1e-6)
    told = Product(made, told=True)
    before = told.people[0].taste
    live(made, told)
    assert told.people[0].taste is before


def test_the_list_of_likes_is_in_the_policys_order(small: World) -> None:
    """As in the bot, where /likes shows the best by the ranking, not the newest."""

    class Backwards(Plain):
        def scores(self, asked: Asked) -> Floats:
            return -asked.ids.astype(np.float64)

    log = live(small, Backwards(small)).log
    likes = log.place == PLACES.index("likes")
    runs_ = np.flatnonzero(likes[1:] & likes[:-1] & (log.viewer[1:] == log.viewer[:-1]) & (log.day[1:] == log.day[:-1]))
    assert len(runs_) > 20
    assert (log.shown[runs_] < log.shown[runs_ + 1]).all()


def test_a_town_is_the_same_for_its_seed_and_another_for_another(pack: TypePack, small: World) -> None:
    again, other = world.make(SMALL, pack, 3), world.make(SMALL, pack, 4)
    assert np.array_equal(small.people.face, again.people.face)
    assert np.array_equal(small.truth.likes, again.truth.likes)
    assert small.habits.sessions == again.habits.sessions
    assert small.truth.couples == again.truth.couples
    assert not np.array_equal(small.truth.likes, other.truth.likes)


def test_a_life_is_the_same_for_its_town_and_policy(small: World, lives: dict[str, Life]) -> None:
    again = live(small, Product(small))
    assert np.array_equal(again.log.shown, lives["product"].log.shown)
    assert np.array_equal(again.log.out, lives["product"].log.out)


def test_tastes_and_luck_know_no_policy(small: World, lives: dict[str, Life]) -> None:
    answers: dict[tuple[int, int], bool] = {}
    for life in lives.values():
        assert np.array_equal(life.log.liked, small.truth.likes[life.log.viewer, life.log.shown])
        for viewer, shown, liked in zip(life.log.viewer.tolist(), life.log.shown.tolist(), life.log.liked.tolist(), strict=True):
            assert answers.setdefault((viewer, shown), liked) == liked


@pytest.mark.parametrize("name", MAKERS)
def test_every_card_keeps_every_filter(small: World, lives: dict[str, Life], name: str) -> None:
    log, people = lives[name].log, small.people
    viewer, shown = log.viewer, log.shown
    assert len(log) > 500
    assert small.truth.eligible[viewer, shown].all()
    assert small.habits.present[log.day, shown].all()
    assert small.habits.active[log.day, viewer].all()
    for one, other in ((viewer, shown), (shown, viewer)):
        assert (people.age[other] >= people.age_min[one]).all()
        assert (people.age[other] <= people.age_max[one]).all()
        near = people.distance_km[one] <= 0
        assert (near | (people.km[one, other] <= people.distance_km[one])).all()
    assert (viewer != shown).all()
    assert len(set(zip(viewer.tolist(), shown.tolist(), strict=True))) == len(log), "nobody answers twice about the same person"


@pytest.mark.parametrize("name", MAKERS)
def test_who_blocked_or_matched_is_never_met_again(small: World, lives: dict[str, Life], name: str) -> None:
    log, apart = lives[name].log, set()
    for viewer, shown, liked, matched in zip(
        log.viewer.tolist(), log.shown.tolist(), log.liked.tolist(), log.matched.tolist(), strict=True
    ):
        pair = (min(viewer, shown), max(viewer, shown))
        assert pair not in apart
        if matched or (not liked and small.truth.blocks[viewer, shown]):
            apart.add(pair)
    assert apart


@pytest.mark.parametrize("name", MAKERS)
def test_matches_are_mutual_likes_made_by_the_second(small: World, lives: dict[str, Life], name: str) -> None:
    log = lives[name].log
    assert small.truth.mutual[log.viewer[log.matched], log.shown[log.matched]].all()
    liked = {(a, b) for a, b, yes in zip(log.viewer.tolist(), log.shown.tolist(), log.liked.tolist(), strict=True) if yes}
    both = {(min(pair), max(pair)) for pair in liked if pair[::-1] in liked}
    assert len(both) == log.matched.sum()


def test_sessions_have_no_more_cards_than_they_have(small: World, lives: dict[str, Life]) -> None:
    allowed = sum(session.cards for day in small.habits.sessions for session in day)
    assert all(len(life.log) <= allowed for life in lives.values())


def test_like_rates_are_those_of_the_sources(pack: TypePack) -> None:
    town = world.make(Town(members=400, arrivals=0, weeks=1), pack, 0)
    for code, wanted in ((0, Town().likes_women), (1, Town().likes_men)):
        rows = town.people.gender == code
        assert town.truth.chance[rows][town.truth.eligible[rows]].mean() == pytest.approx(wanted, abs=0.001)


def test_chances_to_be_liked_are_as_uneven_as_reported(pack: TypePack) -> None:
    found = []
    for seed in range(3):
        town = world.make(Town(), pack, seed)
        may = town.truth.eligible
        liked = np.where(may, town.truth.chance, 0).sum(axis=0) / np.maximum(may.sum(axis=0), 1)
        found.append([gini(liked[(town.people.gender == code) & may.any(axis=0)]) for code in (0, 1)])
    women, men = np.mean(found, axis=0)
    assert women == pytest.approx(0.38, abs=0.05)
    assert men == pytest.approx(0.54, abs=0.05)


def test_people_have_a_type_of_their_gender_and_vectors_of_length_one(small: World) -> None:
    for code, types in zip(small.people.gender, small.people.types, strict=True):
        assert {one[1] for one in types} == {"f", "o"}
        if code < 2:
            assert {one[0] for one in types} == {"wm"[code]}
    assert np.linalg.norm(small.people.face, axis=1) == pytest.approx(1)


def test_a_planted_taste_lets_who_knows_it_find_far_more_matches_than_chance(small: World, lives: dict[str, Life]) -> None:
    knowing = live(small, Truthful(small))
    assert knowing.log.matched.sum() > 1.5 * lives["random"].log.matched.sum()
    assert np.nanmean(knowing.rankings[:, 3]) > 0.99
    assert np.nanmean(lives["random"].rankings[:, 3]) < 0.6


def test_without_any_taste_nobody_can_beat_chance(pack: TypePack) -> None:
    flat = replace(
        SMALL, type_taste=0, resemblance=0, own_face=0, own_fashion=0, own_rest=0, desired_women=0, desired_men=0, selectivity=0, per_km=0,
        men_contact=(0, 1e6), women_contact=(0, 1e6), opens_likes=0,
    )  # fmt: skip
    town = world.make(flat, pack, 5)
    shown = [live(town, policy).log for policy in (Plain(town), Product(town, daily=False))]
    assert shown[1].liked.mean() == pytest.approx(shown[0].liked.mean(), abs=0.03)


def test_newcomers_arrive_leave_and_pause(small: World) -> None:
    calendar = small.habits
    assert (calendar.joined[: SMALL.members] == 0).all()
    assert (calendar.joined[SMALL.members :] >= 0).all()
    for one in range(len(small)):
        days = np.flatnonzero(calendar.present[:, one])
        assert not len(days) or (days[0] >= calendar.joined[one] and days[-1] < calendar.left[one])
    assert not (calendar.active & ~calendar.present).any()
    assert habits.number(SMALL) == len(small)
    assert (calendar.idle(0) == 0).all()


def test_the_products_columns_are_the_models_own(small: World) -> None:
    product = Product(small)
    live(small, product)
    assert isinstance(product.model, Kept)
    table = product.matcher.lifts.table(small.truth.couples)
    people = [product.people[one] for one in (5, 3, 90, 41)]
    mine, own = product.model.crowd(people, table), Crowd.of(people, product.model.centre, table)
    for name in ("face", "taste_face", "taste_fashion", "popularity", "selectivity", "idle", "age"):
        assert getattr(mine, name) == pytest.approx(getattr(own, name), abs=1e-6)
    assert product.model.seen > 500


def test_pairs_of_the_day_are_shown_to_both_and_once(lives: dict[str, Life]) -> None:
    log = lives["product"].log
    daily = log.place == PLACES.index("daily")
    assert daily.any()
    keys = list(zip(log.day[daily].tolist(), log.viewer[daily].tolist(), strict=True))
    assert len(keys) == len(set(keys))
    partner = {(day, viewer): shown for (day, viewer), shown in zip(keys, log.shown[daily].tolist(), strict=True)}
    for (day, viewer), shown in partner.items():
        assert partner.get((day, shown), viewer) == viewer


def test_in_the_towns_pairs_of_the_day_nobody_was_shown_enough(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those of `Matcher.pairs`, as in the bot; some who take part are over the cap, and in no pair."""
    asked, over = Matcher.pairs, []
    scored_by: list[list[Scored]] = []

    def noted(matcher: Matcher, people: Sequence[Person], places: Any, model: Any, couples: Any, fair: Fair) -> list[Scored]:
        found = asked(matcher, people, places, model, couples, fair)
        full = {
            person.id
            for person in people
            if person.recent >= max(matcher.settings.minimum, matcher.settings.share * fair.shares.get(person.gender, 0.0))
        }
        over.append(len(full))
        assert not full & {one for pair in found for one in pair[:2]}
        scored_by.append(found)
        return found

    monkeypatch.setattr(Matcher, "pairs", noted)
    product = Product(small, replace(RankingSettings(), share=1.0, minimum=4))
    log = live(small, product).log
    assert sum(over) > 20
    given = {frozenset(pair[:2]) for found in scored_by for pair in found}
    daily = log.place == PLACES.index("daily")
    assert daily.any()
    assert all(frozenset(pair) in given for pair in zip(log.viewer[daily].tolist(), log.shown[daily].tolist(), strict=True))


def test_figures_have_every_name_and_stay_within_bounds(lives: dict[str, Life]) -> None:
    found = outcome.figures(lives["product"])
    for name in ("exposure gini", "without a match", "precision at 10", "recall at 10", "NDCG at 10", "ECE of a like", "likes"):
        for who in outcome.WHO:
            assert 0 <= found[name + who] <= 1
    assert found["matches"] == lives["product"].log.matched.sum()
    weeks = lives["product"].world.habits.present.sum() / 7
    assert found["matches a member and week"] == pytest.approx(2 * found["matches"] / weeks)
    assert outcome.curves(lives["random"]) is None
    assert outcome.curves(lives["product"]) is not None


def test_first_replies_are_those_to_what_members_of_a_gender_wrote(small: World, lives: dict[str, Life]) -> None:
    replies = {who: [bool(row[3]) for row in lives["popularity"].messages if small.people.gender[row[1]] == who] for who in (0, 1)}
    found = outcome.figures(lives["popularity"])
    assert all(len(replies[who]) > 3 for who in (0, 1))
    for code, who in ((0, " women"), (1, " men")):
        assert found[f"first replies{who}"] == pytest.approx(np.mean(replies[code]))
    assert found["first replies"] == pytest.approx(lives["popularity"].messages[:, 3].mean())


def test_each_figure_of_the_report_is_told_by_gender_and_beside_every_baseline(lives: dict[str, Life]) -> None:
    policies = {suite.PRODUCT: "product", "random": "random", "popularity": "popularity", suite.ONE_WAY: "one-way"}
    policies["most frequent partner type"] = "types"
    jobs = [(Job(STATED, 3, policy), lives[name]) for policy, name in policies.items()]
    done = [Done(job, outcome.figures(life), outcome.curves(life), outcome.exposure(life)) for job, life in jobs]
    figures = suite.collected(done)
    rows = {row.name: row for row in suite.told(figures)}
    for name in (
        "matches a member and week", "expected matches in 10 cards", "precision at 10", "recall at 10", "NDCG at 10", "first replies",
        "without a match", "exposure gini", "ECE of a like", "ECE of a match",
    ):  # fmt: skip
        for side, who in ((": everybody", ""), (": women", " women"), (": men", " men")):
            row = rows[name + side]
            assert row.value == pytest.approx(figures[suite.PRODUCT][name + who][0], nan_ok=True)
            said = not name.startswith("ECE")
            assert (row.baseline is not None) == said
            assert not said or row.baseline == pytest.approx(figures["popularity"][name + who][0])
            for baseline in ("random", suite.ONE_WAY, "most frequent partner type"):
                assert f"{baseline} {number(figures[baseline][name + who][0])}" in row.note
    assert figures[suite.ONE_WAY]["ECE of a like women"][0] > 0
    assert np.isnan(figures[suite.ONE_WAY]["ECE of a match women"][0]), "it says nothing of the way back"


def test_the_newcomers_clock_by_hand(small: World, lives: dict[str, Life]) -> None:
    log, calendar = lives["random"].log, small.habits
    new = [
        one for one in range(SMALL.members, len(small)) if calendar.joined[one] > 0 and calendar.present[:, one].sum() >= outcome.A_WHILE
    ]
    days = []
    for one in new:
        when = log.day[log.shown == one]
        days.append(when[outcome.SEEN_BY - 1] - calendar.joined[one] if len(when) >= outcome.SEEN_BY else np.inf)
    median = np.median(days)
    assert outcome.figures(lives["random"])["days until seen"] == (median if np.isfinite(median) else SMALL.days)


def test_every_other_town_can_be_made(pack: TypePack) -> None:
    for town in SENSITIVITY.values():
        made = world.make(replace(town, members=60, arrivals=4, weeks=1), pack, 0)
        assert np.isfinite(made.truth.chance).all()
        assert (made.truth.couples.pairs == {}) == (town.couples == 0)
    assert len(POLICIES) >= 10


@pytest.mark.slow
def test_the_bot_itself_serves_a_town_and_keeps_every_filter(pack: TypePack, tmp_path: Path) -> None:
    tiny = replace(service.SMALL, members=26, arrivals=4.0)
    town = service.comparable(pack, 1, tiny)
    log = service.serve(town, tmp_path).log
    assert len(log) > 30
    assert town.truth.eligible[log.viewer, log.shown].all()
    assert town.habits.present[log.day, log.shown].all()
    assert town.truth.mutual[log.viewer[log.matched], log.shown[log.matched]].all()
    assert len(set(zip(log.viewer.tolist(), log.shown.tolist(), strict=True))) == len(log)
    assert not np.isnan(log.out).any()
    alone = live(town, Product(town)).log
    assert len(log) == pytest.approx(len(alone), rel=0.15)
