from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.backends.runtime import Runtime
from engine.faces import FaceDetector
from engine.quality import angles, assess
from engine.values import FaceBox, Image


@pytest.fixture(scope="module")
def face(engine_cache: Path, runtime: Runtime, face_photo: Image) -> FaceBox:
    return FaceDetector(engine_cache, runtime).predict(face_photo)[0]


def frontal(**moved: tuple[float, float]) -> FaceBox:
    points = {"left": (38, 52), "right": (74, 52), "nose": (56, 74), "mouth_left": (42, 92), "mouth_right": (70, 92)} | moved
    return FaceBox((20, 20, 70, 90), np.array(list(points.values()), np.float32), 1.0)


def test_parts_are_shares(face: FaceBox, face_photo: Image) -> None:
    quality = assess(face_photo, face, 1.0)
    for value in (quality.size, quality.sharpness, quality.exposure, quality.pose, quality.overall):
        assert 0 <= value <= 1
    assert quality.overall > 0.5


def test_blur_darkness_and_smallness_cost(face: FaceBox, face_photo: Image) -> None:
    plain = assess(face_photo, face, 1.0)
    blurred = assess(cv2.GaussianBlur(face_photo, (0, 0), 0.06 * face.box[2]), face, 1.0)
    dark = assess((face_photo * 0.1).astype(np.uint8), face, 1.0)
    bright = assess(np.clip(face_photo.astype(int) + 200, 0, 255).astype(np.uint8), face, 1.0)
    small = assess(face_photo, face, 40 / face.box[2])
    assert blurred.sharpness < plain.sharpness * 0.5
    assert dark.exposure < 0.1
    assert bright.exposure < plain.exposure
    assert small.size < 0.2
    assert all(worse.overall < plain.overall for worse in (blurred, dark, bright, small))


def test_frontal_faces_have_no_angle() -> None:
    yaw, pitch, roll = angles(frontal())
    assert abs(yaw) < 1
    assert abs(pitch) < 8
    assert abs(roll) < 1


def test_angles_grow_with_the_turn() -> None:
    turns = [angles(frontal(nose=(56 + step, 74)))[0] for step in (-12, -6, 0, 6, 12)]
    assert turns == sorted(turns)
    assert turns[0] == pytest.approx(-turns[-1])
    assert angles(frontal(nose=(56, 66)))[1] > angles(frontal())[1] > angles(frontal(nose=(56, 82)))[1]
    assert angles(frontal(left=(38, 42), right=(74, 62)))[2] > 20


def test_degenerate_points_are_finite() -> None:
    nothing = FaceBox((0, 0, 0, 0), np.zeros((5, 2), np.float32), 0.5)
    assert np.isfinite(angles(nothing)).all()
    assert np.isfinite(assess(np.zeros((5, 5, 3), np.uint8), nothing, 1.0).overall)
