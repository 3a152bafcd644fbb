"""Whose key closes what waits to be sent: what a member says goes with their key, wherever a copy of the row lies."""

from __future__ import annotations

import base64
import datetime as dt

from sqlalchemy import Connection, select

from db import erasure, messages, moderation, outbox, pairs, relays, sealing, seals, upkeep
from db.records import Member, OutboxRow
from db.session import Database
from db.tables import outbox as table
from tests.db.people import NOW, people
from tests.db.test_vault import vault_of

WORDS = "what only the two of them should read"


def talk(database: Database) -> tuple[Member, Member]:
    """Each of two has said something to the other, and the bot something to both; nothing is sent."""
    one, other = people(database, "man", "woman")

    def live(connection: Connection) -> None:
        pair = pairs.make(connection, min(one.id, other.id), max(one.id, other.id), NOW)
        for number, (writer, reader) in enumerate(((one, other), (other, one)), 1):
            said = messages.add(connection, pair.id, writer.id, number, "text", NOW, content={"text": WORDS})
            letter = {"body": {"text": WORDS}}
            outbox.put(connection, reader.id, "sendMessage", letter, f"relay:{said.id}", NOW, said.id, fresh=True, writer=writer.id)
            change = {"body": {"text": WORDS}, "edits": said.id}
            outbox.put(connection, reader.id, "editMessageText", change, f"edit:{said.id}:1", NOW, writer=writer.id)
            outbox.put(connection, reader.id, "sendMessage", {"body": {"text": "from the bot"}}, "news", NOW)

    database.transact(live)
    return one, other


def stored(database: Database) -> list[OutboxRow]:
    """The rows as they lie there, and as any backup holds them."""
    return database.read(lambda connection: [OutboxRow(**row) for row in connection.execute(select(table)).mappings()])


def readable(database: Database, rows: list[OutboxRow]) -> dict[int | None, list[str]]:
    """What of the rows opens, by their recipient."""
    found: dict[int | None, list[str]] = {}
    for row in database.read(outbox.opened, rows):
        found.setdefault(row.member_id, []).append(row.payload.get("body", {}).get("text", ""))
    return found


def test_words_that_wait_go_with_their_writers_key_in_every_backup(database: Database) -> None:
    one, other = talk(database)
    backup = stored(database)
    assert WORDS not in str([row.payload for row in backup])
    assert readable(database, backup) == {one.id: [WORDS, WORDS, "from the bot"], other.id: [WORDS, WORDS, "from the bot"]}
    database.transact(erasure.erase, one.id, NOW)
    assert readable(database, backup) == {one.id: [WORDS, WORDS, "from the bot"], other.id: ["", "", "from the bot"]}


def test_a_row_whose_key_is_gone_is_leased_empty_and_the_others_open(database: Database) -> None:
    one, other = talk(database)
    # An erasure that was cut off right behind its first step.
    vault_of(database).destroy([sealing.member(one.id)], final=True)
    leased = database.transact(outbox.lease, "a", NOW, 30, 9)
    assert {row.member_id: row.payload.get("body") for row in leased} == {one.id: {"text": WORDS}, other.id: None}


def test_new_keys_close_what_waits_anew_and_leave_what_the_bot_says(database: Database) -> None:
    one, other = talk(database)
    before = {row.id: key_of(row) for row in stored(database)}
    upkeep.rotate_keys(database, one.id, wait=0)
    renewed = {row.id for row in stored(database) if key_of(row) != before[row.id]}
    assert renewed == {row.id for row in stored(database) if row.payload.get(outbox.WRITER) == one.id}
    assert len(renewed) == 2
    upkeep.rotate_keys(database, wait=0)
    assert vault_of(database).retired() == {}
    rows = stored(database)
    assert readable(database, rows) == {one.id: [WORDS, WORDS, "from the bot"], other.id: [WORDS, WORDS, "from the bot"]}
    assert [key_of(row) == before[row.id] for row in rows] == [outbox.WRITER not in row.payload for row in rows]


def test_what_is_written_anew_stays_its_writers(database: Database) -> None:
    one, other = talk(database)
    for row in stored(database):
        assert database.transact(relays.rewrite, row.id, row.method, {"body": {"text": "changed"}}, NOW)
    backup = stored(database)
    database.transact(erasure.erase, other.id, NOW)
    assert readable(database, backup) == {one.id: ["", "", "changed"], other.id: ["changed"] * 3}


def test_rows_of_an_older_version_under_the_days_key_are_sent(database: Database) -> None:
    one, _ = people(database, "man", "woman")
    place = (sealing.day("outbox", NOW), f"outbox:{one.telegram_id}:relay:1")

    def older(connection: Connection) -> None:
        outbox.put(connection, one.id, "sendMessage", {"body": {}}, "relay:1", NOW)
        connection.execute(table.update().values(payload=sealing.wrap(connection, *place, {"body": {"text": WORDS}})))

    database.transact(older)
    (row,) = database.transact(outbox.lease, "a", NOW + dt.timedelta(seconds=1), 30, 9)
    assert row.payload == {"body": {"text": WORDS}}


def test_the_end_of_a_chat_finds_changes_by_what_is_sealed_in_them(database: Database) -> None:
    one, other = talk(database)
    pair = database.read(pairs.between, one.id, other.id)
    assert pair is not None
    assert database.transact(moderation.silence, pair.id, NOW) == 4
    assert [row.dedup_key for row in stored(database) if row.state == "waiting"] == ["news", "news"]


def key_of(row: OutboxRow) -> int:
    """The number of the key that closes a row."""
    return seals.number(base64.b64decode(str(row.payload[sealing.SEALED])))
