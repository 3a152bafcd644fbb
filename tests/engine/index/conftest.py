"""The same tests for every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.index.exact import ExactIndex
from engine.index.milvus import MilvusIndex
from engine.index.values import Index
from tests.engine.index.towns import DIMS

Make = Callable[[], Index]
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def make_exact(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    made: list[ExactIndex] = []

    def make() -> Index:
        made.append(ExactIndex(tmp_path_factory.mktemp("index"), DIMS, KEY).open())
        return made[-1]

    yield make
    for index in made:
        index.close()


@pytest.fixture(scope="module")
def make_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    made: list[MilvusIndex] = []

    def make() -> Index:
        made.append(MilvusIndex(str(tmp_path_factory.mktemp("milvus") / "lite" / "members.db"), "", DIMS).open())
        return made[-1]

    yield make
    for index in made:
        index.close()


@pytest.fixture(scope="module", params=["exact", "milvus"])
def make_index(request: pytest.FixtureRequest) -> Make:
    """Makes an empty index of the backend."""
    return request.getfixturevalue(f"make_{request.param}")  # type: ignore[no-any-return]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"
