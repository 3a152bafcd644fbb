"""What never reached anybody: no evidence against its sender, unread by nobody, and nothing that was written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.incoming import Incoming
from bot.usecases import chats, evidence, relay, relay_deletions, relay_held, safety
from db import activity, messages, moderation, outbox, pairs
from db import safety as reports
from db.records import Pair
from tests.bot.meeting import Town, keys
from tests.bot.test_edits_and_evidence import PDF, held, send

Couple = tuple[int, int]
Json = dict[str, Any]


@pytest.fixture
def talking(couple: Couple, town: Town) -> Couple:
    """Two of whom each has written; he looks elsewhere now."""
    for member in couple:
        send(town, member, 1, text="hi")
    town.mail()
    town.act(couple[1], chats.leave)
    town.database.transact(activity.mark_read, pair_of(town, couple).id, couple[1])
    town.now += dt.timedelta(minutes=2)
    return couple


def pair_of(town: Town, couple: Couple) -> Pair:
    found = town.database.read(pairs.between, *couple)
    assert found is not None
    return found


def album(town: Town, sender: int) -> None:
    for number in (5, 6, 7):
        send(town, sender, number, **PDF, caption=str(number), media_group_id="A")


def unread(town: Town, couple: Couple) -> int:
    return town.database.read(activity.unread, couple[1]).get(pair_of(town, couple).id, 0)


def said(town: Town, couple: Couple) -> list[Json]:
    """What she said, by the evidence of a report about her."""
    town.act(couple[1], safety.report, couple[0], "rude")
    (filed,) = town.database.read(reports.open_reports)
    data = town.database.read(evidence.of, filed.id)
    assert data is not None
    return [one for one in data["messages"] if one["by"] == "reported"]


def give_up(town: Town) -> None:
    """Whatever waits is refused by Telegram."""
    town.now += dt.timedelta(seconds=5)
    for row in town.database.transact(outbox.lease, "test", town.now, 60, 10):
        town.database.transact(outbox.dead, row.id, "refused", town.now)


def test_no_part_of_an_album_counts_while_it_waits_for_its_senders_word(town: Town, talking: Couple) -> None:
    her, _ = talking
    album(town, her)
    assert unread(town, talking) == 3, "on its way"
    held(town, her)
    assert unread(town, talking) == 0
    assert [one["kind"] for one in said(town, talking)] == ["text"]


def test_an_album_that_is_not_to_go_leaves_nothing(town: Town, talking: Couple) -> None:
    her, _ = talking
    album(town, her)
    number = held(town, her)
    assert keys(town.act(her, relay_held.hold_back, number)) == ["relay.held_back"]
    assert [town.database.read(messages.by_sender, her, part) for part in (5, 6, 7)] == [None] * 3
    assert unread(town, talking) == 0
    assert [one["kind"] for one in said(town, talking)] == ["text"]


def test_an_album_that_is_let_go_is_whole(town: Town, talking: Couple) -> None:
    her, him = talking
    album(town, her)
    assert keys(town.act(her, relay_held.let_go, held(town, her))) == ["relay.held_sent"]
    assert unread(town, talking) == 3
    (letter,) = (letter for letter in town.mail()[him] if letter["method"] == "sendMediaGroup")
    parts = [town.database.read(messages.by_sender, her, part) for part in (5, 6, 7)]
    assert [part and (part.id, part.kind) for part in parts] == [(number, "document") for number in letter["parts"]]
    town.database.transact(messages.set_delivered_parts, letter["parts"], [801, 802, 803])
    assert [one["text"] for one in said(town, talking)] == ["hi", "5", "6", "7"]


def test_del_in_reply_to_any_part_holds_all_back(town: Town, talking: Couple) -> None:
    her, him = talking
    album(town, her)
    number = held(town, her)
    assert keys(town.act(her, relay_deletions.delete, 6)) == ["relay.held_back"]
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_gone"]
    mail = town.mail()
    assert him not in mail, "nothing arrived that could be deleted"
    assert [letter["body"]["message_id"] for letter in mail[her]] == [5, 6, 7]


def test_nobody_else_can_hold_back_or_cut_off_a_message(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, 8, text="news")
    sent = town.database.read(messages.by_sender, her, 8)
    assert sent is not None
    assert keys(town.act(him, relay_held.hold_back, sent.id)) == ["relay.held_gone"]
    town.mail()
    arrived = town.database.read(messages.by_id, sent.id)
    assert arrived is not None
    assert arrived.recipient_message_id is not None


def test_what_was_given_up_is_neither_unread_nor_evidence_nor_written(town: Town, couple: Couple) -> None:
    her, him = couple
    town.act(him, chats.leave)
    send(town, her, 5, text="never")
    pair = pair_of(town, couple)
    assert town.database.read(moderation.wrote, pair.id) == {her}, "on its way"
    assert unread(town, couple) == 1
    give_up(town)
    assert town.database.read(moderation.wrote, pair.id) == frozenset()
    assert unread(town, couple) == 0
    assert said(town, couple) == []


def test_what_never_arrived_takes_no_place_among_the_evidence(town: Town, talking: Couple) -> None:
    her, _ = talking
    for number in range(40):
        send(town, her, 10 + number, text="never")
        give_up(town)
        town.now += dt.timedelta(minutes=1)
    assert [one["text"] for one in said(town, talking)] == ["hi"]


def test_the_button_counts_the_message_that_it_stands_under(town: Town, talking: Couple) -> None:
    her, him = talking
    shown = []
    for number in (5, 6):
        town.act(her, relay.receive, Incoming(number, "text", "hi"))
        shown += [letter["body"]["reply_markup"]["inline_keyboard"][0][0]["text"] for letter in town.mail()[him]]
    assert ["(2)" in text for text in shown] == [False, True]


def test_a_chat_that_was_begun_in_vain_is_begun(town: Town) -> None:
    her = town.newcomer("woman", "men")
    limit = 0
    for number in range(40):
        him = town.newcomer("man", "women")
        pair = town.match(her, him)
        town.mail()
        town.act(her, chats.enter, pair.id)
        if "trust.chats" in send(town, her, 100 + number, text="hi"):
            break
        limit = number + 1
        give_up(town)
        town.now += dt.timedelta(minutes=1)
        assert "trust.chats" not in send(town, her, 200 + number, text="again"), "in the same chat, after the first was lost"
        town.mail()
    assert 0 < limit < 40
