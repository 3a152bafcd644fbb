"""Identities: average linkage as scikit-learn knows it, with photos that keep two faces apart, in blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from engine.training import identities
from engine.training.identities import LEAST, MOST, alike, fitting, identify


def people(seed: int, count: int = 12, each: int = 5, noise: float = 0.5, dims: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Faces (length 1, float32) of planted people, and who they are."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count, dims))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    labels = random.integers(0, count, count * each)
    faces = centres[labels] + random.normal(size=(len(labels), dims)) * noise / np.sqrt(dims)
    return (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32), labels


@given(st.integers(0, 10_000), st.sampled_from([0.4, 0.8, 1.2]), st.sampled_from([0.2, 0.4, 0.6]))
@examples(max_examples=30)
def test_without_photos_in_common_it_is_average_linkage(seed: int, noise: float, threshold: float) -> None:
    faces, _ = people(seed, noise=noise)
    known = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - threshold).fit_predict(
        faces
    )
    assert adjusted_rand_score(identify(faces, np.arange(len(faces)), threshold).labels, known) == pytest.approx(1)


@given(st.integers(0, 10_000))
@examples(max_examples=30)
def test_two_faces_of_one_photo_are_never_one_person(seed: int) -> None:
    faces, _ = people(seed, count=4, noise=0.8)
    photos = np.random.default_rng(seed).integers(0, len(faces) // 2, len(faces))
    found = identify(faces, photos, 0.2)
    for photo in set(photos.tolist()):
        own = found.labels[photos == photo]
        assert len(set(own.tolist())) == len(own)


def test_a_photo_keeps_twins_apart_and_each_gets_their_own_faces() -> None:
    random = np.random.default_rng(1)
    face = random.normal(size=16)
    twins = np.stack([face + random.normal(size=16) * 0.4, face + random.normal(size=16) * 0.4])
    faces = np.concatenate([twins, twins + random.normal(size=(2, 16)) * 0.05]).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    assert len(set(identify(faces, np.arange(4), 0.5).labels)) == 1
    assert identify(faces, np.array([0, 0, 1, 2]), 0.5).labels.tolist() == [0, 1, 0, 1]


def test_people_are_numbered_by_their_first_face_and_centred_on_all() -> None:
    faces, truth = people(2, noise=0.2)
    found = identify(faces, np.arange(len(faces)), 0.7)
    assert adjusted_rand_score(truth, found.labels) == 1
    first = [found.labels.tolist().index(one) for one in range(len(found.centroids))]
    assert first == sorted(first)
    for one, centroid in enumerate(found.centroids):
        mean = faces[found.labels == one].mean(axis=0)
        np.testing.assert_allclose(centroid, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_blocks_find_what_one_product_finds(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "TILE", 9)
    faces, _ = people(3)
    first, second, cosine = alike(faces, 0.3, block=block)
    rows, columns = np.nonzero(np.triu(faces @ faces.T >= 0.3, 1))
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert (np.diff(cosine) <= 0).all()


def test_a_face_keeps_only_its_most_alike_partners() -> None:
    faces = np.tile(np.float32([1, 0]), (50, 1))
    first, _, _ = alike(faces, 0.9, neighbours=3)
    assert np.bincount(first).max() == 3
    assert len(identify(faces, np.arange(50)).centroids) == 1


def test_no_faces_are_no_people() -> None:
    found = identify(np.zeros((0, 128), np.float32), np.zeros(0, int))
    assert found.labels.shape == (0,)
    assert found.centroids.shape == (0, 128)


def test_progress_ends_at_all_faces() -> None:
    told: list[tuple[int, int]] = []
    identify(people(4)[0], np.arange(60), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (60, 60)


def test_the_threshold_leaves_few_strangers_above_and_rises_with_their_number() -> None:
    random = np.random.default_rng(0)
    strangers = random.normal(size=(2000, 64)) + 0.1
    strangers = (strangers / np.linalg.norm(strangers, axis=1, keepdims=True)).astype(np.float32)
    threshold = fitting(strangers, 2)
    above = (strangers @ strangers.T >= threshold).sum() - len(strangers)
    assert 0.5 < above / len(strangers) < 2
    assert fitting(strangers[:200], 2) < threshold
    assert len(identify(strangers, np.arange(2000)).centroids) > 1900


def test_the_threshold_stays_within_its_bounds() -> None:
    random = np.random.default_rng(0)
    wide = random.normal(size=(500, 2000)).astype(np.float32)
    assert fitting(wide / np.linalg.norm(wide, axis=1, keepdims=True)) == LEAST
    assert fitting(np.tile(np.float32([[1, 0]]), (30, 1))) == MOST
    assert fitting(np.eye(2, dtype=np.float32)) == LEAST
