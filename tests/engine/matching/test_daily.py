"""The day's pairs in any graph: stable, nobody twice, only who may meet, as fast as sorting."""

from __future__ import annotations

import math
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.daily import best, stable

edges = st.dictionaries(
    st.tuples(st.integers(1, 12), st.integers(1, 12)).filter(lambda pair: pair[0] < pair[1]),
    st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]),
    max_size=40,
)


@given(edges, st.randoms(use_true_random=False))
def test_no_two_would_rather_have_each_other(scores: dict[tuple[int, int], float], random: object) -> None:
    pairs = [(a, b, score) if (a + b) % 2 else (b, a, score) for (a, b), score in scores.items()]
    chosen = stable(pairs)
    people = [one for pair in chosen for one in pair]
    assert len(people) == len(set(people))
    assert all(pair in scores for pair in chosen)
    has = {one: scores[pair] for pair in chosen for one in pair}
    for (a, b), score in scores.items():
        assert not (score > has.get(a, -math.inf) and score > has.get(b, -math.inf)), (a, b)
    random.shuffle(pairs)  # type: ignore[attr-defined]
    assert stable(pairs) == chosen


@given(edges, st.integers(1, 4))
def test_choices_are_a_members_best(scores: dict[tuple[int, int], float], most: int) -> None:
    pairs = [(*pair, score) for pair, score in scores.items()]
    pairs += [(other, one, score) for one, other, score in pairs]
    chosen = best(pairs, most)
    for member in {one for one, _, _ in pairs}:
        own = [score for one, _, score in chosen if one == member]
        others = sorted((score for one, _, score in pairs if one == member), reverse=True)
        assert own == others[:most]
    assert set(chosen) <= set(pairs)
    assert best(pairs[::-1], most) == chosen


def test_nobody_is_paired_with_themselves_and_nobody_is_no_pair() -> None:
    assert stable([]) == []
    assert stable([(1, 1, 0.9), (1, 2, 0.1)]) == [(1, 2)]


def test_hundreds_of_thousands_of_pairs_take_seconds() -> None:
    random = np.random.default_rng(1)
    ends = random.integers(0, 20_000, (300_000, 2))
    pairs = list(zip(ends[:, 0].tolist(), ends[:, 1].tolist(), random.random(300_000).tolist(), strict=True))
    began = time.process_time()
    assert len(stable(pairs)) > 8000
    assert time.process_time() - began < 10
