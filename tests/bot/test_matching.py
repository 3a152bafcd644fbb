"""Likes and matches at the level of the use cases: hints, the news, and a state machine against a model."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.usecases import chats, discover, likes, names, safety
from bot.words import Words
from db import exposures, members, pairs
from db import likes as like_queries
from db.session import Database
from db.settings import DatabaseSettings
from tests.bot.meeting import Town, card, keys
from tests.db.people import NOW


def test_a_like_is_hinted_at_once_and_see_who_shows_that_person(town: Town) -> None:
    her = town.newcomer("woman", "men")
    suitors = [town.newcomer("man", "women") for _ in range(3)]
    for suitor in suitors:
        assert town.see(suitor) == her
        town.act(suitor, discover.answer, her, liked=True)
    hints = town.mail()[her]
    assert len(hints) == 1
    assert hints[0]["body"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "likes::"
    assert card(town.act(her, likes.show)) in suitors
    assert town.see(her) in suitors


def test_after_all_likes_were_answered_the_next_one_is_hinted_at_again(town: Town) -> None:
    her, first, second = town.newcomer("woman", "men"), town.newcomer("man", "women"), town.newcomer("man", "women")
    for suitor in (first, second):
        town.see(suitor)
        town.act(suitor, discover.answer, her, liked=True)
        assert [letter["key"] for letter in town.mail()[her]] == [f"liked:{suitor}"]
        assert card(town.act(her, likes.show)) == suitor
        town.act(her, discover.answer, suitor, liked=False)


def test_who_was_away_is_told_again_once_a_day(town: Town) -> None:
    her = town.newcomer("woman", "men")
    town.database.transact(members.update, her, NOW, last_active_at=NOW - dt.timedelta(days=3))
    for _ in range(4):
        suitor = town.newcomer("man", "women")
        town.see(suitor)
        town.act(suitor, discover.answer, her, liked=True)
    assert len(town.mail()[her]) == 2


def test_likes_that_no_longer_fit_are_counted_but_not_shown(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    assert keys(town.act(her, likes.show)) == ["likes.none"]
    town.see(him)
    town.act(him, discover.answer, her, liked=True)
    town.database.transact(members.update, her, NOW, age_min=50, age_max=60)
    assert keys(town.act(her, likes.show)) == ["likes.hidden"]


def test_a_match_is_told_to_both_once_and_opens_the_chat(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women", language="en")
    pair = town.match(her, him)
    mail = town.mail()
    for one, other in ((her, him), (him, her)):
        news = [letter for letter in mail[one] if letter["key"] == f"match:{pair.id}"]
        assert len(news) == 1
        assert news[0]["method"] == "sendPhoto"
        assert news[0]["photo_id"]
        assert news[0]["body"]["protect_content"] is True
        assert Words().text(names.partner(pair, one), town.member(one).language) in news[0]["body"]["caption"]
        assert str(town.member(other).telegram_id) not in str(news)
        assert town.member(one).active_pair_id == pair.id
    assert "It’s a match" in next(letter for letter in mail[him] if letter["method"] == "sendPhoto")["body"]["caption"]


@pytest.mark.parametrize("busy", ["chat", "question"])
def test_a_match_does_not_turn_what_is_typed_next_to_somebody_else(town: Town, busy: str) -> None:
    her, first, second = town.newcomer("woman", "men"), town.newcomer("man", "women"), town.newcomer("man", "women")
    if busy == "chat":
        before = town.match(her, first).id
    else:
        town.database.transact(members.set_step, her, "edit.about", {}, NOW)
        before = None
    pair = town.match(her, second)
    assert town.member(her).active_pair_id == before
    news = next(letter for letter in town.mail()[her] if letter["key"] == f"match:{pair.id}")
    assert news["body"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == f"open:{pair.id}:"


def test_partners_of_one_member_have_different_neutral_names_that_stay(town: Town) -> None:
    her = town.newcomer("woman", "men")
    found = [town.match(her, town.newcomer("man", "women")) for _ in range(12)]
    for language in ("ko", "en"):
        called = [Words().plain(names.partner(pair, her), language) for pair in found]
        assert len(set(called)) == len(called)
        again = [Words().plain(names.partner(pair, her), language) for pair in town.database.read(pairs.of_member, her)]
        assert sorted(again) == sorted(called)


def test_every_name_has_words() -> None:
    words = Words()
    for language in ("ko", "en"):
        called = {
            words.plain(names.word("name.whole", colour=names.word(f"name.colour.{a}"), animal=names.word(f"name.animal.{b}")), language)
            for a, b in itertools.product(range(names.COLOURS), range(names.ANIMALS))
        }
        assert len(called) == names.NAMES


def test_simultaneous_likes_make_one_match_with_one_piece_of_news_each(town: Town) -> None:
    couples = [(town.newcomer("woman", "men"), town.newcomer("man", "women")) for _ in range(10)]
    for her, him in couples:
        town.database.transact(exposures.add, her, him, NOW)
        town.database.transact(exposures.add, him, her, NOW)
    with ThreadPoolExecutor(4) as pool:
        taps = [(one, other) for her, him in couples for one, other in ((her, him), (him, her), (her, him))]
        list(pool.map(lambda tap: town.act(tap[0], discover.answer, tap[1], liked=True), taps))
    mail = town.mail()
    for her, him in couples:
        pair = town.database.read(pairs.between, her, him)
        assert pair is not None
        for one in (her, him):
            assert sum(letter["key"] == f"match:{pair.id}" for letter in mail[one]) == 1


class Meeting(RuleBasedStateMachine):
    """Three people like, skip, unmatch and block each other in any order; a plain model says what must be true."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="inyeon-meeting-"))
        shutil.copy(self.template, self.folder / "inyeon.db")
        self.database = Database(DatabaseSettings(url=f"sqlite:///{self.folder / 'inyeon.db'}"))
        self.database.open(upgrade=False)
        self.town = Town(self.database)
        self.mark: dict[tuple[int, int], bool] = {}
        self.open: set[frozenset[int]] = set()
        self.ever: set[frozenset[int]] = set()
        self.blocked: set[frozenset[int]] = set()

    @initialize()
    def people(self) -> None:
        self.ids = [self.town.newcomer("other", "everyone") for _ in range(3)]

    @rule(who=st.integers(0, 2), step=st.integers(1, 2), liked=st.booleans())
    def answer(self, who: int, step: int, liked: bool) -> None:
        one, other = self.ids[who], self.ids[(who + step) % 3]
        self.database.transact(exposures.add, one, other, NOW)
        both = frozenset((one, other))
        said = keys(self.town.act(one, discover.answer, other, liked=liked))
        if both in self.blocked or both in self.ever:
            assert said[0] in ("discover.gone", "discover.passed")
            return
        before, theirs = self.mark.get((one, other)), self.mark.get((other, one))
        second_thoughts = before is False and liked and theirs is True
        if before is not None and not second_thoughts:
            assert said == ["discover.passed"]
            return
        self.mark[one, other] = liked
        if liked and theirs:
            assert said == ["discover.matched"]
            self.open.add(both)
            self.ever.add(both)

    @rule(who=st.integers(0, 2), step=st.integers(1, 2))
    def unmatch(self, who: int, step: int) -> None:
        one, other = self.ids[who], self.ids[(who + step) % 3]
        pair = self.database.read(pairs.between, one, other)
        said = keys(self.town.act(one, chats.unmatch, pair.id if pair else 999))
        assert said == (["chats.unmatched"] if frozenset((one, other)) in self.open else ["chats.over"])
        self.open.discard(frozenset((one, other)))

    @rule(who=st.integers(0, 2), step=st.integers(1, 2))
    def block(self, who: int, step: int) -> None:
        one, other = self.ids[who], self.ids[(who + step) % 3]
        both = frozenset((one, other))
        if keys(self.town.act(one, safety.block, other)) == ["safety.blocked"]:
            self.blocked.add(both)
            self.open.discard(both)

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "ids"):
            return
        for one, other in itertools.combinations(self.ids, 2):
            pair = self.database.read(pairs.between, one, other)
            both = frozenset((one, other))
            assert (pair is not None) == (both in self.ever)
            assert (pair is not None and pair.open) == (both in self.open)
        for one in self.ids:
            active = self.town.member(one).active_pair_id
            assert active is None or active in {pair.id for pair in self.database.read(pairs.of_member, one)}
            shown = self.town.see(one)
            assert shown == 0 or ((one, shown) not in self.mark and frozenset((one, shown)) not in self.ever | self.blocked)

    @invariant()
    def news_come_once(self) -> None:
        if not hasattr(self, "ids"):
            return
        told: list[Any] = [(member, letter["key"]) for member, mail in self.town.mail().items() for letter in mail]
        self.seen = getattr(self, "seen", []) + told
        assert len(set(self.seen)) == len(self.seen)

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)


def test_likes_and_matches_against_a_model(_sqlite_template: Path) -> None:  # noqa: PT019 its value is used
    Meeting.template = _sqlite_template
    machine: Any = Meeting.TestCase
    machine.settings = settings(
        max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
    )
    machine("runTest").runTest()


def test_a_skip_tells_nobody(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.see(him)
    town.act(him, discover.answer, her, liked=False)
    assert town.mail() == {}
    assert town.database.read(like_queries.received, her) == []
