"""Erasure leaves nothing behind, except what its docstring says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Table, func, or_, select

from db import (
    accounts,
    audit,
    bans,
    consents,
    daily,
    evidence,
    export,
    exposures,
    impressions,
    judgements,
    likes,
    members,
    messages,
    nudges,
    outbox,
    pairs,
    photos,
    safety,
    standings,
    tastes,
    types,
    verifications,
)
from db.errors import NotFound
from db.records import Member, Pair, TypeRow
from db.session import Database
from db.settings import DatabaseSettings
from db.tables import metadata
from tests.db.people import NOW, people

SECRET = "a-word-that-only-this-member-wrote"
ADMIN = 9001
MEMBERS = {"member_id", "lo", "hi", "ended_by"}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database without a vault: what is left of somebody could be read."""
    made = Database(DatabaseSettings(url=database_url))
    made.open()
    yield made
    made.close()


def dump(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table as text."""
    return {
        name: [json.dumps(list(row), default=lambda value: value.hex() if isinstance(value, bytes) else str(value)) for row in rows]
        for name, rows in ((name, connection.execute(select(table)).all()) for name, table in metadata.tables.items())
    }


def table_of(name: str) -> Table:
    return metadata.tables[name]


def busy_life(database: Database) -> tuple[Member, Member, Member, Pair]:
    """A member who left a trace in every table, their partner, and a third person."""
    me, partner, third = people(database, "man", "woman", "woman")

    def live(connection: Connection) -> Pair:
        members.update(connection, me.id, NOW, about=SECRET, city=SECRET, draft={"text": SECRET})
        photo = photos.add(connection, me.id, SECRET.encode(), NOW, facts={"note": SECRET}, telegram_file_id=SECRET)
        photos.add_vector(connection, photo.id, "face", "1", "test", b"\0" * 8, 2)
        types.sync(connection, [TypeRow("mf-1", "man_face", "face", "man", "One", "하나")], "1", NOW)
        types.assign(connection, me.id, "face", "mf-1", 0.9, "1", NOW)
        consents.give(connection, me.id, "face", "1", True, NOW)
        likes.mark(connection, me.id, partner.id, True, NOW)
        likes.mark(connection, third.id, me.id, True, NOW)
        pair = likes.mark(connection, partner.id, me.id, True, NOW).match
        assert pair is not None
        members.update(connection, partner.id, NOW, active_pair_id=pair.id)
        for number, (sender, recipient) in enumerate([(me, partner), (partner, me)]):
            message = messages.add(connection, pair.id, sender.id, number, "text", NOW, content={"text": SECRET})
            outbox.put(connection, recipient.id, "copyMessage", {"text": SECRET}, f"relay:{message.id}", NOW, message.id)
        outbox.put(connection, partner.id, "sendMessage", {"text": "hello"}, "other", NOW)
        outbox.put(connection, partner.id, "sendPhoto", {"caption": SECRET}, f"match:{pair.id}", NOW)
        safety.block(connection, third.id, me.id, NOW)
        gone = {"member_id": me.id, "account": SECRET, "parted_by_member": True, "at": NOW}
        connection.execute(table_of("partings").insert().values(**gone))
        safety.report(connection, me.id, third.id, "rude", NOW)
        filed = safety.report(connection, third.id, me.id, f"other: {SECRET}", NOW)
        evidence.add(connection, filed.id, {"kept": True}, NOW, NOW + dt.timedelta(days=30))
        safety.close_report(connection, safety.report(connection, partner.id, me.id, SECRET, NOW).id, ADMIN, "upheld", NOW)
        review = safety.open_review(connection, me.id, "photo", NOW, photo.id)
        safety.set_note(connection, review.id, {"words": SECRET})
        verifications.open_new(connection, me.id, [SECRET], NOW, NOW)
        nudges.give(connection, me.id, pair.id, "links", NOW)
        nudges.give(connection, partner.id, pair.id, "links", NOW)
        bans.add(connection, me.id, "phash", b"12345678", "upheld", NOW, NOW + dt.timedelta(days=30))
        waits = {"update_id": 7, "person": me.telegram_id, "at": NOW, "payload": SECRET.encode()}
        connection.execute(table_of("updates").insert().values(**waits))
        for viewer, shown in ((me, partner), (partner, me), (third, partner)):
            impressions.add(connection, viewer.id, shown.id, NOW, "discover", model=SECRET, features=SECRET.encode())
            judgements.add(connection, viewer.id, shown.id, True, NOW, model=SECRET if me in (viewer, shown) else "kept")
            standings.count_answer(connection, viewer.id, shown.id, True, 0.5)
            exposures.add(connection, viewer.id, shown.id, NOW)
        connection.execute(
            table_of("impressions").update().where(table_of("impressions").c.viewer_id == third.id).values(model="kept", features=None)
        )
        tastes.save(connection, me.id, "face", SECRET, 1, SECRET.encode() + b"12")
        daily.give(connection, NOW.date(), me.id, partner.id)
        daily.give(connection, NOW.date() - dt.timedelta(days=1), third.id, me.id)
        audit.add(connection, me.telegram_id, "look", audit.member(third.id), NOW, {"member": me.id})
        audit.add(connection, ADMIN, "look", audit.member(me.id), NOW, {"note": me.telegram_id})
        audit.add(connection, ADMIN, "look", audit.member(third.id), NOW, {"kept": True})
        return pair

    return me, partner, third, database.transact(live)


def test_nothing_of_the_member_is_left(database: Database) -> None:
    me, partner, third, pair = busy_life(database)
    assert database.transact(members.erase, me.id, NOW).partners == (partner.id,)
    after = database.read(dump)
    text = json.dumps(after)
    assert SECRET not in text
    assert SECRET.encode().hex() not in text
    assert str(me.telegram_id) not in text
    for name in (
        "tastes",
        "daily_picks",
        "vectors",
        "member_types",
        "consents",
        "pairs",
        "messages",
        "likes",
        "blocks",
        "reviews",
        "tombstones",
        "verifications",
        "nudges",
    ):
        assert after[name] == [], name
    assert database.read(members.by_id, me.id) is None
    assert after["partings"] == [json.dumps([third.id, database.read(accounts.hashed, me.telegram_id), True, str(NOW)])], (
        "that a block stays one"
    )
    assert [len(after[name]) for name in ("members", "photos", "impressions", "judgements", "standings", "exposures")] == [2, 2, 1, 1, 2, 1]
    assert all("kept" in row for name in ("impressions", "judgements") for row in after[name])
    back = database.read(members.by_id, partner.id)
    assert back is not None
    assert back.active_pair_id is None
    assert database.read(pairs.by_id, pair.id) is None
    # The partner's lane goes on without what carried the member's message.
    waiting = database.transact(outbox.lease, "a", NOW, 30, 10)
    assert [(row.member_id, row.dedup_key) for row in waiting] == [(partner.id, "other")]
    made, about = database.read(safety.open_reports)
    assert (made.reporter_id, made.reported_id, made.reason) == (None, third.id, "rude")
    assert (about.reporter_id, about.reported_id, about.reason) == (third.id, None, "other")
    assert [one.data for one in database.read(evidence.of, about.id)] == [{"kept": True}]
    (mark,) = database.read(bans.current, "phash", NOW)
    assert (mark.member_id, mark.data) == (None, b"12345678")
    rows = list(reversed(database.read(audit.recent)))
    assert [row.actor.startswith("erased:") for row in rows] == [True, False, False]
    assert [row.subject.startswith("erased:") for row in rows] == [False, True, False]
    assert [row.detail for row in rows] == [{}, {}, {"kept": True}]
    with pytest.raises(NotFound):
        database.transact(members.erase, me.id, NOW)


def test_no_row_of_any_table_names_the_member(database: Database) -> None:
    """Whatever table comes later: what points at a member, or is called as if it did, is erased with them."""
    me, _, _, _ = busy_life(database)

    def named(connection: Connection) -> dict[str, int]:
        found = {}
        for table in metadata.tables.values():
            columns = [column for column in table.c if column.references(table_of("members").c.id) or column.name in MEMBERS]
            if columns:
                where = or_(*(column == me.id for column in columns))
                found[table.name] = connection.scalar(select(func.count()).select_from(table).where(where)) or 0
        return found

    before = database.read(named)
    assert {name for name, count in before.items() if count == 0} == {"couple_uploads"}  # tests/db/test_uploads.py has it
    database.transact(members.erase, me.id, NOW)
    after = database.read(named)
    # That they are gone is said once, until it is old.
    assert {name: count for name, count in after.items() if count} == {"member_changes": 1}


def test_the_id_is_not_used_again(database: Database) -> None:
    (me,) = people(database, "man")
    database.transact(members.erase, me.id, NOW)
    again = database.transact(members.create, me.telegram_id, "ko", NOW)
    assert again.id > me.id
    assert again.status == "onboarding"


def test_a_ban_outlives_the_erasure_until_it_is_lifted(database: Database) -> None:
    (me,) = people(database, "man")
    database.transact(safety.ban, me.id, NOW)
    database.transact(members.erase, me.id, NOW)
    assert str(me.telegram_id) not in json.dumps(database.read(dump))
    again = database.transact(members.create, me.telegram_id, "ko", NOW)
    assert again.status == "banned"
    database.transact(safety.unban, again.id, NOW, "onboarding")
    database.transact(members.erase, again.id, NOW)
    assert database.transact(members.create, me.telegram_id, "ko", NOW).status == "onboarding"


def test_an_ended_chat_is_no_news_to_the_partner(database: Database) -> None:
    me, _, _, pair = busy_life(database)
    database.transact(pairs.end, pair.id, me.id, "unmatch", NOW + dt.timedelta(days=1))
    assert database.transact(members.erase, me.id, NOW).partners == ()


def test_evidence_goes_with_who_erases_themselves(database: Database) -> None:
    me, partner, _ = people(database, "woman", "man", "man")
    said = {"messages": [{"by": "reporter", "text": SECRET, "file_id": SECRET}, {"by": "reported", "text": "kept"}]}

    def filed(connection: Connection) -> tuple[int, int]:
        by_me = safety.report(connection, me.id, partner.id, "rude", NOW)
        about_me = safety.report(connection, partner.id, me.id, "rude", NOW)
        for report in (by_me, about_me):
            evidence.add(connection, report.id, {"reporter": {"about": SECRET}, "reported": {}, **said}, NOW, NOW + dt.timedelta(days=9))
        safety.close_report(connection, about_me.id, ADMIN, "upheld", NOW)
        return by_me.id, about_me.id

    by_me, about_me = database.transact(filed)
    database.transact(members.erase, me.id, NOW)
    (left,) = database.read(evidence.of, by_me)
    assert SECRET not in str(left.data)
    assert left.data["messages"][1]["text"] == "kept"
    assert left.expires_at == NOW + dt.timedelta(days=9)
    assert database.read(evidence.of, about_me) == []


def test_the_log_forgets_who_is_named_in_it(database: Database) -> None:
    me, _ = people(database, "woman", "man")

    def write(connection: Connection) -> None:
        audit.add(connection, ADMIN, "report.upheld", "report:3", NOW, {"member": me.id})
        audit.add(connection, f"member:{me.id}", "verification.asked", "review:1", NOW)
        audit.add(connection, ADMIN, "report.upheld", "report:4", NOW, {"member": me.id + 1000})

    database.transact(write)
    assert len(database.read(export.kept, me.id, me.telegram_id)["log"]) == 1
    database.transact(members.erase, me.id, NOW)
    rows = list(reversed(database.read(audit.recent)))
    assert [row.detail for row in rows] == [{}, {}, {"member": me.id + 1000}]
    assert rows[1].actor.startswith("erased:")
