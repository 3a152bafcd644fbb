"""Ages have no upper end: a range "to 99" takes in everybody older, whichever side they are on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.index.values import MAN, WOMAN, Entry, Seeker
from tests.engine.index.conftest import Make
from tests.engine.index.towns import DIMS, TODAY, seeker_of

ONE = np.ones(DIMS, np.float32)
ENTRY = Entry(1, WOMAN, MAN, TODAY - 30 * 365, 18, 99, vector=ONE)


def found(make_index: Make, entry: Entry, seeker: Seeker) -> bool:
    index = make_index()
    index.upsert([entry])
    return [hit.id for hit in index.search(ONE, seeker, 5)] == [entry.id]


def test_somebody_of_a_hundred_is_found_and_finds(make_index: Make) -> None:
    old = TODAY - 37_000  # 101 years
    asks = seeker_of(replace(ENTRY, id=2, gender=MAN, seeks=WOMAN))
    assert found(make_index, replace(ENTRY, born=old), asks)
    assert found(make_index, ENTRY, replace(asks, born=old))
    assert not found(make_index, replace(ENTRY, born=old), replace(asks, age_max=98))
    assert not found(make_index, replace(ENTRY, age_max=98), replace(asks, born=old))
