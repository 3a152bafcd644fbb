"""What every suite is given."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration import Settings
from evaluation.report import Section
from evaluation.seen import Seen


@dataclass(frozen=True)
class Context:
    """The data, the engine's answers for them and where results go."""

    settings: Settings
    data: Path
    """A folder in the layout of ../shared/data."""
    results: Path
    look: Callable[[Sequence[Path], str], list[Seen]]
    """`evaluation.seen.Look`: the engine's answers for photos; the second argument names them in the progress."""
    every: int = 1
    """Use every so many-th photo only, for a quick look; 1 for figures that count."""

    def labels(self, folder: str) -> list[dict[str, str]]:
        """The rows of a folder's `labels.csv`; `file` is made a path relative to the data folder."""
        with (self.data / folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [{**row, "file": f"{folder}/{row.get('file') or row['image']}"} for row in rows][:: self.every]

    def seen(self, rows: Sequence[dict[str, str]], what: str) -> list[Seen]:
        """The engine's answers for `rows` of `labels`."""
        return self.look([self.data / row["file"] for row in rows], what)


@dataclass(frozen=True, slots=True)
class Suite:
    """One evaluation: a line in the registry."""

    name: str
    title: str
    folders: tuple[str, ...]
    """Data folders without which it is skipped."""
    run: Callable[[Context], Section]
