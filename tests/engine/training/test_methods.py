"""One contract for all ways to make types, then what is particular to some."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from engine.training import clusters, landmarks
from engine.training.methods import HdbscanPca, Method, PaperLeader, PlainKMeans, SphericalPca, Standardised, bootstrap, leader_threshold
from engine.training.newcomers import Newcomers
from engine.values import FaceBox
from tests.engine.training.test_clusters import planted

METHODS: dict[str, Callable[[], Method]] = {
    "leader": lambda: PaperLeader(0.8),
    "k-means": lambda: PlainKMeans(4, 0),
    "spherical": lambda: SphericalPca(4, 5, 0),
    "hdbscan": lambda: HdbscanPca(5, 8),
    "standardised": lambda: Standardised(PlainKMeans(4, 0)),
}


@pytest.fixture(params=METHODS, name="make")
def of_each(request: pytest.FixtureRequest) -> Callable[[], Method]:
    return METHODS[request.param]


def test_planted_types_are_found_and_newcomers_join_theirs(make: Callable[[], Method]) -> None:
    x, truth = planted(0, noise=0.06)
    method = make().fit(x[::2])
    typed = method.labels_ >= 0
    assert typed.mean() > 0.8
    assert adjusted_rand_score(truth[::2][typed], method.labels_[typed]) > 0.95
    later = method.predict(x[1::2])
    assert later.shape == (60,)
    assert adjusted_rand_score(truth[1::2][later >= 0], later[later >= 0]) > 0.95


def test_the_same_rows_give_the_same_types(make: Callable[[], Method]) -> None:
    x, _ = planted(1)
    np.testing.assert_array_equal(make().fit(x).labels_, make().fit(x).labels_)


def test_types_are_numbered_from_zero_and_minus_one_is_none(make: Callable[[], Method]) -> None:
    x, _ = planted(2, noise=0.4)
    method = make().fit(x)
    for labels in (method.labels_, method.predict(x)):
        assert labels.dtype == np.intp
        assert labels.min() >= -1
    found = sorted(set(method.labels_.tolist()) - {-1})
    assert found == list(range(len(found)))


def test_constructing_learns_nothing(make: Callable[[], Method]) -> None:
    assert not [name for name in vars(make()) if name.endswith("_")]


def test_the_paper_s_rule_follows_the_majority_of_the_nearest_and_opens_when_all_are_far() -> None:
    rows = np.array([[0.0], [0.1], [5.0], [5.1], [0.2], [20.0]])
    method = PaperLeader(1.0, neighbours=3).fit(rows)
    assert method.labels_.tolist() == [0, 0, 1, 1, 0, 2]
    assert method.predict(np.array([[0.3], [100.0]])).tolist() == [0, -1]


def test_the_threshold_is_found_for_a_number_of_clusters() -> None:
    x, _ = planted(3, noise=0.05)
    assert PaperLeader(leader_threshold(x, 4)).fit(x).labels_.max() + 1 == 4


def test_bootstrap_tells_clear_types_from_noise() -> None:
    x, _ = planted(4, noise=0.06)
    rand, jaccard = bootstrap(lambda seed: SphericalPca(4, 5, seed), x, 5, 0)
    assert np.mean(rand) > 0.9
    assert min(jaccard) > 0.9
    noise = clusters.unit(np.random.default_rng(0).normal(size=(120, 20)))
    assert np.mean(bootstrap(lambda seed: SphericalPca(4, 12, seed), noise, 5, 0)[0]) < 0.4


def test_newcomers_join_near_types_and_open_others_that_fill_up() -> None:
    x, truth = planted(5, k=4, noise=0.05)
    known, new = x[truth < 3], x[truth == 3]
    method = SphericalPca(3, 6, 0).fit(known)
    rule = Newcomers(method.projection_, method.centres_, 0.5)
    assert {rule.add(row) for row in known[:30]} <= {0, 1, 2}
    assert not rule.worth_training(2)
    given = [rule.add(row) for row in new]
    assert len(set(given)) < len(given) / 2
    assert rule.worth_training(5) == (max(rule.members, default=0) >= 5)


def test_geometry_does_not_change_with_the_size_and_the_turn_of_the_picture() -> None:
    points = np.float32([[30, 40], [70, 42], [50, 60], [35, 80], [66, 81]])
    turn = np.float32([[0, -1], [1, 0]])
    one = FaceBox((10, 10, 80, 100), points, 1.0)
    other = FaceBox((20, 20, 160, 200), points * 2, 1.0)
    np.testing.assert_allclose(landmarks.geometry(one), landmarks.geometry(other), atol=1e-5)
    turned = FaceBox((10, 10, 80, 100), points @ turn.T, 1.0)
    np.testing.assert_allclose(landmarks.geometry(one)[:10], landmarks.geometry(turned)[:10], atol=1e-4)


def test_the_outline_sees_edges_and_not_brightness() -> None:
    face = FaceBox((110, 110, 80, 100), np.float32([[130, 140], [170, 140], [150, 160], [135, 180], [166, 180]]), 1.0)
    photo = np.full((320, 320, 3), 20, np.uint8)
    photo[130:190, 148:152] = 120
    brighter = photo + np.uint8(40)
    np.testing.assert_allclose(landmarks.outline(photo, face, "paper"), landmarks.outline(brighter, face, "paper"), atol=0.02)
    assert landmarks.outline(photo, face).shape == (128,)
    assert np.linalg.norm(landmarks.outline(photo, face)) == pytest.approx(1)
