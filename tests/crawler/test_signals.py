"""Distances and focus, measured on boxes and pictures whose truth is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.bodies import bodies, within
from crawler.signals import FACE_HEIGHT, FOCAL, apart, blur, extent, inside, seam
from engine.regions import Box
from engine.values import FaceBox, Image


def face(x: float, y: float, height: float, width: float | None = None) -> FaceBox:
    width = 0.75 * height if width is None else width
    points = np.array([[0.26, 0.39], [0.73, 0.39], [0.5, 0.59], [0.29, 0.74], [0.71, 0.74]]) * (width, height) + (x, y)
    return FaceBox((x, y, width, height), points.astype(np.float32), 0.9)


@pytest.fixture
def texture() -> Image:
    rng = np.random.default_rng(1)
    return np.asarray(cv2.GaussianBlur(rng.integers(0, 256, (600, 1000, 3), np.uint8), (0, 0), 1.0), np.uint8)


def test_a_face_is_a_ruler(texture: Image) -> None:
    """Two faces of 90 pixels, 360 pixels apart, are four faces apart."""
    pair = apart(texture, face(100, 100, 90), face(460, 100, 90))
    assert pair.across == pytest.approx(4 * FACE_HEIGHT)
    assert pair.depth == 0
    assert pair.ratio == 1


def test_who_is_half_as_large_is_twice_as_far(texture: Image) -> None:
    near = FOCAL * 1000 * FACE_HEIGHT / 120
    pair = apart(texture, face(500, 100, 60), face(100, 100, 120))
    assert pair.depth == pytest.approx(near)
    assert pair.ratio == pytest.approx(0.5)


def test_a_turned_face_is_not_taken_for_a_small_one() -> None:
    assert extent(face(0, 0, 100, 50)) == 100
    assert extent(face(0, 0, 60, 75)) == 100


def test_blur_is_found_at_any_size_and_grows(texture: Image) -> None:
    for height in (40, 64, 150):
        one, two = face(100, 100, height), face(500, 100, height)
        found = []
        for sigma in (0.0, 0.02, 0.04, 0.08):
            photo = texture.copy()
            if sigma:
                photo[:, 450:] = cv2.GaussianBlur(photo[:, 450:], (0, 0), sigma * height)
            found.append(blur(photo, one, two))
        assert found[0] < 0.4
        assert found == sorted(found)
        assert found[-1] > 1


def test_the_nearer_one_being_blurred_is_not_held_against_the_farther_one(texture: Image) -> None:
    photo = texture.copy()
    photo[:, :450] = cv2.GaussianBlur(photo[:, :450], (0, 0), 8)
    assert blur(photo, face(100, 100, 100), face(500, 100, 90)) == 0


def test_a_seam_runs_from_top_to_bottom() -> None:
    photo = np.full((300, 400, 3), 90, np.uint8)
    photo[:, 200:] = 150
    assert seam(photo, face(40, 100, 60), face(320, 100, 60)) == 1
    photo[100:] = 90  # somebody stands before the wall's corner
    assert seam(photo, face(40, 100, 60), face(320, 100, 60)) == pytest.approx(1 / 3, abs=0.02)


def test_a_face_beyond_the_edge_is_inside_by_a_share() -> None:
    assert inside((100, 100), face(200, 200, 40)) == 0
    assert inside((100, 100), face(10, 10, 40)) == 1


@given(st.floats(-50, 900), st.floats(-50, 500), st.floats(20, 400), st.floats(-50, 900), st.floats(-50, 500), st.floats(20, 400))
def test_bodies_lie_in_the_photo_and_never_share_a_pixel_unless_faces_do(
    x: float, y: float, high: float, u: float, v: float, other: float
) -> None:
    one, two = sorted((face(x, y, high), face(u, v, other)), key=lambda box: box.box[0] + box.box[2] / 2)
    left, right = bodies((900, 600), one, two)
    for box in (left, right):
        assert 0 <= box.left < box.right <= 900
        assert 0 <= box.top < box.bottom <= 600
    if one.box[0] + one.box[2] <= two.box[0] and left.right > left.left + 1 and right.right > right.left + 1:
        assert left.right <= right.left + 1


def test_a_face_moves_with_the_part_that_is_cut_out() -> None:
    moved = within(face(100, 80, 60), Box(30, 20, 400, 400))
    assert moved.box[:2] == (70, 60)
    assert moved.landmarks == pytest.approx(face(70, 60, 60).landmarks)
