"""Whoever erases themselves and comes back: what was final stays final, and what was asked about them is asked still."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.usecases import chats, decisions, discover, likes, moderation, privacy, safety
from db import accounts, audit, erasure, export, members, pairs
from db import likes as like_queries
from db import safety as safety_queries
from db.session import Database
from db.tables import tombstones
from tests.bot.meeting import ADMIN, Town, keys, presses
from tests.bot.newcomer import Newcomer, selfie
from tests.db.people import NOW, person


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def leave(town: Town, member_id: int) -> int:
    """/delete; which Telegram account it was."""
    member = town.member(member_id)
    account, said = member.telegram_id, "delete.done_closed" if member.status in ("banned", "frozen") else "delete.done"
    assert keys(town.act(member_id, privacy.delete, "now")) == [said]
    return account


def come_back(town: Town, account: int, gender: str = "man", seeks: str = "women") -> int:
    """/start, and everything answered as before."""
    return town.database.transact(person, gender, seeks, account=account).id


def part(town: Town, one: int, other: int, how: str) -> None:
    """`one` ends it with `other`."""
    if how == "block":
        assert keys(town.act(one, safety.block, other)) == ["safety.blocked"]
        return
    pair = town.database.read(pairs.between, one, other)
    assert pair is not None
    assert keys(town.act(one, chats.unmatch, pair.id)) == ["chats.unmatched"]


@pytest.mark.parametrize("how", ["block", "unmatch"])
@pytest.mark.parametrize("who", [0, 1])
def test_what_was_ended_for_good_outlives_the_account_of_either(town: Town, couple: tuple[int, int], how: str, who: int) -> None:
    """Else /delete and /start would put whoever was blocked on the card of the one who blocked them again."""
    her, him = couple
    part(town, couple[who], couple[1 - who], how)
    for _ in range(2):
        him = come_back(town, leave(town, him))
        assert (town.see(her), town.see(him)) == (0, 0)
    assert town.database.read(safety_queries.blocked_between, her, him)
    town.database.transact(like_queries.mark, him, her, True, NOW)
    assert keys(town.act(her, likes.show)) == ["likes.none"]
    assert keys(town.act(her, discover.answer, him, liked=True)) == ["discover.passed"]


def test_a_chat_that_ends_with_the_account_alone_keeps_nobody_apart(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    assert town.see(come_back(town, leave(town, him))) == her


def test_who_ended_it_stays_known(town: Town, couple: tuple[int, int]) -> None:
    """The copy of their data tells members whom they blocked, and nothing of who blocked them."""
    her, him = couple
    part(town, her, him, "block")
    him = come_back(town, leave(town, him))
    assert _blocked_by(town, her) == [him]
    assert _blocked_by(town, him) == []
    her = come_back(town, leave(town, her), "woman", "men")
    assert _blocked_by(town, her) == [him]
    assert _blocked_by(town, him) == []


def _blocked_by(town: Town, member_id: int) -> list[int]:
    found = town.database.read(export.company, member_id)["blocks"]
    return [row["blocked_id"] for row in found]


def test_a_ban_reaches_whoever_is_back_already(town: Town, couple: tuple[int, int], boss: int) -> None:
    her, him = couple
    town.act(her, safety.report, him, "scam")
    (filed,) = town.database.read(safety_queries.open_reports)
    bystanders = [town.newcomer("man", "women") for _ in range(2)]
    account = leave(town, him)
    him = come_back(town, account)
    (case,) = town.act(boss, moderation.queue)
    assert {"dismiss", "uphold"} <= presses([case])
    assert keys(town.act(boss, decisions.decide_report, filed.id, "uphold"))[0] == "admin.done.uphold"
    assert town.member(him).status == "banned"
    assert [letter["key"].split(":")[0] for letter in town.mail()[him]] == ["banned"]
    assert [town.member(one).status for one in (her, *bystanders)] == ["active"] * 3
    assert town.database.transact(members.create, leave(town, him), "ko", NOW).status == "banned"


def test_a_ban_finds_the_one_account_among_many(town: Town) -> None:
    everybody = [town.newcomer() for _ in range(7)]
    for sought in (everybody[0], everybody[-1]):
        account = town.database.read(accounts.hashed, town.member(sought).telegram_id)
        assert town.database.read(members.by_account, account, NOW, chunk=3) == town.member(sought)
        later = NOW + 2 * members.SLACK
        assert town.database.read(members.by_account, account, later, chunk=3) is None, "only who was made since then is looked at"
    assert town.database.read(members.by_account, town.database.read(accounts.hashed, 1), NOW, chunk=3) is None


def test_whoever_was_in_review_for_their_age_comes_back_frozen(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("photo")
    newcomer.send(selfie("minor"))
    newcomer.send(selfie("minor"))
    assert newcomer.me.status == "review"
    account = leave(newcomer.town, newcomer.id)
    back = database.transact(members.create, account, "ko", NOW)
    assert (back.status, back.step) == ("frozen", "frozen")


def test_a_doubt_is_remembered_over_an_erasure(database: Database) -> None:
    """Else a child could try one photo after the other, with /delete in between, until one passes."""
    newcomer = Newcomer(database)
    newcomer.upto("photo")
    newcomer.send(selfie("minor"))
    for _ in range(2):
        account = leave(newcomer.town, newcomer.id)
        newcomer.id = database.transact(members.create, account, "en", newcomer.town.now).id
        assert newcomer.me.status == "onboarding"
    newcomer.upto("photo")
    assert keys(newcomer.send(selfie("minor"))) == ["photo.minor_review"]


def test_a_doubt_is_forgotten_in_time(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("photo")
    newcomer.send(selfie("minor"))
    account = leave(newcomer.town, newcomer.id)
    newcomer.later(days=31)
    newcomer.id = database.transact(members.create, account, "en", newcomer.town.now).id
    newcomer.upto("photo")
    assert keys(newcomer.send(selfie("minor"))) == ["photo.problem.minor"]


def test_doubts_of_those_who_never_return_go_too(town: Town) -> None:
    one, other = town.newcomer(), town.newcomer()
    town.database.transact(audit.add, "system", erasure.DOUBTED, audit.member(one), NOW)
    leave(town, one)
    town.now += 2 * erasure.MEMORY
    leave(town, other)
    assert town.database.read(lambda connection: connection.execute(select(tombstones)).all()) == []


def test_a_ban_goes_over_a_doubt(town: Town) -> None:
    him = town.newcomer("man", "women")
    town.database.transact(audit.add, "system", erasure.DOUBTED, audit.member(him), NOW)
    account = leave(town, him)
    town.database.transact(safety_queries.bury, town.database.read(accounts.hashed, account), "banned", NOW)
    assert town.database.transact(members.create, account, "ko", NOW).status == "banned"
