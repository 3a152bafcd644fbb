"""Faces in the small photos of the learning data, with the serving path's own detector."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from engine.backends.runtime import make_runtime
from engine.faces import FaceDetector
from engine.settings import EngineSettings
from engine.values import FaceBox, Image


@cache
def _detector() -> FaceDetector:
    folder = Path(tempfile.gettempdir()) / "inyeon-training"
    return FaceDetector(folder, make_runtime(EngineSettings(), folder))


def find_face(photo: Image) -> FaceBox | None:
    """The largest face of `photo` in its pixels."""
    found = _detector().predict(photo)
    return found[0] if found else None
