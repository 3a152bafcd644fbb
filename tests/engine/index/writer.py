"""Changes an index for ever, for a test that kills it: `python -m tests.engine.index.writer FOLDER`.

Every row says of itself what it must be: all numbers of a vector are the row's `born`, so a torn or mixed row shows.  Each flush is
stamped with the number of the round before, of which everything is there.  Says "ready" once the first rows are flushed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from engine.index.exact import ExactIndex
from engine.index.values import MAN, WOMAN, Entry
from tests.engine.index.conftest import KEY

DIMS = 512
ROWS = 300


def row(row_id: int, value: int) -> Entry:
    return Entry(row_id, MAN, WOMAN, value, 18, 99, vector=np.full(DIMS, value, np.float32))


def step(index: ExactIndex, value: int) -> None:
    """One round of changes."""
    index.upsert([row(row_id, value) for row_id in range(1, ROWS + 1) if row_id % 7 != value % 7])
    index.delete(range(1 + value % 7, ROWS, 7))


def main() -> None:
    index = ExactIndex(Path(sys.argv[1]), DIMS, KEY).open()
    index.upsert([row(row_id, 1) for row_id in range(1, ROWS + 1)])
    index.flush("1")
    print("ready", flush=True)
    value = 1
    while True:
        value += 1
        step(index, value)
        # Flushed beside the next changes, as a bot does that goes on serving.
        if value % 3 == 0:
            index.flush(str(value))
        if value % 30 == 0:
            index.renew(KEY, str(value))


if __name__ == "__main__":
    main()
