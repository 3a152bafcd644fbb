"""A database with couples whose types are known, and learning that needs no models."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crawler import learning
from crawler.learning import Learning
from db import couples, pictures
from db.corpus_records import NewPerson, PictureRow
from db.session import Connection, Database
from db.settings import DatabaseSettings, keys_under
from engine.embedding import FaceEmbedder
from engine.settings import EngineSettings
from engine.training import clusters, gates, portrayal, stages, trial
from engine.training.corpus import Corpus, Subject
from engine.training.distil import regression
from engine.types import STARTER, read_manifest
from tests.engine.training import planted

NOW = dt.datetime(2026, 11, 21, 7, 0, tzinfo=dt.UTC)


def quiet(stage: str, done: int, total: int) -> None:
    """Progress, to nobody."""


class NoViews:
    """In place of the models: no picture is looked at."""

    def __init__(self, *_: object) -> None:
        pass

    def face(self, crop: bytes, number: int, seed: int) -> list[np.ndarray]:
        return []

    def fashion(self, body: bytes, number: int, seed: int) -> list[np.ndarray]:
        return []

    def face_again(self, crop: bytes) -> np.ndarray | None:
        return np.full(planted.FACE, planted.FACE**-0.5, np.float32)

    def fashion_again(self, body: bytes, face: object) -> np.ndarray | None:
        return None


def without_models(patch: pytest.MonkeyPatch) -> None:
    """No detector, no embedding, no drawings, few tries: what takes long and is tested elsewhere."""
    patch.setattr(learning, "Viewer", NoViews)
    patch.setattr(portrayal, "draw_face", lambda members, everyone, ground: portrayal.plain(ground))
    patch.setattr(portrayal, "collage", lambda shown, palette: Image.new("RGB", (64, 48), palette[0]))
    patch.setattr(stages, "DIMS", (5,))
    patch.setattr(clusters, "stability", partial(clusters.stability, samples=4))
    patch.setattr(gates, "BOOTSTRAPS", 4)
    patch.setattr(gates, "RESAMPLES", 50)
    patch.setattr(trial, "TIMED", 20)
    patch.setattr(regression, "STRENGTHS", regression.STRENGTHS[:2])


def packed(vector: np.ndarray | None) -> bytes | None:
    return None if vector is None else np.asarray(vector, "<f4").tobytes()


def person(one: Subject, face_version: str = FaceEmbedder.VERSION) -> NewPerson:
    garments = [{"region": each.region, "label": each.label, "score": each.score, "colour": each.colour} for each in one.garments]
    facts = {"garments": garments, "skin": list(one.skin)}
    fashion_version = str(read_manifest(STARTER)["fashion_model"])
    crops = planted.pixels(one.id)
    return NewPerson(
        one.gender, 0.99, one.age, crops[0], crops[1], facts, packed(one.face), face_version, packed(one.fashion), fashion_version
    )


def store(connection: Connection, corpus: Corpus, source: str = "test") -> None:
    for a, b in zip(corpus.subjects[::2], corpus.subjects[1::2], strict=True):
        picture = pictures.add(connection, PictureRow(source, str(a.couple), "accepted"), NOW)
        assert picture is not None
        couples.add(connection, picture, person(a), person(b), NOW)


def opened(folder: Path, corpus: Corpus | None = None) -> Database:
    database = Database(DatabaseSettings(url=f"sqlite:///{folder}/inyeon.db"), keys_under(folder))
    database.open()
    if corpus is not None:
        database.transact(store, corpus)
    return database


def made(database: Database, folder: Path, seconds: int = 0, **changes: object) -> Learning:
    """`seconds`: how much later than NOW it is."""
    settings = replace(planted.SETTINGS, **changes)  # type: ignore[arg-type]
    moment = NOW + dt.timedelta(seconds=seconds)
    return Learning(database, EngineSettings(), settings, folder / "cache", folder / "models", lambda: moment)
