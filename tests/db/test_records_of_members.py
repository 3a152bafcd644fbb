"""Photos, vectors, types, consents, safety, audit and updates: what is put in comes back, and only that."""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from db import audit, consents, likes, members, pairs, photos, safety, types, updates
from db.errors import NotFound
from db.records import TypeRow
from db.session import Connection, Database
from tests.db.people import NOW, people, person

DAY = dt.timedelta(days=1)


def test_photos_keep_bytes_facts_and_order(database: Database) -> None:
    member = database.transact(person, photo=False)
    jpeg = os.urandom(300_000)  # more than a BLOB of 64 KiB
    facts = {"garments": [{"label": "니트", "colour": "#aabbcc"}], "quality": 0.1 + 0.2}
    first = database.transact(photos.add, member.id, jpeg, NOW, status="pending", facts=facts, nsfw=0.25)
    second = database.transact(photos.add, member.id, b"2", NOW)
    assert (first.position, second.position, first.status, first.facts, first.nsfw) == (0, 1, "pending", facts, 0.25)
    stored = database.read(photos.by_id, first.id)
    assert stored is not None
    assert stored.jpeg == jpeg
    assert "jpeg" not in repr(stored)
    assert database.read(photos.of, member.id) == [first, second]
    assert database.read(photos.of, member.id, "approved") == [second]
    database.transact(photos.set_file_id, first.id, "AgAC")
    database.transact(photos.set_facts, first.id, {})
    database.transact(photos.approve, first.id)
    changed = database.read(photos.of, member.id)[0]
    assert (changed.telegram_file_id, changed.facts, changed.status) == ("AgAC", {}, "approved")
    database.transact(photos.remove, first.id)
    database.transact(photos.remove, first.id)
    assert database.read(photos.by_id, first.id) is None
    assert database.transact(photos.add, member.id, b"3", NOW).position == 2
    with pytest.raises(NotFound):
        database.transact(photos.approve, first.id)


def test_vectors_come_back_by_kind_and_version(database: Database) -> None:
    member = database.transact(person)
    (photo,) = database.read(photos.of, member.id)
    vector = os.urandom(640 * 4)
    for kind, version in (("face", "1"), ("face", "2"), ("fashion", "1")):
        database.transact(photos.add_vector, photo.id, kind, version, "openvino-bf16", b"\0" * 2560, 640)
    database.transact(photos.add_vector, photo.id, "face", "1", "onnxruntime-f32", vector, 640)
    (found,) = database.read(photos.vectors, member.id, "face", "1")
    assert (found.data, found.runtime, found.dims, found.photo_id) == (vector, "onnxruntime-f32", 640, photo.id)
    assert len(database.read(photos.vectors, member.id, "face")) == 2
    assert database.transact(photos.drop_vectors, member.id, "face") == 2
    assert database.read(photos.vectors, member.id, "face") == []
    assert len(database.read(photos.vectors, member.id, "fashion", "1")) == 1
    database.transact(photos.reject, photo.id)
    assert database.read(photos.vectors, member.id, "fashion", "1") == []
    with pytest.raises(ValueError, match="2560 bytes"):
        database.transact(photos.add_vector, photo.id, "face", "1", "x", b"", 640)


def test_types_are_synchronised_and_assigned(database: Database) -> None:
    one = TypeRow("mf-1", "man_face", "face", "man", "Soft", "부드러운")
    two = TypeRow("mf-2", "man_face", "face", "man", "Sharp", "또렷한")
    database.transact(types.sync, [one, two], "1", NOW)
    (member,) = people(database, "man")
    for confidence in (0.4, 0.8):
        database.transact(types.assign, member.id, "face", "mf-1", confidence, "1", NOW)
    newer = TypeRow("mf-2", "man_face", "face", "man", "Sharper", "더 또렷한")
    database.transact(types.sync, [newer], "2", NOW)
    assert database.read(types.current) == [newer]
    of_member = database.read(types.of_member, member.id)
    assert set(of_member) == {"face"}
    assert (of_member["face"].type_id, of_member["face"].confidence) == ("mf-1", 0.8)
    database.transact(types.clear, member.id, "face")
    assert database.read(types.of_member, member.id) == {}


def test_consents_are_a_log(database: Database) -> None:
    (member,) = people(database, "man")
    assert database.read(consents.latest, member.id, "face") is None
    database.transact(consents.give, member.id, "face", "1", True, NOW)
    database.transact(consents.give, member.id, "terms", "1", True, NOW)
    last = database.transact(consents.give, member.id, "face", "2", False, NOW)
    assert database.read(consents.latest, member.id, "face") == last
    assert [(one.kind, one.version, one.given) for one in database.read(consents.history, member.id)] == [
        ("face", "1", True),
        ("terms", "1", True),
        ("face", "2", False),
    ]


def test_a_block_is_mutual_and_closes_the_pair(database: Database) -> None:
    one, two, three = people(database, "man", "woman", "woman")
    database.transact(likes.mark, one.id, two.id, True, NOW)
    pair = database.transact(likes.mark, two.id, one.id, True, NOW).match
    assert pair is not None
    for member in (one, two):
        database.transact(members.update, member.id, NOW, active_pair_id=pair.id)
    assert database.transact(safety.block, two.id, one.id, NOW)
    assert not database.transact(safety.block, two.id, one.id, NOW)
    assert database.read(safety.blocked_between, one.id, two.id)
    assert not database.read(safety.blocked_between, one.id, three.id)
    ended = database.read(pairs.by_id, pair.id)
    assert ended is not None
    assert (ended.open, ended.ended_by, ended.end_reason) == (False, two.id, "block")
    assert {database.read(members.by_id, member.id).active_pair_id for member in (one, two)} == {None}  # type: ignore[union-attr]


def test_reports_are_decided_once(database: Database) -> None:
    one, two, three = people(database, "man", "woman", "woman")
    first = database.transact(safety.report, one.id, two.id, "x" * 600, NOW, 5)
    assert (len(first.reason), first.pair_id) == (500, 5)
    again = database.transact(safety.report, one.id, two.id, "again", NOW)
    assert again == replace(first, reason="again"), "the same report with its newest reason"
    second = database.transact(safety.report, three.id, two.id, "rude", NOW)
    assert database.read(safety.open_reports) == [again, second]
    assert database.transact(safety.close_report, first.id, 9001, "upheld", NOW + DAY)
    assert not database.transact(safety.close_report, first.id, 9002, "dismissed", NOW + DAY)
    closed = database.read(safety.report_by_id, first.id)
    assert closed is not None
    assert (closed.state, closed.decided_by, closed.decided_at) == ("upheld", 9001, NOW + DAY)
    assert database.read(safety.open_reports) == [second]


def test_reviews_are_opened_and_decided_once(database: Database) -> None:
    member = database.transact(person)
    (photo,) = database.read(photos.of, member.id)
    first = database.transact(safety.open_review, member.id, "minor", NOW, photo.id)
    assert database.transact(safety.open_review, member.id, "minor", NOW) == first
    other = database.transact(safety.open_review, member.id, "photo", NOW, photo.id)
    assert database.read(safety.reviews_open) == [first, other]
    assert database.transact(safety.decide_review, first.id, 9001, False, NOW)
    assert not database.transact(safety.decide_review, first.id, 9001, True, NOW)
    decided = database.read(safety.review_by_id, first.id)
    assert decided is not None
    assert (decided.state, decided.decided_by) == ("refused", 9001)
    assert database.transact(safety.open_review, member.id, "minor", NOW).id != first.id


def test_a_ban_closes_every_pair(database: Database) -> None:
    me, *others = people(database, "man", "woman", "woman")
    for other in others:
        database.transact(likes.mark, me.id, other.id, True, NOW)
        database.transact(likes.mark, other.id, me.id, True, NOW)
    assert sorted(database.transact(safety.ban, me.id, NOW)) == [other.id for other in others]
    assert database.read(pairs.of_member, others[0].id) == []
    database.transact(safety.unban, me.id, NOW)
    found = database.read(members.by_id, me.id)
    assert found is not None
    assert found.status == "paused"
    with pytest.raises(NotFound):
        database.transact(safety.ban, me.id + 100, NOW)


def test_audit_is_newest_first(database: Database) -> None:
    for number in range(3):
        database.transact(audit.add, 9001, "ban", audit.member(number), NOW + number * DAY, {"n": number})
    rows = database.read(audit.recent, 2)
    assert [(row.actor, row.subject, row.detail) for row in rows] == [("9001", "member:2", {"n": 2}), ("9001", "member:1", {"n": 1})]
    assert database.transact(audit.forget_before, NOW + DAY) == 1


def test_an_update_is_written_down_once_even_at_once(database: Database) -> None:
    def write(connection: Connection, _: int) -> bool:
        if updates.known(connection, [2**33], [7]).owners:
            return False
        updates.add(connection, [updates.Arrived(2**33, 7, {"update_id": 2**33})], "test:1", NOW + DAY, NOW)
        return True

    def tried(number: int) -> bool:
        try:
            return database.transact(write, number)
        except updates.Raced:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tried, range(16))).count(True) == 1
    assert database.transact(updates.forget_before, NOW + DAY) == 0, "it is not done"
    assert database.transact(updates.done, 2**33, NOW)
    assert not database.transact(updates.done, 2**33, NOW)
    assert database.read(updates.known, [2**33], [7]) == updates.Known({2**33: None}, frozenset())
    assert database.transact(updates.forget_before, NOW) == 0
    assert database.transact(updates.forget_before, NOW + DAY) == 1


def test_what_a_process_left_is_taken_once_and_in_order(database: Database) -> None:
    def fill(connection: Connection, owner: str, *numbers: int) -> None:
        given = [updates.Arrived(number, 7, {"update_id": number, "text": "안녕 \ud800"}) for number in numbers]
        updates.add(connection, given, owner, NOW + DAY, NOW)

    database.transact(fill, "here:1", 12, 11)
    database.transact(fill, "there:1", 13)
    assert database.transact(updates.take, "here:2", [], NOW + DAY, NOW) == []
    taken = database.transact(updates.take, "here:2", ["here:1"], NOW + DAY, NOW)
    assert [one.update_id for one in taken] == [11, 12]
    assert taken[0].payload["text"] == "안녕 \ud800"
    assert database.read(updates.owners) in (["here:2", "there:1"], ["there:1", "here:2"])
    assert database.transact(updates.begin, 11) == 1
    assert database.transact(updates.release, "here:2") == 2
    late = database.transact(updates.take, "here:3", [], NOW + 2 * DAY, NOW + 2 * DAY)
    assert [one.update_id for one in late] == [11, 12, 13], "what nobody holds, and what is held no longer"
