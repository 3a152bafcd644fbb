"""Gates: what is worse than noise is caught, what is not is let through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training import gates
from engine.training.gates import at_least, at_most, compared, compared_most, noise_of_shares, worst


def drawn(seed: int, n: int, k: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, k, n)


def test_the_bound_is_the_stricter_of_the_settings_and_what_was_reached_before() -> None:
    assert compared("g", 0.80, 0.5, None, 0.02).bound == 0.5
    assert compared("g", 0.80, 0.5, 0.9, 0.02).bound == pytest.approx(0.84)
    assert not compared("g", 0.80, 0.5, 0.9, 0.02).passed
    assert compared("g", 0.85, 0.5, 0.9, 0.02).passed
    assert compared("g", 0.60, 0.5, 0.4, 0.0).passed


def test_a_figure_that_is_better_low_is_held_to_what_was_reached_before_too() -> None:
    assert compared_most("g", 0.15, 0.2, None, 0.01).bound == 0.2
    assert compared_most("g", 0.15, 0.2, 0.05, 0.01).bound == pytest.approx(0.08)
    assert not compared_most("g", 0.15, 0.2, 0.05, 0.01).passed
    assert compared_most("g", 0.07, 0.2, 0.05, 0.01).passed
    assert not compared_most("g", 0.25, 0.2, 0.3, 0.01).passed


@pytest.mark.parametrize("share", [0.95, 0.99, 1.0])
@pytest.mark.parametrize("people", [60, 1000])
def test_shares_of_different_people_differ_by_chance(share: float, people: int) -> None:
    random = np.random.default_rng(1)
    refused = 0
    for one, other in random.binomial(people, share, (2000, 2)) / people:
        refused += not compared("g", one, 0.0, other, noise_of_shares(one, people, other, people)).passed
    assert refused / 2000 <= 0.005


def test_a_share_that_fell_is_no_chance() -> None:
    assert not compared("g", 0.95, 0.0, 1.0, noise_of_shares(0.95, 300, 1.0, 300)).passed


def together(seed: int, couples: int, k: int, *, alike: float) -> tuple[np.ndarray, np.ndarray]:
    rows = drawn(seed, couples, k)
    return rows, np.where(np.random.default_rng(seed + 1).random(couples) < alike, rows, drawn(seed + 2, couples, k))


def test_couples_of_one_gender_who_have_nothing_to_do_with_each_other_show_no_association() -> None:
    """The bias that is taken out is theirs, not that of twice as many couples: nothing is left about as often as something."""
    left = [gates.seen_together(*together(7 * seed, 80, 5, alike=0.0), (5, 5), symmetric=True) for seed in range(400)]
    assert np.mean(np.array(left) == 0) == pytest.approx(0.55, abs=0.08)


def test_couples_of_one_gender_who_go_together_do_so_from_either_side() -> None:
    rows, columns = together(1, 400, 4, alike=1.0)
    assert gates.seen_together(rows, columns, (4, 4), symmetric=True) == pytest.approx(1)
    assert gates.seen_together(rows, (rows + 2) % 4, (4, 4), symmetric=True) == pytest.approx(1)
    rows, columns = together(1, 400, 4, alike=0.4)
    turned = np.random.default_rng(1).random(400) < 0.5
    swapped = np.where(turned, columns, rows), np.where(turned, rows, columns)
    assert gates.seen_together(rows, columns, (4, 4), symmetric=True) == pytest.approx(
        gates.seen_together(*swapped, (4, 4), symmetric=True)
    )


@pytest.mark.parametrize("couples", [30, 2000])
def test_shuffled_partners_of_one_gender_go_with_nobody(couples: int) -> None:
    rows, columns = together(1, couples, 5, alike=1.0)
    assert gates.found_by_chance(rows, columns, (5, 5), 0, symmetric=True) <= 0.2


def test_the_worst_is_shown() -> None:
    fine, close, failed = at_least("g", 0.9, 0.1), at_least("g", 0.2, 0.1), at_least("g", 0.0, 0.1)
    assert worst([fine, close]) is close
    assert worst([fine, failed, close]) is failed
    assert at_most("g", 3, 2).passed is False


def test_chance_is_taken_out_of_agreement() -> None:
    labels = drawn(1, 4000, 4)
    assert gates.kappa((drawn(2, 4000, 4) == labels).astype(float), labels, 4) == pytest.approx(0, abs=0.05)
    assert gates.kappa(np.ones(4000), labels, 4) == pytest.approx(1)


@given(st.integers(0, 2**31), st.integers(2, 6), st.integers(2, 6))
def test_association_lies_between_nothing_and_everything(seed: int, rows: int, columns: int) -> None:
    table = np.random.default_rng(seed).poisson(3, (rows, columns)).astype(float)
    assert 0 <= gates.cramers_v(table) <= 1.2  # the correction may overshoot in tiny tables
    assert gates.cramers_v(np.zeros((rows, columns))) == 0


def test_a_collapsed_affinity_is_seen() -> None:
    rows = drawn(3, 600, 4)
    columns = np.where(np.random.default_rng(4).random(600) < 0.7, rows, drawn(5, 600, 4))
    value = gates.cramers_v(gates.crossed(rows, columns, 4, 4))
    noise = gates.resampled(lambda at: gates.cramers_v(gates.crossed(rows[at], columns[at], 4, 4)), 600, 1)
    lost = gates.cramers_v(gates.crossed(drawn(6, 600, 4), columns, 4, 4))
    assert value > 0.5
    assert not compared("affinity", lost, 0.0, value, noise).passed


def test_shuffled_partners_go_with_nobody() -> None:
    rows = drawn(3, 2000, 5)
    assert gates.found_by_chance(rows, rows.copy(), (5, 5), 0) <= 0.2


@pytest.mark.parametrize("sizes", [(4, 4), (8, 8), (5, 8), (8, 5)])
def test_a_planted_affinity_is_recovered(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    for seed in range(3):
        assert gates.planted(random.integers(20, 60, sizes[0]) + 0.0, random.integers(20, 60, sizes[1]) + 0.0, seed) >= 0.95


def test_of_few_couples_a_planted_affinity_is_not_recovered() -> None:
    """Else the gate would pass whatever the types are."""
    assert gates.planted(np.ones(8), np.ones(8), 0, couples=60) < 0.9


def test_new_types_that_follow_the_old_ones_change_nobody() -> None:
    old = drawn(7, 500, 4)
    mapping = np.eye(4)[[2, 0, 3, 1]] * 100
    new = np.array([2, 0, 3, 1])[old]
    assert gates.switching(mapping, old, new, 0).changed == 0
    strange = gates.switching(mapping, old, drawn(8, 500, 4), 0)
    assert strange.changed == pytest.approx(0.75, abs=0.08)
    assert strange.changed == pytest.approx(strange.chance, abs=0.08)
    # Types that fall together are no successors of each other.
    assert gates.switching(np.full((4, 4), 25.0) + mapping, old, np.zeros(500, np.intp), 0).changed > 0.6


def test_nobody_to_try_types_on_is_no_change() -> None:
    none = np.zeros(0, np.intp)
    assert gates.switching(np.eye(3), none, none, 0).changed == 0
