"""Crops: aligned where they should be, lit as asked, never other sizes or types."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from engine.embedding import ARCFACE
from engine.preprocess import ALIGNMENTS, LIGHTS, aligned, lit, luminance, pixels
from engine.values import FaceBox

POINTS = np.float32([[60, 70], [110, 80], [84, 105], [66, 130], [104, 136]])
FACE = FaceBox((40, 40, 90, 120), POINTS, 1.0)


def photo() -> np.ndarray:
    """Black, with a white dot on each eye."""
    picture = np.zeros((200, 180, 3), np.uint8)
    for x, y in POINTS[:2].astype(int):
        picture[y - 2 : y + 3, x - 2 : x + 3] = 255
    return picture


def test_the_eyes_come_to_their_places() -> None:
    crop = luminance(aligned(photo(), FACE, 112, "eyes"))
    for x, y in ARCFACE[:2].round().astype(int):
        assert crop[y, x] > 200
    assert crop[100:].max() == 0


@pytest.mark.parametrize("how", ALIGNMENTS)
@pytest.mark.parametrize("side", [64, 112])
def test_crops_have_the_size_that_was_asked_for(how: str, side: int) -> None:
    assert aligned(photo(), FACE, side, how).shape == (side, side, 3)  # type: ignore[arg-type]


@given(st.integers(0, 1000), st.sampled_from(LIGHTS))
@examples(max_examples=30)
def test_light_keeps_shape_and_type_and_leaves_the_crop_alone(seed: int, how: str) -> None:
    random = np.random.default_rng(seed)
    crop = random.integers(0, random.integers(2, 256), (64, 64, 3)).astype(np.uint8)
    before = crop.copy()
    out = lit(crop, how)  # type: ignore[arg-type]
    assert out.shape == crop.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(crop, before)


def test_the_paper_s_step_takes_brightness_away_and_raises_contrast() -> None:
    random = np.random.default_rng(0)
    crop = random.integers(40, 90, (64, 64, 3)).astype(np.uint8)
    np.testing.assert_allclose(lit(crop, "paper"), lit(crop + np.uint8(60), "paper"), atol=1)
    assert lit(crop, "paper").mean() == pytest.approx(127.5, abs=1)
    assert lit(crop, "paper").std() > 1.4 * crop.std()


def test_only_faint_crops_are_stretched_by_faint() -> None:
    bright = np.random.default_rng(0).integers(20, 240, (64, 64, 3)).astype(np.uint8)
    faint = (bright // 6 + 90).astype(np.uint8)
    np.testing.assert_array_equal(lit(bright, "faint"), bright)
    np.testing.assert_array_equal(lit(faint, "faint"), lit(faint, "stretch"))
    assert np.ptp(luminance(lit(faint, "faint")).astype(int)) > 3 * np.ptp(luminance(faint).astype(int))


def test_pixels_are_the_paper_s_4096() -> None:
    found = pixels(photo(), FACE)
    assert found.shape == (4096,)
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
