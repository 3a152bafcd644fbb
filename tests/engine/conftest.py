"""Models are prepared once a run; photos are made here, or are the starter pack's blended faces, since nobody's photo is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.analysis import Analyser
from engine.backends.runtime import Runtime, make_runtime
from engine.settings import EngineSettings
from engine.types import STARTER, TypePack
from engine.values import Image
from tests.engine.small_pack import write_whole_pack


@pytest.fixture(scope="session")
def engine_cache(tmp_path_factory: pytest.TempPathFactory, warm: Callable[[Path], Path]) -> Iterator[Path]:
    """The folder `cache` below a `paths.var` of the session."""
    folder = tmp_path_factory.mktemp("engine")
    yield warm(folder)
    shutil.rmtree(folder)  # FaceNet's alone are 190 MB


@pytest.fixture(scope="session")
def runtime(engine_cache: Path) -> Runtime:
    return make_runtime(EngineSettings(), engine_cache)


@pytest.fixture(scope="session")
def blended_faces() -> tuple[Image, ...]:
    """One blended mean face of each face type."""
    pack = TypePack.load(STARTER)
    pictures = [info.picture for info in pack.types if info.kind == "face"]
    return tuple(np.asarray(Pillow.open(picture).convert("RGB")) for picture in pictures)


@pytest.fixture(scope="session")
def face_photo(blended_faces: tuple[Image, ...]) -> Image:
    """A photo of one face from the front, of an age that nobody doubts."""
    return blended_faces[1]


@pytest.fixture(scope="session")
def engine_settings(tmp_path_factory: pytest.TempPathFactory) -> EngineSettings:
    """Settings with a small type pack, so that tests do not depend on what was learned last."""
    return EngineSettings(pack=str(write_whole_pack(tmp_path_factory.mktemp("pack"))))


@pytest.fixture(scope="session")
def analyser(engine_settings: EngineSettings, engine_cache: Path) -> Analyser:
    made = Analyser(engine_settings, engine_cache)
    made.load()
    return made
