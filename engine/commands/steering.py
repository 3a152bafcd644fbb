"""What the commands that need couples from the database are given; `engine.__main__` puts it together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from engine.commands.output import progress
from engine.registry import Registry

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total)."""


class Steering(Protocol):
    """`crawler.learning.Learning`."""

    registry: Registry

    def learn(self, progress: Progress) -> tuple[dict[str, Any], str]:
        """The answer of `learn`, and why nothing was published ("" where something was)."""

    def models(self) -> list[dict[str, Any]]:
        """Every version with its figures."""

    def rollback(self, version: str | None, progress: Progress) -> str:
        """Put an older version into use again; the version."""


def stage(name: str, done: int, total: int) -> None:
    """A line `stage: done/total` for who is waiting, as jobs read it."""
    progress(f"{name.replace('_', ' ')}: {done}/{total}")
