"""Every backend answers what a plain reading of the rules answers, at once after every change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.index.values import EVERYONE, MAN, WOMAN, Entry, Index, Seeker, Vector
from tests.engine.index.conftest import Make
from tests.engine.index.towns import DIMS, TODAY, crowd, entries, expected, meet, seeker_of, seekers, whole

ONE = np.ones(DIMS, np.float32)
A = Entry(1, WOMAN, MAN, TODAY - 30 * 365, 18, 99, 37.6, 127.0, languages=1, vector=ONE)
B = replace(A, id=2, gender=MAN, seeks=WOMAN)


@pytest.fixture(scope="module")
def index(make_index: Make) -> Index:
    """One index for the module's tests; each of them clears it."""
    return make_index()


@pytest.fixture(autouse=True)
def empty(index: Index) -> None:
    index.clear()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_it_answers_what_a_plain_reading_of_the_rules_answers(index: Index, data: st.DataObject) -> None:
    index.delete(range(1, 31))
    town: dict[int, Entry] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        batch = data.draw(st.lists(entries(), max_size=15))
        gone = data.draw(st.lists(st.integers(1, 30), max_size=4))
        index.upsert(batch)
        index.delete(gone)
        town = {**town, **{entry.id: entry for entry in batch}}
        town = {row_id: entry for row_id, entry in town.items() if row_id not in gone}
        assert len(index) == len(town)
        if data.draw(st.booleans()):
            index.flush("x")
        for seeker in data.draw(st.lists(seekers(), min_size=1, max_size=4)):
            k = data.draw(st.sampled_from([1, 3, 100]))
            query = data.draw(whole())
            assert index.search(query, seeker, k) == expected(town.values(), query, seeker, k)
            assert index.count(seeker) == sum(meet(seeker, entry) for entry in town.values())


def test_the_reference_can_say_no_to_each_filter() -> None:
    """Otherwise the comparison above would prove little."""
    asks = seeker_of(A)
    assert meet(asks, B)
    for change in (
        {"id": 1}, {"gender": WOMAN}, {"seeks": MAN}, {"born": TODAY - 17 * 365}, {"age_min": 40}, {"age_max": 20},
        {"latitude": 35.2, "distance_km": 50}, {"latitude": float("nan"), "distance_km": 1}, {"languages": 2, "same_language": True},
        {"verified_only": True},
    ):  # fmt: skip
        assert not meet(asks, replace(B, **change)), change
    assert not meet(replace(asks, exclude=(2,)), B)
    assert not meet(replace(asks, distance_km=10), replace(B, latitude=35.2))


def test_an_empty_index_finds_nobody(index: Index) -> None:
    assert index.search(ONE, seeker_of(A), 5) == []
    assert index.count(seeker_of(A)) == 0
    assert len(index) == 0
    index.delete([7])


def test_a_change_is_seen_by_the_very_next_search(index: Index) -> None:
    index.upsert([B])
    assert [hit.id for hit in index.search(ONE, seeker_of(A), 5)] == [2]
    index.upsert([replace(B, vector=-ONE)])
    assert index.search(ONE, seeker_of(A), 5)[0].score == -DIMS
    index.upsert([replace(B, gender=WOMAN)])
    assert index.search(ONE, seeker_of(A), 5) == []
    index.upsert([B, replace(B, id=3)])
    assert [hit.id for hit in index.search(ONE, seeker_of(A), 5)] == [2, 3]
    index.delete([2])
    assert [hit.id for hit in index.search(ONE, seeker_of(A), 5)] == [3]
    assert len(index) == 1


def test_the_last_of_two_entries_of_one_member_counts(index: Index) -> None:
    index.upsert([B, replace(B, vector=2 * ONE)])
    assert len(index) == 1
    assert index.search(ONE, seeker_of(A), 5)[0].score == 2 * DIMS


def test_equal_scores_are_cut_by_id(index: Index) -> None:
    index.upsert([replace(B, id=row_id) for row_id in range(200, 2, -1)])
    assert [hit.id for hit in index.search(ONE, seeker_of(A), 50)] == list(range(3, 53))


@pytest.mark.parametrize(
    "bad", [np.ones(DIMS + 1, np.float32), np.full(DIMS, np.nan, np.float32), np.full(DIMS, np.inf, np.float32)], ids=["dims", "nan", "inf"]
)
def test_a_bad_vector_is_refused_and_changes_nothing(index: Index, bad: Vector) -> None:
    with pytest.raises(ValueError, match=r"vector|finite"):
        index.upsert([B, replace(B, id=3, vector=bad)])
    with pytest.raises(ValueError, match="ids"):
        index.upsert([replace(B, id=0)])
    assert len(index) == 0
    with pytest.raises(ValueError, match="query"):
        index.search(np.ones(DIMS - 1, np.float32), seeker_of(A), 1)


def test_a_query_of_doubles_is_answered_in_single_precision(index: Index) -> None:
    index.upsert([B])
    found = index.search(ONE.astype(np.float64) / 3, seeker_of(A), 5)  # type: ignore[arg-type]
    assert found[0].score == pytest.approx(DIMS / 3, rel=1e-6)


def test_the_stamp_is_what_the_last_flush_noted_and_clearing_forgets_it(index: Index) -> None:
    index.flush("a 1")
    assert index.stamp == "a 1"
    index.upsert([B])
    assert index.stamp == "a 1"
    index.clear()
    assert index.stamp == ""


def test_a_town_of_thousands_with_many_changes(index: Index) -> None:
    """Rows are sorted, freed and used again."""
    town = {entry.id: entry for entry in crowd(3000, seed=1)}
    index.upsert(list(town.values()))
    rng = np.random.default_rng(2)
    asks = [seeker_of(town[row_id], exclude=rng.integers(1, 3000, 50).tolist()) for row_id in (5, 6, 7)]
    asks.append(replace(asks[0], seeks=EVERYONE, distance_km=0, latitude=float("nan"), longitude=float("nan")))
    query = rng.integers(-3, 4, DIMS).astype(np.float32)
    for step in range(3):
        gone = rng.choice(sorted(town), 400, replace=False).tolist()
        index.delete(gone)
        for row_id in gone:
            del town[row_id]
        moved = [replace(entry, born=entry.born - 2000, latitude=35.2, longitude=129.1) for entry in list(town.values())[:300]]
        fresh = [replace(entry, id=entry.id + 10_000 * (step + 1)) for entry in crowd(350, seed=step)]
        index.upsert([*moved, *fresh])
        town |= {entry.id: entry for entry in [*moved, *fresh]}
        for seeker in asks:
            assert index.search(query, seeker, 40) == expected(town.values(), query, seeker, 40)
            assert index.count(seeker) == sum(meet(seeker, entry) for entry in town.values())


def test_a_minor_finds_nobody_and_is_found_by_nobody(index: Index) -> None:
    minor = replace(B, born=TODAY - 17 * 365, age_min=0)
    index.upsert([minor, replace(A, id=9)])
    wide: Seeker = replace(seeker_of(A), age_min=0)
    assert index.search(ONE, wide, 5) == []
    assert index.search(ONE, seeker_of(minor), 5) == []
