"""What follows a report: evidence with a short life, one decision of one admin; and after an end nothing goes between the two."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from bot.incoming import Incoming
from bot.replies import Notice, Shown
from bot.usecases import chats, couple_links, decisions, evidence, likes, moderation, relay, safety
from db import audit, erasure, exposures, members, outbox, pairs, photos
from db import evidence as kept
from db import likes as like_queries
from db import moderation as cases
from db import safety as safety_queries
from db.records import Report
from tests.bot.meeting import ADMIN, Town, keys, presses, surroundings, texts
from tests.bot.two import give, token
from tests.db.people import NOW


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def say(town: Town, member_id: int, text: str, number: int, **more: Any) -> list[str]:
    return keys(town.act(member_id, relay.receive, Incoming(number, "text", text, **more)))


def report(town: Town, her: int, him: int, reason: str = "rude") -> Report:
    town.act(her, safety.report, him, reason)
    return next(one for one in town.database.read(safety_queries.open_reports) if one.reporter_id == her and one.reported_id == him)


def relayed(town: Town) -> list[str]:
    """What goes from one to the other of what waits."""
    apart = ("relay", "edit", "match", "react", "nudge", "liked", "poll")
    return [letter["key"] for letters in town.mail().values() for letter in letters if letter["key"].startswith(apart)]


def test_evidence_is_what_was_said_then(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    say(town, him, "old", 1)
    town.now += dt.timedelta(hours=49)
    say(town, him, "send <b>money</b>", 2)
    say(town, her, "no", 2)
    filed = report(town, her, him, "scam")
    town.act(him, relay.edited, Incoming(2, "text", "I love tea"))
    (said,) = town.act(boss, moderation.look_evidence, filed.id)
    shown = texts([said])[0]
    assert "send &lt;b&gt;money&lt;/b&gt;" in shown
    assert "old" not in shown
    assert "tea" not in shown
    assert said.protect
    assert presses([said]) == {"evidence_pics", "case"}
    pictures = town.act(boss, moderation.look_pictures, filed.id)
    assert [type(reply) for reply in pictures] == [Shown]
    actions = [row.action for row in town.database.read(audit.recent, 10)]
    assert actions[:2] == ["evidence.pictures", "evidence.read"]


def test_evidence_is_for_admins(town: Town, couple: tuple[int, int], boss: int) -> None:
    filed = report(town, *couple)
    for usecase in (moderation.look_evidence, moderation.look_pictures, moderation.case, moderation.look):
        with pytest.raises(PermissionError):
            town.act(couple[0], usecase, filed.id)
    with pytest.raises(PermissionError):
        town.act(couple[0], decisions.decide_report, filed.id, "uphold")


@pytest.mark.parametrize(("do", "days"), [("dismiss", 0), ("warn", 30)])
def test_evidence_is_destroyed_with_its_key(town: Town, couple: tuple[int, int], boss: int, do: str, days: int) -> None:
    filed = report(town, *couple)
    town.act(boss, decisions.decide_report, filed.id, do)
    assert bool(town.database.read(kept.of, filed.id)) == (days > 0)
    town.database.transact(kept.forget_before, NOW + dt.timedelta(days=days, minutes=1))
    assert town.database.read(kept.of, filed.id) == []
    assert keys(town.act(boss, moderation.look_evidence, filed.id)) == ["admin.evidence.gone"]


def test_evidence_of_what_nobody_decides_goes_too(town: Town, couple: tuple[int, int]) -> None:
    filed = report(town, *couple)
    town.database.transact(kept.forget_before, NOW + dt.timedelta(days=evidence.LONGEST - 1))
    assert town.database.read(kept.of, filed.id)
    town.database.transact(kept.forget_before, NOW + dt.timedelta(days=evidence.LONGEST + 1))
    assert town.database.read(kept.of, filed.id) == []


def test_erasing_oneself_undoes_no_report(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    account = town.member(him).telegram_id
    say(town, him, "awful words", 1)
    filed = report(town, her, him)
    town.database.transact(erasure.erase, him, NOW)
    (case,) = town.act(boss, moderation.queue)
    assert {"dismiss", "uphold", "evidence"} <= presses([case])
    assert "awful words" in texts(town.act(boss, moderation.look_evidence, filed.id))[0]
    town.act(boss, decisions.decide_report, filed.id, "uphold")
    assert town.database.transact(members.create, account, "en", NOW).status == "banned"


@pytest.mark.parametrize(
    ("do", "status", "hidden", "told"),
    [
        ("dismiss", "active", False, []),
        ("warn", "active", False, ["warned"]),
        ("hide", "active", True, []),
        ("freeze", "frozen", False, ["frozen"]),
        ("uphold", "banned", False, ["banned"]),
    ],
)
def test_one_tap_each(town: Town, couple: tuple[int, int], boss: int, do: str, status: str, hidden: bool, told: list[str]) -> None:
    her, him = couple
    filed = report(town, her, him)
    town.mail()
    said = town.act(boss, decisions.decide_report, filed.id, do)
    assert keys(said)[0] == f"admin.done.{do}"
    assert (town.member(him).status, town.member(him).hidden_at is not None) == (status, hidden)
    assert [letter["key"].split(":")[0] for letter in town.mail().get(him, [])] == told
    decided = town.database.read(safety_queries.report_by_id, filed.id)
    assert decided is not None
    assert decided.state == decisions.STATES[do]
    for other in decisions.STATES:
        assert keys(town.act(boss, decisions.decide_report, filed.id, other)) == ["admin.decided_already"]
    assert town.member(him).status == status


def test_two_admins_at_once_decide_once(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    filed = report(town, her, him)
    town.mail()
    said: list[list[str]] = []
    both = threading.Barrier(2)

    def press() -> None:
        both.wait()
        said.append(keys(town.act(boss, decisions.decide_report, filed.id, "warn")))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer[0] for answer in said) == ["admin.decided_already", "admin.done.warn"]
    assert len(town.mail()[him]) == 1


def test_a_ban_decides_all_that_is_open_about_somebody(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    other = town.newcomer("woman", "men")
    town.match(other, him)
    filed = [report(town, her, him), report(town, other, him)]
    town.act(boss, decisions.decide_report, filed[0].id, "uphold")
    assert town.database.read(safety_queries.open_reports) == []
    assert town.database.read(cases.outcomes, [her, other]) == {her: (1, 0), other: (1, 0)}


def test_admins_are_not_decided_about(town: Town, boss: int) -> None:
    her = town.newcomer("woman", "men")
    town.database.transact(exposures.add, her, boss, NOW)
    town.act(her, safety.report, boss, "rude")
    (filed,) = town.database.read(safety_queries.open_reports)
    (said,) = town.act(boss, decisions.decide_report, filed.id, "uphold")
    assert isinstance(said, Notice)
    assert town.member(boss).status != "banned"


@pytest.mark.parametrize("how", ["block", "unmatch", "ban", "freeze"])
def test_what_waited_dies_with_the_chat(town: Town, couple: tuple[int, int], boss: int, how: str) -> None:
    her, him = couple
    third = town.newcomer("woman", "men")
    town.match(him, third)
    town.mail()
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    for member_id in (her, him):
        town.act(member_id, chats.enter, pair.id)
        say(town, member_id, "hi", 1)
        town.act(member_id, relay.edited, Incoming(1, "text", "hi!", mark="9"))
    say(town, third, "still mine", 1)
    if how == "block":
        town.act(her, safety.block, him)
    elif how == "unmatch":
        town.act(her, chats.unmatch, pair.id)
    elif how == "ban":
        town.act(boss, decisions.ban_command, f"#{him}")
    else:
        filed = report(town, her, him)
        town.act(boss, decisions.decide_report, filed.id, "freeze")
    waits = relayed(town)
    assert len(waits) == (1 if how in ("block", "unmatch") else 0), "another chat goes on"


@pytest.mark.parametrize("how", ["block", "unmatch"])
@pytest.mark.parametrize("who", [0, 1])
def test_nothing_goes_between_two_after_the_end(town: Town, couple: tuple[int, int], boss: int, how: str, who: int) -> None:
    her, him = couple
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    say(town, her, "hi", 1)
    say(town, him, "hello", 2)
    town.mail()
    if how == "block":
        town.act(couple[who], safety.block, couple[1 - who])
    else:
        town.act(couple[who], chats.unmatch, pair.id)
    town.mail()
    for member_id, own, theirs in ((her, 1, 7000), (him, 2, 7000)):
        say(town, member_id, "again", 50)
        for copy in range(theirs, theirs + 40):
            say(town, member_id, "an answer", 51, reply_to=copy)
        say(town, member_id, "to my own", 52, reply_to=own)
        town.act(member_id, relay.edited, Incoming(own, "text", "changed", mark="3"))
        assert keys(town.act(member_id, chats.enter, pair.id)) == ["chats.over"]
        assert keys(town.act(member_id, chats.profile, pair.id)) == ["chats.over"]
    for one, other in ((her, him), (him, her)):
        town.database.transact(like_queries.mark, one, other, True, NOW)
        assert town.see(one) == 0
        assert keys(town.act(one, likes.show)) == ["likes.none"]
    again = town.database.read(pairs.between, her, him)
    assert again is not None
    assert not again.open
    assert relayed(town) == []


def test_a_couples_photo_does_not_lead_around_a_block(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    link = token(give(town, her))
    town.act(him, couple_links.open_link, link)
    town.act(her, safety.block, him)
    town.mail()
    assert keys(town.act(him, couple_links.confirm, link))[0] in ("couple.link.unknown", "couple.link.used")
    other = token(give(town, her))
    assert keys(town.act(him, couple_links.open_link, other)) == ["couple.link.unknown"]
    assert town.mail() == {}


def test_a_pair_that_ended_stays_silent_for_the_outbox_only(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    say(town, her, "hi", 1)
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    assert town.database.transact(cases.silence, pair.id, NOW) == 1
    assert town.database.transact(cases.silence, pair.id, NOW) == 0
    assert town.database.transact(cases.silence, 10**6, NOW) == 0
    assert town.database.read(outbox.waiting) == 0
    assert len(town.database.read(photos.of, her)) == 1
    assert surroundings().safety.hide_after == 3
