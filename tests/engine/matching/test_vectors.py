"""The index's inner product: as the chances' log-odds in what vectors hold, and a good first stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.affinity import CoupleCounts
from engine.matching import vectors
from engine.matching.exposure import Fair
from engine.matching.features import FEATURES
from engine.matching.lifts import Lifts, Table
from engine.matching.model import LikeModel
from engine.matching.people import Candidate, MemberGender, Person, Record, Taste
from engine.matching.ranking import Matcher
from engine.matching.settings import RankingSettings
from engine.matching.vectors import FASHION_KEPT, PARTS, Layout, query, row, rows


@pytest.fixture
def learned(model: LikeModel) -> LikeModel:
    """Weights away from their priors, different by gender."""
    random = np.random.default_rng(9)
    model.weights.mean = model.weights.mean + 0.2 * random.normal(size=len(model.weights.mean))
    return model


def town(made: Any, gender: MemberGender, n: int, seed: int) -> list[Person]:
    random = np.random.default_rng(seed)
    people = []
    for number in range(n):
        shown, given = random.integers(0, 60, 2).tolist()
        taste = Taste(
            (random.normal(size=128) * 0.8).astype(np.float32), (random.normal(size=121) * 0.8).astype(np.float32), int(given), int(given)
        )
        record = Record(
            shown,
            int(random.binomial(shown, random.beta(2, 4))),
            0.3 * shown,
            given,
            int(random.binomial(given, random.beta(2, 4))),
            0.3 * given,
        )
        people.append(replace(made(number + 1, gender, random), taste=taste, record=record))
    return people


def test_a_row_has_512_numbers_and_is_the_same_alone(learned: LikeModel, table: Table, made: Any) -> None:
    people = town(made, "woman", 5, 1)
    found = rows(people, learned, table)
    assert found.shape == (5, 512)
    assert found.dtype == np.float32
    assert np.array_equal(row(people[3], learned, table), found[3])
    layout = Layout.of(learned.centre, table)
    assert sum(layout.sizes) + 10 <= 512, "room for eight types in each group"
    assert [layout.part(name).start for name in PARTS][1:] == [layout.part(name).stop for name in PARTS][:-1]


def test_the_inner_product_is_the_log_odds_of_both_ways_but_for_what_is_left_out(
    learned: LikeModel, table: Table, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's places, activity and lower clothes differ here, and nobody is alike in clothes: what is left is exact, up to a constant."""
    viewer = replace(town(made, "man", 1, 2)[0], latitude=None, longitude=None, fashion=None)
    seen = np.r_[np.ones(40), np.zeros(81)].astype(np.float32)
    people = [
        replace(one, latitude=None, longitude=None, fashion=one.fashion * seen, age=min(one.age, 44.0))
        for one in town(made, "woman", 60, 3)
        if one.fashion is not None
    ]
    monkeypatch.setattr(vectors, "OPTIMISM", 0.0)
    own, others = learned.crowd([viewer], table), learned.crowd(people, table)
    out, back = learned.predict(own, others, table), learned.predict(others, own, table)
    z, y = out.contributions.sum(axis=1), back.contributions.sum(axis=1)
    found = rows(people, learned, table) @ query(viewer, learned, table, ("woman",))
    design = np.stack([z, y, np.ones(len(z))], axis=1)
    (to, fro, _), *_ = np.linalg.lstsq(design, found, rcond=None)
    assert np.abs(design @ np.linalg.lstsq(design, found, rcond=None)[0] - found).max() < 0.01 * found.std()
    assert to > 0
    assert fro > 0


def test_the_first_stage_keeps_whom_ranking_would_put_first(learned: LikeModel, affinity: Any, made: Any) -> None:
    people = town(made, "woman", 1500, 4)
    couples = CoupleCounts.of([("mf-1", "wf-1", 300), ("mf-1", "wf-2", 60), ("mf-2", "wf-2", 300), ("mf-2", "wf-1", 60)])
    table = Lifts(affinity).table(couples)
    matcher = Matcher(affinity, RankingSettings(levelling=0.0, minimum=10**6, newcomer_slots=0.0))
    stored = rows(people, learned, table)
    kept = []
    for viewer in town(made, "man", 6, 5):
        best = [one.id for one in matcher.rank(viewer, [Candidate(one) for one in people], learned, couples, Fair(), 1)[:20]]
        scores = stored @ query(viewer, learned, table, ("woman",))
        first = {people[place].id for place in np.argsort(-scores)[:150].tolist()}
        kept.append(len(first & set(best)) / 20)
    assert float(np.mean(kept)) > 0.9, kept


def test_fashion_beyond_what_a_row_keeps_is_left_to_ranking(learned: LikeModel, table: Table, made: Any) -> None:
    person = town(made, "woman", 1, 6)[0]
    assert person.fashion is not None
    changed = person.fashion.copy()
    changed[FASHION_KEPT:] = changed[FASHION_KEPT:][::-1]
    assert np.allclose(row(person, learned, table), row(replace(person, fashion=changed), learned, table), atol=1e-6)
    assert len(FEATURES) == 13


def test_who_is_unknown_is_found_rather_than_who_is_known_to_be_as_popular(model: LikeModel, table: Table, made: Any) -> None:
    known = replace(made(1, "woman", np.random.default_rng(1)), record=Record(200, 60, 60.0))
    unknown = replace(known, record=Record())
    asked = query(made(2, "man", np.random.default_rng(2)), model, table, ("woman",))
    assert float(row(unknown, model, table) @ asked) > float(row(known, model, table) @ asked) + 0.2
