"""The face embeddings that the product could serve, side by side, for the face that its analysis chose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import make_runtime
from engine.embedding import FaceNet, SFace
from engine.images import decode
from engine.settings import EngineSettings
from engine.values import Analysis, FaceBox, Problem


class PartsReader:
    """Embed the main face with each network by itself."""

    def __init__(self, settings: EngineSettings, cache: Path) -> None:
        self.settings = settings
        runtime = make_runtime(settings, cache)
        self.sface = SFace(cache, runtime)
        self.facenet = FaceNet(cache, runtime)

    def read(self, data: bytes, analysis: Analysis) -> dict[str, NDArray[np.float32]]:
        """`served` (where the analysis has it), `sface` and `facenet` of the photo in `data`, whose analysis found a face."""
        photo = decode(data, self.settings)
        face = analysis.main_face
        if isinstance(photo, Problem) or face is None:
            return {}
        box = FaceBox(face.box, face.landmarks, face.score).scaled(1 / photo.scale)
        found = {"sface": self.sface.predict(photo.image, box), "facenet": self.facenet.predict(photo.image, box)}
        return found if analysis.embedding is None else {**found, "served": analysis.embedding}
