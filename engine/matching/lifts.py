"""The couples' affinities as one table of log lifts, so that hundreds of candidates are looked up at once.

The table is worked out by `engine.affinity` (its shrinking, its prior, its words) once for a set of counts and kept until others come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.affinity import Affinity, CoupleCounts, PartnerType
from engine.types import KINDS


@dataclass(frozen=True, slots=True)
class Table:
    """Log lifts between the types of a pack and the evidence for each."""

    couples: CoupleCounts | None
    kinds: dict[str, tuple[str, int]]
    """By type id: its kind and its place among the types of its kind (of both genders)."""
    logs: dict[str, NDArray[np.float64]]
    """By kind, (own type + 1, partner's type + 1); the last row and column stand for "no type" and are 0."""
    partners: dict[tuple[str, str], PartnerType]
    """By (own type, partner's type): lift, interval and couples, for the reasons."""

    known: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)
    """Places by a person's types, filled as they are met: there are few different ones."""

    def places(self, types: Sequence[tuple[str, ...]]) -> NDArray[np.intp]:
        """(n, len(KINDS)) the places of each person's types; the last place where they have none, or one of another pack."""
        known = self.known
        try:
            found = [known[ids] for ids in types]
        except KeyError:
            known.update({ids: self._places(ids) for ids in set(types)})
            found = [known[ids] for ids in types]
        return np.array(found, dtype=np.intp).reshape(len(types), len(KINDS))

    def _places(self, ids: tuple[str, ...]) -> tuple[int, int]:
        found = {kind: self.logs[kind].shape[0] - 1 for kind in KINDS}
        found.update(self.kinds[type_id] for type_id in ids if type_id in self.kinds)
        return found["face"], found["fashion"]


class Lifts:
    """Tables of an `Affinity`.  May be used by several threads: each may make a table at once, and one of them is kept."""

    def __init__(self, affinity: Affinity) -> None:
        self.affinity = affinity
        self._kept: Table | None = None

    def table(self, couples: CoupleCounts | None) -> Table:
        """The table for these counts; counts that are equal to the last ones cost a comparison only."""
        kept = self._kept
        if kept is None or kept.couples != couples:
            kept = self._kept = _table(self.affinity, couples)
        return kept


def _table(affinity: Affinity, couples: CoupleCounts | None) -> Table:
    groups = affinity.pack.groups
    ids = {kind: [info.id for gender in ("woman", "man") for info in groups[f"{gender}_{kind}"].types] for kind in KINDS}
    kinds = {type_id: (kind, place) for kind in KINDS for place, type_id in enumerate(ids[kind])}
    logs = {kind: np.zeros((len(ids[kind]) + 1, len(ids[kind]) + 1)) for kind in KINDS}
    partners: dict[tuple[str, str], PartnerType] = {}
    seekings: tuple[Literal["woman", "man"], ...] = ("woman", "man")
    for own, (kind, place) in kinds.items():
        for seeking in seekings:
            for partner in affinity.partners([own], seeking, couples, None):
                partners[own, partner.type.id] = partner
                logs[kind][place, kinds[partner.type.id][1]] = np.log(partner.lift)
    return Table(couples, kinds, logs, partners)
