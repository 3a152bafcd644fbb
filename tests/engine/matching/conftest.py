"""The starter pack, a model before its first answer, people made up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.affinity import Affinity
from engine.matching.lifts import Lifts, Table
from engine.matching.model import LikeModel
from engine.matching.people import MemberGender, Person
from engine.matching.taste import FASHION_DIMS, Centre
from engine.types import TypePack
from engine.values import Vector


@pytest.fixture(scope="session")
def pack() -> TypePack:
    return TypePack.load()


@pytest.fixture(scope="session")
def affinity(pack: TypePack) -> Affinity:
    return Affinity(pack)


@pytest.fixture
def model(pack: TypePack) -> LikeModel:
    return LikeModel(Centre.start(pack))


@pytest.fixture(scope="session")
def table(affinity: Affinity) -> Table:
    return Lifts(affinity).table(None)


Made = Callable[[int, MemberGender, np.random.Generator], Person]


@pytest.fixture(scope="session")
def made(pack: TypePack) -> Made:
    """A person of a gender with random face, clothes, types, age and place."""
    centre = Centre.start(pack)

    def vector(kind: str, row: int, random: np.random.Generator) -> Vector:
        mean = centre.means[kind][row]
        drawn = mean + random.normal(size=len(mean)) * 0.85 / np.sqrt(len(mean))
        return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)

    def make(person_id: int, gender: MemberGender, random: np.random.Generator) -> Person:
        row = 0 if gender == "woman" else 1
        assert centre.dims("fashion") == FASHION_DIMS
        group = "woman" if gender == "woman" else "man"
        types = tuple(str(random.choice([info.id for info in pack.groups[f"{group}_{kind}"].types])) for kind in ("face", "fashion"))
        return Person(
            person_id,
            gender,
            float(random.uniform(20, 45)),
            float(random.normal(37.5, 0.1)),
            float(random.normal(127.0, 0.1)),
            vector("face", row, random),
            vector("fashion", row, random),
            types,
        )

    return make
