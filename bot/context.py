"""What every use case is given besides the connection and the member: settings, words, types, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.settings import MatchingSettings
from bot.words import Words
from engine.affinity import Affinity
from engine.types import TypePack


@dataclass(frozen=True, slots=True)
class Context:
    """Frozen surroundings of one call of a use case; `now` is timezone-aware UTC."""

    now: datetime
    words: Words
    matching: MatchingSettings
    pack: TypePack
    affinity: Affinity
    admins: frozenset[int]
