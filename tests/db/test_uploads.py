"""Couples' photos from members: nothing is learned without both, and either takes everything back."""

from __future__ import annotations

import datetime as dt
import json

from db import affinities, couples, export, members, pictures, uploads
from db.corpus_records import Upload
from db.session import Database
from db.tables import metadata
from tests.db.corpus import picture, someone
from tests.db.people import NOW, people
from tests.db.test_erasure import dump

DAY = dt.timedelta(days=1)
PHOTO = b"a photo of two" * 9


def learned(database: Database, upload: Upload) -> int:
    """Take an upload in as ingesting does; the couple's id."""
    assert database.transact(uploads.mark, upload.id, "ingested")
    row = picture(f"upload-{upload.id}", source="member", upload_id=upload.id, phash="0123456789abcdef")
    made = database.transact(pictures.add, row, NOW)
    assert made is not None
    couple_id = database.transact(couples.add, made, someone("man"), someone("woman"), NOW)
    a, b = [person.id for person in database.read(couples.people) if person.couple_id == couple_id]
    database.transact(couples.retype, "v", [(a, 1, "mf-1", None), (b, 2, "wf-1", None)], NOW)
    return couple_id


def test_from_upload_to_couple_and_back(database: Database) -> None:
    me, partner, third = people(database, "man", "woman", "woman")
    upload = database.transact(uploads.create, me.id, PHOTO, "couple-1", NOW)
    assert (upload.state, len(upload.token)) == ("waiting", 22)
    assert database.read(uploads.by_token, upload.token) == upload == database.read(uploads.by_id, upload.id)
    assert database.read(uploads.by_token, "x") is None
    assert "photo" not in repr(upload)
    assert database.read(uploads.waiting_for_ingest) == []
    assert not database.transact(uploads.claim, upload.id, me.id)
    assert not database.transact(uploads.confirm, upload.id, me.id, NOW)
    assert database.transact(uploads.claim, upload.id, partner.id)
    assert database.transact(uploads.claim, upload.id, partner.id)
    assert not database.transact(uploads.claim, upload.id, third.id)
    assert not database.transact(uploads.confirm, upload.id, third.id, NOW)
    assert database.transact(uploads.confirm, upload.id, partner.id, NOW + DAY)
    assert not database.transact(uploads.confirm, upload.id, third.id, NOW)
    assert not database.transact(uploads.refuse, upload.id, partner.id)
    (waiting,) = database.read(uploads.waiting_for_ingest)
    assert (waiting.jpeg, waiting.partner_id, waiting.confirmed_at) == (PHOTO, partner.id, NOW + DAY)
    learned(database, upload)
    assert not database.transact(uploads.mark, upload.id, "ingested")
    for member in (me, partner):
        (mine,) = database.read(uploads.of_member, member.id)
        assert (mine.state, mine.jpeg) == ("ingested", None)
    assert database.read(uploads.of_member, third.id) == []
    assert database.read(affinities.counts, "v") == [("mf-1", "wf-1", 1)]
    assert database.transact(uploads.withdraw, upload.id, NOW)
    assert not database.transact(uploads.withdraw, upload.id, NOW)
    assert database.read(affinities.counts, "v") == []
    assert database.read(couples.people) == []
    assert database.read(pictures.figures) == {}


def test_a_refused_withdrawn_or_rejected_photo_is_dropped(database: Database) -> None:
    me, partner = people(database, "man", "man")
    one, two, three = (database.transact(uploads.create, me.id, PHOTO, "1", NOW + number * DAY) for number in range(3))
    assert not database.transact(uploads.refuse, one.id, me.id)
    assert database.transact(uploads.refuse, one.id, partner.id)
    assert database.transact(uploads.confirm, two.id, partner.id, NOW)
    assert database.transact(uploads.mark, two.id, "rejected", "crowd")
    assert database.transact(uploads.confirm, three.id, partner.id, NOW)
    assert database.transact(uploads.withdraw, three.id, NOW)
    # Whoever was looking at it meanwhile is told that it is not theirs to store any more.
    assert not database.transact(uploads.mark, three.id, "ingested")
    states = {(upload.state, upload.reason) for upload in database.read(uploads.of_member, me.id)}
    assert states == {("refused", ""), ("rejected", "crowd"), ("withdrawn", "")}
    assert PHOTO.hex() not in json.dumps(database.read(dump))


def test_a_photo_waits_while_it_is_open_whether_one_of_the_two_is_of_age(database: Database) -> None:
    me, partner = people(database, "man", "woman")
    upload = database.transact(uploads.create, me.id, PHOTO, "1", NOW)
    assert database.read(uploads.made_since, me.id, NOW - DAY) == 1
    assert database.read(uploads.made_since, me.id, NOW) == 0
    database.transact(uploads.confirm, upload.id, partner.id, NOW)
    database.transact(members.update, partner.id, NOW, status="review")
    assert database.read(uploads.waiting_for_ingest) == []
    database.transact(members.update, partner.id, NOW, status="active")
    assert [one.id for one in database.read(uploads.waiting_for_ingest)] == [upload.id]


def test_nobody_answered(database: Database) -> None:
    (me,) = people(database, "woman")
    old, new = (database.transact(uploads.create, me.id, PHOTO, "1", NOW + number * DAY) for number in (0, 2))
    assert database.transact(uploads.expire, NOW + DAY) == 1
    assert [(upload.id, upload.state) for upload in database.read(uploads.of_member, me.id)] == [(new.id, "waiting"), (old.id, "refused")]


def test_erasing_either_of_the_two_erases_what_was_learned(database: Database) -> None:
    for gone in (0, 1):
        two = people(database, "woman", "man")
        for sender in (0, 1):
            upload = database.transact(uploads.create, two[sender].id, PHOTO, "1", NOW)
            database.transact(uploads.confirm, upload.id, two[1 - sender].id, NOW)
            if sender:
                learned(database, upload)
        waiting = database.transact(uploads.create, two[gone].id, PHOTO, "1", NOW)
        (mine, *others) = database.read(export.company, two[gone].id)["couple_photos"]
        assert (mine["sent"], mine["state"], len(others)) == (True, "waiting", 2)
        database.transact(members.erase, two[gone].id, NOW)
        assert database.read(uploads.by_id, waiting.id) is None
        after = database.read(dump)
        for name in ("couple_uploads", "pictures", "couples", "couple_people", "person_types", "affinities"):
            assert after[name] == [], name
        assert set(after) == set(metadata.tables)
