"""The index's settings: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Who proposes people, and from how many members on; see `settings.toml` for the meaning of each key."""

    backend: str = "exact"
    members: int = 3000
    uri: str = ""
    token: str = ""
