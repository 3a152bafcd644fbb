"""Music: a file for the trust in its sender, and what its titles say is said."""

from __future__ import annotations

from typing import Any

import pytest

from bot.incoming import Incoming
from bot.usecases import evidence, relay, safety
from db import members
from db import safety as reports
from tests.bot.meeting import ADMIN, Town, keys
from tests.db.people import NOW

Couple = tuple[int, int]


def song(number: int, caption: str = "", *, mark: int = 0, unique: str = "U", **about: Any) -> Incoming:
    raw = {"file_id": f"F{unique}", "file_unique_id": unique, "file_size": 900, "mime_type": "audio/mpeg", **about}
    return Incoming.of({"message_id": number, "from": {"id": 77}, "audio": raw, "caption": caption}, mark)


def write(town: Town, member: int, number: int, text: str = "hi") -> None:
    assert keys(town.act(member, relay.receive, Incoming(number, "text", text))) == []
    town.mail()


@pytest.fixture
def talking(couple: Couple, town: Town) -> Couple:
    for member in couple:
        write(town, member, 1)
    return couple


def test_music_waits_until_both_wrote(town: Town, couple: Couple) -> None:
    her, him = couple
    assert keys(town.act(him, relay.receive, song(5, title="Song"))) == ["trust.photos"]
    write(town, him, 6)
    assert keys(town.act(him, relay.receive, song(7, title="Song"))) == ["trust.photos"], "one of them is not both"
    write(town, her, 6)
    assert keys(town.act(him, relay.receive, song(8, title="Song"))) == []
    (letter,) = town.mail()[her]
    assert letter["method"] == "sendAudio"


def test_verified_members_begin_with_music(town: Town, couple: Couple) -> None:
    town.database.transact(members.update, couple[0], NOW, verified=True)
    assert keys(town.act(couple[0], relay.receive, song(5, title="Song"))) == []


@pytest.mark.parametrize(
    "about", [{"title": "visit evil-bank.top now"}, {"title": "Song", "performer": "evil-bank.top"}, {"performer": "카톡 아이디 알려줘요"}]
)
@pytest.mark.parametrize("caption", ["", "listen to this"])
def test_the_receiver_gets_a_word_about_titles(town: Town, talking: Couple, about: dict[str, str], caption: str) -> None:
    her, him = talking
    town.act(him, relay.receive, song(5, caption, **about))
    assert any(letter["key"].startswith("nudge:") for letter in town.mail()[her])


def test_a_title_that_comes_with_an_edit_is_looked_at_too(town: Town, talking: Couple) -> None:
    her, him = talking
    town.act(him, relay.receive, song(5, title="Song"))
    assert not any(letter["key"].startswith("nudge:") for letter in town.mail()[her])
    town.act(him, relay.edited, song(5, mark=3, unique="V", title="visit evil-bank.top now"))
    assert any(letter["key"].startswith("nudge:") for letter in town.mail()[her])


def test_titles_are_evidence_beside_the_caption(town: Town, talking: Couple) -> None:
    her, him = talking
    town.database.transact(members.create, ADMIN, "en", NOW)
    town.act(him, relay.receive, song(5, "listen", title="visit evil-bank.top", performer="evil"))
    town.mail()
    town.act(her, safety.report, him, "scam")
    (report,) = town.database.read(reports.open_reports)
    data = town.database.read(evidence.of, report.id)
    assert data is not None
    assert [one["text"] for one in data["messages"] if one["kind"] == "audio"] == ["listen\nvisit evil-bank.top\nevil"]


def test_a_song_about_an_age_is_no_word_of_its_sender(town: Town, talking: Couple) -> None:
    him = talking[1]
    town.act(him, relay.receive, song(5, title="열일곱 살", performer="I'm 16"))
    assert town.member(him).status == "active"
