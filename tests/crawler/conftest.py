"""Models are loaded once a run; the people are the starter pack's blended faces."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from crawler.commands.collect import _ingest
from crawler.commands.tools import Tools
from crawler.couples import Separator
from crawler.ingest import Ingest
from crawler.people import Describer
from crawler.settings import CrawlerSettings
from db.session import Database
from engine.settings import EngineSettings
from engine.types import STARTER, TypePack
from engine.values import Image
from tests.crawler.people import Placed, scene
from tests.crawler.planted import made, opened, quiet, without_models
from tests.engine.training import planted


@dataclass(frozen=True)
class Cast:
    """Blended faces whose gender and age are beyond doubt."""

    men: tuple[Image, ...]
    women: tuple[Image, ...]


@pytest.fixture(scope="session")
def crawler_cache(tmp_path_factory: pytest.TempPathFactory, warm: Callable[[Path], Path]) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("crawler-cache")
    yield warm(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def separator(crawler_cache: Path) -> Separator:
    made = Separator(CrawlerSettings(), EngineSettings(), crawler_cache)
    made.load()
    return made


@pytest.fixture(scope="session")
def cast(crawler_cache: Path) -> Cast:
    """At least two of each, or the tests here cannot say anything."""
    from engine.attributes import AttributeReader
    from engine.backends.runtime import make_runtime
    from engine.faces import FaceDetector

    runtime = make_runtime(EngineSettings(), crawler_cache)
    detector, reader = FaceDetector(crawler_cache, runtime), AttributeReader(crawler_cache, runtime)
    found: dict[str, list[Image]] = {"man": [], "woman": []}
    for info in TypePack.load(STARTER).types:
        if info.kind == "face":
            face = np.asarray(Pillow.open(info.picture).convert("RGB"))
            photo = scene(Placed(face, 275, 110, 250))
            boxes = detector.predict(photo)
            said = reader.predict(photo, boxes[0]) if len(boxes) == 1 else None
            if said and said.gender and said.gender_confidence > 0.95 and said.minor_score < 0.25:
                found[said.gender].append(face)
    assert min(map(len, found.values())) >= 2
    return Cast(tuple(found["man"]), tuple(found["woman"]))


@pytest.fixture(scope="session")
def describer(separator: Separator, crawler_cache: Path) -> Describer:
    # The database is not touched while the models are loaded.
    tools = Tools(CrawlerSettings(), EngineSettings(), crawler_cache, None)  # type: ignore[arg-type]
    return _ingest(tools).describer


@pytest.fixture
def ingest(database: Database, separator: Separator, describer: Describer) -> Ingest:
    return Ingest(database, separator, describer, EngineSettings())


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with database and models after one version was learned and published; only to be read."""
    folder = tmp_path_factory.mktemp("learned")
    database = opened(folder, planted.corpus())
    with pytest.MonkeyPatch.context() as patch:
        without_models(patch)
        answer, why = made(database, folder).learn(quiet)
    database.close()
    assert why == ""
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    return folder
