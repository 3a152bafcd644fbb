"""The rows of an index: a matrix and records in memory, and sealed blocks of them on disk (`engine.index.sealed`).

Searches read plain rows out of anonymous memory, which goes with the process and is left out of core dumps; the disk sees rows only
sealed, when `seal` and `commit` are called.  What changed since the last commit is lost with the process: whoever keeps the index
repeats it from the stamp.  Without a folder or without a key nothing is ever written.

A commit may come from blocks that were sealed one after the other while changes went on.  Then somebody who changed meanwhile may
be on disk twice, or not at all; who is there twice is dropped when the files are opened, and both are mended by repeating.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from numpy.typing import NDArray

from engine.index.sealed import SealedFile
from engine.index.values import IndexFault

RECORD: Final = np.dtype(
    [
        ("id", "<i8"),
        ("city", "<i8"),
        ("latitude", "<f8"),
        ("longitude", "<f8"),
        ("born", "<i4"),
        ("languages", "<u4"),
        ("distance", "<u2"),
        ("age_min", "u1"),
        ("age_max", "u1"),
        ("gender", "u1"),
        ("seeks", "u1"),
        ("flags", "u1"),
        ("spare", "u1"),
    ]
)
LEAST: Final = 1024
"""Rows that there is room for at first."""
ROWS: Final = 32
"""Rows a block: one changed row makes 67 kB be written at 512 dimensions; smaller blocks would make opening slower."""
POPULATE: Final = 23
"""Linux's MADV_POPULATE_WRITE: all pages at once cost less than half of one fault a page."""
BATCH: Final = 32
"""Blocks that are sealed in one go, about two milliseconds."""


def _anonymous(size: int) -> mmap.mmap:
    """Zeros of this process alone, never in a core dump."""
    made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_DONTDUMP"):
        made.madvise(mmap.MADV_DONTDUMP)
    return made


class Store:
    """The constructor only stores; `open` makes `matrix` and `records`.  Not locked: the index sees to that."""

    def __init__(self, folder: Path | None, dims: int, key: bytes | None) -> None:
        self.dims = dims
        self.matrix: NDArray[np.float32] = np.empty((0, dims), np.float32)
        self.records = np.empty(0, RECORD)
        self._file = None if folder is None or key is None else SealedFile(folder, key, ROWS * (RECORD.itemsize + 4 * dims))
        self._dirty = np.empty(0, bool)
        self._memory: mmap.mmap | None = None
        self._stamp = ""

    @property
    def stamp(self) -> str:
        """What the last commit noted."""
        return self._stamp if self._file is None else self._file.stamp

    def open(self) -> NDArray[np.void]:
        """Everything that the last commit held; the records of all rows, (capacity,) RECORD, those of free rows zero.

        Raises:
            IndexFault: another process has the files open, or they cannot be made.

        """
        try:
            if self._file is None:
                self._remap(LEAST)
            else:
                self._file.open()
                self._load(self._file)
        except OSError as error:
            self.close()
            where = "memory" if self._file is None else self._file.folder
            raise IndexFault(f"the index in {where} cannot be opened: {error.strerror}") from error
        except BaseException:
            self.close()
            raise
        return self.records

    def _load(self, file: SealedFile) -> None:
        self._remap(max(LEAST, file.blocks * ROWS))
        if self._memory is not None and file.blocks:
            with contextlib.suppress(OSError):  # a system without it
                self._memory.madvise(POPULATE)
        width = ROWS * RECORD.itemsize
        try:
            for block, plain in file.read():
                rows = slice(block * ROWS, (block + 1) * ROWS)
                self.records[rows] = np.frombuffer(plain, RECORD, ROWS)
                self.matrix[rows] = np.frombuffer(plain, np.float32, offset=width).reshape(ROWS, self.dims)
        except InvalidTag:  # damaged: whoever keeps the index fills it again
            self.clear()
            return
        used = np.flatnonzero(self.records["id"])
        _, place, count = np.unique(self.records["id"][used], return_inverse=True, return_counts=True)
        self.erase(used[count[place] > 1].tolist())

    def _remap(self, rows: int) -> None:
        """Room for `rows`; what is there stays."""
        old, self.matrix = self.matrix, np.empty((0, self.dims), np.float32)
        size, kept = rows * self.dims * 4, len(old)
        moved = None
        if self._memory is not None and kept:
            try:
                del old
                self._memory.resize(size)
                moved = self._memory
            except (BufferError, SystemError):  # somebody looks at the rows still, or a system that cannot
                old = np.frombuffer(self._memory, np.float32).reshape(-1, self.dims)
        if moved is None:
            moved = _anonymous(size)
            if kept:
                np.frombuffer(moved, np.float32).reshape(rows, self.dims)[:kept] = old[:kept]
        self._memory = moved
        self.matrix = np.frombuffer(moved, np.float32).reshape(rows, self.dims)
        records, dirty = np.zeros(rows, RECORD), np.zeros(-(-rows // ROWS), bool)
        records[: len(self.records)] = self.records[:rows]
        dirty[: len(self._dirty)] = self._dirty[: len(dirty)]
        self.records, self._dirty = records, dirty

    def reserve(self, rows: int) -> int:
        """Make room for `rows` rows at least; the capacity then.

        Raises:
            IndexFault: there is no memory for it; nothing changed.

        """
        if rows > len(self.matrix):
            wanted = max(rows, len(self.matrix) + max(LEAST, len(self.matrix) // 8))
            try:
                self._remap(-(-wanted // ROWS) * ROWS)
            except (OSError, MemoryError) as error:
                raise IndexFault(f"no room for {rows:,} rows of the index") from error
        return len(self.matrix)

    def write(self, slots: Sequence[int], records: NDArray[np.void], vectors: NDArray[np.float32]) -> None:
        """Put rows where they belong."""
        places = np.asarray(slots, np.int64)
        self.matrix[places] = vectors
        self.records[places] = records
        self._dirty[places // ROWS] = True

    def erase(self, slots: Sequence[int]) -> None:
        """Zero rows."""
        places = np.asarray(slots, np.int64)
        self.matrix[places] = 0.0
        self.records[places] = np.zeros((), RECORD)
        self._dirty[places // ROWS] = True

    def clear(self) -> None:
        """No rows, no stamp; memory and disk give their room back."""
        self.matrix, self._memory = np.empty((0, self.dims), np.float32), None
        self.records, self._dirty = self.records[:0], self._dirty[:0]
        self._stamp = ""
        if self._file is not None:
            self._file.clear()
        self._remap(LEAST)

    def changed(self) -> list[list[int]]:
        """The blocks that are other than on disk, in the batches in which to seal them."""
        blocks = [] if self._file is None else np.flatnonzero(self._dirty).tolist()
        return [blocks[start : start + BATCH] for start in range(0, len(blocks), BATCH)]

    def seal(self, blocks: Sequence[int]) -> None:
        """Write blocks as they are now; they count from the next `commit` on."""
        assert self._file is not None  # noqa: S101 `changed` named them
        for block in blocks:
            rows = slice(block * ROWS, (block + 1) * ROWS)
            records = self.records[rows]
            self._file.write(block, records.tobytes() + self.matrix[rows].tobytes() if records["id"].any() else None)
        self._dirty[list(blocks)] = False

    def commit(self, stamp: str) -> None:
        """What was sealed counts, durably, under this stamp."""
        self._stamp = stamp
        if self._file is not None:
            self._file.commit(stamp)

    def abandon(self) -> None:
        """What was sealed and not committed is to be sealed again."""
        if self._file is not None:
            self._dirty[self._file.abandon()] = True

    def renew(self, key: bytes) -> None:
        """Everything is to be sealed again, under another key."""
        if self._file is not None:
            self._file.renew(key)
            self._dirty[np.unique(np.flatnonzero(self.records["id"]) // ROWS)] = True

    def close(self) -> None:
        """Let go of files and memory; the rows are gone with the last array that looks into them."""
        self.matrix, self._memory = np.empty((0, self.dims), np.float32), None
        if self._file is not None:
            self._file.close()
