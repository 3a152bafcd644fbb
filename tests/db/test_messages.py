"""Relayed messages are found from both ends."""

from __future__ import annotations

import datetime as dt

import pytest

from db import likes, messages, outbox
from db.errors import NotFound
from db.records import Member, Pair
from db.session import Database
from tests.db.people import NOW, people


def matched(database: Database) -> tuple[Member, Member, Pair]:
    one, two = people(database, "man", "woman")
    database.transact(likes.mark, one.id, two.id, True, NOW)
    pair = database.transact(likes.mark, two.id, one.id, True, NOW).match
    assert pair is not None
    return one, two, pair


def test_a_message_is_found_by_sender_and_by_recipient(database: Database) -> None:
    one, two, pair = matched(database)
    first = database.transact(messages.add, pair.id, one.id, 10, "text", NOW)
    assert (first.recipient_id, first.recipient_message_id, first.reply_to) == (two.id, None, None)
    assert database.read(messages.by_recipient, two.id, 20) is None
    database.transact(messages.set_delivered, first.id, 20)
    answer = database.transact(messages.add, pair.id, two.id, 21, "voice", NOW, reply_to=first.id)
    database.transact(messages.set_delivered, answer.id, 11)
    found = database.read(messages.by_recipient, one.id, 11)
    assert found is not None
    assert (found.id, found.reply_to, found.kind, found.sender_message_id) == (answer.id, first.id, "voice", 21)
    by_sender = database.read(messages.by_sender, one.id, 10)
    assert by_sender is not None
    assert (by_sender.id, by_sender.recipient_message_id) == (first.id, 20)
    assert database.read(messages.by_id, first.id) == by_sender
    assert database.read(messages.by_sender, two.id, 10) is None


def test_the_newest_counts_where_telegram_counts_anew(database: Database) -> None:
    one, _, pair = matched(database)
    for _ in range(2):
        last = database.transact(messages.add, pair.id, one.id, 10, "text", NOW)
    assert database.read(messages.by_sender, one.id, 10) == last


def test_strangers_cannot_write_into_a_pair(database: Database) -> None:
    _, _, pair = matched(database)
    (stranger,) = people(database, "man")
    with pytest.raises(NotFound):
        database.transact(messages.add, pair.id, stranger.id, 1, "text", NOW)
    with pytest.raises(NotFound):
        database.transact(messages.add, pair.id + 1, stranger.id, 1, "text", NOW)


def test_retention_spares_what_still_waits(database: Database) -> None:
    one, two, pair = matched(database)
    old = database.transact(messages.add, pair.id, one.id, 1, "text", NOW)
    waits = database.transact(messages.add, pair.id, one.id, 2, "text", NOW)
    database.transact(outbox.put, two.id, "copyMessage", {}, "k", NOW, waits.id)
    new = database.transact(messages.add, pair.id, one.id, 3, "text", NOW + dt.timedelta(days=1))
    assert database.transact(messages.forget_before, NOW + dt.timedelta(hours=1)) == 1
    assert database.read(messages.by_id, old.id) is None
    assert database.read(messages.by_id, waits.id) is not None
    assert database.read(messages.by_id, new.id) is not None
