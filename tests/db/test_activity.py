"""Unread counts, rates, who was shown, and the figures for admins."""

from __future__ import annotations

import datetime as dt

from db import activity, exposures, likes, members, messages, outbox, pairs, safety, search
from db.session import Database
from tests.db.people import NOW, people, person
from tests.db.test_messages import matched

DAY = dt.timedelta(days=1)


def test_unread_counts_what_came_since_the_last_look(database: Database) -> None:
    one, two, pair = matched(database)
    for number in range(3):
        message = database.transact(messages.add, pair.id, one.id, number, "text", NOW + number * DAY)
        assert database.read(activity.unread, two.id).get(pair.id, 0) == number, "neither arrived nor on its way"
        database.transact(messages.set_delivered, message.id, 70 + number)
    assert database.read(activity.unread, two.id) == {pair.id: 3}
    assert database.read(activity.unread, one.id) == {}
    assert database.read(activity.last_messages, [pair.id, pair.id + 1]) == {pair.id: NOW + 2 * DAY}
    database.transact(activity.mark_read, pair.id, two.id)
    assert database.read(activity.unread, two.id) == {}
    last = database.transact(messages.add, pair.id, one.id, 9, "text", NOW)
    database.transact(outbox.put, two.id, "copyMessage", {}, "on its way", NOW, last.id)
    assert database.read(activity.unread, two.id) == {pair.id: 1}
    read = database.read(pairs.by_id, pair.id)
    assert read is not None
    assert (read.read_by(two.id), read.read_by(one.id)) == (last.id - 1, 0)
    database.transact(pairs.end, pair.id, one.id, "unmatch", NOW)
    assert database.read(activity.unread, two.id) == {}


def test_the_nth_newest_message_tells_the_rate(database: Database) -> None:
    one, _, pair = matched(database)
    for number in range(3):
        database.transact(messages.add, pair.id, one.id, number, "text", NOW + number * DAY)
    assert [database.read(activity.nth_newest_at, one.id, nth) for nth in (1, 3, 4)] == [NOW + 2 * DAY, NOW, None]


def test_only_those_who_can_be_written_to_are_the_audience(database: Database) -> None:
    there = [database.transact(person), database.transact(person, status="paused"), database.transact(person)]
    for fields in ({"demo": True}, {"reachable": False}, {"status": "onboarding"}, {"status": "banned"}):
        database.transact(person, **fields)
    assert database.read(activity.audience) == there
    assert database.read(activity.audience, there[0].id, 1) == [there[1]]
    assert database.read(activity.audience_size) == 3
    assert database.read(activity.members_by_status) == {"active": 4, "paused": 1, "onboarding": 1, "banned": 1}


def test_figures_count_each_thing_once(database: Database) -> None:
    assert set(database.read(activity.figures, NOW).values()) == {0}
    one, two, pair = matched(database)
    (third,) = people(database, "woman")
    database.transact(likes.mark, one.id, third.id, True, NOW)
    database.transact(likes.mark, third.id, one.id, False, NOW)
    database.transact(messages.add, pair.id, one.id, 1, "text", NOW)
    database.transact(messages.add, pair.id, one.id, 2, "text", NOW - DAY)
    database.transact(outbox.put, two.id, "sendMessage", {}, "k", NOW)
    database.transact(safety.report, one.id, third.id, "rude", NOW)
    database.transact(safety.open_review, one.id, "minor", NOW)
    database.transact(members.update, third.id, NOW, reachable=False)
    assert database.read(activity.figures, NOW) == {
        "demo": 0,
        "unreachable": 1,
        "likes": 3,
        "matches": 1,
        "matches_open": 1,
        "matches_new": 1,
        "messages_new": 1,
        "waiting": 1,
        "dead": 0,
        "reports": 1,
        "reviews": 1,
    }


def test_exposures_remember_who_was_shown_and_go_with_either(database: Database) -> None:
    one, two = people(database, "man", "woman")
    for _ in range(2):
        database.transact(exposures.add, one.id, two.id, NOW)
    assert database.read(exposures.was_shown, one.id, two.id)
    assert not database.read(exposures.was_shown, two.id, one.id)
    database.transact(members.erase, two.id, NOW)
    assert not database.read(exposures.was_shown, one.id, two.id)


def test_fits_holds_every_filter_but_the_answers(database: Database) -> None:
    one, two = people(database, "man", "woman")
    database.transact(likes.mark, one.id, two.id, False, NOW)
    assert database.read(members.candidates, one, NOW, 5) == []
    assert database.read(search.fits, one, two.id, NOW)
    database.transact(members.update, two.id, NOW, seeks="women")
    assert not database.read(search.fits, one, two.id, NOW)
    assert not database.read(search.fits, one, one.id, NOW)
