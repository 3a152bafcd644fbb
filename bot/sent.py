"""What was sent and is not settled yet, noted in a file the moment the Bot API answers.

Between the answer and the commit that settles the row lie milliseconds, in which a killed process would forget that the message
arrived, and send it again.  A line in a file is there after tens of microseconds and outlives the process (not a loss of power:
the file is not synced, and then a few messages may come twice).  At the next start the lines are settled and the file goes.
Lines of rows that are settled already say nothing new; emptying the file after each would cost as much as writing it, so it is
emptied when it has grown.

A line names the row by its number and the time of its making, so that notes about another database settle nothing there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from bot import owners
from db.records import OutboxRow

SUFFIX = ".sent"
GROWN = 16_384
"""Bytes from which a file whose rows are all settled is emptied."""


@dataclass(frozen=True, slots=True)
class Note:
    """One row was sent, as this Telegram message (None: the call makes none)."""

    row_id: int
    created_at: dt.datetime
    sent_as: int | None

    def line(self) -> str:
        """As it stands in the file.

        >>> at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
        >>> Note.read(Note(7, at, 70).line()) == Note(7, at, 70), Note.read("7 2026-01"), Note(7, at, None).line()
        (True, None, '7 2026-01-02T00:00:00+00:00 -\\n')
        """
        return f"{self.row_id} {self.created_at.isoformat()} {'-' if self.sent_as is None else self.sent_as}\n"

    @classmethod
    def read(cls, line: str) -> Note | None:
        """From the file; None for a line that was cut off."""
        if not line.endswith("\n"):
            return None
        try:
            row, at, sent_as = line.split()
            return cls(int(row), dt.datetime.fromisoformat(at), None if sent_as == "-" else int(sent_as))
        except ValueError:
            return None


class SentLog:
    """The notes of one process; `owner` names its file in `folder`."""

    def __init__(self, folder: Path, owner: str) -> None:
        self._path = folder / f"{owner}{SUFFIX}"
        self._folder = folder
        self._file: int | None = None
        self._size = 0
        self._settled = True

    def open(self) -> None:
        """Begin an empty file.

        Raises:
            OSError: the folder cannot be written.

        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._size, self._settled = 0, True
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(self, row: OutboxRow, sent_as: int | None) -> None:
        """Note that a row was sent; one short write."""
        if self._file is not None:
            # A full disk must not stop the sending: without the note the row is only less safe from coming twice.
            with contextlib.suppress(OSError):
                self._settled = False
                self._size += os.write(self._file, Note(row.id, row.created_at, sent_as).line().encode())

    def clear(self) -> None:
        """All that was noted is settled."""
        self._settled = True
        if self._file is not None and self._size >= GROWN:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
                self._size = 0

    def close(self) -> None:
        """End, with the file gone where nothing in it is left."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            if self._settled:
                self._path.unlink(missing_ok=True)

    def left(self) -> list[tuple[Path, list[Note]]]:
        """What processes of this host noted that do not run any more, by file; call it before `open`."""
        found = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if owners.gone([path.name.removesuffix(SUFFIX)]):
                with contextlib.suppress(OSError), path.open(encoding="ascii", errors="replace", newline="\n") as lines:
                    found.append((path, [note for line in lines if (note := Note.read(line)) is not None]))
        return found
