"""Block, report, and what admins do: who may, what follows, and that every step is on record."""

from __future__ import annotations

import pytest

from bot.replies import Say, Shown
from bot.usecases import admin, broadcast, chats, decisions, discover, moderation, safety
from db import audit, likes, members, pairs, photos
from db import safety as safety_queries
from db.records import ReviewKind
from tests.bot.meeting import ADMIN, Town, buttons, card, keys, presses, texts
from tests.db.people import NOW


@pytest.fixture
def boss(town: Town) -> int:
    """An admin, who need not be a member who is ready."""
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def actions(town: Town) -> list[str]:
    return [row.action for row in reversed(town.database.read(audit.recent, 100))]


def test_a_block_from_a_chat_ends_it_for_good(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    (question,) = town.act(her, safety.ask_block)
    assert isinstance(question, Say)
    assert town.database.read(pairs.between, her, him).open  # type: ignore[union-attr]
    press = buttons(question)[0].press
    assert keys(town.act(her, safety.block, press.to)) == ["safety.blocked"]
    assert [letter["key"].split(":")[0] for letter in town.mail()[him]] == ["ended"]
    assert town.database.read(safety_queries.blocked_between, her, him)
    assert town.see(her) == town.see(him) == 0
    town.act(her, safety.block, press.to)
    assert town.mail() == {}


def test_only_those_one_has_met_can_be_blocked_or_reported(town: Town, couple: tuple[int, int]) -> None:
    eve = town.newcomer("man", "women", age_min=50)
    for usecase, more in ((safety.block, ()), (safety.report, ("fake",)), (safety.ask_report_card, ())):
        for target in (*couple, eve, 10**9):
            assert keys(town.act(eve, usecase, target, *more)) == ["discover.passed"]
    assert town.database.read(safety_queries.open_reports) == []


def test_a_report_from_a_card_also_skips_the_person(town: Town, boss: int) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    assert town.see(me) == her
    (question,) = town.act(me, safety.ask_report_card, her)
    reasons = [button.press for button in buttons(question)]  # type: ignore[arg-type]
    assert [press.choice for press in reasons][:6] == list(safety.REASONS)
    assert keys(town.act(me, safety.report, her, "sexual")) == ["safety.reported"]
    assert town.see(me) == 0
    (report,) = town.database.read(safety_queries.open_reports)
    assert (report.reporter_id, report.reported_id, report.reason, report.pair_id) == (me, her, "sexual", None)
    mail = town.mail()
    assert list(mail) == [boss]
    data = [button["callback_data"].split(":")[0] for row in mail[boss][0]["body"]["reply_markup"]["inline_keyboard"] for button in row]
    assert data == ["dismiss", "uphold", "case", "reports"]


def test_a_reason_that_is_none_files_nothing(town: Town, couple: tuple[int, int]) -> None:
    assert keys(town.act(couple[0], safety.report, couple[1], "because")) == ["discover.passed"]
    assert town.database.read(safety_queries.open_reports) == []


def test_words_are_added_to_the_report_and_to_nothing_else(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    town.act(her, safety.report, him, "rude")
    assert town.member(her).step == safety.STEP
    assert keys(town.act(her, safety.explain, "")) == ["safety.report_words_only"]
    assert town.member(her).step == safety.STEP
    town.act(her, safety.explain, "said\nawful  things" + "!" * 900)
    (report,) = town.database.read(safety_queries.open_reports)
    assert report.reason.startswith("rude: said awful things!!!")
    assert len(report.reason) <= 500
    assert town.member(her).step == ""
    assert him not in town.mail()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("sexual", "I'm only 15 and he asked me for nudes"),
        ("sexual", "고1인데 자꾸 사진을 보내 달래요"),
        ("other", "저 사실 중학생이에요"),
        ("minor", "He is a kid. I'm 17 too."),
    ],
)
def test_a_minor_who_says_so_in_a_report_is_frozen_and_the_report_stays(
    town: Town, couple: tuple[int, int], boss: int, reason: str, words: str
) -> None:
    her, him = couple
    town.act(her, safety.report, him, reason)
    assert keys(town.act(her, safety.explain, words)) == ["safety.explained", "safety.frozen.age"]
    assert (town.member(her).status, town.member(her).frozen_reason) == ("frozen", "explained")
    (filed,) = town.database.read(safety_queries.open_reports)
    assert (filed.reporter_id, filed.reported_id, filed.reason) == (her, him, f"{reason}: {words}")
    asked = [f"review.{one.id}" for one in town.database.read(safety_queries.reviews_open, 50)]
    shown = [town.act(boss, moderation.queue, after)[0] for after in ("", f"report.{filed.id}", *asked)]
    assert any("what they wrote in a report" in text for text in texts(shown))


@pytest.mark.parametrize("reason", ["minor", "fake", "other"])
@pytest.mark.parametrize("words", ["고1이에요", "미성년자예요.", "she is 15", "저한테 15살이라고 했어요", "16 f"])
def test_who_tells_that_somebody_else_is_a_minor_is_not_taken_for_one(
    town: Town, couple: tuple[int, int], boss: int, reason: str, words: str
) -> None:
    her, him = couple
    town.act(her, safety.report, him, reason)
    assert keys(town.act(her, safety.explain, words)) == ["safety.explained"]
    assert town.member(her).status == "active"


def test_an_ended_chat_can_still_be_reported(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.act(him, chats.unmatch, pair.id)
    assert keys(town.act(her, safety.ask_report, pair.id)) == ["safety.report_ask"]
    town.act(her, safety.report, him, "scam")
    assert town.database.read(safety_queries.open_reports)[0].pair_id == pair.id


@pytest.mark.parametrize("upheld", [True, False])
def test_a_report_is_decided_once(town: Town, couple: tuple[int, int], boss: int, upheld: bool) -> None:
    her, him = couple
    town.act(her, safety.report, him, "fake")
    town.mail()
    (case,) = town.act(boss, moderation.queue)
    assert isinstance(case, Shown)
    assert {*decisions.STATES, "evidence", "look", "reports"} == presses([case])
    (report,) = town.database.read(safety_queries.open_reports)
    do, other = ("uphold", "dismiss") if upheld else ("dismiss", "uphold")
    first = keys(town.act(boss, decisions.decide_report, report.id, do))
    assert first == [f"admin.done.{do}", "admin.record.report", "admin.queue_empty"]
    assert keys(town.act(boss, decisions.decide_report, report.id, other)) == ["admin.decided_already"]
    assert town.member(him).status == ("banned" if upheld else "active")
    assert bool(town.mail()) == upheld
    assert actions(town)[:3] == ["report.filed", "case.read", "report.upheld" if upheld else "report.dismissed"]


def test_a_ban_ends_all_chats_and_unban_brings_back_hidden(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    other = town.newcomer("woman", "men")
    town.match(him, other)
    town.mail()
    (said,) = town.act(boss, decisions.ban_command, f"#{him}")
    assert keys([said]) == ["admin.banned"]
    mail = town.mail()
    assert {member: [letter["key"].split(":")[0] for letter in found] for member, found in mail.items()} == {
        her: ["ended"],
        other: ["ended"],
        him: ["banned"],
    }
    assert keys(town.act(boss, decisions.ban_command, f"#{him}")) == ["admin.banned_already"]
    assert keys(town.act(boss, admin.unban_pressed, him)) == ["admin.unbanned"]
    assert town.member(him).status == "paused"
    assert keys(town.act(boss, admin.unban, f"#{him}")) == ["admin.not_banned"]
    assert actions(town).count("ban") == 1


@pytest.mark.parametrize("who", ["", "#", "abc", "#x", "-5", "１２", "9" * 30, "#999999", "0", "'; DROP TABLE members; --"])
def test_a_ban_of_nobody_says_so(town: Town, boss: int, who: str) -> None:
    assert keys(town.act(boss, decisions.ban_command, who)) == ["admin.who"]


def test_admins_cannot_be_banned(town: Town, boss: int) -> None:
    assert keys(town.act(boss, decisions.ban_command, str(ADMIN))) == ["admin.not_admins"]


def test_a_photo_that_waited_is_approved_and_the_member_told_in_their_language(town: Town, boss: int) -> None:
    her = town.newcomer("woman", "men", photo=False)
    photo = town.database.transact(photos.add, her, b"jpeg", NOW, status="pending")
    town.database.transact(safety_queries.open_review, her, "photo", NOW, photo.id)
    him = town.newcomer("man", "women")
    assert town.see(him) == 0
    (case,) = town.act(boss, moderation.queue)
    assert isinstance(case, Shown)
    assert case.photo_id == photo.id
    review = buttons(case)[0].press
    assert review.do == "approve"
    assert keys(town.act(boss, decisions.decide_review, review.to, approved=True))[0] == "admin.approved"
    assert town.see(him) == her
    assert len(town.mail()[her]) == 1
    assert keys(town.act(boss, decisions.decide_review, review.to, approved=False)) == ["admin.decided_already"]
    assert town.mail() == {}


@pytest.mark.parametrize("approved", [True, False])
def test_an_age_review_lets_the_member_go_on(town: Town, boss: int, approved: bool) -> None:
    her = town.newcomer("woman", "men")
    photo = town.database.transact(photos.add, her, b"jpeg", NOW, status="pending", facts={"face": {"age": 19.5}})
    town.database.transact(members.update, her, NOW, status="review")
    town.database.transact(members.set_step, her, "review", {"before": "active", "step": "edit.photo"}, NOW)
    town.database.transact(safety_queries.open_review, her, "minor", NOW, photo.id)
    (case,) = town.act(boss, moderation.queue)
    assert "19.5" in texts([case])[0]
    town.act(boss, decisions.decide_review, buttons(case)[0].press.to, approved=approved)  # type: ignore[arg-type]
    assert town.member(her).status == "active"
    assert (town.database.read(photos.by_id, photo.id).status) == ("approved" if approved else "rejected")  # type: ignore[union-attr]
    assert len(town.mail()[her]) == 1


@pytest.mark.parametrize("kind", ["minor", "photo"])
def test_a_child_in_any_photo_that_is_looked_at_can_be_erased(town: Town, boss: int, kind: ReviewKind) -> None:
    """Else "refuse" asks for another photo, and one that passes the estimator needs no admin any more."""
    her = town.newcomer("woman", "men")
    account = town.member(her).telegram_id
    photo = town.database.transact(photos.add, her, b"jpeg", NOW, status="pending")
    review = town.database.transact(safety_queries.open_review, her, kind, NOW, photo.id)
    (case,) = town.act(boss, moderation.queue)
    assert isinstance(case, Shown)
    assert [button.press.do for button in buttons(case)] == ["approve", "refuse", "under_age", "look", "reports"]
    (question,) = town.act(boss, decisions.ask_erase, review.id)
    assert presses([question]) == {"erase_yes", "reports"}
    assert town.database.read(members.by_id, her) is not None
    assert keys(town.act(boss, decisions.erase_minor, review.id)) == ["admin.erased", "admin.record.review", "admin.queue_empty"]
    assert town.database.read(members.by_id, her) is None
    assert town.database.transact(members.create, account, "ko", NOW).status == "frozen"
    assert [letter["key"].split(":")[0] for letter in town.mail()[0]] == ["erased"]
    for again in (decisions.ask_erase, decisions.erase_minor):
        assert keys(town.act(boss, again, review.id)) == ["admin.decided_already"]


def test_a_case_of_another_kind_erases_nobody(town: Town, boss: int) -> None:
    her = town.newcomer("woman", "men")
    review = town.database.transact(safety_queries.open_review, her, "verify", NOW)
    for attempt in (decisions.ask_erase, decisions.erase_minor):
        assert keys(town.act(boss, attempt, review.id)) == ["admin.decided_already"]
    assert town.database.read(members.by_id, her) is not None


def test_the_queue_goes_round_from_the_oldest_case(town: Town, boss: int) -> None:
    accused = [town.newcomer("man", "women") for _ in range(3)]
    reporter = town.newcomer("woman", "men")
    for him in accused:
        town.match(reporter, him)
        town.act(reporter, safety.report, him, "fake")
    seen, after = [], ""
    for _ in range(4):
        (case,) = town.act(boss, moderation.queue, after)
        dismiss, following = buttons(case)[0].press, buttons(case)[-1].press  # type: ignore[arg-type]
        seen.append(dismiss.to)
        after = following.choice
    assert seen[:3] == sorted(set(seen))
    assert seen[3] == seen[0]
    assert keys(town.act(boss, moderation.queue, "nonsense")) == ["admin.report"]


def test_figures_and_log_are_told_and_their_reading_is_on_record(town: Town, couple: tuple[int, int], boss: int) -> None:
    (said,) = town.act(boss, admin.stats)
    assert "Likes 2 · matches 1 (1 open, 1 in 24 h)" in texts([said])[0]
    town.act(boss, admin.recent)
    (log,) = town.act(boss, admin.recent)
    assert "stats.read" in texts([log])[0]
    assert actions(town) == ["stats.read", "audit.read", "audit.read"]


def test_a_broadcast_reaches_each_reachable_member_once_and_no_demo(town: Town, couple: tuple[int, int], boss: int) -> None:
    town.newcomer("woman", demo=True)
    town.newcomer("woman", reachable=False)
    replies = town.act(boss, broadcast.write, "Hello <b>all</b>")
    assert texts(replies)[1] == "📣 Hello &lt;b&gt;all&lt;/b&gt;"
    assert presses(replies) == {"broadcast_yes", "broadcast_no"}
    (send,) = (one.press.choice for reply in replies if isinstance(reply, Say) for one in buttons(reply) if one.press.do == "broadcast_yes")
    assert keys(town.act(boss, broadcast.send, send)) == ["admin.broadcast_sent"]
    assert keys(town.act(boss, broadcast.send, send)) == ["ask.passed"]
    assert sorted(town.mail()) == sorted(couple)


def test_a_broadcast_can_be_given_up(town: Town, couple: tuple[int, int], boss: int) -> None:
    assert keys(town.act(boss, broadcast.write, "")) == ["admin.broadcast_ask"]
    assert keys(town.act(boss, broadcast.write, "x" * 4000)) == ["admin.broadcast_long"]
    town.act(boss, broadcast.write, "Hello")
    assert keys(town.act(boss, broadcast.cancel)) == ["admin.broadcast_cancelled"]
    assert keys(town.act(boss, broadcast.send)) == ["ask.passed"]
    assert town.mail() == {}


def test_the_use_cases_of_admins_refuse_everybody_else(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for usecase, more in (
        (admin.stats, ()),
        (admin.recent, ()),
        (decisions.ban_command, (f"#{him}",)),
        (moderation.queue, ()),
        (broadcast.write, ("spam",)),
    ):
        with pytest.raises(PermissionError):
            town.act(her, usecase, *more)
    assert town.member(him).status == "active"
    assert actions(town) == []


def test_a_person_who_was_reported_and_skipped_does_not_come_back_by_likes(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    town.see(me)
    town.act(me, safety.report, her, "fake")
    town.database.transact(likes.mark, her, me, True, NOW)
    assert card(town.act(me, discover.show)) == 0
