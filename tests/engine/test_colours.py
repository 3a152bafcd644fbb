"""Colours: conversions, names and what dominates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.colours import NAMED, dominant, from_hex, named, soft_names, to_hex, to_lab


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_hex_and_lab_are_each_others_inverse(rgb: tuple[int, int, int]) -> None:
    text = "#{:02X}{:02X}{:02X}".format(*rgb)
    back = to_hex(from_hex(text))
    assert max(abs(int(text[at : at + 2], 16) - int(back[at : at + 2], 16)) for at in (1, 3, 5)) <= 1


@pytest.mark.parametrize("colour", NAMED, ids=lambda colour: colour.name)
def test_a_named_colour_has_its_own_name(colour: object) -> None:
    assert named(colour.hex) == colour  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#000000", "black"),
        ("#FFFFFF", "white"),
        ("#0000FF", "blue"),
        ("#FF0000", "red"),
        ("#12204A", "navy"),
        ("#E9DFC7", "ivory"),
        ("#5F5F5F", "grey"),
    ],
)
def test_plain_colours_are_called_what_people_call_them(colour: str, name: str) -> None:
    assert named(colour).name in {name, "charcoal"} if name == "grey" else named(colour).name == name


def test_names_are_unique_in_both_languages() -> None:
    assert len({one.name for one in NAMED}) == len({one.name_ko for one in NAMED}) == len(NAMED)


def test_the_largest_area_dominates_and_shares_sum_to_one() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:28] = (200, 30, 40)
    pixels[28:] = (20, 40, 160)
    found = dominant(to_lab(pixels).reshape(-1, 3), np.ones(1600, np.float32))
    assert named(found[0][0]).name == "red"
    assert found[0][1] == pytest.approx(0.7, abs=0.02)
    assert sum(share for _, share in found) == pytest.approx(1)


def test_folds_of_one_cloth_are_one_colour() -> None:
    shades = np.linspace(0.75, 1.0, 1600)[:, None] * np.array([60, 90, 160])
    lab = to_lab(shades.astype(np.uint8).reshape(40, 40, 3)).reshape(-1, 3)
    assert dominant(lab, np.ones(1600, np.float32))[0][1] > 0.6


def test_weights_decide_and_nothing_gives_nothing() -> None:
    pixels = np.zeros((10, 20, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:] = (250, 250, 250), (10, 10, 10)
    lab = to_lab(pixels).reshape(-1, 3)
    weights = np.zeros((10, 20), np.float32)
    weights[:, 15:] = 1
    assert named(dominant(lab, weights.ravel())[0][0]).name == "black"
    assert dominant(lab, np.zeros(200, np.float32)) == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_any_pixels_have_dominant_colours_and_names(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    lab = to_lab(random.integers(0, 256, (1, count, 3)).astype(np.uint8))[0]
    weights = random.random(count).astype(np.float32)
    found = dominant(lab, weights)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert sum(share for _, share in found) == pytest.approx(1)
    shares = soft_names(lab, weights)
    assert shares.shape == (len(NAMED),)
    assert shares.sum() == pytest.approx(1, abs=1e-4)
    assert dominant(lab, weights) == found, "the same pixels give the same colours"
