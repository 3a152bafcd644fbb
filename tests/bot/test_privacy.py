"""A member's own copy, and the end of everything."""

from __future__ import annotations

import io
import json
import random
import time
import zipfile

import pytest

from bot.replies import Document
from bot.usecases import export, moderation, privacy
from db import audit, members, messages, photos, safety
from db.session import Connection, Database
from db.tables import messages as table
from db.tables import metadata
from tests.bot.meeting import ADMIN, Town, buttons, keys, texts
from tests.bot.newcomer import TELEGRAM_ID, Newcomer, jpeg


@pytest.fixture
def member(database: Database) -> Newcomer:
    newcomer = Newcomer(database)
    newcomer.ready()
    return newcomer


def copy_of(town: Town, member_id: int, name: str = "inyeon.json") -> str:
    [document] = town.act(member_id, privacy.give_export)
    assert isinstance(document, Document)
    with zipfile.ZipFile(io.BytesIO(document.data)) as archive:
        return archive.read(name).decode()


def test_the_export_holds_everything_and_nothing_of_others(member: Newcomer) -> None:
    other = member.town.newcomer("man", "women", about="private words of somebody else")
    pair = member.town.match(member.id, other)

    def talk(connection: Connection) -> None:
        messages.add(connection, pair.id, member.id, 5, "text", member.town.now, content={"kind": "text", "text": "my own words"})
        messages.add(connection, pair.id, other, 6, "text", member.town.now, content={"kind": "text", "text": "their answer"})
        safety.report(connection, other, member.id, "rude: secret reason", member.town.now, pair.id)
        safety.report(connection, member.id, other, "scam: what I say", member.town.now, pair.id)

    member.database.transact(talk)
    [document] = member.town.act(member.id, privacy.give_export)
    assert isinstance(document, Document)
    with zipfile.ZipFile(io.BytesIO(document.data)) as archive:
        assert sorted(archive.namelist()) == ["README.txt", "inyeon.json", "photos/1.jpg"]
        assert archive.read("photos/1.jpg").startswith(jpeg())
        text = archive.read("inyeon.json").decode()
        assert "Inyeon — your data" in archive.read("README.txt").decode()
    kept = json.loads(text)
    assert kept["member"]["birth_date"] == "1994-03-07"
    assert kept["member"]["telegram_id"] == TELEGRAM_ID
    assert {item["kind"] for item in kept["consents"]} == {"terms", "face"}
    assert {item["kind"] for item in kept["vectors"]} == {"face", "fashion"}
    assert {item["type_id"] for item in kept["types"]} == {"wf-0", "wo-0"}
    assert [item["liked"] for item in kept["likes"]] == [True]
    [match] = kept["matches"]
    assert match["member"] == kept["likes"][0]["member"] == kept["reports"][0]["reported_id"] == "person 1"
    assert match["name"]
    assert [item["content"]["text"] for item in kept["messages_sent"]] == ["my own words"]
    for theirs in ("private words", "their answer", "secret reason"):
        assert theirs not in text


def test_a_few_copies_a_day(member: Newcomer) -> None:
    def ask() -> list[bool]:
        heard: list[bool] = []
        member.town.act(member.id, privacy.begin_export, heard.append)
        return heard

    assert [ask() for _ in range(4)] == [[True], [True], [True], [False]]
    assert member.read(audit.recent)[0].action == "export"
    member.later(hours=25)
    assert ask() == [True]


@pytest.mark.parametrize("status", ["frozen", "banned", "onboarding", "paused"])
def test_whoever_is_shut_out_gets_their_copy_too(member: Newcomer, status: str) -> None:
    member.database.transact(lambda c: members.update(c, member.id, member.town.now, status=status))  # type: ignore[arg-type]
    assert json.loads(copy_of(member.town, member.id))["member"]["status"] == status


def test_large_copies_come_in_parts(member: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PART", 4 * len(jpeg()))
    for _ in range(9):
        member.database.transact(photos.add, member.id, jpeg(), member.town.now)
    documents = member.town.act(member.id, privacy.give_export)
    names = [document.name for document in documents if isinstance(document, Document)]
    assert names == [f"inyeon-export-{number}-of-{len(names)}.zip" for number in range(1, len(names) + 1)]
    held = []
    for document in documents:
        assert isinstance(document, Document)
        with zipfile.ZipFile(io.BytesIO(document.data)) as archive:
            held += archive.namelist()
    assert sorted(held) == sorted(["README.txt", "inyeon.json", *(f"photos/{number}.jpg" for number in range(1, 11))])


def test_a_large_copy_takes_seconds(member: Newcomer) -> None:
    """Twenty photos and what ten thousand messages left."""
    other = member.town.newcomer("man", "women")
    pair = member.town.match(member.id, other)
    noise = random.Random(1).randbytes(400_000)

    def fill(connection: Connection) -> None:
        for _ in range(19):
            photos.add(connection, member.id, jpeg() + noise, member.town.now)
        row = {"pair_id": pair.id, "sender_id": member.id, "recipient_id": other, "kind": "text", "created_at": member.town.now}
        connection.execute(table.insert(), [{**row, "sender_message_id": number} for number in range(1, 10_001)])

    member.database.transact(fill)
    started = time.perf_counter()
    [document] = member.town.act(member.id, privacy.give_export)
    taken = time.perf_counter() - started
    assert isinstance(document, Document)
    assert len(json.loads(copy_of(member.town, member.id))["messages_sent"]) == 10_000
    assert taken < 20


NOT_IN_COPIES = {
    "tombstones": "a hash of a banned account that is erased",
    "types": "of nobody: the types themselves",
    "partings": "hashes of others' accounts that are erased: what the member did themselves was in blocks until then",
    "lanes": "the number of the newest message to the account",
    "evidence": "of a report: words of two people; the member's own are in messages_sent while they are kept",
    "exhibits": "of admins' chats: which messages there show which case",
    "sealing": "of nobody: how far rows are sealed",
    "pictures": "where couples' photos are from; a member's are under couple_photos",
    "couples": "which crops belong together: under couple_photos",
    "person_types": "types of a version of the model, made anew with each training",
    "typings": "of nobody: versions of the types",
    "affinities": "counts of couples without names",
    "crawls": "of nobody: how far sources were read",
    "hashtags": "of nobody: what was asked for",
    "http_cache": "of nobody: answers of sources",
    "model_versions": "of nobody: versions of the types",
    "matching_state": "what was learned of all members together",
    "log_ends": "of nobody: ends of logs",
}
IN_COPIES = {
    "members": "member", "photos": "photos", "vectors": "vectors", "member_types": "types", "likes": "likes", "pairs": "matches",
    "exposures": "people_shown_to_you", "messages": "messages_sent", "outbox": "messages_of_the_bot", "consents": "consents",
    "blocks": "blocks", "reports": "reports", "reviews": "reviews", "audit": "log", "updates": "updates", "ban_marks": "ban_marks",
    "verifications": "verifications", "nudges": "hints", "couple_uploads": "couple_photos", "couple_people": "couple_photos",
    "impressions": "cards", "judgements": "answers", "standings": "counts", "tastes": "tastes", "daily_picks": "daily_picks",
    "member_changes": "profile_changes", "job_runs": "jobs_you_asked_for",
}  # fmt: skip
LEFT_OUT = {
    "members": set(),
    "photos": {"jpeg"},  # a file of its own
    "outbox": {"payload", "seq", "dedup_key", "attempts", "not_before", "leased_until", "lease_owner", "dead_reason", "message_id"},
    "messages": {"recipient_id", "sender_message_id", "recipient_message_id", "album"},
    "updates": {"payload", "attempts", "owner", "leased_until", "person"},
    "reviews": set(),
    "reports": {"pair_id", "decided_by", "decided_at", "reporter_id"},
    "verifications": set(),
}
"""Columns that are the program's own handle or somebody else's words."""


def test_no_table_and_no_column_is_forgotten(member: Newcomer) -> None:
    """Whoever adds a table says here whether members get it, and a column of these tables is in the copy or is named here."""
    assert set(metadata.tables) == set(IN_COPIES) | set(NOT_IN_COPIES)
    assert not set(IN_COPIES) & set(NOT_IN_COPIES)
    kept = json.loads(copy_of(member.town, member.id))
    assert set(kept) == {"exported_at", *IN_COPIES.values()}
    columns = {column.name for column in metadata.tables["members"].columns}
    assert columns - set(kept["member"]) - {"city_key"} == set()
    assert {column.name for column in metadata.tables["photos"].columns} - set(kept["photos"][0]) == LEFT_OUT["photos"]


def test_every_part_of_privacy_fits_a_phone(member: Newcomer) -> None:
    """In both languages, without a value missing, and short."""
    for language in ("ko", "en"):
        member.database.transact(lambda c: members.update(c, member.id, member.town.now, language=language))  # noqa: B023
        first = member.town.act(member.id, privacy.show)
        assert {button.press.choice for button in buttons(first[0]) if button.press.do == "privacy"} == set(privacy.SECTIONS)
        for section in ("", *privacy.SECTIONS):
            [said] = texts(member.town.act(member.id, privacy.show, section), language)
            assert 40 < len(said) < 1500, section
            assert "{" not in said
            assert "None" not in said


def test_members_see_how_often_operators_looked_and_why(member: Newcomer) -> None:
    town, other = member.town, member.town.newcomer("man", "women")
    admin = town.database.transact(members.create, ADMIN, "en", town.now).id
    town.match(member.id, other)
    town.database.transact(safety.report, other, member.id, "rude", town.now)

    def said() -> str:
        return texts(town.act(member.id, privacy.show, "looks"))[0]

    before = said()
    assert "report: 0" in before
    town.act(admin, moderation.queue)
    town.act(admin, moderation.look, member.id)
    assert "report: 1" in said()
    assert "age: 1" in said()
    assert str(ADMIN) not in said()
    assert texts(town.act(other, privacy.show, "looks"))[0] == before


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
