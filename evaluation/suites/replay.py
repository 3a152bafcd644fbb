"""Time-split replay of logged answers: learn from the first weeks, score the later ones, beside the baselines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.context import Context
from evaluation.ranking import over_seeds
from evaluation.report import Row, Section
from evaluation.town.replaying import SPLIT, K
from evaluation.town.runs import replay

SEEDS = 5
ECE = 0.03
LIKE = ("popularity", "most frequent partner type", "random")
MATCH = ("one-way score", *LIKE)
WAYS = ("the product, product", "the product, harmonic")


def run(context: Context) -> Section:
    """Repeated over towns; intervals over towns."""
    found = list(replay(range(max(2, SEEDS // context.every))))
    of = {name: np.array([each[name] for each in found]) for name in found[0]}
    name = "AUC of a like, the product"
    rows = [
        _row(name, of, "popularity", "AUC of a like, popularity", note=_sides(of, name)),
        *(_row(f"… {other}", of, "", f"AUC of a like, {other}", value=f"AUC of a like, {other}") for other in LIKE[1:]),
        _row("log loss of a like", of, "the usual rate of each gender", "log loss of the usual rate", value="log loss", better=False),
        _row("ECE of a like", of, "", "", value="ECE", better=False, bound=ECE),
    ]
    for what in ("AUC of a match", f"precision at {K}", f"recall at {K}", f"NDCG at {K}"):
        others = ", ".join(f"{other} {of[f'{what}, {other}'].mean():.3f}" for other in MATCH)
        rows += [_row(f"{what}, {way}", of, "popularity", f"{what}, popularity", note=others if way == WAYS[0] else "") for way in WAYS]
    counts = ("answers", "later", "judged", "judged viewers", "answered by both")
    answers, later, judged, viewers, both = (of[name].mean() for name in counts)
    note = (
        f"Learned from {answers:,.0f} answers (the first {SPLIT:.0%} of the days), scored on {later:,.0f}; matches on the {judged:,.0f} "
        f"of these (by {viewers:,.0f} members) to which both answered behind the split. To {both - judged:,.0f} more one of the two had "
        "answered before it, which was learned from. Half of the logged sessions were in random order."
    )
    return Section("replay", "Whom to meet: replay of logged answers", tuple(rows), (), (note,))


def _row(
    name: str,
    of: dict[str, NDArray[np.float64]],
    beside: str,
    baseline: str,
    *,
    value: str = "",
    note: str = "",
    better: bool = True,
    bound: float | None = None,
) -> Row:
    found = over_seeds(of[value or name])
    against = float(np.nanmean(of[baseline])) if beside else None
    return Row(name, found.value, found.n, "", "higher" if better else "lower", bound, found.interval, against, beside, note)


def _sides(of: dict[str, NDArray[np.float64]], name: str) -> str:
    return f"women {of[name + ' women'].mean():.3f}, men {of[name + ' men'].mean():.3f}"
