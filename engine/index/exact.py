"""The embedded index: filter first, then the exact inner products of all that remain.

Filters cost a fraction of the scan, since they read a few stretches of small columns (`engine.index.order`, `columns`).  The scan
gathers rows in the order of the file, block by block into a buffer that stays in the processor's cache, and multiplies there: each
vector crosses the memory bus once, where `matrix[rows] @ query` carries it three times.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.index.columns import Columns, Slots, packed
from engine.index.gate import Gate
from engine.index.order import Order
from engine.index.rules import Wanted, kilometres_needed
from engine.index.store import RECORD, Store
from engine.index.values import Entry, Hit, IndexFault, Seeker, Vector, as_query, checked

BLOCK: Final = 512 * 1024
"""Bytes that are gathered at a time: about what a core's second cache holds."""
BATCH: Final = 4096
"""Members that are changed at a time: searches come between."""


class ExactIndex:
    """Vectors and traits in memory, sealed under `folder`; see `engine.index.values.Index`.

    Any number of threads search at once; a change waits for the searches that run and is seen by every later one.

    Args:
        folder: for the files.
        dims: of the vectors.
        key: 32 bytes with which the files are sealed; without it, or without a folder, everything is in memory alone.

    """

    def __init__(self, folder: Path | None, dims: int, key: bytes | None = None) -> None:
        """Only store; `open` reads."""
        self.dims = dims
        self._store = Store(folder, dims, key)
        self._gate = Gate()
        self._disk = threading.Lock()  # whoever writes files; taken before the gate
        self._own = threading.local()
        self._closed = True

    def open(self) -> ExactIndex:
        """Read what is there.

        Raises:
            IndexFault: another process has the files open, or they cannot be made.

        """
        records = self._store.open()
        self._columns = Columns(records)
        self._order = Order(self._columns)
        used = np.flatnonzero(self._columns.id)
        self._slots: dict[int, int] = dict(zip(self._columns.id[used].tolist(), used.tolist(), strict=True))
        self._free = np.flatnonzero(self._columns.id == 0)[::-1].tolist()  # taken from the end: the lowest first
        self._closed = False
        return self

    @property
    def stamp(self) -> str:
        """What the last flush noted."""
        return self._store.stamp

    @property
    def matrix(self) -> NDArray[np.float32]:
        """(capacity, dims) all rows, for measurements; not to be kept over a change."""
        return self._store.matrix

    def __len__(self) -> int:
        return len(self._slots)

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Add or replace members."""
        entries = list({entry.id: entry for entry in entries}.values())
        vectors = checked(entries, self.dims)
        records = packed(entries)
        for start in range(0, len(entries), BATCH):
            with self._gate.writing():
                self._still_open()
                self._upsert(records[start : start + BATCH], vectors[start : start + BATCH])

    def _upsert(self, records: NDArray[np.void], vectors: NDArray[np.float32]) -> None:
        ids = records["id"].tolist()
        self._make_room(sum(row_id not in self._slots for row_id in ids))
        slots = np.array([self._slot(row_id) for row_id in ids], np.int32)
        self._store.write(slots.tolist(), records, vectors)
        before = self._order.keys(slots)
        known = self._columns.id[slots] != 0
        self._columns.write(slots, records)
        self._order.add(slots[~known | (self._order.keys(slots) != before)])

    def _slot(self, row_id: int) -> int:
        slot = self._slots.get(row_id)
        if slot is None:
            slot = self._slots[row_id] = self._free.pop()
        return slot

    def _make_room(self, rows: int) -> None:
        if rows > len(self._free):
            before = len(self._columns.id)
            capacity = self._store.reserve(before + rows - len(self._free))
            self._columns.grow(capacity)
            self._order.grow(capacity)
            self._free = [*range(capacity - 1, before - 1, -1), *self._free]

    def delete(self, ids: Iterable[int]) -> None:
        """Forget members, and zero their rows."""
        with self._gate.writing():
            self._still_open()
            gone = [self._slots.pop(row_id) for row_id in dict.fromkeys(ids) if row_id in self._slots]
            if gone:
                slots = np.array(gone, np.int32)
                self._order.remove(slots)
                self._columns.erase(slots)
                self._store.erase(gone)
                self._free += gone

    def search(self, query: Vector, seeker: Seeker, k: int) -> list[Hit]:
        """The best `k`, exactly."""
        query = as_query(query, self.dims)
        self._tidy()
        with self._gate.reading():
            slots = self._remaining(seeker)
            if not len(slots) or k < 1:
                return []
            scores = self._scan(slots, query)
            if k < len(slots):
                least = np.partition(scores, len(scores) - k)[len(scores) - k]
                best = np.flatnonzero(scores >= least)
                slots, scores = slots[best], scores[best]
            ids = self._columns.id[slots]
        best = np.lexsort((ids, -scores))[:k]
        return [Hit(row_id, score) for row_id, score in zip(ids[best].tolist(), scores[best].tolist(), strict=True)]

    def count(self, seeker: Seeker) -> int:
        """How many the filters leave."""
        self._tidy()
        with self._gate.reading():
            return len(self._remaining(seeker))

    def rows(self, seeker: Seeker) -> tuple[NDArray[np.int64], Slots]:
        """(ids, rows of the matrix) that the filters leave, by row; for measurements."""
        self._tidy()
        with self._gate.reading():
            slots = self._remaining(seeker)
            return self._columns.id[slots], slots

    def _remaining(self, seeker: Seeker) -> Slots:
        """The rows that the filters leave, in the file's order."""
        self._still_open()
        wanted = Wanted.of(seeker)
        if wanted is None:
            return np.empty(0, np.int32)
        columns, places = self._columns, self._columns.places
        count = places.count
        needed = kilometres_needed(seeker, places.latitude[:count], places.longitude[:count], places.city[:count])
        slots = self._order.stretch(seeker, wanted, needed)
        tail = columns.seek(self._order.tail, seeker)
        if len(tail):
            born = columns.born[tail]
            slots = np.concatenate([slots, tail[(born >= wanted.born_first) & (born <= wanted.born_last)]])
        slots = columns.accept(slots, seeker, wanted.age, wanted.distance, needed)
        return np.sort(self._without(slots, seeker))

    def _without(self, slots: Slots, seeker: Seeker) -> Slots:
        """Less those who are excluded, and the seeker."""
        out = [slot for slot in map(self._slots.get, (seeker.id, *seeker.exclude)) if slot is not None]
        marks: NDArray[np.bool_] | None = getattr(self._own, "marks", None)
        if marks is None or len(marks) < len(self._columns.id):
            marks = self._own.marks = np.zeros(len(self._columns.id), bool)
        marks[out] = True
        try:
            return slots[~marks[slots]]
        finally:
            marks[out] = False

    def _scan(self, slots: Slots, query: Vector) -> NDArray[np.float32]:
        """The inner products of `slots`, (n,) float32."""
        rows = max(1, BLOCK // (4 * self.dims))
        block: NDArray[np.float32] | None = getattr(self._own, "block", None)
        if block is None:
            block = self._own.block = np.empty((rows, self.dims), np.float32)
        scores = np.empty(len(slots), np.float32)
        matrix = self._store.matrix
        for start in range(0, len(slots), rows):
            part = slots[start : start + rows]
            # "clip" writes into the buffer at once; the default would first make an array of its own.
            np.take(matrix, part, axis=0, out=block[: len(part)], mode="clip")
            np.vecdot(block[: len(part)], query, out=scores[start : start + len(part)])
        return scores

    def _tidy(self) -> None:
        if self._order.untidy:
            with self._gate.writing():
                if self._order.untidy:
                    self._order.sort()

    def clear(self) -> None:
        """Forget everybody."""
        with self._disk, self._gate.writing():
            self._still_open()
            self._store.clear()
            self._columns = Columns(np.zeros(len(self._store.matrix), RECORD))
            self._order = Order(self._columns)
            self._slots = {}
            self._free = list(range(len(self._columns.id) - 1, -1, -1))

    def flush(self, stamp: str) -> None:
        """Make everything durable; sorts as well, so that no request has to.  Searches and changes come between the blocks."""
        with self._disk:
            self._flush(stamp)

    def renew(self, key: bytes, stamp: str) -> None:
        """Seal everything under another key, durably."""
        with self._disk:
            with self._gate.writing():
                self._still_open()
                self._store.renew(key)
            self._flush(stamp)

    def _flush(self, stamp: str) -> None:
        with self._gate.writing():
            self._still_open()
            self._order.sort()
            batches = self._store.changed()
        try:
            for blocks in batches:
                with self._gate.reading():
                    self._still_open()
                    self._store.seal(blocks)
            self._store.commit(stamp)
        except OSError as error:
            raise IndexFault(f"the index cannot be written: {error.strerror}") from error
        finally:
            with self._gate.reading():
                self._store.abandon()

    def close(self) -> None:
        """Release files and memory."""
        with self._disk, self._gate.writing():
            self._closed = True
            self._store.close()

    def _still_open(self) -> None:
        if self._closed:
            raise IndexFault("the index is closed")
