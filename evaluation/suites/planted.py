"""Is an affinity that was planted found again, and nothing where none was?  A numeric simulation on synthetic couples, no pixels.

A world has types of men and of women whose popularity falls as 1 / rank, and a true lift for every two of them (log-normal, SIGMA
wide, scaled so that popularity is kept: the mean lift of each type, weighted by its partners' popularity, is 1).  Couples are drawn
from it; a method sees only how many couples had which two types and names one partner type for every type.  With

    gained(choice) = mean over people of (true lift of the partner type chosen for their type − mean true lift of all partner types)

the **share of the attainable affinity** is gained(choice) / gained(the partner type with the largest true lift): 1 for who knows the
truth, 0 for who chooses at random.  Shuffled couples are the same people with partners dealt out anew; nothing is left to be found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affinity import shrunk_lifts
from evaluation.context import Context
from evaluation.metrics import bootstrap
from evaluation.plots import drawing
from evaluation.report import Row, Section

Floats = NDArray[np.float64]
Table = NDArray[np.float64]

COUPLES = (300, 1_000, 3_000, 10_000, 30_000, 100_000)
PROMISED = 30_000
TYPES = 12
SIGMA = 0.5
SEEDS = 40
ATTAINED = 0.95
NOMINAL = 0.2
"""Share of 80 % intervals that may miss."""
NOTHING = 0.05


@dataclass(frozen=True, slots=True)
class World:
    """Types, how popular they are, and how they truly go together."""

    men: Floats
    """(K,) shares that add up to 1."""
    women: Floats
    """(L,) likewise."""
    lifts: Table
    """(K, L); 1 is chance."""
    one_group: bool = False
    """Both are the same people: couples of two women, or of two men."""

    def couples(self, number: int, random: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The types of both people of so many couples."""
        mass = np.outer(self.men, self.women) * self.lifts
        cells = random.choice(mass.size, number, p=mass.ravel() / mass.sum())
        return cells // mass.shape[1], cells % mass.shape[1]


def make(seed: int, types: int = TYPES, sigma: float = SIGMA, *, one_group: bool = False) -> World:
    """A world; the same for the same seed."""
    random = np.random.default_rng(seed)
    popular = 1 / np.arange(1.0, types + 1)
    men, women = (random.permutation(popular / popular.sum()) for _ in range(2))
    lifts = np.exp(random.normal(0, sigma, (types, types)))
    if one_group:
        women, lifts = men, np.sqrt(lifts * lifts.T)
    for _ in range(300):  # Sinkhorn's scaling; in the middle between rows and columns, so that a symmetric table stays so
        rows, columns = lifts @ women, men @ lifts
        lifts = lifts / np.sqrt(np.outer(rows, columns))
    return World(men, women, lifts, one_group)


def crossed(world: World, one: NDArray[np.intp], other: NDArray[np.intp]) -> Table:
    """How many couples had which two types, as `engine.affinity` counts them."""
    counts = np.zeros(world.lifts.shape)
    np.add.at(counts, (one, other), 1)
    return counts + counts.T - np.diag(np.diag(counts)) if world.one_group else counts


def shuffled(
    world: World, one: NDArray[np.intp], other: NDArray[np.intp], random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The same people with other partners."""
    if not world.one_group:
        return one, random.permutation(other)
    people = random.permutation(np.concatenate([one, other]))
    return people[: len(one)], people[len(one) :]


def share(world: World, scores: Table) -> float:
    """The share of the attainable affinity that choosing by the largest score reaches."""
    chance = world.lifts.mean(axis=1)
    chosen = world.lifts[np.arange(len(scores)), scores.argmax(axis=1)]
    return float((world.men * (chosen - chance)).sum() / (world.men * (world.lifts.max(axis=1) - chance)).sum())


def by_shrunk_lift(world: World, counts: Table, _random: np.random.Generator) -> Table:
    """What the product ranks by."""
    return shrunk_lifts(counts, symmetric=world.one_group)[0]


def by_counts(_world: World, counts: Table, _random: np.random.Generator) -> Table:
    """The most frequent partner type."""
    return counts


def by_raw_lift(world: World, counts: Table, _random: np.random.Generator) -> Table:
    """Observed over expected, unshrunk."""
    people = counts + np.diag(np.diag(counts)) if world.one_group else counts
    expected = np.outer(people.sum(axis=1), people.sum(axis=0))
    if world.one_group:
        expected -= np.diag(np.diag(expected)) / 2
    return np.divide(counts, expected, out=np.zeros_like(counts), where=expected > 0)


def by_chance(_world: World, counts: Table, random: np.random.Generator) -> Table:
    """Any partner type."""
    return random.random(counts.shape)


METHODS: dict[str, Callable[[World, Table, np.random.Generator], Table]] = {
    "shrunk lift (the product)": by_shrunk_lift,
    "observed / expected": by_raw_lift,
    "most frequent": by_counts,
    "at random": by_chance,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What one world gave."""

    shares: dict[str, float]
    """By method."""
    excluding: float
    """Share of 80 % intervals that exclude 1."""
    covering: float
    """Share of 80 % intervals that contain the true lift."""
    farthest: float
    """The largest distance of a shrunk lift from 1."""


def look(seed: int, number: int, *, types: int = TYPES, sigma: float = SIGMA, one_group: bool = False, shuffle: bool = False) -> Found:
    """Draw couples from a world and look for what was planted."""
    world = make(seed, types, sigma, one_group=one_group)
    random = np.random.default_rng([seed, number])
    one, other = world.couples(number, random)
    if shuffle:
        one, other = shuffled(world, one, other, random)
    counts = crossed(world, one, other)
    lifts, low, high = shrunk_lifts(counts, symmetric=one_group)
    shares = {name: share(world, method(world, counts, random)) for name, method in METHODS.items()}
    excluding = float(np.mean((low > 1) | (high < 1)))
    return Found(shares, excluding, float(np.mean((low <= world.lifts) & (world.lifts <= high))), float(np.abs(lifts - 1).max()))


def run(context: Context) -> Section:
    """Repeated over worlds; intervals over worlds."""
    seeds = range(0, SEEDS, context.every)
    found = {number: [look(seed, number) for seed in seeds] for number in COUPLES}
    mixed = {number: [look(seed, number, shuffle=True) for seed in seeds] for number in COUPLES}
    alike = [look(seed, PROMISED, one_group=True) for seed in seeds]
    alike_mixed = [look(seed, PROMISED, one_group=True, shuffle=True) for seed in seeds]
    product = next(iter(METHODS))
    rows = [attained(f"share of the attainable affinity, {PROMISED:,} couples", found[PROMISED], bound=ATTAINED)]
    rows += [attained(f"… {number:,} couples", found[number]) for number in COUPLES if number != PROMISED]
    rows.append(attained(f"… {PROMISED:,} couples of one gender", alike, bound=ATTAINED))
    for types, sigma in ((8, SIGMA), (20, SIGMA), (TYPES, 0.3)):
        others = [look(seed, PROMISED, types=types, sigma=sigma) for seed in seeds]
        rows.append(attained(f"… {PROMISED:,} couples, {types} types a side, log-normal width {sigma}", others))
    for title, sets in (("", mixed[PROMISED]), (" of one gender", alike_mixed)):
        shares = np.array([one.shares[product] for one in sets])
        note = "0: what is chosen goes together no better than what chance chooses"
        rows.append(
            Row(
                f"partners shuffled: share found, {PROMISED:,} couples{title}",
                float(shares.mean()),
                len(shares),
                "",
                "lower",
                NOTHING,
                bootstrap(shares),
                1.0,
                "who knows the truth",
                note,
            )
        )
        excluding = np.array([one.excluding for one in sets])
        rows.append(
            Row(
                f"partners shuffled: 80 % intervals that exclude 1{title}",
                float(excluding.mean()),
                len(excluding),
                "",
                "lower",
                NOMINAL,
                bootstrap(excluding),
                float(np.mean([one.excluding for one in (alike if title else found[PROMISED])])),
                "before shuffling",
                f"largest distance of a lift from 1: {max(one.farthest for one in sets):.3f}",
            )
        )
    covering = np.array([one.covering for one in found[PROMISED]])
    rows.append(
        Row(
            "80 % intervals that contain the true lift",
            float(covering.mean()),
            len(covering),
            interval=bootstrap(covering),
            baseline=0.8,
            baseline_name="nominal",
        )
    )
    draw(context, found, mixed)
    note = (
        f"Synthetic couples of {TYPES} × {TYPES} types, popularity 1 / rank, true lifts log-normal with width {SIGMA}; "
        f"{len(seeds)} worlds. At fewer than 50 couples with a type the product does not rank by these lifts but by its stated prior."
    )
    return Section("planted", "Is a planted affinity found?", tuple(rows), ("planted.png",), (note,))


def attained(title: str, found: list[Found], bound: float | None = None) -> Row:
    """The product's share beside the most frequent partner type's."""
    product, _, frequent, random = METHODS
    shares = np.array([one.shares[product] for one in found])
    means = {name: np.mean([one.shares[name] for one in found]) for name in METHODS}
    note = f"unshrunk lift {means[list(METHODS)[1]]:.3f}, at random {means[random]:.3f}"
    return Row(
        title,
        float(shares.mean()),
        len(shares),
        bound=bound,
        interval=bootstrap(shares),
        baseline=float(means[frequent]),
        baseline_name="most frequent partner type",
        note=note,
    )


def draw(context: Context, found: dict[int, list[Found]], mixed: dict[int, list[Found]]) -> None:
    """Shares over the number of couples."""
    with drawing(context.results / "planted.png", "A planted affinity, found again", "couples", "share of the attainable affinity") as axes:
        for name in METHODS:
            shares = [np.array([one.shares[name] for one in found[number]]) for number in COUPLES]
            axes.plot(COUPLES, [each.mean() for each in shares], marker="o", label=name)
            bounds = [bootstrap(each) for each in shares]
            axes.fill_between(COUPLES, [low for low, _ in bounds], [high for _, high in bounds], alpha=0.15)
        product = next(iter(METHODS))
        nothing = [np.mean([one.shares[product] for one in mixed[number]]) for number in COUPLES]
        axes.plot(COUPLES, nothing, marker="x", linestyle="--", color="gray", label="shrunk lift, partners shuffled")
        axes.axhline(ATTAINED, color="black", linewidth=0.8, linestyle=":")
        axes.set_xscale("log")
        axes.set_ylim(-0.2, 1.05)
