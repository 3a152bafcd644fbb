"""Pictures and words of types: blending, drawing, naming."""

from __future__ import annotations

import numpy as np
import pytest

from engine.colours import NAMED
from engine.fashion import LABELS
from engine.training import blend, describe, silhouettes
from engine.training.collage import SIZE, collage
from engine.training.origins import REGIONS, region

POINTS = np.array([[80.0, 100], [140, 104], [110, 130], [88, 160], [130, 162]])


def marked(points: np.ndarray) -> np.ndarray:
    """A grey photo with a bright dot on each point."""
    photo = np.full((256, 256, 3), 90, np.uint8)
    for x, y in points.astype(int):
        photo[y - 3 : y + 4, x - 3 : x + 4] = 250
    return photo


def test_a_similarity_is_found_again() -> None:
    angle, scale = 0.4, 1.7
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = POINTS @ turn.T + (12, -30)
    np.testing.assert_allclose(blend.similarity(POINTS, moved), np.column_stack([turn, (12, -30)]), atol=1e-9)


def test_warping_brings_each_point_to_its_place() -> None:
    target = blend.placed(POINTS) + np.array([[0, 0], [0, 0], [6, -5], [-8, 4], [5, 9]])
    warped = blend.warp(marked(POINTS), POINTS, target)[:, :, 0]
    for x, y in target.astype(int):
        assert warped[y - 2 : y + 3, x - 2 : x + 3].max() > 0.8


def test_light_is_averaged_linearly() -> None:
    np.testing.assert_array_equal(
        blend.encoded(blend.linear(np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)))[0, :, 0], np.arange(256)
    )


def test_the_mean_face_takes_the_tone_it_is_given() -> None:
    made = blend.mean_face([marked(POINTS), marked(POINTS + 2)], [POINTS, POINTS + 2], "#DDEEFF", np.array([70.0, 15.0, 18.0]))
    assert made.shape == (blend.SIDE, blend.SIDE, 3)
    red, _, blue = np.median(made[272:306, 190:320].reshape(-1, 3), axis=0)
    assert red > blue + 20


@pytest.mark.parametrize("label", LABELS)
def test_every_garment_can_be_drawn(label: str) -> None:
    picture = np.asarray(silhouettes.draw(label, (40, 80, 160), 96))
    cloth = picture[:, :, 3] > 250
    assert 0.1 < cloth.mean() < 0.75
    assert np.abs(np.median(picture[cloth][:, :3], axis=0) - (40, 80, 160)).max() < 40
    # The outline is mirrored: left and right halves cover alike.
    assert np.abs(cloth.astype(int) - cloth[:, ::-1].astype(int)).mean() < 0.04


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_collage_shows_its_palette(count: int) -> None:
    shown = [("blazer", "#1D2A4D"), ("shirt", "#F5F5F4"), ("pants", "#808388")][:count]
    picture = np.asarray(collage(shown, ["#C3222F", "#24503A"]))
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    for colour in ((195, 34, 47), (36, 80, 58)):
        assert (np.abs(picture.astype(int) - colour).max(axis=2) < 6).sum() > 500


def test_face_words_name_what_differs_and_only_that() -> None:
    random = np.random.default_rng(0)
    everyone = random.normal(size=(100, 5))
    english, korean = describe.face_words(everyone[:30] + np.array([1.5, 0, 0, 0, 0]), everyone)
    assert "wider-set eyes" in english
    assert "눈 사이가 넓" in korean
    assert "middle of the group" in describe.face_words(everyone, everyone)[0]
    faint = describe.face_words(everyone + np.array([0.2, 0, 0, 0, 0]), everyone)
    assert "slightly: wider-set eyes" in faint[0]
    assert "살짝" in faint[1]
    both, both_ko = describe.face_words(everyone[:30] + np.array([1.5, -1.2, 0, 0, 0]), everyone)
    assert "wider-set eyes and a longer outline" in both
    assert "넓고 얼굴선이 갸름한 편" in both_ko


def test_proportions_ignore_size_and_a_turn() -> None:
    box = (60.0, 70.0, 100.0, 130.0)
    plain = describe.proportions(box, POINTS)
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = describe.proportions((120.0, 140.0, 200.0, 260.0), 2 * POINTS @ turn.T)
    np.testing.assert_allclose(plain, turned)


def test_fashion_names_do_not_repeat() -> None:
    outfit = describe.Outfit(("shirt", "blazer", "pants"), ("#1D2A4D", "#F5F5F4"))
    first = describe.fashion_name(outfit, ())
    assert first == ("Navy shirt", "네이비 셔츠")
    assert describe.fashion_name(outfit, (first[0],)) == ("Navy & white shirt", "네이비 & 화이트 셔츠")


def test_names_of_nature_are_many_enough_and_unique() -> None:
    assert len({english for english, _ in describe.NATURE}) == len({korean for _, korean in describe.NATURE}) == len(describe.NATURE) >= 16
    assert len(NAMED) > 20


def test_every_place_has_a_region() -> None:
    assert region("Republic of Korea") == "Eastern Asia"
    assert region("Virgin Islands, British") == "Caribbean"
    assert region("Iceland") == REGIONS[-1]
