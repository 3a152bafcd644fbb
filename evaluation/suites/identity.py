"""Can two photos be told to show one person?  All pairs of photos, the served embedding beside its two parents."""

from __future__ import annotations

import numpy as np

from evaluation.context import Context
from evaluation.metrics import Floats, Pairs, all_pairs, auc, bootstrap_over_people, tar_at_far, unit
from evaluation.plots import drawing
from evaluation.report import Row, Section
from evaluation.seen import Seen

FARS = (1e-3, 1e-4)
BOUNDS = {"AUC": 0.997, "TAR at FAR 1e-3": 0.90}
EMBEDDINGS = {"served": "served embedding", "facenet": "FaceNet", "sface": "SFace"}
ROUNDS = 300


def run(context: Context) -> Section:
    """AUC and TAR at two FARs per embedding, then the served one per subset."""
    rows = context.labels("faces_identity")
    seen = context.seen(rows, "identity")
    usable = [index for index, one in enumerate(seen) if set(EMBEDDINGS) <= set(one.vectors)]
    people = [rows[index]["identity"] for index in usable]
    subsets = np.array([rows[index]["subset"] for index in usable])
    found = [
        Row("photos with an embedding", len(usable) / len(rows), len(rows), note="the others are left out below", bound=0.95),
    ]
    pairs = {name: all_pairs(stack(seen, usable, name), people) for name in EMBEDDINGS}
    baseline = dict(zip(figures(), measure(pairs["facenet"]), strict=True))
    for name, title in EMBEDDINGS.items():
        found += rows_of(pairs[name], title, baseline if name == "served" else {}, BOUNDS if name == "served" else {})
    for subset in sorted(set(subsets)):
        inside = np.flatnonzero(subsets == subset)
        part = all_pairs(stack(seen, [usable[index] for index in inside], "served"), [people[index] for index in inside])
        if part.people > 1:
            found += [row for row in rows_of(part, f"subset {subset}: served embedding", {}, {}) if row.value is not None]
    draw(context, pairs)
    problems = sorted({one.problem for one in seen if one.problem})
    counts = ", ".join(f"{code} {sum(one.problem == code for one in seen)}" for code in problems) or "none"
    note = f"{len(set(people))} people. Intervals: 95 %, people drawn anew {ROUNDS} times. Problems that these photos were given: {counts}."
    return Section("identity", "Telling people apart", tuple(found), ("identity.png",), (note,))


def stack(seen: list[Seen], indices: list[int], name: str) -> Floats:
    """The embeddings called `name`, photos × dims, each of length 1."""
    return unit(np.stack([seen[index].vectors[name] for index in indices]))


def figures() -> list[str]:
    """The names of what `measure` returns."""
    return ["AUC", *(f"TAR at FAR {far:.0e}".replace("e-0", "e-") for far in FARS)]


def measure(pairs: Pairs) -> list[float]:
    """AUC and TAR at each of FARS."""
    return [auc(pairs.genuine, pairs.impostor), *(tar_at_far(pairs.genuine, pairs.impostor, far) for far in FARS)]


def rows_of(pairs: Pairs, title: str, baseline: dict[str, float], bounds: dict[str, float]) -> list[Row]:
    """A row for each figure of one embedding."""
    low, high = bootstrap_over_people(pairs, FARS, ROUNDS, seed=0)
    made = []
    for index, (name, value) in enumerate(zip(figures(), measure(pairs), strict=True)):
        known = not np.isnan(value)
        made.append(
            Row(
                f"{name}, {title}",
                value if known else None,
                len(pairs.scores),
                bound=bounds.get(name),
                interval=(float(low[index]), float(high[index])) if known else None,
                baseline=baseline.get(name),
                baseline_name="FaceNet" if name in baseline else "",
                note="" if known else "too few pairs of different people to place the threshold",
            )
        )
    return made


def draw(context: Context, pairs: dict[str, Pairs]) -> None:
    """The ROC curves over a logarithmic FAR."""
    with drawing(context.results / "identity.png", "Telling people apart", "false accepts", "true accepts") as axes:
        for name, title in EMBEDDINGS.items():
            same = pairs[name].same
            accepts, falsely = np.cumsum(same) / same.sum(), np.cumsum(~same) / (~same).sum()
            step = np.unique(np.geomspace(1, len(same), 2000).astype(int)) - 1
            axes.semilogx(np.maximum(falsely[step], 1e-6), accepts[step], label=title, linewidth=4 if name == "served" else 1.5)
        axes.set_xlim(1e-5, 1)
