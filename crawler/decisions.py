"""The file of decisions: a row for each picture that was looked at, for people and for measuring."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from crawler.couples import Decision, Subject

COLUMNS = ("file", "accepted", "reason", "box_a", "gender_a", "box_b", "gender_b")


class Decisions:
    """A CSV that grows by a row a picture; after a kill it is gone on with, and no row is written twice."""

    def __init__(self, path: Path, *, resume: bool) -> None:
        """With `resume` the rows of the interrupted run stay.

        Raises:
            OSError: the file cannot be written.

        """
        self._written = written(path) if resume else set()
        if not self._written:
            path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
        self._file: TextIO = path.open("a", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")

    def note(self, file: str, decision: Decision, *, reason: str | None = None) -> None:
        """A row; `reason` other than the decision's own (it was a duplicate) makes it a picture that was not accepted."""
        if file in self._written:
            return
        self._written.add(file)
        one, other = decision.subjects or (None, None)
        accepted = decision.accepted and not reason
        self._rows.writerow([file, int(accepted), reason or decision.reason, *_cells(one), *_cells(other)])
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


def written(path: Path) -> set[str]:
    """The files that have a whole row; a row that was cut off by a kill is cut away."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return set()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_bytes(whole.encode())
    rows = list(csv.DictReader(whole.splitlines()))
    return {row["file"] for row in rows if row.get("file") and row.get("gender_b") is not None}


def _cells(subject: Subject | None) -> tuple[str, str]:
    if subject is None:
        return "", ""
    return " ".join(str(round(value)) for value in subject.box), subject.gender or ""
