"""Copies are recognised, other pictures are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from crawler.dedupe import DISTANCE, distance, distances, phash, same_people, sha256
from engine.values import Image
from tests.crawler.conftest import Cast
from tests.crawler.people import Placed, scene


@pytest.fixture
def photo(cast: Cast) -> Image:
    rng = np.random.default_rng(3)
    ground = cv2.resize(rng.integers(0, 256, (6, 9, 3), np.uint8), (800, 500), interpolation=cv2.INTER_CUBIC)
    return scene(Placed(cast.men[0], 100, 110, 250), Placed(cast.women[0], 430, 120, 240), ground=np.asarray(ground, np.uint8))


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.5])
def test_a_scaled_copy_is_a_copy(photo: Image, scale: float) -> None:
    other = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    assert distance(phash(photo), phash(other)) <= DISTANCE


def test_a_compressed_and_a_brighter_copy_are_copies(photo: Image) -> None:
    squeezed = cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 25])[1], cv2.IMREAD_COLOR)
    brighter = np.clip(photo.astype(np.float32) * 1.1 + 6, 0, 255).astype(np.uint8)
    assert distance(phash(photo), phash(np.asarray(squeezed, np.uint8))) <= DISTANCE
    assert distance(phash(photo), phash(brighter)) <= DISTANCE


def test_other_pictures_are_no_copies() -> None:
    rng = np.random.default_rng(4)
    hashes = [phash(np.asarray(cv2.resize(rng.integers(0, 256, (12, 12, 3), np.uint8), (300, 300)), np.uint8)) for _ in range(40)]
    apart = distances(hashes)[np.triu_indices(40, 1)]
    assert apart.min() > DISTANCE


def test_all_distances_are_those_of_pairs() -> None:
    hashes = ["0000000000000000", "ffffffffffffffff", "00000000000000ff", "8000000000000001"]
    expected = [[distance(one, two) for two in hashes] for one in hashes]
    assert distances(hashes).tolist() == expected


def test_a_picture_of_one_pixel_has_a_hash() -> None:
    assert len(phash(np.zeros((1, 1, 3), np.uint8))) == 16


def test_sha256_is_of_the_bytes() -> None:
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_same_people_are_so_also_mirrored_and_others_are_not() -> None:
    one, two, three = np.eye(3, dtype=np.float32)
    assert same_people((one, two), (one, two))
    assert same_people((one, two), (two, one))
    assert not same_people((one, two), (one, three))
    assert not same_people((one, two), (one, one))
