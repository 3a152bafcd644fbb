"""The database's settings: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the data lives; see `settings.toml` for the meaning of each key."""

    url: str = ""
    pool: int = 4
