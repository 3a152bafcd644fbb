"""What an edit may do, and what of it stays for a report: nothing that a message may not, and nothing said is edited away."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bot import settling
from bot.context import Context
from bot.incoming import Incoming
from bot.outbox import Letter
from bot.replies import Replies, word
from bot.settling import Outcome
from bot.usecases import chats, evidence, moderation, names, relay, relay_deletions, relay_held, safety
from bot.usecases.relay_edits import LATER
from db import evidence as kept
from db import exposures, likes, members, messages, outbox, pairs
from db import safety as reports
from db.records import Member, Report
from db.session import Connection
from tests.bot.meeting import ADMIN, WORDS, Town, keys, surroundings, texts
from tests.db.people import NOW

Couple = tuple[int, int]
Json = dict[str, Any]
MARKS = itertools.count(1)
LINK = {"text": "a.kr", "entities": [{"type": "url", "offset": 0, "length": 4}]}
PHOTO = {"photo": [{"file_id": "P1", "file_unique_id": "u1", "width": 400, "height": 300}]}
PDF = {"document": {"file_id": "D1", "file_unique_id": "d1", "file_name": "a.pdf", "file_size": 9, "mime_type": "application/pdf"}}


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


@pytest.fixture
def talking(couple: Couple, town: Town) -> Couple:
    """Two of whom each has written: pictures and links are open to them."""
    for member in couple:
        send(town, member, 1, text="hi")
    town.mail()
    town.now += dt.timedelta(minutes=2)
    return couple


def raw(number: int, **content: Any) -> Incoming:
    return Incoming.of({"message_id": number, "from": {"id": 77, "username": "mina_kim"}, **content}, next(MARKS))


def send(town: Town, member: int, number: int, **content: Any) -> list[str]:
    return keys(town.act(member, relay.receive, raw(number, **content)))


def edit(town: Town, member: int, number: int, **content: Any) -> list[str]:
    return keys(town.act(member, relay.edited, raw(number, **content)))


# What is new to a member's trust


@pytest.mark.parametrize(("content", "key"), [(LINK, "trust.links"), (PHOTO, "trust.photos"), (PDF, "trust.photos")])
def test_an_edit_shows_no_more_than_a_message_may(town: Town, couple: Couple, content: Json, key: str) -> None:
    her, him = couple
    send(town, her, 5, text="hi")
    town.mail()
    assert edit(town, her, 5, **content) == [key, "relay.edit_undelivered"]
    assert town.mail() == {}, "the partner goes on seeing what was there"
    kept = town.database.read(messages.by_sender, her, 5)
    assert kept is not None
    assert town.database.read(messages.content, kept.id)["text"] == "hi"
    send(town, him, 5, text="hello")
    assert edit(town, her, 5, **content) == []


def test_a_refused_edit_does_not_go_with_the_copy_that_waits(town: Town, couple: Couple) -> None:
    her, him = couple
    send(town, her, 5, text="hi")
    assert edit(town, her, 5, **LINK) == ["trust.links", "relay.edit_undelivered"]
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]["text"]) == ("sendMessage", "hi")


def test_a_refused_caption_does_not_go_with_the_copy_that_waits(town: Town, couple: Couple) -> None:
    her, him = couple
    voice = {"voice": {"file_id": "V1", "file_unique_id": "v1"}}
    send(town, her, 5, **voice)
    entities = [{"type": "url", "offset": 0, "length": 4}]
    assert edit(town, her, 5, **voice, caption="a.kr", caption_entities=entities) == ["trust.links", "relay.edit_undelivered"]
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]) == ("sendVoice", {"voice": "V1"})


def test_verified_members_edit_as_they_write(town: Town, couple: Couple) -> None:
    her, _ = couple
    town.database.transact(members.update, her, NOW, verified=True)
    send(town, her, 5, text="hi")
    assert edit(town, her, 5, **LINK) == []


def test_signs_of_fraud_in_an_edit_are_seen(town: Town, couple: Couple) -> None:
    her, him = couple
    send(town, him, 5, text="hi")
    town.mail()
    edit(town, him, 5, text="구글 기프트카드 사서 번호 보내줘요")
    assert [letter["key"].split(":")[0] for letter in town.mail()[her]] == ["edit", "nudge"]


# What the Bot API refuses


def answer_with(town: Town, refused: str) -> None:
    """Telegram refuses whatever waits."""
    context = surroundings(town.now)
    for row in town.database.transact(outbox.lease, "test", town.now, 60, 10):
        town.database.transact(settling.settle, [Outcome(row, refused=refused)], context)


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ("Bad Request: message can't be edited", ["relay.edit_undelivered"]),
        ("Bad Request: message to edit not found", []),  # the partner took it out of their own chat
    ],
)
def test_whoever_changed_a_message_learns_that_it_stayed(town: Town, talking: Couple, refused: str, told: list[str]) -> None:
    her, him = talking
    send(town, her, 5, text="hi")
    town.mail()
    edit(town, her, 5, text="hello")
    answer_with(town, refused)
    mail = town.mail()
    assert him not in mail
    assert [letter["body"]["text"] for letter in mail.get(her, [])] == [said(key, him, her, town) for key in told]
    assert town.mail() == {}


def test_whoever_took_a_message_back_learns_that_it_stayed(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, 5, text="hi")
    town.mail()
    town.act(her, relay_deletions.delete, 5)
    answer_with(town, "Bad Request: message can't be deleted for everyone")
    (letter,) = town.mail()[her]
    assert letter["body"]["text"] == said("relay.del_undelivered", him, her, town)
    assert letter["answers"] is not None


def said(key: str, about: int, to: int, town: Town) -> str:
    pair = town.database.read(pairs.between, about, to)
    assert pair is not None
    return WORDS.text(word(key, name=names.partner(pair, to)), town.member(to).language)


def test_a_reaction_that_is_refused_is_not_worth_a_word(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, 5, text="hi")
    town.mail()
    message = town.database.read(messages.by_sender, her, 5)
    assert message is not None
    row = Letter("setMessageReaction", {"reaction": []}, edits=message.id)
    town.database.transact(outbox.put, him, row.method, row.payload(), "react:1", town.now)
    answer_with(town, "Bad Request: REACTION_INVALID")
    assert town.mail() == {}


# What was edited away


def test_what_was_edited_away_is_evidence(town: Town, talking: Couple, boss: int) -> None:
    her, him = talking
    send(town, him, 5, text="awful words")
    for number in range(24):
        edit(town, him, 5, text=f"tea {number}")
    edit(town, him, 5, text="tea 23")
    said = evidence_of(town, her, him)
    own = [(one["text"], one["edited"]) for one in said if one["by"] == "reported"]
    before = [("awful words", True), *((f"tea {number}", True) for number in range(23 - LATER, 23))]
    assert own == [("hi", False), *before, ("tea 23", False)], "the first and the last of those before"
    (filed,) = town.database.read(reports.open_reports)
    (shown,) = texts(town.act(boss, moderation.look_evidence, filed.id))
    assert "awful words (edited away)\n" in shown
    assert shown.count("edited away") > 5


def test_of_a_live_photo_the_still_is_evidence(town: Town, talking: Couple, boss: int) -> None:
    her, him = talking
    live = {"live_photo": {"file_id": "L1", "file_unique_id": "LU", "width": 4, "height": 3, "duration": 2}, **PHOTO}
    send(town, him, 5, **live)
    said = evidence_of(town, her, him)
    assert [(one["kind"], one["file_id"]) for one in said[-1:]] == [("live_photo", "P1")]
    town.mail()
    (filed,) = town.database.read(reports.open_reports)
    town.act(boss, moderation.look_pictures, filed.id)
    (letter,) = town.mail()[boss]
    assert letter["method"] == "sendPhoto"
    assert letter["body"]["photo"] == "P1"
    assert letter["body"]["has_spoiler"] is True


def test_a_picture_that_was_replaced_is_evidence(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, him, 5, **PHOTO)
    edit(town, him, 5, **PDF, caption="tea")
    said = evidence_of(town, her, him)
    assert [(one["kind"], one["file_id"], one["edited"]) for one in said[-2:]] == [("photo", "P1", True), ("document", "D1", False)]


def test_words_that_were_kept_without_their_kind_are_read(town: Town, talking: Couple) -> None:
    her, him = talking
    message = town.database.read(messages.by_sender, him, 1)
    assert message is not None
    town.database.transact(messages.set_content, message.id, {"kind": "text", "text": "tea", "before": ["awful"]})
    edit(town, him, 1, text="cake")
    said = evidence_of(town, her, him)
    own = [(one["kind"], one["text"], one["edited"]) for one in said if one["by"] == "reported"]
    assert own == [("text", "awful", True), ("text", "tea", True), ("text", "cake", False)]


def test_the_mark_of_what_was_edited_away_is_in_both_languages() -> None:
    report = Report(1, 1, 2, 3, "rude", "open", None, None, NOW)
    said, _ = evidence.told(report, {"messages": [{"by": "reported", "at": NOW.isoformat(), "kind": "text", "text": "x", "edited": True}]})
    assert "신고된 회원: x (수정 전)" in WORDS.text(said, "ko")
    assert "reported: x (edited away)" in WORDS.text(said, "en")


def evidence_of(town: Town, her: int, him: int, reason: str = "rude") -> list[Json]:
    """What is kept of her open report about him after she filed it (again)."""
    town.act(her, safety.report, him, reason)
    filed = next(one for one in town.database.read(reports.open_reports) if one.reporter_id == her and one.reported_id == him)
    data = town.database.read(evidence.of, filed.id)
    assert data is not None
    return list(data["messages"])


# What waits for "send it"


def held(town: Town, her: int, *between: Callable[[], object]) -> int:
    """Of what she sent last, the row is given up as a file that cannot be made neutral; the number in her buttons, 0 without them."""

    def give_up(connection: Connection, context: Context, _member: Member) -> Replies:
        (row,) = (row for row in leased if row.method in ("sendDocument", "sendMediaGroup"))
        outbox.dead(connection, row.id, "unsure", town.now)
        relay_held.ask(connection, context, row)
        return []

    town.now += dt.timedelta(seconds=5)
    leased = town.database.transact(outbox.lease, "test", town.now, 60, 10)
    for act in between:
        act()
    town.act(her, give_up)
    (asked,) = town.mail()[her]
    rows = asked["body"].get("reply_markup", {}).get("inline_keyboard")
    return int(rows[0][0]["callback_data"].split(":")[1]) if rows else 0


def album(town: Town, her: int) -> None:
    for number in (5, 6):
        send(town, her, number, **PDF, caption="mina", media_group_id="A")


def test_an_edit_of_what_waits_lets_it_go_no_more(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, 5, **PDF, caption="my name")
    number = held(town, her)
    (said,) = town.act(her, relay.edited, raw(5, **PDF, caption="x"))
    assert keys([said]) == ["relay.held_changed"]
    assert "send it again" in texts([said])[0]
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_gone"]
    assert edit(town, her, 5, **PDF, caption="y") == []
    assert town.mail() == {}
    send(town, her, 6, **PDF, caption="x")
    assert [letter["body"]["caption"] for letter in town.mail()[him]] == ["x"]


@pytest.mark.parametrize("part", [5, 6])
def test_an_edit_of_a_part_lets_no_part_of_the_album_go(town: Town, talking: Couple, part: int) -> None:
    her, _ = talking
    album(town, her)
    number = held(town, her)
    assert edit(town, her, part, **PDF, caption="x", media_group_id="A") == ["relay.held_changed"]
    assert edit(town, her, 6, **PDF, caption="y", media_group_id="A") == []
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_gone"]
    assert town.mail() == {}


def test_what_was_deleted_while_it_waited_does_not_go(town: Town, talking: Couple) -> None:
    her, him = talking
    album(town, her)
    number = held(town, her)
    assert keys(town.act(her, relay_deletions.delete, 6)) == ["relay.held_back"]
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_gone"]
    assert him not in town.mail()


def test_an_edit_while_the_file_is_looked_at_lets_it_go_no_more(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, 5, **PDF, caption="my name")
    assert held(town, her, lambda: edit(town, her, 5, **PDF, caption="x")) == 0
    assert edit(town, her, 5, **PDF, caption="y") == []
    assert him not in town.mail()


def test_the_caption_of_what_waits_is_read_for_a_minors_words(town: Town, talking: Couple) -> None:
    her, _ = talking
    send(town, her, 5, **PDF, caption="hi")
    held(town, her)
    assert edit(town, her, 5, **PDF, caption="저 15살이에요") == ["safety.frozen.age"]
    assert town.member(her).status == "frozen"
    assert town.database.read(messages.by_sender, her, 5) is None


def test_an_edit_drops_what_waits_for_a_partner_who_cannot_be_reached(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, her, 5, **PDF, caption="my name")
    number = held(town, her)
    town.database.transact(members.update, him, town.now, reachable=False)
    assert edit(town, her, 5, **PDF, caption="x") == ["relay.held_changed"]
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_gone"]


# A report that is filed again


def test_a_report_that_is_filed_again_keeps_what_was_said_since(town: Town, talking: Couple) -> None:
    her, him = talking
    send(town, him, 5, text="tea")
    assert [one["text"] for one in evidence_of(town, her, him)][-1] == "tea"
    town.now += dt.timedelta(minutes=2)
    send(town, him, 6, text="money")
    edit(town, him, 5, text="cake")
    again = [one["text"] for one in evidence_of(town, her, him, "scam")]
    assert again == ["hi", "hi", "tea", "cake", "money"]
    assert [one["text"] for one in evidence_of(town, her, him, "scam")] == again, "nothing twice"


def test_what_is_added_has_an_end_and_goes_with_the_rest(town: Town, talking: Couple) -> None:
    her, him = talking
    evidence_of(town, her, him)
    first_at = town.now
    for number in range(5, 45):
        town.now += dt.timedelta(minutes=2)
        send(town, him, number, text=f"money {number}")
        said = evidence_of(town, her, him, "scam")
    assert len(said) == 2 + surroundings().safety.evidence_messages
    town.database.transact(kept.forget_before, first_at + dt.timedelta(days=evidence.LONGEST, minutes=1))
    assert town.database.read(kept.of, 1) == []


def test_a_report_from_a_card_learns_of_the_chat(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.database.transact(exposures.add, her, him, NOW)
    assert evidence_of(town, her, him) == []
    for one, other in ((him, her), (her, him)):
        town.database.transact(likes.mark, one, other, True, NOW)
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.act(him, chats.enter, pair.id)
    send(town, him, 5, text="money")
    assert [one["text"] for one in evidence_of(town, her, him, "scam")] == ["money"]
    (filed,) = town.database.read(reports.open_reports)
    assert (filed.pair_id, filed.reason) == (pair.id, "scam")


def test_admins_hear_of_a_new_reason_once(town: Town, talking: Couple, boss: int) -> None:
    her, him = talking
    for reason in ("rude", "rude", "scam", "scam"):
        evidence_of(town, her, him, reason)
    assert [letter["key"].split(":")[-1] for letter in town.mail()[boss]] == ["rude", "scam"]


def test_a_minor_stays_the_reason(town: Town, talking: Couple) -> None:
    her, him = talking
    evidence_of(town, her, him, "rude")
    town.act(her, safety.explain, "shouts")
    evidence_of(town, her, him, "minor")
    evidence_of(town, her, him, "scam")
    town.act(her, safety.explain, "wants money")
    (filed,) = town.database.read(reports.open_reports)
    assert filed.reason == "minor: wants money"
    assert town.member(him).status == "frozen"


def test_words_of_the_first_reason_stay(town: Town, talking: Couple) -> None:
    her, him = talking
    evidence_of(town, her, him, "rude")
    town.act(her, safety.explain, "shouts")
    evidence_of(town, her, him, "scam")
    (filed,) = town.database.read(reports.open_reports)
    assert filed.reason == "scam: shouts"
