"""What changes on its way: edits, also those that are refused, albums on two rows, and rows that are tried again."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from bot.incoming import File, Incoming
from bot.usecases import moderation, relay, relay_deletions, safety
from bot.usecases.relay_edits import LATER
from db import members, messages, outbox, relays
from db import safety as reports
from db.records import Message, OutboxRow
from tests.bot.meeting import ADMIN, Town, keys, texts
from tests.db.people import NOW

Couple = tuple[int, int]
Json = dict[str, Any]
MARKS = itertools.count(1)


@pytest.fixture
def talking(couple: Couple, town: Town) -> Couple:
    """Two of whom each has written: pictures are open to them."""
    for member in couple:
        town.act(member, relay.receive, Incoming(1, "text", "hi"))
    town.mail()
    town.now += dt.timedelta(minutes=2)
    return couple


def text(number: int, said: str) -> Incoming:
    return Incoming(number, "text", said, mark=str(next(MARKS)))


def photo(number: int, file: str, caption: str = "", album: str | None = None) -> Incoming:
    found = File(file, f"unique {file}", size=1000, look=f"small {file}")
    return Incoming(number, "photo", caption, mark=str(next(MARKS)), album=album, file=found)


def send(town: Town, member: int, *incoming: Incoming) -> list[str]:
    return [key for one in incoming for key in keys(town.act(member, relay.receive, one))]


def edit(town: Town, member: int, *incoming: Incoming) -> list[str]:
    return [key for one in incoming for key in keys(town.act(member, relay.edited, one))]


def lease(town: Town) -> list[OutboxRow]:
    """Everything that can be is on its way."""
    return town.database.transact(outbox.lease, "test", town.now, 60, 100)


def again(town: Town, row: OutboxRow, seconds: float = 0) -> None:
    """Telegram asked for a rest: the row waits once more."""
    assert town.database.transact(outbox.retry, row.id, town.now + dt.timedelta(seconds=seconds))


def files(letter: Json) -> list[str]:
    return [part["media"]["media"] for part in letter["prepare"]["album"]]


def stored(town: Town, member: int, number: int) -> Message:
    found = town.database.read(messages.by_sender, member, number)
    assert found is not None
    return found


# A file that is replaced


def test_a_new_caption_takes_no_new_picture_away(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "wrong"))
    town.mail()
    edit(town, her, photo(10, "right"), photo(10, "right", "sorry!"), photo(10, "right", "there"))
    (letter,) = town.mail()[him]
    assert letter["method"] == "editMessageMedia"
    assert letter["prepare"]["media"]["media"] == {"type": "photo", "media": "right", "caption": "there", "caption_entities": []}


def test_a_new_caption_brings_the_new_picture_again_while_its_change_is_on_its_way(town: Town, talking: Couple) -> None:
    """The change may be refused after all, and its caption would stand below the picture from before."""
    her, him = talking
    send(town, her, photo(10, "wrong"))
    town.mail()
    edit(town, her, photo(10, "right"))
    (row,) = lease(town)
    edit(town, her, photo(10, "right", "sorry!"))
    town.database.transact(outbox.dead, row.id, "refused", town.now)
    (letter,) = town.mail()[him]
    assert letter["prepare"]["media"]["media"]["media"] == "right"


def test_a_new_caption_keeps_the_new_picture_where_what_was_said_is_forgotten(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "wrong"))
    town.mail()
    edit(town, her, photo(10, "right"))
    town.database.transact(messages.forget_content, town.now + dt.timedelta(days=2))
    edit(town, her, photo(10, "right", "sorry!"), photo(10, "right", "there"))
    (letter,) = town.mail()[him]
    assert letter["prepare"]["media"]["media"]["media"] == "right"


def test_captions_alone_change_below_the_picture_that_came(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one"))
    town.mail()
    edit(town, her, photo(10, "one", "first"), photo(10, "one", "second"))
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]["caption"]) == ("editMessageCaption", "second")


# Words that come last


def test_older_words_never_come_last(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, text(10, "one"), text(11, "next"))
    (row,) = lease(town)
    edit(town, her, text(10, "two"))
    again(town, row)
    edit(town, her, text(10, "three"), text(11, "last"))
    assert [letter["key"] for letter in town.mail()[him]] == [f"relay:{stored(town, her, number).id}" for number in (10, 11)]
    assert town.database.read(messages.content, stored(town, her, 10).id)["text"] == "three"


def test_older_captions_of_a_part_never_come_last(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one", album="A"), photo(11, "two", album="A"))
    town.now += dt.timedelta(seconds=3)
    (row,) = lease(town)
    edit(town, her, photo(10, "one", "old", album="A"), photo(11, "two", "beside", album="A"))
    again(town, row)
    edit(town, her, photo(10, "one", "new", album="A"))
    album, beside = town.mail()[him]
    assert [part["media"].get("caption") for part in album["prepare"]["album"]] == ["new", None]
    assert (beside["edits"], beside["body"]["caption"]) == (stored(town, her, 11).id, "beside")


# Albums on two rows


@pytest.fixture
def two_rows(town: Town, talking: Couple) -> Couple:
    """An album of which three parts wait to be tried again, and a fourth in a row of its own."""
    her, _ = talking
    send(town, her, *(photo(10 + number, str(number), album="A") for number in range(3)))
    town.now += dt.timedelta(seconds=3)
    (row,) = lease(town)
    send(town, her, photo(13, "3", album="A"))
    again(town, row, seconds=30)
    return talking


@pytest.mark.parametrize("number", range(4))
def test_an_edit_reaches_the_row_that_carries_the_part(town: Town, two_rows: Couple, number: int) -> None:
    her, him = two_rows
    edit(town, her, photo(10 + number, "new", album="A"))
    assert him not in town.mail()
    town.now += dt.timedelta(minutes=1)
    one, two = town.mail()[him]
    assert [*files(one), *files(two)] == [str(place) if place != number else "new" for place in range(4)]


@pytest.mark.parametrize("number", range(4))
def test_del_takes_both_rows_back(town: Town, two_rows: Couple, number: int) -> None:
    her, him = two_rows
    assert keys(town.act(her, relay_deletions.delete, 10 + number)) == ["relay.del_album"]
    town.now += dt.timedelta(minutes=1)
    mail = town.mail()
    assert him not in mail, "taken back, and sent all the same"
    assert [letter["body"]["message_id"] for letter in mail[her]] == [10, 11, 12, 13]


def test_an_edit_of_a_part_that_arrived_leaves_the_late_one_alone(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one", album="A"))
    town.now += dt.timedelta(seconds=3)
    town.mail()
    send(town, her, photo(11, "two", album="A"))
    edit(town, her, photo(10, "one", "hello", album="A"))
    town.now += dt.timedelta(seconds=3)
    late, change = town.mail()[him]
    assert files(late) == ["two"]
    assert (change["method"], change["edits"]) == ("editMessageCaption", stored(town, her, 10).id)


def test_del_deletes_what_arrived_and_takes_back_what_waits_of_one_album(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one", album="A"))
    town.now += dt.timedelta(seconds=3)
    town.mail()
    send(town, her, photo(11, "two", album="A"))
    town.act(her, relay_deletions.delete, 10)
    town.now += dt.timedelta(seconds=3)
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["edits"]) == ("deleteMessage", stored(town, her, 10).id)


def test_what_was_taken_back_on_its_way_goes_with_no_later_part(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one", album="A"))
    town.now += dt.timedelta(seconds=3)
    (row,) = lease(town)
    town.act(her, relay_deletions.delete, 10)
    again(town, row)
    send(town, her, photo(11, "two", album="A"))
    town.act(her, relay_deletions.delete, 11)
    town.now += dt.timedelta(seconds=3)
    assert [letter["method"] for letter in town.mail()[him]] == ["deleteMessage"], "of what never came: no call is made of it"


def test_del_of_a_part_that_is_gone_takes_the_late_one(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one", album="A"))
    assert keys(town.act(her, relay_deletions.delete, 10)) == ["relay.del_done"]
    send(town, her, photo(11, "two", album="A"))
    assert keys(town.act(her, relay_deletions.delete, 10)) == ["relay.del_done"]
    assert keys(town.act(her, relay_deletions.delete, 10)) == ["relay.del_again"]
    town.now += dt.timedelta(seconds=3)
    assert him not in town.mail()


def test_a_late_part_shortens_no_rest(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, photo(10, "one", album="A"))
    town.now += dt.timedelta(seconds=3)
    (row,) = lease(town)
    again(town, row, seconds=30)
    send(town, her, photo(11, "two", album="A"))
    town.now += dt.timedelta(seconds=20)
    assert him not in town.mail()
    town.now += dt.timedelta(seconds=20)
    assert [files(letter) for letter in town.mail()[him]] == [["one", "two"]]


# What is refused

BIG = File("big", "unique big", name="Zyx_CV.pdf", size=25_000_000)


def into(number: int, kind: str, file: File, caption: str = "", album: str | None = None) -> Incoming:
    return Incoming(number, kind, caption, mark=str(next(MARKS)), file=file, album=album)


def test_words_that_become_a_file_too_big_go_as_the_words(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, text(10, "hello"))
    assert edit(town, her, into(10, "document", BIG)) == ["relay.too_big", "relay.edit_undelivered"]
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]["text"]) == ("sendMessage", "hello")


def test_a_refused_edit_leaves_the_change_that_waits(town: Town, talking: Couple) -> None:
    """What the writer is told is what the partner sees: the version that went, or goes, last."""
    her, him = talking
    send(town, her, photo(10, "one"), photo(11, "two", album="A"), photo(12, "three", album="A"))
    town.now += dt.timedelta(seconds=3)
    town.mail()
    edit(town, her, photo(10, "new", "hi"))
    for number, album in ((10, None), (11, "A")):
        assert edit(town, her, into(number, "document", BIG, album=album)) == ["relay.too_big", "relay.edit_undelivered"]
    (letter,) = town.mail()[him]
    assert letter["prepare"]["media"]["media"] == {"type": "photo", "media": "new", "caption": "hi", "caption_entities": []}
    edit(town, her, photo(11, "two", "there", album="A"))
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]["caption"]) == ("editMessageCaption", "there")


def test_a_refused_edit_of_a_part_leaves_its_album(town: Town, two_rows: Couple) -> None:
    her, him = two_rows
    assert edit(town, her, into(11, "document", BIG, album="A")) == ["relay.too_big", "relay.edit_undelivered"]
    town.now += dt.timedelta(minutes=1)
    assert [files(letter) for letter in town.mail()[him]] == [["0", "1", "2"], ["3"]]


def test_of_what_never_arrived_nobody_is_told_that_it_is_seen(town: Town, talking: Couple) -> None:
    her, _ = talking
    send(town, her, text(10, "hello"))
    (row,) = lease(town)
    town.database.transact(outbox.dead, row.id, "refused", town.now)
    assert edit(town, her, into(10, "document", BIG)) == ["relay.too_big"]


@pytest.mark.parametrize("leased", [False, True])
def test_a_row_of_before_that_telegram_would_copy_does_not_go(town: Town, talking: Couple, leased: bool) -> None:
    her, him = talking
    send(town, her, text(10, "hello"))
    (row,) = town.database.read(relays.waiting_copies, [stored(town, her, 10).id])
    copied = {"body": {"from_chat_id": town.member(her).telegram_id, "message_id": 10}}
    assert town.database.transact(relays.rewrite, row.id, "copyMessage", copied, town.now)
    if leased:
        lease(town)
    told = "relay.edit_undelivered" if leased else "relay.undelivered"
    assert edit(town, her, into(10, "document", BIG)) == ["relay.too_big", told]
    assert him not in town.mail()


@pytest.mark.parametrize("arrived", [False, True])
def test_what_was_refused_is_kept_beside_what_was_said(town: Town, talking: Couple, arrived: bool) -> None:
    her, _ = talking
    send(town, her, text(10, "awful"))
    if arrived:
        town.mail()
    edit(town, her, into(10, "document", BIG, "read"), into(10, "document", BIG, "read"), text(10, "tea"))
    for number in range(LATER + 3):
        edit(town, her, into(10, "document", BIG, f"read {number}"))
    kept = town.database.read(messages.content, stored(town, her, 10).id)
    assert (kept["text"], [one["text"] for one in kept["before"]]) == ("tea", ["awful"]), "nothing refused takes the place of what was said"
    assert [one["text"] for one in kept["tried"]] == ["read", *(f"read {number}" for number in range(3, LATER + 3))]
    assert kept["tried"][0] == {"kind": "document", "text": "read", "file_id": "big"}


def test_what_was_refused_is_kept_no_longer_than_what_was_said(town: Town, talking: Couple) -> None:
    her, _ = talking
    send(town, her, text(10, "hello"))
    town.mail()
    town.database.transact(messages.forget_content, town.now + dt.timedelta(days=2))
    edit(town, her, into(10, "document", BIG))
    assert town.database.read(messages.content, stored(town, her, 10).id) is None


@pytest.mark.parametrize(("language", "mark"), [("en", "(tried in an edit, not passed on)"), ("ko", "(수정하려 했지만 전달되지 않음)")])
def test_a_report_shows_what_was_tried(town: Town, couple: Couple, language: str, mark: str) -> None:
    her, him = couple
    boss = town.database.transact(members.create, ADMIN, language, NOW).id
    send(town, him, text(10, "hello"))
    town.mail()
    link = Incoming(10, "text", "evil.example", [{"type": "url", "offset": 0, "length": 12}], mark="1")
    assert edit(town, him, link) == ["trust.links", "relay.edit_undelivered"]
    town.act(her, safety.report, him, "scam")
    (filed,) = town.database.read(reports.open_reports)
    (shown,) = texts(town.act(boss, moderation.look_evidence, filed.id), language)
    said, tried = (next(line for line in shown.splitlines() if words in line) for words in ("hello", "evil.example"))
    assert tried.endswith(mark)
    assert mark not in said
    send(town, her, text(10, "hi"))
    assert edit(town, him, link) == [], "both wrote"
    town.act(her, safety.report, him, "scam")
    (shown,) = texts(town.act(boss, moderation.look_evidence, filed.id), language)
    lines = [line for line in shown.splitlines() if "evil.example" in line]
    assert sorted(mark in line for line in lines) == [False, True], "what was tried first, and what stands there now"
