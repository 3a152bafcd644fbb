"""How likely a photo is not safe for work: Yahoo's open_nsfw (a thin ResNet-50).

Input 224 × 224, BGR, dataset mean subtracted, cut from the middle of the photo squeezed to 256 × 256 (the authors' preprocessing,
https://github.com/yahoo/open_nsfw, without its JPEG round trip, which changes scores by less than 0.02).
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from engine import weights
from engine.backends.runtime import Runtime, Session
from engine.images import shrunk
from engine.values import Image

MEAN_BGR = np.array([104, 117, 123], np.float32)
SIDE, CUT = 256, 224


class NsfwScorer:
    """One network, one number."""

    def __init__(self, cache: Path, runtime: Runtime) -> None:
        self.cache = cache
        self.runtime = runtime
        self._session: Session | None = None
        self._loading = threading.Lock()

    def load(self) -> Session:
        """Load the network once.

        Raises:
            WeightsError, BackendError: the model cannot be had.

        """
        with self._loading:
            if self._session is None:
                self._session = self.runtime.session(weights.graph(weights.NSFW, self.cache), (1, CUT, CUT, 3))
            return self._session

    def predict(self, image: Image) -> float:
        """0–1, higher is less safe."""
        edge = (SIDE - CUT) // 2
        small = shrunk(image, (SIDE, SIDE))[edge : edge + CUT, edge : edge + CUT]
        return self._predict(np.asarray(small[:, :, ::-1], np.float32) - MEAN_BGR)

    def _predict(self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
        (scores,) = self.load().run(np.ascontiguousarray(pixels[None]))
        return float(np.clip(scores[0, 1], 0, 1))
