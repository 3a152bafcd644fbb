"""How the schedule's learning differs from an admin's, and what is said where nothing was published though no gate failed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.usecases import steering
from bot.words import LANGUAGES, Words
from db.corpus_records import JobRun

WORDS = Words()
NOW = dt.datetime(2026, 11, 21, 7, 0, tzinfo=dt.UTC)


def refused(result: dict[str, Any]) -> JobRun:
    return JobRun(1, "learn", "refused", "schedule", {"slot": "2026-11-21T19:00"}, {}, result, NOW, NOW, NOW, NOW)


def test_the_schedule_does_not_ask_for_what_was_rolled_back_from() -> None:
    command = steering.COMMANDS["learn"]
    assert command({"slot": "2026-11-21T19:00", "again": 1}) == ["-m", "engine", "learn", "--scheduled", "--from-bot", "--json"]
    assert command({"again": 1, "resume": {}}) == ["-m", "engine", "learn", "--from-bot", "--json"]


@pytest.mark.parametrize(
    ("result", "named"),
    [({"left": "v2"}, ["v2"]), ({"version": "v3", "overtaken": "v1", "gates": {}}, ["v3", "v1"])],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_gate_refused_has_its_own_sentence(result: dict[str, Any], named: list[str], language: str) -> None:
    row = refused(result)
    assert steering.worth_telling(row)
    said = WORDS.text(steering.told(row), language)
    assert all(version in said for version in (*named, "/retrain"))
    assert "{" not in said
    assert said != WORDS.text(steering.told(refused({"gates": {}})), language)
