"""The town of the benchmark is what it says, its floor scores what the index scores, and a wrong answer is found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import index_process
from benchmarks.index_process import KEY
from benchmarks.suites import candidates
from benchmarks.suites.candidates import DIMS, K, Town, bare, changes, compare, fill, verify
from engine.index.exact import ExactIndex
from engine.index.values import Hit


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExactIndex, Town, Path]:
    folder = tmp_path_factory.mktemp("bench") / "index"
    index, town = ExactIndex(folder, DIMS, KEY).open(), Town()
    fill(index, town, 6_000)
    return index, town, folder


def test_filters_leave_about_the_share_that_was_asked_for(filled: tuple[ExactIndex, Town, Path]) -> None:
    index, town, _ = filled
    for share in (0.01, 0.05, 0.2):
        assert index.count(town.seeker(index, share)) / len(index) == pytest.approx(share, rel=0.35)


def test_the_floor_scores_what_the_index_scores(filled: tuple[ExactIndex, Town, Path]) -> None:
    index, town, _ = filled
    asks = town.seeker(index, 0.2)
    ids, rows = index.rows(asks)
    query = np.random.default_rng(0).standard_normal(DIMS, dtype=np.float32)
    best = {int(ids[at]) for at in bare(index.matrix, rows, query, K)}
    assert best == {hit.id for hit in index.search(query, asks, K)}
    taken = compare(index, asks, 1)
    assert taken.remaining == len(rows) > K
    assert min(taken.ours + taken.floor + taken.filters) > 0


def test_a_wrong_answer_is_found_out(filled: tuple[ExactIndex, Town, Path]) -> None:
    index, town, _ = filled
    asks = town.seeker(index, 0.2)
    ids, rows = index.rows(asks)
    query = np.random.default_rng(0).standard_normal(DIMS, dtype=np.float32)
    hits = index.search(query, asks, K)
    verify(hits, index.matrix, rows, ids, query)
    for wrong in (hits[1:], [*hits[:-1], replace(hits[-1], score=hits[-1].score - 1)], [Hit(999_999, hits[0].score), *hits[1:]]):
        with pytest.raises(RuntimeError):
            verify(wrong, index.matrix, rows, ids, query)


def test_changes_are_counted_only_if_the_next_search_saw_them(
    filled: tuple[ExactIndex, Town, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, town, _ = filled
    assert changes(index, town)[0].passed is True
    monkeypatch.setattr(index, "delete", lambda _: None)
    assert changes(index, town)[0].passed is False


def test_a_process_of_its_own_opens_answers_and_can_be_killed(filled: tuple[ExactIndex, Town, Path]) -> None:
    index, town, folder = filled
    index_process.leave(folder, [town.seeker(index, share) for share in candidates.SHARES.values()])
    index.close()
    first = index_process.in_a_process(folder, "warm")
    assert first.members >= 6_000
    assert 0 < first.seconds < 60
    assert first.megabytes > 6_000 * DIMS * 4 / 1e6
    index_process.in_a_process(folder, "kill")
    assert index_process.in_a_process(folder, "warm").members >= 6_000
