"""Levels of trust and what they may do a day; and how much reports weigh before somebody is hidden."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from bot.incoming import Incoming
from bot.replies import Notice
from bot.settings import SafetySettings
from bot.usecases import chats, decisions, discover, hiding, likes, moderation, relay, safety, trust
from db import members, pairs
from db import safety as safety_queries
from db.records import Pair
from db.session import Connection
from db.tables import members as member_table
from tests.bot.meeting import ADMIN, Town, keys, surroundings
from tests.db.people import NOW, person

OLD = NOW - dt.timedelta(days=30)


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def known(town: Town, gender: str = "woman", seeks: str = "men", **fields: object) -> int:
    """A member who has been here for a while."""
    town.now = NOW
    made = town.newcomer(gender, seeks, **fields)
    town.now = NOW + dt.timedelta(days=30)
    return made


def pair_of(town: Town, one: int, other: int) -> Pair:
    found = town.database.read(pairs.between, one, other)
    assert found is not None
    return found


def refusal(town: Town, member_id: int, pair: Pair, kind: str = "text", links: bool = False) -> str | None:
    context = surroundings(town.now)
    found = town.database.read(lambda connection: trust.refusal(connection, context, town.member(member_id), pair, kind, links))
    return None if found is None else found.key


def test_levels_follow_from_the_row() -> None:
    context = surroundings()
    assert trust.limits(context, "new").rate < trust.limits(context, "known").rate == context.matching.message_rate
    assert trust.limits(context, "new").likes < trust.limits(context, "known").likes < trust.limits(context, "verified").likes


def test_new_known_verified_hidden(town: Town) -> None:
    her = town.newcomer("woman", "men")
    context = surroundings(NOW)
    assert trust.level(context, town.member(her)) == "new"
    later = surroundings(NOW + dt.timedelta(days=4))
    assert trust.level(later, town.member(her)) == "known"
    member = replace(town.member(her), verified=True)
    assert trust.level(context, member) == "verified"
    assert trust.level(context, replace(member, hidden_at=NOW)) == "new"


def test_links_and_photos_wait_until_both_wrote(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    pair = pair_of(town, her, him)
    assert refusal(town, her, pair) is None
    assert refusal(town, her, pair, "photo") == "trust.photos"
    assert refusal(town, her, pair, links=True) == "trust.links"
    town.act(her, relay.receive, Incoming(1, "text", "hi"))
    assert refusal(town, her, pair, "photo") == "trust.photos", "one of them is not both"
    town.act(him, relay.receive, Incoming(1, "text", "hi"))
    assert refusal(town, her, pair, "photo") is refusal(town, her, pair, links=True) is None


def test_verified_members_may_at_once(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.database.transact(members.update, her, NOW, verified=True)
    pair = pair_of(town, her, him)
    assert refusal(town, her, pair, "video") is refusal(town, her, pair, links=True) is None


def test_a_known_members_text_costs_no_query(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    pair, later = pair_of(town, her, him), surroundings(NOW + dt.timedelta(days=9))
    assert trust.refusal(None, later, town.member(her), pair, "text", links=False) is None  # type: ignore[arg-type]


def test_a_new_member_begins_few_chats_a_day(town: Town) -> None:
    her = town.newcomer("woman", "men")
    partners = [town.newcomer("man", "women") for _ in range(6)]
    for number, him in enumerate(partners):
        pair = town.match(her, him)
        town.act(her, chats.enter, pair.id)
        expected = "trust.chats" if number == 5 else None
        assert refusal(town, her, pair) == expected
        if expected is None:
            town.act(her, relay.receive, Incoming(number + 1, "text", "hi"))
            assert refusal(town, her, pair) is None, "a chat that was begun goes on"
    town.now += dt.timedelta(days=1, hours=1)
    assert refusal(town, her, pair) is None


def test_likes_a_day_by_level(town: Town) -> None:
    me = town.newcomer("man", "women")
    small = replace(surroundings(NOW), safety=SafetySettings(likes_new=2, likes_known=3))
    people = [town.newcomer("woman", "men") for _ in range(5)]

    def like(context: object) -> list[str]:
        seen = town.see(me)
        assert seen in people
        return keys(town.database.transact(lambda c: discover.answer(c, context, town.member(me), seen, liked=True)))  # type: ignore[arg-type]

    assert "trust.likes" not in like(small) + like(small)
    assert like(small) == ["trust.likes"]
    later = replace(small, now=NOW + dt.timedelta(hours=23))
    assert like(later) == ["trust.likes"]
    assert "trust.likes" not in like(replace(small, now=NOW + dt.timedelta(hours=25)))
    skipped = town.see(me)
    assert skipped
    assert keys(town.act(me, discover.answer, skipped, liked=False))[:1] != ["trust.likes"], "a skip is never refused"


def test_reports_a_day(town: Town) -> None:
    her = town.newcomer("woman", "men")
    for number in range(6):
        him = town.newcomer("man", "women")
        town.match(her, him)
        (first, *_) = town.act(her, safety.report, him, "other")
        assert isinstance(first, Notice) == (number == 5)
        assert keys([first]) == ["trust.reports" if number == 5 else "safety.reported"]


def file(town: Town, him: int, reporters: list[int]) -> None:
    for her in reporters:
        if town.database.read(pairs.between, her, him) is None:
            town.match(her, him)
        town.act(her, safety.report, him, "rude")


def test_three_known_members_hide_and_an_admin_shows_again(town: Town, boss: int) -> None:
    reporters = [known(town) for _ in range(3)]
    him, fan = known(town, "man", "women"), known(town)
    file(town, him, reporters[:2])
    assert town.see(fan) == him
    file(town, him, reporters[2:])
    assert town.member(him).hidden_at is not None
    assert town.see(fan) == 0
    assert keys(town.act(fan, discover.answer, him, liked=True))[:1] == ["discover.gone"]
    assert keys(town.act(him, discover.show)) == keys(town.act(him, likes.show)) == ["access.hidden"]
    pair = pair_of(town, him, reporters[0])
    town.act(him, chats.enter, pair.id)
    assert keys(town.act(him, relay.receive, Incoming(1, "text", "hi"))) == [], "they talk on"
    (review,) = town.database.read(safety_queries.reviews_open)
    assert review.kind == "hidden"
    town.act(boss, decisions.decide_review, review.id, approved=True)
    assert town.member(him).hidden_at is None
    assert town.database.read(safety_queries.open_reports) == [], "what was looked at counts no more"
    assert town.see(fan) == him


@pytest.mark.parametrize("how", ["new accounts", "friends", "one again and again", "dismissed before"])
def test_brigades_move_little(town: Town, boss: int, how: str) -> None:
    him = known(town, "man", "women")
    if how == "new accounts":
        town.now = NOW + dt.timedelta(days=30)
        reporters = [town.database.transact(_fresh, town) for _ in range(5)]
    elif how == "friends":
        reporters = [known(town, "woman", "everyone") for _ in range(5)]
        for one, other in itertools.pairwise(reporters):
            town.match(one, other)
    elif how == "one again and again":
        reporters = [known(town)] * 5
    else:
        reporters = [known(town) for _ in range(5)]
        for her in reporters:
            victim = known(town, "man", "women")
            file(town, victim, [her])
            (report,) = town.database.read(safety_queries.open_reports)
            town.act(boss, decisions.decide_report, report.id, "dismiss")
    file(town, him, reporters)
    assert town.member(him).hidden_at is None


def _fresh(connection: Connection, town: Town) -> int:
    made = person(connection, "woman", "men")
    connection.execute(member_table.update().where(member_table.c.id == made.id).values(created_at=town.now))
    return made.id


def test_who_was_found_out_lately_is_as_good_as_new(town: Town, boss: int) -> None:
    him, her = known(town, "man", "women"), known(town)
    file(town, him, [her])
    (report,) = town.database.read(safety_queries.open_reports)
    town.act(boss, decisions.decide_report, report.id, "warn")
    context = surroundings(town.now)
    assert town.database.read(trust.weighed, context, town.member(him)) == "new"
    assert town.database.read(trust.weighed, context, town.member(her)) == "known"
    assert hiding.credit(1, 0) == 1.0


def test_admins_read_a_profile_with_its_record(town: Town, boss: int) -> None:
    him, her = known(town, "man", "women"), known(town)
    file(town, him, [her])
    (said, *photos) = town.act(boss, moderation.look, him)
    assert keys([said]) == ["admin.profile"]
    assert len(photos) == 1
    with pytest.raises(PermissionError):
        town.act(her, moderation.look, him)
