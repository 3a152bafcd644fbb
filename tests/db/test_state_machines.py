"""Property tests: random histories of likes and of the outbox against models that are a few lines of plain Python.

They run on SQLite; the other tests of this folder show that both databases answer alike.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from db import likes, members, outbox, pairs, safety
from db.session import Database
from db.settings import DatabaseSettings
from tests.db.people import NOW, person

PEOPLE = 4
places = st.integers(0, PEOPLE - 1)


class Fresh(RuleBasedStateMachine):
    """A database of its own with a few people."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(DatabaseSettings(url=f"sqlite:///{Path(self.folder.name) / 'inyeon.db'}"))
        self.database.open()
        self.people = [self.database.transact(person) for _ in range(PEOPLE)]
        self.ids = [member.id for member in self.people]

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


class Likes(Fresh):
    """Marks, pairs and blocks: a pair is made at most once, exactly when both like each other and nobody blocked."""

    @initialize()
    def begin(self) -> None:
        self.marks: dict[tuple[int, int], bool] = {}
        self.open: dict[frozenset[int], bool] = {}
        self.blocked: set[frozenset[int]] = set()

    @rule(who=places, whom=places, liked=st.booleans())
    def mark(self, who: int, whom: int, liked: bool) -> None:
        one, two = self.ids[who], self.ids[whom]
        if one == two:
            with pytest.raises(ValueError, match="themselves"):
                self.database.transact(likes.mark, one, two, liked, NOW)
            return
        both = frozenset((one, two))
        before, back = self.marks.get((one, two)), self.marks.get((two, one))
        counts = both not in self.blocked and (before is None or (before is False and liked and back is True))
        if counts:
            self.marks[one, two] = liked
        match = counts and liked and back is True
        if match:
            assert both not in self.open
            self.open[both] = True
        outcome = self.database.transact(likes.mark, one, two, liked, NOW)
        assert (outcome.first, outcome.match is not None) == (counts, match)

    @rule(who=places, whom=places)
    def end(self, who: int, whom: int) -> None:
        both = frozenset((self.ids[who], self.ids[whom]))
        if len(both) == 2:
            pair = self.database.read(pairs.between, *both)
            assert (pair is not None) == (both in self.open)
            if pair is not None:
                assert self.database.transact(pairs.end, pair.id, self.ids[who], "unmatch", NOW) == self.open[both]
                self.open[both] = False

    @rule(who=places, whom=places)
    def block(self, who: int, whom: int) -> None:
        both = frozenset((self.ids[who], self.ids[whom]))
        if len(both) == 2:
            self.database.transact(safety.block, self.ids[who], self.ids[whom], NOW)
            self.blocked.add(both)
            if both in self.open:
                self.open[both] = False

    @rule(where=places)
    def look(self, where: int) -> None:
        member = self.people[where]
        mine = {both for both, is_open in self.open.items() if is_open and member.id in both}
        assert {frozenset((pair.lo, pair.hi)) for pair in self.database.read(pairs.of_member, member.id)} == mine
        likers = {
            one
            for (one, two), liked in self.marks.items()
            if two == member.id and liked and (two, one) not in self.marks and frozenset((one, two)) not in self.blocked
        }
        assert set(self.database.read(likes.received, member.id)) == likers
        others = set(self.ids) - {member.id}
        hidden = {other for other in others if (member.id, other) in self.marks or frozenset((member.id, other)) in self.blocked}
        shown = self.database.read(members.candidates, member, NOW, 10)
        assert {candidate.member.id for candidate in shown} == others - hidden
        assert {candidate.member.id for candidate in shown if candidate.liked_me} == likers


class Outbox(Fresh):
    """Lanes: a row is leased only as the first of its lane, when it is due and nobody holds it; nothing is lost."""

    leased = Bundle("leased")

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.lanes: dict[int, list[dict[str, object]]] = {member.telegram_id: [] for member in self.people}
        self.count = dict.fromkeys(self.lanes, 0)
        self.keys: set[tuple[int, str]] = set()
        self.rows: dict[int, tuple[int, dict[str, object]]] = {}

    @rule(where=places, key=st.sampled_from("abcdefghijkl"))
    def put(self, where: int, key: str) -> None:
        member = self.people[where]
        new = (member.telegram_id, key) not in self.keys
        assert self.database.transact(outbox.put, member.id, "sendMessage", {"text": key}, key, self.now) == new
        if new:
            self.keys.add((member.telegram_id, key))
            self.count[member.telegram_id] += 1
            self.lanes[member.telegram_id].append(
                {"seq": self.count[member.telegram_id], "key": key, "due": self.now, "until": None, "attempts": 0}
            )

    @rule(target=leased, limit=st.integers(1, PEOPLE), seconds=st.integers(1, 20))
    def lease(self, limit: int, seconds: int) -> list[int]:
        free = {
            telegram_id: lane[0]
            for telegram_id, lane in self.lanes.items()
            if lane and lane[0]["due"] <= self.now and (lane[0]["until"] is None or lane[0]["until"] <= self.now)  # type: ignore[operator]
        }
        rows = self.database.transact(outbox.lease, "worker", self.now, seconds, limit)
        assert len(rows) == min(limit, len(free))
        for row in rows:
            model = free.pop(row.telegram_id)
            model["until"] = self.now + dt.timedelta(seconds=seconds)
            model["attempts"] = int(str(model["attempts"])) + 1
            assert (row.seq, row.dedup_key, row.attempts, row.payload) == (
                model["seq"],
                model["key"],
                model["attempts"],
                {"text": model["key"]},
            )
            self.rows[row.id] = (row.telegram_id, model)
        return [row.id for row in rows]

    @rule(ids=leased, fate=st.sampled_from(["done", "dead", "retry"]), seconds=st.integers(0, 10))
    def settle(self, ids: list[int], fate: str, seconds: int) -> None:
        for row_id in ids:
            telegram_id, model = self.rows[row_id]
            waits = model in self.lanes[telegram_id]
            if fate == "retry":
                due = self.now + dt.timedelta(seconds=seconds)
                assert self.database.transact(outbox.retry, row_id, due) == waits
                model.update(due=due, until=None)
                continue
            if fate == "done":
                assert self.database.transact(outbox.done, row_id, self.now) == waits
            else:
                assert self.database.transact(outbox.dead, row_id, "refused", self.now) == waits
            if waits:
                self.lanes[telegram_id].remove(model)

    @rule(seconds=st.integers(1, 15))
    def time_passes(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.database.read(outbox.waiting) == sum(len(lane) for lane in self.lanes.values())


FEW = settings(max_examples=25, stateful_step_count=40)
TestLikes = Likes.TestCase
TestLikes.settings = FEW
TestOutbox = Outbox.TestCase
TestOutbox.settings = FEW
