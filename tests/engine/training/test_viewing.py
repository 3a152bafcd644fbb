"""Crops that are embedded again: in the light in which the faces of selfies and of couples are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.analysis import Analyser
from engine.backends.runtime import Runtime
from engine.images import decode, encode_jpeg
from engine.preprocess import lit
from engine.settings import EngineSettings
from engine.training.viewing import Viewer
from engine.types import STARTER
from engine.values import Image, Vector


@pytest.fixture(scope="module")
def viewer(engine_cache: Path, runtime: Runtime) -> Viewer:
    return Viewer(engine_cache, runtime, STARTER / "garments.onnx")


def served(analyser: Analyser, photo: Image) -> tuple[Vector, bytes]:
    """The embedding of a photo as a selfie, and the crop that is kept of it."""
    seen = analyser.analyse(encode_jpeg(photo, 95))
    assert seen.embedding is not None
    assert seen.crop is not None
    return seen.embedding, encode_jpeg(seen.crop, 92)


@pytest.mark.parametrize(("gain", "veil"), [(0.22, 8), (0.3, 10)])
def test_a_crop_of_dusk_is_embedded_as_its_photo_was(
    viewer: Viewer, analyser: Analyser, face_photo: Image, gain: float, veil: float
) -> None:
    dusk = np.asarray(face_photo * gain + veil, np.uint8)
    embedding, crop = served(analyser, dusk)
    again = viewer.face_again(crop)
    assert again is not None
    photo = decode(crop, EngineSettings())
    assert not hasattr(photo, "code")
    assert lit(photo.image, "faint") is not photo.image, "the light is one that is evened"  # type: ignore[union-attr]
    assert float(again @ embedding) > 0.92


def test_a_crop_of_day_is_left_as_it_is(viewer: Viewer, analyser: Analyser, face_photo: Image) -> None:
    embedding, crop = served(analyser, face_photo)
    again = viewer.face_again(crop)
    assert again is not None
    assert float(again @ embedding) > 0.98


def test_changed_copies_of_a_crop_of_dusk_are_like_its_photo(viewer: Viewer, analyser: Analyser, face_photo: Image) -> None:
    day, _ = served(analyser, face_photo)
    _, crop = served(analyser, np.asarray(face_photo * 0.22 + 8, np.uint8))
    views = viewer.face(crop, 6, 1)
    assert len(views) >= 5
    assert float(np.mean([view @ day for view in views])) > 0.5
