"""What a report keeps stays what it was: photos that go afterwards, and words that a flood should push out."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from PIL import Image

from bot.context import Context
from bot.incoming import File, Incoming
from bot.replies import Picture, Replies, Shown
from bot.usecases import chats, evidence, moderation, relay, safety
from db import erasure, members, messages, pairs, photos
from db import evidence as kept
from db import safety as reports
from db.records import Member, Report
from db.session import Connection
from tests.bot.meeting import ADMIN, Town, keys, surroundings, texts
from tests.bot.test_bans import picture
from tests.db.people import NOW

Couple = tuple[int, int]
THREAT = "I will find you and hurt you"
ARRIVED = 7_000


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def say(town: Town, member: int, number: int, text: str = "", **more: Any) -> None:
    kind = more.pop("kind", "text")
    assert keys(town.act(member, relay.receive, Incoming(number, kind, text, **more))) == []
    town.now += dt.timedelta(seconds=10)


def flood(town: Town, member: int, begin: int, *words: str) -> None:
    """Many messages that reach the other; written at once, without what limits how fast members write."""

    def work(connection: Connection, context: Context, one: Member) -> Replies:
        (pair,) = pairs.of_member(connection, one.id)
        for number, text in enumerate(words, begin):
            told = {"kind": "text", "text": text}
            at = context.now + dt.timedelta(seconds=number - begin)
            made = messages.add(connection, pair.id, one.id, number, "text", at, content=told)
            messages.set_delivered(connection, made.id, 100_000 * one.id + number)
        return []

    town.act(member, work)
    town.now += dt.timedelta(minutes=5)


def settle_all(connection: Connection, sender_id: int, recipient_id: int) -> None:
    """The one message of the sender arrived as `ARRIVED`."""
    (pair,) = pairs.of_member(connection, sender_id)
    (message, _), *_ = messages.recent(connection, pair.id, NOW - dt.timedelta(days=1), 5, sender_id=sender_id)
    assert message.recipient_id == recipient_id
    messages.set_delivered(connection, message.id, ARRIVED)


def report(town: Town, her: int, him: int, reason: str = "rude") -> Report:
    town.act(her, safety.report, him, reason)
    return next(one for one in town.database.read(reports.open_reports) if one.reporter_id == her and one.reported_id == him)


def said(town: Town, filed: Report) -> list[str]:
    data = town.database.read(evidence.of, filed.id)
    assert data is not None
    return [one["text"] for one in data["messages"]]


def flags(replies: Replies) -> list[Any]:
    return [one.press for reply in replies for row in getattr(reply, "buttons", ()) for one in row if one.press.do == "flag"]


def seen(town: Town, boss: int, filed: Report) -> list[bytes]:
    """The pictures that an admin gets."""
    answered = town.act(boss, moderation.look_pictures, filed.id)
    return [reply.image for reply in answered if isinstance(reply, Picture) and isinstance(reply.image, bytes)]


# Photos


def test_photos_that_are_removed_after_the_report_are_still_seen(town: Town, couple: Couple, boss: int) -> None:
    her, him = couple
    photo = town.database.transact(photos.add, him, picture(5, size=1300), town.now)
    filed = report(town, her, him, "sexual")
    before = seen(town, boss, filed)
    town.database.transact(photos.remove, photo.id)
    answered = town.act(boss, moderation.look_pictures, filed.id)
    (copy,) = [reply for reply in answered if isinstance(reply, Picture)]
    assert [copy.image] == before
    assert copy.protect
    assert texts([copy]) == [f"Photo #{photo.id} · removed since"]
    assert Image.open(io.BytesIO(before[0])).size == (640, 640)
    (words,) = town.act(boss, moderation.look_evidence, filed.id)
    assert "photos: 2" in texts([words])[0], "one is no picture that could be copied; its number is kept"


def test_copies_are_of_what_others_saw_and_not_many(town: Town, couple: Couple, boss: int) -> None:
    her, him = couple
    for seed in range(evidence.COPIES + 2):
        town.database.transact(photos.add, him, picture(seed), town.now)
    hidden = town.database.transact(photos.add, her, picture(50), town.now, status="pending")
    assert len(seen(town, boss, report(town, her, him))) == evidence.COPIES - 1, "the first has no bytes of a picture"
    assert seen(town, boss, report(town, him, her)) == []
    assert hidden.id in evidence.photo_ids(town.database.read(evidence.of, report(town, him, her).id) or {})


def test_a_photo_that_is_new_when_it_is_filed_again_is_added_once(town: Town, couple: Couple, boss: int) -> None:
    her, him = couple
    filed = report(town, her, him)
    assert seen(town, boss, filed) == []
    town.database.transact(photos.add, him, picture(7), town.now)
    assert len(seen(town, boss, report(town, her, him, "sexual"))) == 1
    assert len(seen(town, boss, report(town, her, him, "sexual"))) == 1
    for seed in range(20, 30):
        town.database.transact(photos.add, him, picture(seed), town.now)
        report(town, her, him)
    assert len(seen(town, boss, filed)) == evidence.COPIES, "it has an end"


def test_copies_stay_when_their_member_goes_and_go_with_the_key(town: Town, couple: Couple, boss: int) -> None:
    her, him = couple
    town.database.transact(photos.add, him, picture(7), town.now)
    filed = report(town, her, him)
    town.database.transact(erasure.erase, him, town.now)
    assert len(seen(town, boss, filed)) == 1
    town.database.transact(erasure.erase, her, town.now)
    assert len(seen(town, boss, filed)) == 1, "they are not the reporter's"
    town.database.transact(kept.forget_before, town.now + dt.timedelta(days=evidence.LONGEST, minutes=1))
    assert keys(town.act(boss, moderation.look_pictures, filed.id)) == ["admin.evidence.gone"]


def test_evidence_from_before_there_were_copies_shows_what_is_still_there(town: Town, couple: Couple, boss: int) -> None:
    her, him = couple
    filed = town.database.transact(reports.report, her, him, "rude", town.now)
    number = town.database.transact(photos.add, him, picture(7), town.now).id
    old = {"reported": {"photos": [number]}, "messages": []}
    town.database.transact(kept.add, filed.id, old, town.now, town.now + dt.timedelta(days=9))
    assert [type(reply) for reply in town.act(boss, moderation.look_pictures, filed.id)] == [Shown]


def test_noise_fits_into_a_row(town: Town, couple: Couple) -> None:
    her, him = couple
    noise = io.BytesIO()
    Image.effect_noise((1280, 1280), 120).convert("RGB").save(noise, "JPEG", quality=95)
    for _ in range(evidence.COPIES):
        town.database.transact(photos.add, him, noise.getvalue(), town.now)
    data = town.database.read(evidence.of, report(town, her, him).id)
    assert data is not None
    assert 0 < sum(len(copy) for copy in evidence.pictures(data).values()) < evidence.COPIES * 500_000


# Words


@pytest.mark.parametrize("dots", [20, 60])
@pytest.mark.parametrize("by", ["reported", "reporter"])
def test_dots_push_no_words_out(town: Town, couple: Couple, dots: int, by: str) -> None:
    her, him = couple
    say(town, him, 1, THREAT)
    town.mail()
    flood(town, him if by == "reported" else her, 10, *["."] * dots)
    found = said(town, report(town, her, him))
    assert THREAT in found
    assert len(found) <= surroundings().safety.evidence_messages


def test_neither_one_word_again_and_again_nor_many_short_ones_push_a_sentence_out(town: Town, couple: Couple) -> None:
    her, him = couple
    say(town, him, 1, THREAT)
    town.mail()
    flood(town, him, 10, *(["haha"] * 30))
    flood(town, him, 60, *(f"ok {chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(60)))
    found = said(town, report(town, her, him))
    assert THREAT in found
    assert found.count("haha") <= 1
    assert found[-1].startswith("ok"), "the newest is there as well"
    assert len(found) == surroundings().safety.evidence_messages


def test_both_are_heard_and_in_order(town: Town, couple: Couple) -> None:
    her, him = couple
    flood(town, him, 10, *(f"his sentence number {number}" for number in range(40)))
    flood(town, her, 10, *(f"her sentence number {number}" for number in range(40)))
    found = said(town, report(town, her, him))
    most = surroundings().safety.evidence_messages
    assert len([text for text in found if text.startswith("her")]) == most // 3
    assert len([text for text in found if text.startswith("his")]) == most - most // 3
    assert found == sorted(found, key=lambda text: (text.startswith("her"), int(text.rsplit(" ", 1)[1])))


def test_a_file_is_not_pushed_out_by_dots(town: Town, couple: Couple) -> None:
    her, him = couple
    say(town, him, 1, kind="voice", file=File("V", "U"))
    town.mail()
    flood(town, him, 10, *["."] * 40)
    data = town.database.read(evidence.of, report(town, her, him).id)
    assert data is not None
    assert [one["file_id"] for one in data["messages"] if one["kind"] == "voice"] == ["V"]


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_answered_with_report_is_there_whatever_came_after_it(town: Town, couple: Couple, answered: bool) -> None:
    her, him = couple
    say(town, him, 1, "c u")
    town.mail()
    town.database.transact(settle_all, him, her)
    flood(town, him, 10, *(f"a long and harmless sentence of many words, number {number}" for number in range(60)))
    asked = town.act(her, safety.ask_report, 0, ARRIVED if answered else None)
    (flag,) = [press for press in flags(asked) if press.choice.startswith("rude")]
    town.act(her, safety.report, flag.to, flag.choice)
    (filed,) = town.database.read(reports.open_reports)
    assert ("c u" in said(town, filed)) == answered


def test_report_in_answer_to_a_message_is_about_its_chat(town: Town, couple: Couple) -> None:
    her, him = couple
    say(town, him, 1, THREAT)
    town.mail()
    town.database.transact(settle_all, him, her)
    other = town.newcomer("man", "women")
    town.match(her, other)
    second = town.database.read(pairs.between, her, other)
    assert second is not None
    town.act(her, chats.enter, second.id)
    assert {press.to for press in flags(town.act(her, safety.ask_report))} == {other}
    assert {press.to for press in flags(town.act(her, safety.ask_report, 0, ARRIVED))} == {him}
    assert {press.to for press in flags(town.act(her, safety.ask_report, 0, 9_999))} == {other}, "no message of a chat: the open one"


def test_a_button_brings_no_message_of_other_people_into_evidence(town: Town, couple: Couple) -> None:
    her, him = couple
    one, two = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.match(one, two)
    flood(town, two, 10, "nobody else's business")
    foreign = town.database.read(messages.by_sender, two, 10)
    assert foreign is not None
    town.act(her, safety.report, him, f"rude.{foreign.id}")
    (filed,) = town.database.read(reports.open_reports)
    assert said(town, filed) == []
    assert filed.kind == "rude"
    for choice in ("rude.x", "rude.", "rude.99999999999999999999", "nonsense.1"):
        town.act(her, safety.report, him, choice)
