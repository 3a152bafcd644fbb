"""Which network assigns types best for its price?  Agreement with the cluster labels on unseen people beside time, size and memory.

The nets that read pixels take long to train.  Where `python -m engine.training.distil.compare` has compared them all on the same data,
its outcome is used; else a few are trained for a short while on a part of the people, and the report says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.training.distil import compare
from engine.training.distil.corpus import TYPES
from engine.training.distil.outcome import ENOUGH, Outcome, Share
from evaluation.context import Context
from evaluation.plots import drawing
from evaluation.report import Row, Section

ROOT = Path(__file__).resolve().parents[2]


def run(context: Context) -> Section:
    """A row for every way of assigning types, the chosen one held against what was asked for."""
    folder = context.settings.var / "cache" / "distil"
    whole = folder / compare.fingerprint(context.data) / "outcomes.json"
    full = whole.is_file()
    found = json.loads(whole.read_text(encoding="utf-8")) if full else quick(context.data, folder)
    outcomes = compare.outcomes(found)
    chosen = next((one for one in outcomes if one.chosen), None)
    rows = [*held(chosen, found["strangers"]), *(row for one in outcomes for row in described(one))]
    draw(context.results / "distil.png", outcomes)
    people = ", ".join(f"{group} {seen} + {unseen}" for group, (seen, unseen) in found["people"].items())
    trunks = " and ".join(f"{name} {ms:.1f} ms" for name, ms in found["anyway"].items())
    trained = f"at least {found['seconds']:.0f} s of processor time for each net"
    command = "`python -m engine.training.distil.compare` makes the whole one"
    what = (
        f"The whole comparison, kept from an earlier run: {trained}."
        if full
        else f"A quick comparison on every {compare.QUICK_STEP}rd person, {trained}; {command}."
    )
    notes = (
        what,
        f"People seen + unseen by the students: {people}. {TYPES} types a group. Intervals: 95 %, over people (Wilson).",
        f"Costs: one thread, batch 1, ONNX Runtime, beyond the trunks that serving runs for every selfie anyway ({trunks}).",
        "For measuring only: faces_age_gender may not be learned from, so no net of this table ships; packs get heads of their own.",
    )
    return Section("distil", "Assigning types: networks compared", tuple(rows), ("distil.png",), notes)


def quick(data: Path, folder: Path) -> dict[str, Any]:
    """A small comparison, in a process of its own: torch stays out of this one, which measures the engine."""
    command = ["-m", "engine.training.distil.compare", "--quick", "--data", str(data.resolve()), "--folder", str(folder.resolve())]
    subprocess.run([sys.executable, *command], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, check=True)
    written = folder / compare.fingerprint(data, step=compare.QUICK_STEP) / "outcomes.json"
    found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    return found


def held(chosen: Outcome | None, strangers: dict[str, Any]) -> list[Row]:
    """What was asked for of the way that is chosen."""
    if chosen is None or chosen.faces is None or chosen.outfits is None:
        return [Row("agreement of what is chosen", None, 0, bound=ENOUGH, note="nothing on the Pareto front agrees enough")]
    rows = [
        Row(f"chosen: {chosen.title}, {kind}", share.value, share.people, bound=ENOUGH, interval=share.interval)
        for kind, share in (("faces", chosen.faces), ("outfits", chosen.outfits))
    ]
    for kind in ("faces", "outfits"):
        note = "cluster labels of these people by the clustering's rule for newcomers"
        value = strangers[kind]
        name = f"the same where clustering saw these people neither, {kind}"
        rows.append(Row(name, value["value"], value["people"], interval=tuple(value["interval"]), note=note))
    return rows


def described(one: Outcome) -> list[Row]:
    """Agreement on faces and on outfits, with the price in the note."""
    marks = [word for word, true in (("on the Pareto front", one.front), ("chosen", one.chosen)) if true]
    price = []
    if one.extra_ms is not None:
        price = [f"{one.extra_ms:.2f} ms ({one.openvino_ms:.2f} in OpenVINO)", f"{one.size_mb:.2f} MB", f"{one.memory_mb:.0f} MB of memory"]
    if one.epochs:
        price.append(f"{one.parameters / 1e6:.1f} M parameters, {one.epochs:.1f} epochs")
    note = "; ".join([f"from {one.start}" if one.start != "nothing learned" else one.start, *price, *marks])
    shares: list[tuple[str, Share]] = [(kind, share) for kind, share in (("faces", one.faces), ("outfits", one.outfits)) if share]
    return [
        Row(f"{one.title}: {kind}", share.value, share.people, interval=share.interval, note=note if at == 0 else "")
        for at, (kind, share) in enumerate(shares)
    ]


def draw(path: Path, outcomes: list[Outcome]) -> None:
    """Agreement against milliseconds; the size of a point is that of the file."""
    with drawing(path, "Assigning types on unseen people", "extra processor time a crop, ms", "agreement with the cluster labels") as axes:
        axes.set_xscale("log")
        axes.set_ylim(0, 1.05)
        axes.axhline(ENOUGH, color="grey", linestyle=":", label=f"asked for: {ENOUGH}")
        for one in outcomes:
            value = one.agreement if one.agreement is not None else one.faces.value if one.faces else None
            if one.extra_ms is None or value is None:
                continue
            area = 20 + 12 * (one.size_mb or 0)
            axes.scatter([one.extra_ms], [value], s=area, alpha=0.6, edgecolors="black" if one.front else "none")
            axes.annotate(one.name.replace("_", " "), (one.extra_ms, value), fontsize=7, xytext=(4, 4), textcoords="offset points")
        front = sorted((one.extra_ms or 0, one.agreement or 0) for one in outcomes if one.front)
        axes.plot(
            [ms for ms, _ in front],
            [value for _, value in front],
            "o-",
            color="black",
            fillstyle="none",
            markersize=14,
            linewidth=0.8,
            label="Pareto front",
        )
