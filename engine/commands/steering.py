"""What the commands that need couples from the database are given; `engine.__main__` puts it together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from engine.commands.output import progress
from engine.pictures import Unusable
from engine.registry import Change, Registry
from engine.types import Kind

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total)."""


class Steering(Protocol):
    """`crawler.learning.Learning`."""

    registry: Registry

    def name(self, change: Change) -> None:
        """Call or show a type otherwise, and note it in the audit log first."""

    def picture(self, data: bytes, kind: Kind) -> bytes | Unusable:
        """A photo as a type's picture, or why it cannot be one."""

    def asked(self, what: str, version: str = "") -> None:
        """Note in the audit log that somebody asked for it at the shell, before it is done."""

    def learn(self, progress: Progress, *, scheduled: bool = False) -> tuple[dict[str, Any], str]:
        """The answer of `learn`, and why nothing was published ("" where something was); `scheduled`: nobody asked for it just now."""

    def models(self) -> list[dict[str, Any]]:
        """Every version with its figures."""

    def rollback(self, version: str | None, progress: Progress) -> str:
        """Put an older version into use again; the version."""


def stage(name: str, done: int, total: int) -> None:
    """A line `stage: done/total` for who is waiting, as jobs read it."""
    progress(f"{name.replace('_', ' ')}: {done}/{total}")
