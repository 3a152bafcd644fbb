"""What every use case is given besides the connection and the member: settings, words, types, and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.beginnings import Beginnings
from bot.learning import Learned
from bot.settings import CareSettings, CoupleSettings, MatchingSettings, SafetySettings, ScheduleSettings
from bot.words import Words
from db.records import Member
from db.session import Connection
from engine.affinity import Affinity
from engine.types import TypeInfo, TypePack
from engine.values import Vector


class Proposer(Protocol):
    """What finds people for a member among all, so that few must be ranked (`bot.candidates`)."""

    def ids(self, connection: Connection, member: Member, query: Callable[[], Vector], k: int, now: datetime) -> list[int] | None:
        """The `k` best, best first; None where SQL should be asked instead."""


@dataclass(frozen=True, slots=True)
class Context:
    """Frozen surroundings of one call of a use case; `now` is timezone-aware UTC."""

    now: datetime
    words: Words
    matching: MatchingSettings
    pack: TypePack
    affinity: Affinity
    admins: frozenset[int]
    learned: Learned
    """What ranking goes by."""
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    before: Mapping[str, TypeInfo] = field(default_factory=dict)
    """Types of the version before, by id: some members have them still for a moment after the types were exchanged."""
    couples: CoupleSettings = field(default_factory=CoupleSettings)
    care: CareSettings = field(default_factory=CareSettings)
    safety: SafetySettings = field(default_factory=SafetySettings)
    username: str = ""
    """Of the bot, for links that open it; empty in local mode, where no link does."""
    beginnings: Beginnings = field(default_factory=Beginnings)
    """Which chats need not be looked at any more."""
    starter: str = ""
    """The version of the types that is always there."""
    candidates: Proposer | None = None
    """Finds people without SQL; None: SQL does."""

    def type_of(self, type_id: str) -> TypeInfo | None:
        """What a type is called, whether it is of the types in use or of those before them."""
        return self.pack.by_id.get(type_id) or self.before.get(type_id)
