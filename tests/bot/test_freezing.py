"""A sign that somebody is under 18 stops everything to and from them until an admin decided; and what counts as such a sign."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest

from bot import ages
from bot.incoming import Incoming
from bot.usecases import appeals, chats, decisions, discover, freezing, likes, moderation, onboarding, profile, relay, safety
from db import activity, audit, erasure, members, pairs, photos
from db import likes as like_queries
from db import safety as safety_queries
from tests.bot.meeting import ADMIN, Town, keys, presses, surroundings, texts
from tests.db.people import NOW

LABELLED = Path(__file__).resolve().parents[2] / "evaluation" / "ages"


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def freeze(town: Town, member_id: int, reason: str = "verification", **more: Any) -> list[str]:
    return keys(town.act(member_id, freezing.freeze, reason, **more))


def say(town: Town, member_id: int, text: str, number: int = 1) -> list[str]:
    return keys(town.act(member_id, relay.receive, Incoming(number, "text", text)))


def labelled(name: str) -> list[tuple[bool, str]]:
    lines = (LABELLED / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [(line[0] == "1", line.split("\t", 1)[1]) for line in lines]


@pytest.mark.parametrize(("name", "precision", "recall"), [("tune", 0.97, 0.95), ("held", 0.95, 0.7), ("test", 0.95, 0.7)])
def test_what_people_say_of_their_age(name: str, precision: float, recall: float) -> None:
    judged = [(truth, ages.underage(text, 2026) is not None) for truth, text in labelled(name)]
    hits = sum(truth and found for truth, found in judged)
    assert hits / sum(found for _, found in judged) >= precision
    assert hits / sum(truth for truth, _ in judged) >= recall


@pytest.mark.parametrize(
    "text",
    [
        "1" * 4096,
        " " * 4095 + "7",
        "저 아직 " * 800,
        "i'm just " * 450 + "16",
        '"' * 4096,
        "\n17" * 1300,
        "열 " * 2000,
        "아 네 사실 " * 580,
        "저 나 " * 800 + "나이",
        "hi hey " * 580 + "16",
        "가" * 4095 + "고1",
        "부산 " * 1300 + "사는 고2",
        "1 6 " * 1024,
        "저 사실은 실은 " * 450 + "미자",
        "성인까지 " * 800,
        "i was born in " * 290,
        "my age " * 580,
        "진짜 실제 " * 680 + "나이",
        "heyy hello " * 370 + "16",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    ages.underage(text, 2026)
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize(
    "text",
    [
        "my age is 16",
        "I was born in 2010",
        "Hi! 16 here",
        "I'm 1️⃣6️⃣",
        "i am 1 6",
        "I'm in year 10",
        "저 미자예요",
        "저 사실은 16살이에요",
        "나이는 16살이에요",
        "제 나이는 17이에요",
        "여고생이에요",
        "십육세예요",
        "저 2010년에 태어났어요",
        "ㅎㅇ 저 15살ㅋㅋ",
        "수능 준비 중인 고3이에요",
        "저 아직 성인이 아니에요",
    ],
)
def test_an_age_is_heard_in_whatever_words(text: str) -> None:
    assert ages.underage(text, 2026) is not None


@pytest.mark.parametrize(
    "text",
    [
        "my dog's age is 15",
        "my age is 36",
        "I was born in 1990",
        "I was born in 2008",
        "born in 2010s music",
        "16 here would be too young",
        "미자 씨 안녕하세요",
        "제 이름은 미자예요",
        "미자는 안 만나요",
        "이십육세예요",
        "십육 년 됐어요",
        "제 동생 나이는 16살이에요",
        "성인 아니에요?",
        "성인 아니야",
        "여고생 딸이 있어요",
        "조카가 2010년에 태어났어요",
        "저 2008년에 태어났어요",
        "아들이 여고 다녀요",
    ],
)
def test_an_age_is_not_heard_where_nobody_says_it(text: str) -> None:
    assert ages.underage(text, 2026) is None


def test_a_year_of_birth_counts_by_the_year_it_is() -> None:
    for text in ("I was born in 2010", "저 2010년에 태어났어요", "2010년생이에요"):
        assert [ages.underage(text, year) is None for year in (2027, 2028)] == [False, True]


def test_whoever_is_frozen_meets_nobody_in_any_way(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    stranger = town.newcomer("woman", "men")
    town.database.transact(like_queries.mark, him, stranger, True, NOW)
    assert freeze(town, him) == ["safety.frozen.age"]
    assert town.member(him).status == "frozen"
    assert town.see(stranger) == 0
    assert keys(town.act(stranger, likes.show)) == ["likes.none"]
    assert say(town, her, "hello?") == ["relay.unreachable"]
    assert say(town, him, "hello?") == ["access.frozen"]
    for usecase in (discover.show, likes.show, chats.listing, safety.ask_block, safety.ask_report):
        assert keys(town.act(him, usecase)) == ["access.frozen"]
    assert keys(town.act(him, safety.block, her)) == keys(town.act(him, safety.report, her, "fake")) == ["access.frozen"]
    assert not town.database.read(safety_queries.open_reports)
    told = [letter["key"].split(":")[0] for letter in town.mail()[her]]
    assert told == ["unreachable"], "the same words as for whoever cannot be reached"


def test_what_waited_dies_with_the_freeze(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    assert say(town, him, "one") == []
    assert say(town, her, "two", 2) == []
    freeze(town, him)
    assert [letter["method"] for letters in town.mail().values() for letter in letters if letter["key"].startswith("relay")] == []


@pytest.mark.parametrize("text", ["I'm 16 btw", "저 사실 고1이에요", "중학생인데요"])
def test_own_words_freeze_and_go_to_nobody(town: Town, couple: tuple[int, int], boss: int, text: str) -> None:
    her, him = couple
    assert keys(town.act(him, freezing.heard, text)) == ["safety.frozen.age"]
    assert town.member(him).frozen_reason == "words"
    mail = town.mail()
    assert all(not letter["key"].startswith("relay") for letter in mail.get(her, []))
    (case,) = town.act(boss, moderation.queue)
    assert keys([case]) == ["admin.review.underage"]
    assert {"approve", "refuse", "look"} <= presses([case])
    assert keys(town.act(him, freezing.heard, text)) == [], "frozen once"


def test_harmless_words_cost_no_query(town: Town, couple: tuple[int, int]) -> None:
    member = town.member(couple[0])
    assert freezing.heard(None, surroundings(town.now), member, "see you at six, I'm 16 minutes away") == []  # type: ignore[arg-type]


def test_the_text_about_oneself_counts_too(town: Town, boss: int) -> None:
    her = town.newcomer("woman", "men")
    town.act(her, profile.edit, "about")
    assert keys(town.act(her, profile.text, "Hi! I'm 17 and love tea")) == ["safety.frozen.age"]
    assert town.member(her).about == ""
    (review,) = town.database.read(safety_queries.reviews_open)
    town.act(boss, decisions.decide_review, review.id, approved=True)
    assert (town.member(her).status, town.member(her).step) == ("active", "edit.about")


def test_what_was_seen_before_the_freeze_is_not_unread_after_it(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    [pair] = town.database.read(pairs.of_member, him)
    town.act(him, chats.enter, pair.id)
    say(town, her, "are you there?")
    town.mail()  # it arrives
    assert town.member(him).active_pair_id == pair.id
    freeze(town, him)
    assert town.database.read(activity.unread, him) == {}


def test_an_admin_lets_them_go_on_from_where_they_were(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    town.database.transact(members.update, him, NOW, status="paused")
    photo = town.database.transact(photos.add, him, b"jpeg", NOW, status="pending", facts={"face": {"age": 19.0}})
    freeze(town, him, "photo", photo_id=photo.id)
    (review,) = town.database.read(safety_queries.reviews_open)
    town.mail()
    first = keys(town.act(boss, decisions.decide_review, review.id, approved=True))
    assert first == ["admin.approved", "admin.record.review", "admin.queue_empty"]
    assert keys(town.act(boss, decisions.decide_review, review.id, approved=False)) == ["admin.decided_already"]
    assert town.member(him).status == "paused"
    assert town.member(him).frozen_reason is None
    assert town.database.read(photos.by_id, photo.id).status == "approved"  # type: ignore[union-attr]
    assert [letter["key"].split(":")[0] for letter in town.mail()[him]] == ["thawed"]
    assert say(town, her, "welcome back") == []


def test_a_minor_is_erased_only_when_it_was_confirmed_and_stays_out(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    account = town.member(him).telegram_id
    town.act(her, safety.report, him, "minor")
    assert town.member(him).status == "frozen"
    (review,) = town.database.read(safety_queries.reviews_open)
    town.mail()
    (question,) = town.act(boss, decisions.decide_review, review.id, approved=False)
    assert presses([question]) == {"erase_yes", "reports"}
    assert town.member(him).status == "frozen"
    assert keys(town.act(boss, decisions.erase_minor, review.id)) == ["admin.erased", "admin.record.review", "admin.queue_empty"]
    assert keys(town.act(boss, decisions.erase_minor, review.id)) == ["admin.decided_already"]
    assert town.database.read(members.by_id, him) is None
    mail = town.mail()
    assert [letter["key"].split(":")[0] for letter in mail[her]] == ["ended"]
    assert [letter["key"].split(":")[0] for letter in mail[0]] == ["erased"]
    back = town.database.transact(members.create, account, "ko", NOW)
    assert (back.status, back.step) == ("frozen", "frozen")
    assert keys(town.act(back.id, appeals.stopped)) == ["access.frozen"]


def test_a_report_of_a_minor_freezes_but_not_forever_and_not_for_everybody(town: Town, boss: int) -> None:
    him = town.newcomer("man", "women")
    reporters = [town.newcomer("woman", "men") for _ in range(3)]
    for her in reporters:
        town.match(her, him)
    town.act(reporters[0], safety.report, him, "minor")
    assert town.member(him).status == "frozen"
    (review,) = town.database.read(safety_queries.reviews_open)
    town.act(boss, decisions.decide_review, review.id, approved=True)
    assert town.database.read(safety_queries.open_reports) == [], "what was looked at is decided"
    town.act(reporters[1], safety.report, him, "minor")
    assert town.member(him).status == "active", "an admin was sure: it waits in the queue"
    assert len(town.database.read(safety_queries.open_reports)) == 1
    for other in (town.newcomer("man", "women"), town.newcomer("man", "women")):
        town.match(reporters[2], other)
        town.act(reporters[2], safety.report, other, "minor")
        (case,) = [one for one in town.database.read(safety_queries.reviews_open) if one.member_id == other]
        town.act(boss, decisions.decide_review, case.id, approved=True)
    last = town.newcomer("man", "women")
    town.match(reporters[2], last)
    town.act(reporters[2], safety.report, last, "minor")
    assert town.member(last).status == "active", "whoever was wrong twice freezes nobody alone"


def test_admins_cannot_be_frozen(town: Town, boss: int) -> None:
    assert freeze(town, boss) == []


def test_erasing_oneself_while_frozen_ends_nothing(town: Town, boss: int) -> None:
    her = town.newcomer("woman", "men")
    account = town.member(her).telegram_id
    freeze(town, her)
    town.database.transact(erasure.erase, her, NOW)
    assert town.database.transact(members.create, account, "ko", NOW).status == "frozen"


@pytest.mark.parametrize("status", ["frozen", "banned"])
def test_an_appeal_once_a_decision(town: Town, boss: int, status: str) -> None:
    him = town.newcomer("man", "women")
    if status == "frozen":
        freeze(town, him)
    else:
        town.act(boss, decisions.ban_command, f"#{him}")
    town.mail()
    assert presses(town.act(him, appeals.stopped)) == {"appeal_ask"}
    assert keys(town.act(him, appeals.ask)) == ["safety.appeal_ask"]
    assert keys(town.act(him, appeals.receive, "")) == ["safety.appeal_words_only"]
    assert keys(town.act(him, appeals.receive, "x" * 1001)) == ["safety.appeal_words_only"]
    assert keys(town.act(him, appeals.receive, "I was born in <1996>")) == ["safety.appealed"]
    assert keys(town.act(him, appeals.ask)) == ["safety.appealed_already"]
    case = next(one for one in town.database.read(safety_queries.reviews_open) if one.kind == "appeal")
    shown = next(reply for reply in _all_cases(town, boss) if keys([reply]) == ["admin.review.appeal"])
    assert "I was born in &lt;1996&gt;" in texts([shown])[0]
    town.act(boss, decisions.decide_review, case.id, approved=False)
    assert town.member(him).status == status
    assert [letter["key"].split(":")[-1] for letter in town.mail()[him]] == ["refused"]
    assert keys(town.act(him, appeals.ask)) == ["safety.appealed_already"]
    assert town.database.read(safety_queries.review_by_id, case.id).note is None  # type: ignore[union-attr]


@pytest.mark.parametrize("status", ["frozen", "banned"])
def test_an_appeal_that_is_granted_and_the_next_decision(town: Town, boss: int, status: str) -> None:
    him = town.newcomer("man", "women")
    for _ in range(2):
        freeze(town, him) if status == "frozen" else town.act(boss, decisions.ban_command, f"#{him}")
        town.act(him, appeals.ask)
        assert keys(town.act(him, appeals.receive, "please look again")) == ["safety.appealed"]
        case = next(one for one in town.database.read(safety_queries.reviews_open) if one.kind == "appeal")
        town.act(boss, decisions.decide_review, case.id, approved=True)
        assert town.member(him).status == ("active" if status == "frozen" else "paused")
        assert town.database.read(safety_queries.reviews_open) == []
    assert "appeal.filed" in [row.action for row in town.database.read(audit.recent, 50)]


def test_a_granted_appeal_answers_for_the_photo_too(town: Town, boss: int) -> None:
    him = town.newcomer("man", "women")
    photo = town.database.transact(photos.add, him, b"jpeg", NOW, status="pending", facts={"face": {"age": 19.0}})
    freeze(town, him, "photo", photo_id=photo.id, note="17 in spirit")
    (frozen,) = town.database.read(safety_queries.reviews_open)
    town.act(him, appeals.ask)
    town.act(him, appeals.receive, "I am 24")
    case = next(one for one in town.database.read(safety_queries.reviews_open) if one.kind == "appeal")
    town.act(boss, decisions.decide_review, case.id, approved=True)
    assert town.database.read(photos.by_id, photo.id).status == "approved"  # type: ignore[union-attr]
    assert town.database.read(safety_queries.review_by_id, frozen.id).note is None  # type: ignore[union-attr]


def test_who_was_turned_away_keeps_their_own_way(town: Town, boss: int) -> None:
    child = town.newcomer("man", "women", birth_date=dt.date(2012, 1, 1))
    town.act(child, onboarding.turn_away)
    assert keys(town.act(child, appeals.stopped)) == ["underage.still"]


def test_nobody_else_can_appeal(town: Town) -> None:
    her = town.newcomer("woman", "men")
    assert keys(town.act(her, appeals.ask)) == ["ask.passed"]
    assert keys(town.act(her, appeals.cancel)) == ["ask.passed"]


def _all_cases(town: Town, boss: int) -> list[Any]:
    found, after = [], ""
    for _ in range(len(town.database.read(safety_queries.reviews_open))):
        shown = town.act(boss, moderation.queue, after)
        found += shown
        after = next(b.press.choice for reply in shown for row in getattr(reply, "buttons", ()) for b in row if b.press.do == "reports")
    return found
