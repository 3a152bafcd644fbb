"""What a way of assigning types reached and what it costs; which of several to take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.training.distil.heads import wilson
from engine.types import GROUPS

ENOUGH = 0.95
"""Agreement with the cluster labels on unseen people that is asked for."""
SAME = 0.1
"""Milliseconds up to which two costs count as one: a call of a runtime alone varies by as much."""


@dataclass(frozen=True, slots=True)
class Share:
    """Agreement over some unseen people."""

    value: float
    interval: tuple[float, float]
    people: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the comparison."""

    name: str
    title: str
    start: str
    """What it knew before: `chance`, `ImageNet`, `frozen`, or `nothing learned` for nearest neighbours."""
    faces: Share | None
    outfits: Share | None
    groups: dict[str, float]
    """Agreement per group."""
    side: int = 0
    """Pixels of the input; 0: vectors."""
    extra_ms: float | None = None
    """Processor milliseconds a crop in ONNX Runtime, beyond what serving computes anyway."""
    openvino_ms: float | None = None
    """The same in OpenVINO."""
    size_mb: float | None = None
    memory_mb: float | None = None
    parameters: int = 0
    epochs: float = 0.0
    cpu_seconds: float = 0.0
    parity: float | None = None
    """Largest difference of logits between what was trained and what was exported."""
    chosen: bool = False
    front: bool = False
    """Whether nothing else is both better and cheaper."""

    @property
    def agreement(self) -> float | None:
        """Over faces and outfits together; None where it does not assign both."""
        if self.faces is None or self.outfits is None:
            return None
        people = self.faces.people + self.outfits.people
        return (self.faces.value * self.faces.people + self.outfits.value * self.outfits.people) / people


def shares(
    said: NDArray[np.intp], labels: NDArray[np.intp], group: NDArray[np.intp]
) -> tuple[Share | None, Share | None, dict[str, float]]:
    """Agreement over faces, over outfits and per group.

    Args:
        said: (rows,) type that is said of each unseen person.
        labels: (rows,) of clustering.
        group: (rows,) index into GROUPS; groups without rows are passed over.

    """
    hits = said == labels
    groups = {name: round(float(hits[group == number].mean()), 4) for number, name in enumerate(GROUPS) if (group == number).any()}
    kinds = [np.isin(group, [number for number, name in enumerate(GROUPS) if name.endswith(kind)]) for kind in ("face", "fashion")]
    faces, outfits = (_share(hits[own]) if own.any() else None for own in kinds)
    return faces, outfits, groups


def _share(hits: NDArray[np.bool_]) -> Share:
    value = float(hits.mean())
    return Share(round(value, 4), wilson(value, len(hits)), len(hits))


def judged(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes with `front` and `chosen`: of those on the front that assign both kinds and agree enough on each, the cheapest.

    >>> share = lambda value: Share(value, (0, 1), 10)
    >>> one = lambda name, value, ms: Outcome(name, name, "chance", share(value), share(value), {}, extra_ms=ms)
    >>> [(x.name, x.front, x.chosen) for x in judged([one("a", 0.96, 2.0), one("b", 0.5, 1.0), one("c", 0.4, 3.0), one("d", 0.97, 9.0)])]
    [('a', True, True), ('b', True, False), ('c', False, False), ('d', True, False)]
    """
    known = [(one.agreement, one.extra_ms) for one in outcomes if one.agreement is not None and one.extra_ms is not None]

    def front(one: Outcome) -> bool:
        value, cost = one.agreement, one.extra_ms
        if value is None or cost is None:
            return False
        return not any((other > value and price <= cost + SAME) or (other >= value and price < cost - SAME) for other, price in known)

    marked = [replace(one, front=front(one)) for one in outcomes]
    fit = [one for one in marked if one.front and one.faces and one.outfits and min(one.faces.value, one.outfits.value) >= ENOUGH]
    least = min((one.extra_ms or 0.0 for one in fit), default=0.0)
    best = max((one for one in fit if (one.extra_ms or 0.0) <= least + SAME), key=lambda one: one.agreement or 0.0, default=None)
    return [replace(one, chosen=one is best) for one in marked]


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table of the comparison, the best first.

    >>> share = Share(0.5, (0.25, 0.75), 12)
    >>> print(table([Outcome("a", "A net", "chance", share, None, {}, extra_ms=1.25, size_mb=2, memory_mb=3, epochs=1.5)]))
    | | starts from | faces | outfits | ms | ms, OpenVINO | MB | MB of memory | epochs | |
    |---|---|---|---|---|---|---|---|---|---|
    | A net | chance | 0.500 (0.25–0.75) | – | 1.25 | – | 2.00 | 3 | 1.5 | |
    """
    lines = ["| | starts from | faces | outfits | ms | ms, OpenVINO | MB | MB of memory | epochs | |", "|" + "---|" * 10]
    for one in sorted(outcomes, key=lambda one: -(one.agreement or (one.faces.value if one.faces else 0))):
        cells = [one.title, one.start, _said(one.faces), _said(one.outfits)]
        prices = (
            (one.extra_ms, ".2f"),
            (one.openvino_ms, ".2f"),
            (one.size_mb, ".2f"),
            (one.memory_mb, ".0f"),
            (one.epochs or None, ".1f"),
        )
        cells += ["–" if value is None else format(value, how) for value, how in prices]
        mark = "**chosen**" if one.chosen else "Pareto front" if one.front else ""
        lines.append(" ".join(["| " + " | ".join(cells) + " |", mark, "|"]).replace("|  |", "| |"))
    return "\n".join(lines)


def revived(plain: Mapping[str, Any]) -> Outcome:
    """The outcome whose `dataclasses.asdict` went through JSON."""
    known = dict(plain)
    for kind in ("faces", "outfits"):
        if known[kind] is not None:
            known[kind] = Share(known[kind]["value"], tuple(known[kind]["interval"]), known[kind]["people"])
    return Outcome(**known)


def read(path: Path) -> Outcome:
    """The outcome that `write` kept."""
    return revived(json.loads(path.read_text(encoding="utf-8")))


def write(path: Path, document: object) -> None:
    """Keep a document as JSON: whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _said(share: Share | None) -> str:
    return "–" if share is None else f"{share.value:.3f} ({share.interval[0]:.2f}–{share.interval[1]:.2f})"
