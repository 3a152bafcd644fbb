"""A town of members for the use cases; the engine that journeys share serves here too."""

from __future__ import annotations

import pytest

from db.session import Database
from tests.bot.meeting import Town
from tests.bot.newcomer import Newcomer
from tests.journeys.conftest import analyser, small_pack

__all__ = ["analyser", "small_pack"]


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


@pytest.fixture
def couple(town: Town) -> tuple[int, int]:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.match(her, him)
    town.mail()
    return her, him


@pytest.fixture
def newcomer(database: Database) -> Newcomer:
    """Somebody who is asked for their date of birth."""
    made = Newcomer(database)
    made.upto("birth")
    return made
