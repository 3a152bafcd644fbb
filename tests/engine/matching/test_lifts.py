"""The table of lifts says what `engine.affinity` says."""

from __future__ import annotations

import numpy as np
import pytest

from engine.affinity import Affinity, CoupleCounts
from engine.matching.lifts import Lifts

COUPLES = [("mf-1", "wf-1", 300), ("mf-1", "wf-2", 30), ("mf-2", "wf-2", 300), ("mf-2", "wf-1", 30), ("mf-3", "mf-4", 80)]


@pytest.mark.parametrize("couples", [None, CoupleCounts.of(COUPLES)])
def test_each_cell_is_the_log_of_the_affinitys_lift(affinity: Affinity, couples: CoupleCounts | None) -> None:
    table = Lifts(affinity).table(couples)
    for own in ("mf-1", "mf-3", "wf-2", "wo-1"):
        for seeking in ("woman", "man"):
            for partner in affinity.partners([own], seeking, couples, None):
                kind = partner.type.kind
                (row, _), (column, _) = ((table.places([(one,)])[0, 0 if kind == "face" else 1], 0) for one in (own, partner.type.id))
                assert table.logs[kind][row, column] == pytest.approx(np.log(partner.lift))
                assert table.partners[own, partner.type.id] == partner


def test_no_type_and_unknown_types_say_nothing(affinity: Affinity) -> None:
    table = Lifts(affinity).table(None)
    places = table.places([(), ("nf-1",), ("mf-1", "mo-2"), ()])
    assert places[0].tolist() == places[1].tolist() == places[3].tolist() == [11, 11]
    assert not table.logs["face"][11].any()
    assert not table.logs["face"][:, 11].any()
    assert places[2].max() < 11


def test_equal_counts_keep_the_table_and_others_make_a_new_one(affinity: Affinity) -> None:
    lifts = Lifts(affinity)
    first = lifts.table(CoupleCounts.of(COUPLES))
    assert lifts.table(CoupleCounts.of(list(COUPLES))) is first
    assert lifts.table(CoupleCounts.of(COUPLES[:2])) is not first
