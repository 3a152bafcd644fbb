"""Learning types: planted clusters are found, what is taken out is gone, figures tell steady from shaky."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from engine.training import clusters
from engine.training.clusters import Stability


def planted(seed: int, k: int = 4, each: int = 30, dims: int = 20, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.normal(size=(dims, dims)))[0][:k]
    x = np.repeat(centres, each, axis=0) + random.normal(size=(k * each, dims)) * noise
    return clusters.unit(x), np.repeat(np.arange(k), each)


@pytest.mark.parametrize("seed", range(3))
def test_planted_types_are_found(seed: int) -> None:
    x, truth = planted(seed)
    centres, labels = clusters.spherical_kmeans(x, 4, seed)
    assert adjusted_rand_score(truth, labels) > 0.95
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1)


def test_the_same_seed_gives_the_same_types() -> None:
    x, _ = planted(1)
    one, two = clusters.spherical_kmeans(x, 5, 7), clusters.spherical_kmeans(x, 5, 7)
    np.testing.assert_array_equal(one[1], two[1])
    np.testing.assert_array_equal(one[0], two[0])


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_what_is_taken_out_is_uncorrelated_afterwards(seed: int, attributes: int) -> None:
    random = np.random.default_rng(seed)
    x = random.normal(size=(60, 12))
    nuisances = x @ random.normal(size=(12, attributes)) + random.normal(size=(60, attributes))
    projection = clusters.without(x, nuisances)
    np.testing.assert_allclose(projection @ projection, projection, atol=1e-9)
    left = (x - x.mean(axis=0)) @ projection
    np.testing.assert_allclose(left.T @ (nuisances - nuisances.mean(axis=0)), 0, atol=1e-8)


def test_stability_prefers_the_planted_number_of_types() -> None:
    x, _ = planted(3, k=4, noise=0.12)
    random = np.random.default_rng(0)
    altered = clusters.unit(x[:, None] + random.normal(size=(len(x), 3, x.shape[1])) * 0.05)
    tried = [clusters.stability(x, altered, k, 6, None, 1, samples=6) for k in (3, 4, 7)]
    assert clusters.choose(tried, 5).k == 4
    assert tried[1].jaccard > 0.9
    assert tried[1].agreement > 0.95


def test_views_are_moved_to_the_wanted_cosine_on_their_own_side() -> None:
    x, _ = planted(4)
    random = np.random.default_rng(0)
    views = clusters.unit(x[:, None] + random.normal(size=(len(x), 3, x.shape[1])) * 0.05)
    moved = clusters.farther(x, views, 0.6)
    assert (moved * x[:, None]).sum(axis=2).mean() == pytest.approx(0.6, abs=0.01)
    aside, before = moved - x[:, None], views - x[:, None]
    assert ((aside * before).sum(axis=2) > 0).all()


def test_noise_has_no_steady_types() -> None:
    random = np.random.default_rng(0)
    x = clusters.unit(random.normal(size=(120, 20)))
    found = clusters.stability(x, x[:, None], 4, 12, None, 1, samples=6)
    assert found.rand < 0.4


def test_a_tiny_type_is_not_chosen() -> None:
    steady_but_tiny = Stability(6, 5, 0.99, 0.9, 0.9, 0.99, 0.5, 2)
    plain = Stability(4, 5, 0.6, 0.6, 0.5, 0.8, 0.3, 20)
    assert clusters.choose([steady_but_tiny, plain], 8) is plain


def test_the_temperature_is_low_where_types_are_clear_and_high_where_not() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 400)
    clear = np.eye(4)[labels] + random.normal(size=(400, 4)) * 0.05
    unclear = np.eye(4)[labels] * 0.2 + random.normal(size=(400, 4)) * 0.3
    assert clusters.temperature(clear, labels) < clusters.temperature(unclear, labels)


def test_people_who_resemble_no_type_have_none() -> None:
    x, _ = planted(5, k=3, noise=0.05)
    centres, _ = clusters.spherical_kmeans(x, 3, 0)
    stranger = clusters.unit(-centres.sum(axis=0, keepdims=True))
    floor = clusters.outlier_floor(np.concatenate([x, stranger]), centres)
    labels, cosines = clusters.nearest(np.concatenate([x, stranger]), centres, floor)
    assert labels[-1] == -1
    assert cosines[-1] < floor
    assert (labels[:-1] >= 0).mean() > 0.9


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.1, 0.5]))
def test_never_more_than_allowed_are_left_without_a_type(seed: int, most: float) -> None:
    random = np.random.default_rng(seed)
    z, centres = clusters.unit(random.normal(size=(80, 6))), clusters.unit(random.normal(size=(4, 6)))
    labels, _ = clusters.nearest(z, centres, clusters.outlier_floor(z, centres, most))
    assert (labels == -1).mean() <= most


def test_without_people_everybody_has_a_type() -> None:
    assert clusters.outlier_floor(np.zeros((0, 3)), np.eye(3)) == -1.0


def test_a_silhouette_of_many_is_that_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    x, truth = planted(6, each=60)
    whole = clusters.silhouette(x, truth)
    monkeypatch.setattr(clusters, "SAMPLE", 120)
    assert clusters.silhouette(x, truth) == pytest.approx(whole, abs=0.05)
