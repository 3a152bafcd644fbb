"""A member's own copy, and the end of everything."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from bot.replies import Document
from bot.usecases import privacy
from db import audit, members, photos
from db.session import Database
from tests.bot.meeting import keys
from tests.bot.newcomer import TELEGRAM_ID, Newcomer, jpeg


@pytest.fixture
def member(database: Database) -> Newcomer:
    newcomer = Newcomer(database)
    newcomer.ready()
    return newcomer


def test_the_export_holds_everything_and_nothing_of_others(member: Newcomer) -> None:
    other = member.town.newcomer("man", "women", about="private words of somebody else")
    member.town.match(member.id, other)
    [document] = member.town.act(member.id, privacy.give_export)
    assert isinstance(document, Document)
    with zipfile.ZipFile(io.BytesIO(document.data)) as archive:
        assert sorted(archive.namelist()) == ["inyeon.json", "photos/1.jpg"]
        assert archive.read("photos/1.jpg") == jpeg()
        text = archive.read("inyeon.json").decode()
    kept = json.loads(text)
    assert kept["member"]["birth_date"] == "1994-03-07"
    assert kept["member"]["telegram_id"] == TELEGRAM_ID
    assert {item["kind"] for item in kept["consents"]} == {"terms", "face"}
    assert {item["kind"] for item in kept["vectors"]} == {"face", "fashion"}
    assert {item["type_id"] for item in kept["types"]} == {"wf-0", "wo-0"}
    assert [item["liked"] for item in kept["likes"]] == [True]
    assert len(kept["matches"]) == 1
    assert "private words" not in text
    assert member.read(audit.recent)[0].action == "export"


def test_deleting_takes_two_more_presses(member: Newcomer) -> None:
    assert keys(member.town.act(member.id, privacy.delete, "ask")) == ["delete.ask"]
    assert keys(member.town.act(member.id, privacy.delete, "yes")) == ["delete.sure"]
    assert keys(member.town.act(member.id, privacy.delete, "no")) == ["delete.kept"]
    assert member.me.status == "active"
    assert keys(member.town.act(member.id, privacy.delete, "now")) == ["delete.done"]
    assert member.read(members.by_telegram, TELEGRAM_ID) is None
    assert member.read(photos.of, member.id) == []


def test_partners_learn_only_that_the_chat_ended(member: Newcomer) -> None:
    other = member.town.newcomer("man", "women")
    member.town.match(member.id, other)
    member.town.mail()
    member.town.act(member.id, privacy.delete, "now")
    [letter] = member.town.mail()[other]
    said = json.dumps(letter, ensure_ascii=False)
    assert letter["method"] == "sendMessage"
    assert "지웠" not in said
    assert "삭제" not in said
    assert "tea" not in said
    assert member.town.member(other).status == "active"
