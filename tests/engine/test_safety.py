from pathlib import Path

import numpy as np

from engine import weights
from engine.backends.runtime import Runtime, make_runtime
from engine.safety import NsfwScorer
from engine.settings import EngineSettings
from engine.values import Image


def test_scores_are_shares_and_portraits_are_safe(engine_cache: Path, runtime: Runtime, blended_faces: tuple[Image, ...]) -> None:
    scorer = NsfwScorer(engine_cache, runtime)
    assert all(0 <= scorer.predict(photo) < 0.3 for photo in blended_faces)
    assert 0 <= scorer.predict(np.zeros((3, 500, 3), np.uint8)) <= 1


def test_the_network_gets_what_its_authors_feed_it(engine_cache: Path, runtime: Runtime) -> None:
    """A photo of 256 × 256 needs no resampling: BGR, mean taken off, the middle 224 × 224."""
    photo = np.random.default_rng(7).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    given = photo[16:240, 16:240, ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32)
    session = make_runtime(EngineSettings(backend="onnxruntime"), engine_cache).session(weights.graph(weights.NSFW, engine_cache))
    (wanted,) = session.run(given[None])
    assert abs(NsfwScorer(engine_cache, runtime).predict(photo) - float(wanted[0, 1])) < 1e-3
