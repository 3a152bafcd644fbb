"""The settings of ranking: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How candidates are ordered; see `settings.toml` for the meaning of each key."""

    combine: str = "product"
    window_days: int = 7
    share: float = 1.3
    minimum: int = 10
    levelling: float = 2.0
    newcomer_shown: int = 20
    newcomer_slots: float = 0.15
    memory: int = 30000
    pool: int = 300
