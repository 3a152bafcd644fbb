"""What is sent to be played at once goes through the bot's hands, as other files do."""

from __future__ import annotations

from typing import Any

import pytest

from bot.incoming import Incoming
from bot.usecases import relay
from tests.bot.meeting import Town, keys

KINDS = {
    "voice": {"duration": 7},
    "video_note": {"duration": 9, "length": 240},
}


@pytest.fixture
def couple(couple: tuple[int, int], town: Town) -> tuple[int, int]:
    """Two of whom each has written already: before that, those who are new may send no pictures."""
    for number, member in enumerate(couple):
        town.act(member, relay.receive, Incoming(1 + number, "text", "hi"))
    town.mail()
    return couple


def played(kind: str, **more: Any) -> Incoming:
    file = {"file_id": "F1", "file_unique_id": "U1", "file_size": 1000, "mime_type": "audio/ogg", **KINDS[kind], **more}
    return Incoming.of({"message_id": 11, "from": {"id": 77, "username": "mina_kim"}, kind: file, "caption": "by @mina_kim"})


@pytest.mark.parametrize(("kind", "method"), [("voice", "sendVoice"), ("video_note", "sendVideoNote")])
def test_it_is_fetched_and_sent_anew_with_what_it_says_of_itself(town: Town, couple: tuple[int, int], kind: str, method: str) -> None:
    her, him = couple
    town.act(her, relay.receive, played(kind, thumbnail={"file_id": "T"}))
    (letter,) = town.mail()[him]
    caption = {"caption": "by •••••••••", "caption_entities": []} if kind == "voice" else {}
    look = {"look": "T"} if kind == "video_note" else {}
    assert (letter["method"], letter["body"]) == (method, {kind: "F1", **KINDS[kind], **caption})
    assert letter["prepare"] == {"file": "F1", "mime": "audio/ogg", **look}


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_bot_can_fetch_is_said_to_be_too_big(town: Town, couple: tuple[int, int], kind: str) -> None:
    her, _ = couple
    assert keys(town.act(her, relay.receive, played(kind, file_size=20_000_001))) == ["relay.too_big"]
    assert town.mail() == {}
    assert keys(town.act(her, relay.receive, played(kind, file_size=20_000_000))) != ["relay.too_big"]
