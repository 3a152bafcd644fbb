"""The crawler's settings: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CrawlerSettings:
    """How pictures are collected and which of them are couples; see `settings.toml` for the meaning of each key."""
