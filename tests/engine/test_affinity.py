"""Partner types: the stated prior, and planted counts that must be found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.affinity import COUPLES_ENOUGH, Affinity, CoupleCounts, prior_lifts, shrunk_lifts
from engine.types import TypePack
from tests.engine.packs import TYPES, write_pack


@pytest.fixture(scope="module")
def affinity(tmp_path_factory: pytest.TempPathFactory) -> Affinity:
    return Affinity(TypePack.load(write_pack(tmp_path_factory.mktemp("pack"))))


def planted(rates: np.ndarray, couples: int, seed: int) -> CoupleCounts:
    """Couples of men's and women's face types drawn with probabilities proportional to `rates`."""
    drawn = np.random.default_rng(seed).multinomial(couples, (rates / rates.sum()).ravel()).reshape(rates.shape)
    return CoupleCounts.of(
        (f"mf-{row}", f"wf-{column}", int(drawn[row, column])) for row in range(len(rates)) for column in range(len(rates[0]))
    )


def test_without_couples_the_prior_is_said_to_be_one(affinity: Affinity) -> None:
    found = affinity.partners(["mf-1"], "woman")
    assert found[0].type.id == "wf-1", "the type that resembles"
    assert {partner.evidence for partner in found} == {"prior"}
    assert {partner.couples for partner in found} == {0}
    assert all("No couples have been observed yet" in partner.reason and "assume" in partner.reason for partner in found)
    assert all("관찰된 커플이 없" in partner.reason_ko and "가정" in partner.reason_ko for partner in found)
    assert np.mean([partner.lift for partner in found]) == pytest.approx(1)


def test_partners_are_of_the_gender_sought_and_sorted_over_both_kinds(affinity: Affinity) -> None:
    found = affinity.partners(["wf-0"], "woman", top=None)
    assert {partner.type.gender for partner in found} == {"woman"}
    lifts = [partner.lift for partner in found]
    assert lifts == sorted(lifts, reverse=True)
    assert len(affinity.partners(["wf-0"], "woman", top=2)) == 2


def test_unknown_types_and_no_types_recommend_nothing(affinity: Affinity) -> None:
    assert affinity.partners([], "man") == []
    assert affinity.partners(["of-an-older-pack"], "man") == []
    assert affinity.score([], ["wf-0"]) == 1.0


def test_a_planted_affinity_replaces_the_prior(affinity: Affinity) -> None:
    rates = np.ones((TYPES, TYPES))
    rates[0, 2] = 4.0
    found = affinity.partners(["mf-0"], "woman", planted(rates, 3000, 1))
    assert found[0].type.id == "wf-2"
    assert found[0].evidence == "observed"
    assert found[0].couples > 500
    assert f"{found[0].couples:,} observed couples" in found[0].reason
    expected = rates / (rates.sum(axis=1, keepdims=True) * rates.sum(axis=0, keepdims=True) / rates.sum())
    assert found[0].lift == pytest.approx(expected[0, 2], rel=0.1)
    for partner in found:
        assert partner.interval[0] < partner.lift < partner.interval[1]


def test_the_same_counts_serve_both_sides(affinity: Affinity) -> None:
    rates = np.ones((TYPES, TYPES))
    rates[0, 2] = 4.0
    counts = planted(rates, 3000, 1)
    assert affinity.partners(["wf-2"], "man", counts)[0].type.id == "mf-0"
    assert affinity.score(["mf-0"], ["wf-2"], counts) > 1.3 > affinity.score(["mf-0"], ["wf-1"], counts)


def test_popularity_alone_is_no_affinity(affinity: Affinity) -> None:
    popular = np.outer([1, 1, 1], [10, 1, 1]).astype(float)
    for partner in affinity.partners(["mf-0"], "woman", planted(popular, 30000, 3)):
        assert partner.lift == pytest.approx(1, abs=0.06)


def test_few_couples_leave_the_prior_in_place_and_say_how_few(affinity: Affinity) -> None:
    found = affinity.partners(["mf-0"], "woman", CoupleCounts.of([("mf-0", "wf-2", COUPLES_ENOUGH - 1)]))
    assert {partner.evidence for partner in found} == {"prior"}
    assert all(f"Only {COUPLES_ENOUGH - 1} couples" in partner.reason for partner in found)
    assert {partner.type.id: partner.couples for partner in found} == {"wf-0": 0, "wf-1": 0, "wf-2": COUPLES_ENOUGH - 1}


def test_score_is_symmetric_without_couples_and_rewards_resemblance(affinity: Affinity) -> None:
    assert affinity.score(["mf-0"], ["wf-0"]) == pytest.approx(affinity.score(["wf-0"], ["mf-0"]))
    assert affinity.score(["mf-0"], ["wf-0"]) > 1 > affinity.score(["mf-0"], ["wf-1"])


def test_same_gender_couples_count_once(affinity: Affinity) -> None:
    rates = [
        ("mf-0", "mf-0", 400),
        ("mf-1", "mf-1", 400),
        ("mf-2", "mf-2", 400),
        ("mf-0", "mf-1", 800),
        ("mf-1", "mf-2", 800),
        ("mf-2", "mf-0", 800),
    ]
    # Each type is a third of all people, so these are exactly the numbers that chance gives: no affinity.
    found = affinity.partners(["mf-0"], "man", CoupleCounts.of(rates))
    assert {partner.evidence for partner in found} == {"observed"}
    for partner in found:
        assert partner.lift == pytest.approx(1, abs=0.02)


def test_shrinking_beats_raw_lifts_where_nothing_is_planted() -> None:
    random = np.random.default_rng(5)
    noise = random.poisson(3.0, (8, 8)).astype(float)
    lifts, low, high = shrunk_lifts(noise)
    raw = noise / (noise.sum(axis=1, keepdims=True) * noise.sum(axis=0, keepdims=True) / noise.sum())
    assert np.abs(lifts - 1).max() < 0.2 < np.abs(raw - 1).max()
    assert ((low < 1) & (high > 1)).mean() > 0.9


def test_intervals_cover_what_was_planted() -> None:
    random = np.random.default_rng(11)
    true = random.gamma(10, 0.1, (8, 8))
    inside = []
    for _ in range(20):
        counts = random.poisson(true * 40).astype(float)
        _, low, high = shrunk_lifts(counts)
        lift = true / (true.sum(axis=1, keepdims=True) * true.sum(axis=0, keepdims=True) / true.sum())
        inside.append(float(((low <= lift) & (lift <= high)).mean()))
    assert 0.7 < float(np.mean(inside)) < 0.92


def test_ranking_by_shrunk_lifts_recovers_a_plant_and_nothing_after_shuffling() -> None:
    random = np.random.default_rng(2)
    true = random.gamma(8, 1 / 8, (8, 8))
    popularity = np.outer(random.dirichlet(np.ones(8)), random.dirichlet(np.ones(8)))
    rates = true * popularity
    counts = random.multinomial(30_000, (rates / rates.sum()).ravel()).reshape(8, 8).astype(float)
    lifts, _, _ = shrunk_lifts(counts)
    fair = rates / (rates.sum(axis=1, keepdims=True) * rates.sum(axis=0, keepdims=True) / rates.sum())
    assert np.mean(np.take_along_axis(fair, lifts.argmax(axis=1)[:, None], 1)) > 0.93 * np.mean(fair.max(axis=1))
    men, women = np.repeat(np.arange(8), counts.sum(axis=1).astype(int)), np.repeat(np.arange(8), counts.sum(axis=0).astype(int))
    shuffled = np.zeros((8, 8))
    np.add.at(shuffled, (men, random.permutation(women)), 1)
    found, low, high = shrunk_lifts(shuffled)
    assert np.abs(found - 1).max() < 0.15
    assert ((low < 1) & (high > 1)).mean() > 0.8


@given(arrays(np.float64, (4, 4), elements=st.integers(0, 10_000).map(float)), st.booleans())
def test_lifts_are_finite_positive_and_within_their_intervals(counts: np.ndarray, symmetric: bool) -> None:
    counts = counts + counts.T if symmetric else counts
    lifts, low, high = shrunk_lifts(counts, symmetric=symmetric)
    assert np.isfinite(lifts).all()
    assert (low > 0).all()
    assert ((low < lifts) & (lifts < high)).all()


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_prior_lifts_average_one_and_grow_with_likeness(likeness: list[float]) -> None:
    lifts = prior_lifts(np.array(likeness))
    assert lifts.mean() == pytest.approx(1)
    assert (np.diff(lifts[np.argsort(likeness)]) >= 0).all()


def test_packs_of_any_folder(tmp_path: Path) -> None:
    assert Affinity(TypePack.load(write_pack(tmp_path / "other"))).partners(["wf-2"], "man")[0].type.id == "mf-2"
