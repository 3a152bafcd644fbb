"""Rows in the order of gender, sought gender, cell of a grid and birth date: a request reads a few stretches instead of everybody.

A key is 6 bits of gender and sought genders, 19 of a half-degree cell, 18 of the birth date.  Rows that were added or changed their
key since the last sorting wait in a tail, which is looked through in full.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.index.columns import Columns, Slots, taken
from engine.index.rules import UNPLACED, Wanted
from engine.index.values import Seeker

NOBODY: Final = 0
SORTED: Final = 1
LOOSE: Final = 2
"""Where a row is to be found: nowhere, by its key, in the tail."""
_BORN: Final = 17
_GROUP: Final = 19
FIRST_DAY: Final = 47_482
"""Days before 1970 at which birth dates begin (1840); earlier ones, and those after 2198, count as the first and the last."""


def born_code(born: NDArray[np.int32] | int) -> NDArray[np.int64]:
    """A birth date in the bits of a key."""
    return np.clip(np.asarray(born, np.int64) + FIRST_DAY, 0, 2**_BORN - 1)


class Order:
    """Which rows a request must look at."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.state = np.zeros(len(columns.id), np.uint8)
        self._slots = np.empty(0, np.int32)
        self._keys = np.empty(0, np.int64)
        self._groups = np.empty(0, np.int64)
        self._stale = False
        self.tail: Slots = np.empty(0, np.int32)
        """The rows that wait, each once."""
        self.add(np.flatnonzero(columns.id).astype(np.int32))
        self.sort()

    def keys(self, slots: Slots) -> NDArray[np.int64]:
        """The keys of rows."""
        columns = self._columns
        code = columns.gender[slots].astype(np.int64) << 3 | columns.seeks[slots]
        return (code << _GROUP | columns.places.cell[columns.place[slots]]) << _BORN | born_code(columns.born[slots])

    def grow(self, rows: int) -> None:
        """Room for `rows`."""
        self.state = np.concatenate([self.state, np.zeros(rows - len(self.state), np.uint8)])

    def add(self, slots: Slots) -> None:
        """Rows that are new, or whose key changed."""
        fresh = slots[self.state[slots] != LOOSE]
        self._stale = self._stale or bool((self.state[fresh] == SORTED).any())
        self.state[fresh] = LOOSE
        self.tail = np.concatenate([self.tail, fresh])

    def remove(self, slots: Slots) -> None:
        """Rows that were freed."""
        waited = bool((self.state[slots] == LOOSE).any())
        self.state[slots] = NOBODY
        self._stale = True
        if waited:  # a row may be used again before it is sorted, and must not wait twice
            self.tail = self.tail[self.state[self.tail] == LOOSE]

    @property
    def untidy(self) -> bool:
        """Whether the tail costs more than it should."""
        return len(self.tail) > 1024 + len(self._slots) // 64

    def sort(self) -> None:
        """Bring the tail into the order."""
        if self._stale:
            kept = self.state[self._slots] == SORTED
            self._slots, self._keys = self._slots[kept], self._keys[kept]
        tail = self.tail
        # Two runs, the first of which is in order: a stable sort (a merge sort) takes them for what they are.
        keys = self.keys(tail)
        by_key = np.argsort(keys, kind="stable")
        keys = np.concatenate([self._keys, keys[by_key]])
        slots = np.concatenate([self._slots, tail[by_key]])
        by_key = np.argsort(keys, kind="stable")
        self._keys, self._slots = keys[by_key], slots[by_key]
        self._groups = np.unique(self._keys >> _BORN)
        self.state[tail] = SORTED
        self.tail, self._stale = np.empty(0, np.int32), False

    def stretch(self, seeker: Seeker, wanted: Wanted, needed: NDArray[np.uint16]) -> Slots:
        """The sorted rows whose gender, sought genders, age and cell fit; what else is asked must be looked at."""
        groups = self._groups
        code = groups >> _GROUP
        fits = (code >> 3 & seeker.seeks != 0) & (code & 7 & seeker.gender != 0)
        places = self._columns.places
        near = np.zeros(UNPLACED + 1, bool)
        within = needed <= wanted.distance
        near[places.cell[: places.count][within]] = True
        groups = groups[fits & near[groups & (1 << _GROUP) - 1]] << _BORN
        starts = np.searchsorted(self._keys, groups | born_code(wanted.born_first), "left")
        ends = np.searchsorted(self._keys, groups | born_code(wanted.born_last), "right")
        lengths = np.maximum(ends - starts, 0)
        total = int(lengths.sum())
        offsets = np.repeat((starts - (np.cumsum(lengths) - lengths)).astype(np.int32), lengths)
        offsets += np.arange(total, dtype=np.int32)
        slots = taken(self._slots, offsets)
        return slots[self.state[slots] == SORTED] if self._stale else slots
