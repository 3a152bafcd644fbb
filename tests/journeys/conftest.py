"""The product on a stage of its own, and an engine that journeys share: loading its weights takes longer than a conversation."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

import configuration
from bot.local import inbox
from engine.analysis import Analyser
from tests.engine.small_pack import write_whole_pack
from tests.journeys.stage import PATIENCE, Person, Stage, matched


@pytest.fixture(scope="session")
def small_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a type pack made in a moment."""
    return write_whole_pack(tmp_path_factory.mktemp("pack") / "pack")


@pytest.fixture(scope="session")
def analyser(small_pack: Path, tmp_path_factory: pytest.TempPathFactory, warm: Callable[[Path], Path]) -> Iterator[Analyser]:
    """The real engine with the small pack, loaded once."""
    settings = configuration.load(environment={"INYEON_ENGINE__PACK": str(small_pack)})
    folder = tmp_path_factory.mktemp("engine")
    made = Analyser(settings.engine, warm(folder))
    made.load()
    yield made
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """People at the page wait for a button's answer as long as for everything else."""
    monkeypatch.setattr(inbox, "ANSWER_SECONDS", PATIENCE)


@pytest.fixture
def environment() -> dict[str, str]:
    """Settings of the stage as environment variables; journeys that need some have a fixture of this name."""
    return {}


@pytest.fixture
async def stage(tmp_path: Path, analyser: Analyser, small_pack: Path, environment: dict[str, str]) -> AsyncIterator[Stage]:
    made = Stage(tmp_path, small_pack, analyser, **environment)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def couple(stage: Stage) -> tuple[Person, Person]:
    """Two in a chat, verified: those who are new may send no pictures before both wrote, and less in a minute."""
    mina = await stage.person(1001001, "en", gender="woman", seeks="men", verified=True)
    jun = await stage.person(1002002, "ko", gender="man", seeks="women", verified=True)
    await matched(mina, jun)
    return mina, jun
