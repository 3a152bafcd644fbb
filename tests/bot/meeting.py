"""Members who meet, without Telegram: a context, and what waits for whom."""

from __future__ import annotations

import datetime as dt
import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.context import Context
from bot.learning import LearnedInUse
from bot.replies import Button, Replies, Say, Shown
from bot.settings import MatchingSettings
from bot.usecases import discover
from bot.words import Words
from db import exposures, members, outbox, pairs
from db.records import Member, Pair
from db.session import Connection, Database
from engine.affinity import Affinity
from engine.matching.settings import RankingSettings
from engine.types import TypePack
from tests.db.people import NOW, person
from tests.engine.packs import write_pack

ADMIN = 9001
WORDS = Words()
UseCase = Callable[..., Replies]


@functools.cache
def small_pack() -> TypePack:
    with tempfile.TemporaryDirectory() as folder:
        return TypePack.load(write_pack(Path(folder) / "pack"))


@functools.cache
def affinity() -> Affinity:
    return Affinity(small_pack())


@functools.cache
def unlearned() -> LearnedInUse:
    """Ranking by its priors alone, without newcomers brought forward by lot."""
    return LearnedInUse(RankingSettings(newcomer_slots=0.0))


def surroundings(now: dt.datetime = NOW, rate: int = 30) -> Context:
    pack = small_pack()
    learned = unlearned().now(affinity())
    return Context(
        now, WORDS, MatchingSettings(message_rate=rate), pack, affinity(), frozenset({ADMIN}), learned, username="inyeon_test_bot"
    )


@dataclass
class Town:
    """A database with people in it; `act` lets one of them do something in one transaction."""

    database: Database
    now: dt.datetime = NOW
    rate: int = 30

    def newcomer(self, gender: str = "woman", seeks: str = "everyone", **fields: object) -> int:
        made: Member = self.database.transact(person, gender, seeks, **fields)
        return made.id

    def member(self, member_id: int) -> Member:
        found = self.database.read(members.by_id, member_id)
        assert found is not None
        return found

    def act(self, member_id: int, usecase: UseCase, *args: object, **named: object) -> Replies:
        def work(connection: Connection) -> Replies:
            found = members.by_id(connection, member_id)
            assert found is not None
            return usecase(connection, surroundings(self.now, self.rate), found, *args, **named)

        return self.database.transact(work)

    def mail(self) -> dict[int, list[dict[str, Any]]]:
        """What waits in the outbox, by member, in order: `method` and the payload's fields."""

        def read(connection: Connection) -> dict[int, list[dict[str, Any]]]:
            found: dict[int, list[dict[str, Any]]] = {}
            while rows := outbox.lease(connection, "test", self.now, 60, 1000):
                for row in rows:
                    found.setdefault(row.member_id or 0, []).append({"method": row.method, "key": row.dedup_key, **row.payload})
                    outbox.done(connection, row.id, self.now, 7000 + row.id)
            return found

        return self.database.transact(read)

    def see(self, member_id: int) -> int:
        """The id of the person whose card /discover shows, 0 where there is nobody."""
        return card(self.act(member_id, discover.show))

    def match(self, one: int, other: int) -> Pair:
        """Two who were shown to each other like each other."""
        for viewer, shown in ((one, other), (other, one)):
            self.database.transact(exposures.add, viewer, shown, self.now)
            self.act(viewer, discover.answer, shown, liked=True)
        pair = self.database.read(pairs.between, one, other)
        assert pair is not None
        return pair


def card(replies: Replies) -> int:
    """Whom the card among `replies` shows, by its like button; 0 without a card."""
    for reply in replies:
        if isinstance(reply, Shown):
            for button in buttons(reply):
                if button.press.do == "like":
                    return button.press.to
    return 0


def buttons(reply: Say | Shown) -> list[Button]:
    return [button for row in reply.buttons for button in row]


def presses(replies: Replies) -> set[str]:
    """The verbs of all buttons."""
    return {button.press.do for reply in replies if isinstance(reply, Say | Shown) for button in buttons(reply)}


def keys(replies: Replies) -> list[str]:
    """The keys of what was said."""
    return [reply.word.key for reply in replies if hasattr(reply, "word")]


def texts(replies: Replies, language: str = "en") -> list[str]:
    return [WORDS.text(reply.word, language) for reply in replies if hasattr(reply, "word")]
