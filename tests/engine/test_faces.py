from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backends.runtime import Runtime
from engine.faces import FaceDetector, similarity, warp
from engine.values import FaceBox, Image


@pytest.fixture(scope="module")
def detector(engine_cache: Path, runtime: Runtime) -> FaceDetector:
    return FaceDetector(engine_cache, runtime)


def on_canvas(face: Image, side: int, size: tuple[int, int], at: tuple[int, int]) -> Image:
    """The photo of a face, `side` pixels large, on a grey photo of width × height `size`."""
    canvas = np.full((size[1], size[0], 3), 130, np.uint8)
    canvas[at[1] : at[1] + side, at[0] : at[0] + side] = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return canvas


def middle(face: FaceBox) -> tuple[float, float]:
    x, y, width, height = face.box
    return x + width / 2, y + height / 2


def test_one_face_with_its_points_inside(detector: FaceDetector, face_photo: Image) -> None:
    (face,) = detector.predict(face_photo)
    x, y, width, height = face.box
    assert face.score > 0.7
    assert ((face.landmarks > (x, y)) & (face.landmarks < (x + width, y + height))).all()
    left, right, nose, mouth_left, mouth_right = face.landmarks
    assert left[0] < nose[0] < right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert mouth_left[0] < mouth_right[0]


def test_every_blended_face_is_found(detector: FaceDetector, blended_faces: tuple[Image, ...]) -> None:
    assert [len(detector.predict(face)) for face in blended_faces] == [1] * len(blended_faces)


def test_nothing_is_found_where_nobody_is(detector: FaceDetector) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    for photo in (np.zeros((300, 400, 3), np.uint8), noise, np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1280, 3), np.uint8)):
        assert detector.predict(photo) == ()


@pytest.mark.parametrize("share", [0.12, 0.3, 0.6, 1.0])
def test_near_and_far(detector: FaceDetector, face_photo: Image, share: float) -> None:
    """From a face far away to one that fills the photo."""
    side = int(900 * share)
    photo = on_canvas(face_photo, side, (1200, 900), (100, 0))
    found = detector.predict(photo)
    assert len(found) == 1
    wanted = middle(detector.predict(face_photo)[0])
    scale = side / face_photo.shape[0]
    assert np.allclose(middle(found[0]), (100 + wanted[0] * scale, wanted[1] * scale), atol=max(4, 0.04 * side))


def test_a_chip_that_the_face_fills(detector: FaceDetector, face_photo: Image) -> None:
    (face,) = detector.predict(face_photo)
    x, y, width, height = (round(value) for value in face.box)
    chip = face_photo[max(y, 0) : y + height, max(x, 0) : x + width]
    for side in (64, 112, 200, 1000):
        assert len(detector.predict(cv2.resize(chip, (side, side), interpolation=cv2.INTER_AREA))) == 1


def test_largest_first(detector: FaceDetector, face_photo: Image) -> None:
    photo = on_canvas(face_photo, 300, (1200, 800), (50, 60))
    photo[200:700, 600:1100] = cv2.resize(face_photo, (500, 500), interpolation=cv2.INTER_AREA)
    large, small = detector.predict(photo)
    assert large.box[2] > small.box[2] * 1.4
    assert large.box[0] > 600 > small.box[0]


def test_several_looks_take_noise_out_of_the_points(detector: FaceDetector, blended_faces: tuple[Image, ...]) -> None:
    """How far the points of a mirrored photo are from the mirrored points, in distances of the eyes: a third of one look's."""

    def noise(one: FaceBox, other: FaceBox, width: int) -> float:
        back = (other.landmarks * (-1, 1) + (width - 1, 0))[[1, 0, 2, 4, 3]]
        return float(np.linalg.norm(back - one.landmarks, axis=1).mean() / np.linalg.norm(one.landmarks[1] - one.landmarks[0]))

    sharpened, single = [], []
    for photo in blended_faces:
        mirrored = np.ascontiguousarray(photo[:, ::-1])
        sharpened.append(noise(detector.predict(photo)[0], detector.predict(mirrored)[0], photo.shape[1]))
        single.append(noise(detector._look(photo, 320, 1.0)[0], detector._look(mirrored, 320, 1.0)[0], photo.shape[1]))
    assert np.mean(sharpened) < 0.05
    assert np.mean(sharpened) < 0.5 * np.mean(single)


angle = st.floats(-3, 3)


@given(angle, st.floats(0.1, 10), st.floats(-100, 100), st.floats(-100, 100))
def test_similarity_finds_the_true_transform(turn: float, scale: float, right: float, down: float) -> None:
    source = np.array([[38, 52], [74, 52], [56, 72], [42, 92], [71, 92]], np.float64)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = similarity(source, source @ rotation.T + (right, down))
    assert np.allclose(matrix[:, :2], rotation, atol=1e-6)
    assert np.allclose(matrix[:, 2], (right, down), atol=1e-4)


def test_similarity_of_one_point_is_finite() -> None:
    assert np.isfinite(similarity(np.zeros((5, 2)), np.ones((5, 2)))).all()


def test_warp_shrinks_without_aliasing() -> None:
    """Fine stripes become their mean, wherever they lie; plain sampling would leave stripes."""
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    small = warp(stripes, np.array([[0.1, 0, 0], [0, 0.1, 0]]), 90)
    assert np.abs(small.astype(int) - 127).max() <= 20


def test_warp_keeps_places_when_it_shrinks() -> None:
    photo = np.zeros((1000, 1200, 3), np.uint8)
    photo[600:680, 800:880] = 255
    small = warp(photo, np.array([[0.1, 0, -30], [0, 0.1, -20]]), 80)
    rows, columns = np.nonzero(small[:, :, 0] > 127)
    assert abs(columns.mean() - 54) < 1
    assert abs(rows.mean() - 44) < 1
