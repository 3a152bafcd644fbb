"""What the commands are given, and the progress that they show."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

from crawler.ingest import Report
from crawler.settings import CrawlerSettings
from db.session import Database
from engine.commands.output import progress
from engine.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class Tools:
    """Settings and the open database."""

    crawler: CrawlerSettings
    engine: EngineSettings
    cache: Path
    """Folder for prepared and compiled models."""
    database: Database
    models: Path | None = None
    """Folder of the versions of the types; None: the couples are typed later."""


class Unusable(Exception):
    """The arguments cannot be used; the message is one line that says which and what to do."""


class Progress:
    """A bar where somebody watches a terminal, else a plain line `collect: done/total` every second."""

    SECONDS = 1.0

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._bar: tqdm[NoReturn] | None = tqdm(desc=stage, unit=" pictures", file=sys.stderr) if sys.stderr.isatty() else None
        self._said = 0.0
        self._line = ""

    def __call__(self, report: Report, total: int | None) -> None:
        """Show how far it is; with no total known, as many as were seen."""
        if self._bar is not None:
            self._bar.total = total
            self._bar.set_postfix(accepted=report.accepted, refresh=False)
            self._bar.update(report.seen - self._bar.n)
            return
        self._line = f"{self.stage}: {report.seen}/{max(total or 0, report.seen)} accepted {report.accepted}"
        if time.monotonic() - self._said >= self.SECONDS:
            self._say()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._line:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        progress(self._line)
        self._line = ""
