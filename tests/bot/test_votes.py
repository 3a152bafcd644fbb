"""Whoever asks in a poll learns what was chosen: the option that the partner saw, whatever else the poll says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.incoming import Incoming
from bot.usecases import relay, relay_signs
from db import members, messages
from db.records import Message
from tests.bot.meeting import Town

Couple = tuple[int, int]
Json = dict[str, Any]
ASKED = {"id": "1", "question": "When?", "options": [{"text": "At six"}, {"text": "At eight"}], "type": "regular"}


def stored(town: Town, member: int) -> Message:
    """Her poll."""
    found = town.database.read(messages.by_sender, member, 10)
    assert found is not None
    return found


def told_of(town: Town, couple: Couple, asked: Json, *chosen: int, language: str = "en") -> str:
    """What she reads after he chose these options in her poll."""
    her, him = couple
    town.database.transact(members.update, her, town.now, language=language)
    town.act(her, relay.receive, Incoming(10, "poll", body=asked))
    town.mail()
    town.database.transact(messages.set_poll, stored(town, her).id, "999")
    town.act(him, relay_signs.voted, "999", list(chosen), "1")
    (letter,) = town.mail()[her]
    return str(letter["body"]["text"])


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "more", [{}, {"description": "It is about Friday"}, {"question": "When?\nReally"}, {"description": "a\nb", "explanation": "c"}]
)
def test_what_is_told_is_what_was_chosen(town: Town, couple: Couple, more: Json, language: str) -> None:
    told = told_of(town, couple, {**ASKED, **more}, 0, language=language)
    assert "At six" in told
    assert "Friday" not in told
    assert told.count("\n") == 1


def test_several_choices_are_told_each(town: Town, couple: Couple) -> None:
    asked = {**ASKED, "options": [{"text": name} for name in ("a1", "b2", "c3")], "description": "d4", "allows_multiple_answers": True}
    told = told_of(town, couple, asked, 0, 2)
    assert [name in told for name in ("a1", "b2", "c3", "d4")] == [True, False, True, False]


@pytest.mark.parametrize("kept", [None, {"kind": "poll", "text": "When?\nIt is about Friday\nAt six\nAt eight"}])
def test_of_a_poll_whose_options_are_not_kept_the_numbers_are_told(town: Town, couple: Couple, kept: Json | None) -> None:
    her, him = couple
    told_of(town, couple, ASKED, 0)
    message = stored(town, her)
    if kept is None:
        town.database.transact(messages.forget_content, town.now + dt.timedelta(days=2))
    else:
        town.database.transact(messages.set_content, message.id, kept)
    town.act(him, relay_signs.voted, "999", [1], "2")
    (letter,) = town.mail()[her]
    assert "№ 2" in letter["body"]["text"]
    assert "six" not in letter["body"]["text"]
