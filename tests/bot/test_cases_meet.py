"""Several cases about one member at once: deciding one answers that one, and leaves the others to whoever decides them."""

from __future__ import annotations

import pytest

from bot.replies import Clear
from bot.usecases import appeals, chats, decisions, freezing, hiding, safety
from db import erasure, members, pairs
from db import evidence as kept
from db import safety as safety_queries
from db.records import Review, ReviewKind
from tests.bot.meeting import ADMIN, Town, keys, presses, surroundings
from tests.db.people import NOW


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def hide(town: Town, member_id: int) -> None:
    town.database.transact(lambda connection: hiding.hide(connection, surroundings(town.now), town.member(member_id), "reports"))


def case(town: Town, kind: ReviewKind) -> Review:
    return next(one for one in town.database.read(safety_queries.reviews_open) if one.kind == kind)


def open_kinds(town: Town) -> set[str]:
    return {one.kind for one in town.database.read(safety_queries.reviews_open)}


def appeal(town: Town, member_id: int) -> Review:
    town.act(member_id, appeals.ask)
    assert keys(town.act(member_id, appeals.receive, "please look again")) == ["safety.appealed"]
    return case(town, "appeal")


def test_showing_somebody_again_answers_nothing_about_their_age(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    other = town.newcomer("woman", "men")
    town.match(other, him)
    town.act(other, safety.report, him, "rude")
    hide(town, him)
    town.act(her, safety.report, him, "minor")
    assert open_kinds(town) == {"hidden", "underage"}
    town.act(boss, decisions.decide_review, case(town, "hidden").id, approved=True)
    assert (town.member(him).status, town.member(him).hidden_at) == ("frozen", None)
    assert open_kinds(town) == {"underage"}
    (left,) = town.database.read(safety_queries.open_reports)
    assert left.reason == "minor"
    assert town.database.read(kept.of, left.id), "what the question of their age rests on"
    town.act(boss, decisions.decide_review, case(town, "underage").id, approved=True)
    assert (town.member(him).status, town.database.read(safety_queries.open_reports)) == ("active", [])


def test_knowing_an_age_does_not_show_again(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    hide(town, him)
    town.act(her, safety.report, him, "minor")
    town.act(boss, decisions.decide_review, case(town, "underage").id, approved=True)
    assert town.member(him).status == "active"
    assert town.member(him).hidden_at is not None
    assert open_kinds(town) == {"hidden"}


@pytest.mark.parametrize(
    ("reason", "kind"), [("lookalike", "lookalike"), ("hold", "hidden"), ("photo", "underage"), ("report", "underage")]
)
def test_the_case_that_a_freeze_opened_ends_it(town: Town, boss: int, reason: str, kind: ReviewKind) -> None:
    him = town.newcomer("man", "women")
    town.act(him, freezing.freeze, reason)
    assert open_kinds(town) == {kind} == {freezing.kind_of(reason)}
    town.act(boss, decisions.decide_review, case(town, kind).id, approved=True)
    assert town.member(him).status == "active"


def test_an_open_case_of_a_minor_is_enough_to_erase_them(town: Town, couple: tuple[int, int], boss: int) -> None:
    """Whoever was let go on by mistake while the case was open."""
    her, him = couple
    account = town.member(him).telegram_id
    town.act(her, safety.report, him, "minor")
    town.database.transact(members.update, him, NOW, status="active", frozen_reason=None)
    assert keys(town.act(boss, decisions.erase_minor, case(town, "underage").id)) == [
        "admin.erased",
        "admin.record.review",
        "admin.queue_empty",
    ]
    assert town.database.read(members.by_id, him) is None
    assert town.database.transact(members.create, account, "ko", NOW).status == "frozen", "and stays out"


def test_who_is_left_by_an_erased_minor_is_offered_no_report_of_nobody(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    town.act(her, safety.report, him, "minor")
    town.mail()
    town.act(boss, decisions.erase_minor, case(town, "underage").id)
    (news,) = town.mail()[her]
    assert news["key"].startswith("ended:")
    assert "reply_markup" not in news["body"], "the same as when somebody erases themselves"


@pytest.mark.parametrize("before", ["active", "paused"])
def test_thawed_in_the_midst_of_an_appeal(town: Town, boss: int, before: str) -> None:
    him = town.newcomer("man", "women")
    town.database.transact(members.update, him, NOW, status=before)
    town.database.transact(members.set_step, him, "edit.about", {"resume": "", "kept": {}}, NOW)
    town.act(him, freezing.freeze, "words")
    town.act(him, appeals.ask)
    town.act(boss, decisions.decide_review, case(town, "underage").id, approved=True)
    thawed = town.member(him)
    assert (thawed.status, thawed.step, dict(thawed.draft)) == (before, "edit.about", {"resume": "", "kept": {}})


def test_a_granted_appeal_leaves_what_hid_them_to_its_own_case(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    hide(town, him)
    town.act(her, safety.report, him, "minor")
    town.act(boss, decisions.decide_review, appeal(town, him).id, approved=True)
    assert town.member(him).status == "active"
    assert town.member(him).hidden_at is not None
    assert open_kinds(town) == {"hidden"}
    town.act(boss, decisions.decide_review, case(town, "hidden").id, approved=True)
    assert town.member(him).hidden_at is None


def test_a_granted_appeal_against_a_hold_shows_again(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    hide(town, him)
    town.act(her, safety.report, him, "rude")
    (filed,) = town.database.read(safety_queries.open_reports)
    town.act(boss, decisions.decide_report, filed.id, "freeze")
    town.act(boss, decisions.decide_review, appeal(town, him).id, approved=True)
    assert (town.member(him).status, town.member(him).hidden_at) == ("active", None)
    assert open_kinds(town) == set()


def test_an_ended_chat_can_still_be_blocked(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    third = town.newcomer("man", "women")
    town.match(her, third)
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.act(him, chats.unmatch, pair.id)
    (question,) = town.act(her, safety.ask_block, pair.id)
    assert keys([question]) == ["safety.block_ask"]
    town.mail()
    assert keys(town.act(her, safety.block, him)) == ["safety.blocked"]
    assert town.database.read(safety_queries.blocked_between, her, him)
    assert town.mail() == {}, "they know already that it is over"
    assert keys(town.act(her, chats.ask_unmatch, pair.id)) == ["chats.over"]


@pytest.mark.parametrize("usecase", [safety.ask_block, safety.ask_report, chats.ask_unmatch])
def test_the_button_of_a_chat_that_is_gone_leads_into_no_other(town: Town, couple: tuple[int, int], usecase: object) -> None:
    her, him = couple
    third = town.newcomer("man", "women")
    town.match(her, third)
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.database.transact(erasure.erase, him, NOW)
    said = town.act(her, usecase, pair.id)  # type: ignore[arg-type]
    assert keys(said) == ["chats.over"]
    assert isinstance(said[-1], Clear)
    assert presses(said) == set()
    assert keys(town.act(her, usecase)) != ["chats.over"]  # type: ignore[arg-type]
