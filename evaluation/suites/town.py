"""Matching in a made-up town: the product's ranking beside what it should beat, on the same seeds; `docs/matching.md` explains."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evaluation.context import Context
from evaluation.plots import drawing
from evaluation.ranking import Estimate, over_seeds, ratio
from evaluation.report import Row, Section, number
from evaluation.town.outcome import WHO
from evaluation.town.parameters import SENSITIVITY
from evaluation.town.runs import ABLATIONS, LIKERS, ONE_WAY, POLICIES, PRODUCT, STATED, Done, Job, by_the_bot
from evaluation.town.runs import run as lives

SEEDS = 5
ABLATION_SEEDS = 3
SENSITIVITY_SEEDS = 1
RATIO = 1.5
"""Mutual matches over those of popularity and of one-way scoring that were promised."""
UNEVENNESS = 0.5
"""Gini of exposure over popularity's."""
ECE = 0.03
MATCHES = "matches a member and week"
BASELINES = ("popularity", ONE_WAY, "random", "most frequent partner type", "popularity" + LIKERS, ONE_WAY + LIKERS)
PROMISED = ("popularity", ONE_WAY)
COMPARED = (PRODUCT, "popularity", ONE_WAY)
ASKED = ("random", "popularity", ONE_WAY, "most frequent partner type")
"""What every figure stands beside."""
TOLD = (
    (MATCHES, "", "higher", "of whoever was there"),
    ("expected matches in 10 cards", "", "higher", "by the true chances of both"),
    ("precision at 10", "", "higher", "share of the first ten of each order that would like each other"),
    ("recall at 10", "", "higher", ""),
    ("NDCG at 10", "", "higher", ""),
    ("first replies", "", "higher", "answers to first messages within a week, by who wrote these"),
    ("without a match", "", "lower", "of those who were there two weeks or longer"),
    ("exposure gini", "", "lower", "of cards a day that showed them"),
    ("days until seen", "d", "lower", "median, until ten people saw a newcomer's card"),
    ("ECE of a like", "", "lower", "bins of equal mass; for who says a chance"),
    ("ECE of a match", "", "lower", "bins of equal mass; for who says a chance of both"),
)
"""Name, unit, which way is better, what it is."""

Figures = dict[str, dict[str, NDArray[np.float64]]]
"""By policy and figure, an entry a seed."""


def run(context: Context) -> Section:
    """The stated town, then the others."""
    seeds = list(range(max(2, SEEDS // context.every)))
    fewer = seeds[:ABLATION_SEEDS]
    done = _live([Job(STATED, seed, policy) for seed in seeds for policy in POLICIES if seed in fewer or policy not in ABLATIONS])
    figures = collected(done)
    rows = promises(figures)
    rows += [matches(figures, policy) for policy in POLICIES if policy != PRODUCT]
    rows += told(figures)
    others = list(range(max(1, SENSITIVITY_SEEDS // context.every)))
    for town in SENSITIVITY:
        found = collected(_live([Job(town, seed, policy) for seed in others for policy in COMPARED]))
        rows += [sensitive(town, found, baseline) for baseline in PROMISED]
        rows.append(_row(f"… {town}: ECE of a match", over_seeds(found[PRODUCT]["ECE of a match"]), unit="", better="lower"))
    rows += bot()
    draw(context, figures, [one for one in done if one.job.seed == 0])
    cards = np.mean(figures[PRODUCT]["cards"])
    note = (
        f"{len(seeds)} seeds, {len(fewer)} for other settings of the product, {len(others)} for the other towns; 95 % intervals are "
        "Student's over seeds, ratios are taken within a seed. "
        f"About {cards:,.0f} cards a town. What the town assumes, and from where: evaluation/town/parameters.py."
    )
    plots = ("town-matches.png", "town-calibration.png", "town-exposure.png")
    return Section("town", "Whom to meet: a made-up town", tuple(rows), plots, (note,))


def collected(done: Sequence[Done]) -> Figures:
    """By policy and figure."""
    found: Figures = {}
    for policy in dict.fromkeys(one.job.policy for one in done):
        of = [one.figures for one in done if one.job.policy == policy]
        found[policy] = {name: np.array([each[name] for each in of]) for name in of[0]}
    return found


def promises(figures: Figures) -> list[Row]:
    """What was promised: matches over the baselines', evenness, calibration."""
    ours = figures[PRODUCT]
    rows = []
    for baseline in BASELINES:
        found = ratio(ours[MATCHES], figures[baseline][MATCHES])
        bound = RATIO if baseline in PROMISED else None
        rows.append(_row(f"matches over those of {baseline}", found, bound=bound, unit="×"))
    popular = figures["popularity"]
    for name, what in (
        ("exposure gini", "everybody"),
        ("exposure gini women", "women"),
        ("exposure gini men", "men"),
    ):
        found = ratio(ours[name], popular[name])
        rows.append(
            _row(
                f"Gini of exposure over popularity's, {what}",
                found,
                bound=UNEVENNESS,
                better="lower",
                unit="×",
                note=f"{ours[name].mean():.3f} to {popular[name].mean():.3f}; random {figures['random'][name].mean():.3f}",
            )
        )
    for name in ("ECE of a like", "ECE of a match"):
        equal = f"; bins of equal width {ours[name + ', equal width'].mean():.4f}" if name + ", equal width" in ours else ""
        note = _by_gender(ours, name) + equal
        rows.append(_row(name, over_seeds(ours[name]), bound=ECE, better="lower", note=note))
    return rows


def matches(figures: Figures, policy: str) -> Row:
    """A policy's matches, with what else there is to say of it."""
    of = figures[policy]
    note = (
        f"{_by_gender(of, MATCHES)}; without a match {of['without a match'].mean():.0%}; "
        f"Gini women {of['exposure gini women'].mean():.2f}, men {of['exposure gini men'].mean():.2f}; NDCG {of['NDCG at 10'].mean():.3f}"
    )
    return _row(f"{MATCHES}: {policy}", over_seeds(of[MATCHES]), note=note)


def told(figures: Figures) -> list[Row]:
    """Each of the product's figures, of everybody and by gender, beside those of every baseline that was asked for."""
    rows = []
    for name, unit, better, what in TOLD:
        for who in WHO:
            found = over_seeds(figures[PRODUCT][name + who])
            beside = {baseline: over_seeds(figures[baseline][name + who]).value for baseline in ASKED}
            others = ", ".join(f"{baseline} {number(value)}" for baseline, value in beside.items() if baseline != "popularity")
            note = "; ".join(part for part in ("" if who else what, others) if part)
            row = _row(f"{name}:{who or ' everybody'}", found, unit=unit, better=better, note=note)
            popular = None if math.isnan(beside["popularity"]) else beside["popularity"]
            rows.append(replace(row, baseline=popular, baseline_name="popularity"))
    return rows


def sensitive(town: str, figures: Figures, baseline: str) -> Row:
    """The promised ratio in another town."""
    return _row(f"{town}: matches over those of {baseline}", ratio(figures[PRODUCT][MATCHES], figures[baseline][MATCHES]), unit="×")


def bot() -> list[Row]:
    """One small town served by the bot's use cases over SQLite, beside the engine-only run of the same town."""
    served, alone = by_the_bot(0)
    rows = []
    for name in ("matches", "cards", "likes", "exposure gini women", "exposure gini men", "ECE of a like"):
        note = "one small town, through the bot's use cases over SQLite" if name == "matches" else ""
        rows.append(Row(f"by the bot: {name}", served[name], 1, baseline=alone[name], baseline_name="engine alone", note=note))
    return rows


def _row(name: str, found: Estimate, *, unit: str = "", better: str = "higher", bound: float | None = None, note: str = "") -> Row:
    value = None if math.isnan(found.value) else found.value
    interval = found.interval if value is not None else None
    return Row(name, value, found.n, unit, "lower" if better == "lower" else "higher", bound, interval, note=note)


def _by_gender(of: Mapping[str, NDArray[np.float64]], name: str) -> str:
    return f"women {np.nanmean(of[name + ' women']):.3g}, men {np.nanmean(of[name + ' men']):.3g}"


def _live(jobs: list[Job]) -> list[Done]:
    done = []
    for one in lives(jobs):
        done.append(one)
        sys.stderr.write(f"\r  {one.job.town}: {len(done)} of {len(jobs)} lives ")
        sys.stderr.flush()
    sys.stderr.write("\n")
    return done


def draw(context: Context, figures: Figures, first: Sequence[Done]) -> None:
    """Matches by policy, chances said and happened, and who gets the cards."""
    folder = context.results
    names = sorted(figures, key=lambda name: float(figures[name][MATCHES].mean()))
    with drawing(folder / "town-matches.png", "Matches by who orders the cards", MATCHES, "") as axes:
        found = [over_seeds(figures[name][MATCHES]) for name in names]
        values = [each.value for each in found]
        colours = ["tab:blue" if name.startswith(PRODUCT) else "tab:gray" for name in names]
        axes.barh(names, values, color=colours, xerr=[each.high - each.value for each in found], capsize=2)
        axes.tick_params(axis="y", labelsize="small")
    ours = next((one.curves for one in first if one.job.policy == PRODUCT), None)
    with drawing(folder / "town-calibration.png", "What was said and what happened (seed 0)", "chance said", "share that happened") as axes:
        axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
        if ours is not None:
            axes.plot(*ours.out, marker="o", label="a like")
            axes.plot(*ours.match, marker="s", label="a match")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
    with drawing(
        folder / "town-exposure.png", "Who gets the cards (seed 0)", "share of members, least shown first", "share of cards"
    ) as axes:
        axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
        for one in first:
            if one.job.policy in {PRODUCT, "popularity", ONE_WAY, "random"}:
                up = np.cumsum(np.concatenate([[0.0], one.exposure]))
                axes.plot(np.linspace(0, 1, len(up)), up / up[-1], label=one.job.policy)
