"""Fit what tells observed couples from random pairs of the same ages, and how well it does on couples that it has not seen.

Beside each couple stand pairs re-drawn within its genders and ages: one of the two keeps their place, the other one is replaced by
somebody of the same gender, from a couple of the same genders, at most `BAND` years younger or older.  All pairs of a couple together weigh
as much as the couple: even odds.

Lifts of types are counts of couples, so a couple must not be judged by lifts that it was counted in.  Couples are therefore dealt out to
`FOLDS` folds, features of each fold come from the counts of the others, and the weights are fitted on such features.  For the figures
all of that is done once more within the folds that are left, so that a held-out couple had no part in its lifts, in their spread or in
the weights.

Two people on one photo share its light, and seem more alike for it than two people on two photos.  Where one of them is on other photos
too, the vector is taken from such a one; `apart` in the figures says how often that could be done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.affinity import CoupleCounts
from engine.calibration import FEATURES, PAIRS, PARTS, PRIOR, Calibration, Floats, Spread, cell
from engine.compatibility import KINDS, Compatibility, Look, pairing
from engine.training import gates
from engine.training.corpus import Subject, couples_of
from engine.training.gates import Gate
from engine.training.rows import Typing, genders_of, typings_of
from engine.types import TypePack
from engine.values import Gender

BAND = 4.0
"""Years: less than the reading of age errs by (5.6 on average), more than that leaves too few people to draw from."""
DRAWN = 6
"""Random pairs beside each couple."""
FOLDS = 5
FEW = gates.FEW
"""Couples below which nothing is fitted: the stated prior says as much."""
LEAST = 0.45
"""AUC below which something is upside down; where there is nothing to find, counting a couple elsewhere makes it seem a little rarer."""
BINS = 10
SAMPLES = 300
SHRINKING = 10.0
"""Random pairs of two types that weigh as much as the assumption that these types are no more alike than any two."""
STEPS = 40
QUANTILES = 21


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people with what they weigh; `couple` is the number of the couple whose ages they have."""

    one: int
    other: int
    couple: int
    observed: bool
    weight: float
    cosines: tuple[float | None, ...]
    """Of both `KINDS`."""


@dataclass(frozen=True, slots=True)
class Material:
    """Couples and random pairs, ready to be fitted."""

    looks: Sequence[Look]
    pairs: Sequence[Pair]
    types: Sequence[tuple[tuple[str, str], ...]]
    """By couple: its pairs of type ids, to be counted."""
    gaps: Floats
    """(couples,) years between the two."""
    apart: float
    """Share of the couples whose likeness was read across two photos."""

    @property
    def couples(self) -> int:
        """How many there are."""
        return len(self.types)


@dataclass(frozen=True, slots=True)
class Told:
    """Held-out chances of couples and random pairs."""

    chances: Floats
    observed: NDArray[np.bool_]
    weights: Floats
    couple: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Learned:
    """A calibration and the gates that it is held to."""

    calibration: Calibration
    gates: tuple[Gate, ...]


def learn(
    subjects: Sequence[Subject],
    identities: NDArray[np.intp],
    typings: Sequence[Typing],
    pack: TypePack,
    seed: int,
    ece_max: float,
    active: TypePack | None = None,
) -> Learned | None:
    """What the couples of a corpus say under the types of `pack`; None where there are fewer than `FEW`.

    Args:
        subjects: everybody, see `engine.training.corpus`.
        identities: (subjects,) who is who.
        typings: their types under `pack`.
        pack: the new types.
        seed: of what is drawn.
        ece_max: largest expected calibration error, beyond what chance gives in so few couples.
        active: the types in use, which are asked about the same couples; None: there is nothing to compare with.

    """
    material = gather(subjects, identities, typings, pack, seed)
    if material.couples < FEW:
        return None
    told = held_out(material, pack, seed)
    calibration = fit(material, pack, range(material.couples), seed)
    before = None
    if active is not None and (active.face_model, active.fashion_model) == (pack.face_model, pack.fashion_model):
        before = held_out(gather(subjects, identities, typings_of(subjects, identities, active), active, seed), active, seed)
    figures, judged = figures_of(told, material, seed, ece_max, before)
    return Learned(replace(calibration, figures=figures), judged)


def gather(subjects: Sequence[Subject], identities: NDArray[np.intp], typings: Sequence[Typing], pack: TypePack, seed: int) -> Material:
    """Each couple once, with random pairs of its ages and genders; couples without such pairs, or without genders, are left out."""
    random = np.random.default_rng(seed)
    people: list[int] = identities.tolist()
    genders = genders_of(subjects, identities)
    shots: dict[int, list[int]] = {}
    for at, identity in enumerate(people):
        shots.setdefault(identity, []).append(at)
    seen: dict[frozenset[int], tuple[int, int]] = {}
    for a, b in couples_of(subjects):
        if genders[people[a]] and genders[people[b]] and people[a] != people[b]:
            # A woman first, so that both places of a mixed couple are of one gender each.
            first, second = (b, a) if genders[people[a]] == "man" and genders[people[b]] == "woman" else (a, b)
            seen.setdefault(frozenset((people[a], people[b])), (first, second))
    pools = Pools(subjects, people, list(seen.values()), genders)
    looks = [_look(subjects[at], typings[at], genders[people[at]], pack) for at in range(len(subjects))]
    meter = Compatibility(pack, CoupleCounts(), PRIOR)

    def pair(one: int, other: int, couple: int, weight: float, *, observed: bool) -> Pair:
        cosines = tuple(meter.cosine(looks[one], looks[other], kind) for kind in KINDS)
        return Pair(one, other, couple, observed, weight, cosines)

    pairs: list[Pair] = []
    types: list[tuple[tuple[str, str], ...]] = []
    gaps, apart = [], 0
    for a, b in seen.values():
        drawn = [
            (one, other)
            for kept, side in ((a, 1), (b, 0))
            for one, other in pools.draw(kept, b if side else a, side, random)
            if frozenset((people[one], people[other])) not in seen
        ]
        if not drawn:
            continue
        other = _elsewhere(b, subjects[a].couple, shots[people[b]], subjects, random)
        apart += other != b
        number = len(types)
        pairs.append(pair(a, other, number, 1.0, observed=True))
        pairs += [pair(one, two, number, 1 / len(drawn), observed=False) for one, two in drawn]
        both = [(looks[a].type(kind), looks[b].type(kind)) for kind in KINDS]
        types.append(tuple((mine.id, theirs.id) for mine, theirs in both if mine and theirs))
        gaps.append(abs(subjects[a].age - subjects[b].age))
    return Material(looks, pairs, types, np.array(gaps), apart / max(1, len(types)))


class Pools:
    """Who can take whose place: people by the genders of their couple and by their own place in it, in the order of their ages."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        people: Sequence[int],
        couples: Sequence[tuple[int, int]],
        genders: Mapping[int, Gender | None],
    ) -> None:
        self.subjects, self.people, self.genders = subjects, people, genders
        listed: dict[tuple[object, ...], set[int]] = {}
        for both in couples:
            mine = self._of(both)
            for side in (0, 1):
                # In a couple of one gender there is no first and second place.
                for place in (side,) if mine[0] != mine[1] else (0, 1):
                    listed.setdefault((*mine, place), set()).add(both[side])
        self.ordered = {key: sorted(pool, key=lambda at: (subjects[at].age, at)) for key, pool in listed.items()}
        self.ages = {key: np.array([subjects[at].age for at in pool]) for key, pool in self.ordered.items()}

    def draw(self, kept: int, left: int, side: int, random: np.random.Generator) -> list[tuple[int, int]]:
        """Pairs of `kept` and somebody of the age of `left`, who stands in place `side`; at most `DRAWN` / 2 different ones."""
        couple = (kept, left) if side else (left, kept)
        key = (*self._of(couple), side)
        low, high = np.searchsorted(self.ages[key], [self.subjects[left].age - BAND, self.subjects[left].age + BAND], side="left")
        near = self.ordered[key][int(low) : int(high)]
        chosen = [near[at] for at in random.permutation(len(near))[: 2 * DRAWN].tolist()]
        fit = [at for at in chosen if self.people[at] not in (self.people[kept], self.people[left])][: DRAWN // 2]
        return [(kept, at) if side else (at, kept) for at in fit]

    def _of(self, couple: tuple[int, int]) -> tuple[Gender | None, Gender | None]:
        return self.genders[self.people[couple[0]]], self.genders[self.people[couple[1]]]


def _look(one: Subject, typing: Typing, gender: Gender | None, pack: TypePack) -> Look:
    face, fashion = typing[2], typing[3]
    return Look(gender, one.face, one.fashion, pack.by_id[face] if face else None, pack.by_id[fashion] if fashion else None)


def _elsewhere(at: int, couple: int, own: Sequence[int], subjects: Sequence[Subject], random: np.random.Generator) -> int:
    """The same person on a photo other than the couple's, if there is one with a face."""
    others = [shot for shot in own if subjects[shot].couple != couple and subjects[shot].face is not None]
    return others[int(random.integers(len(others)))] if others else at


def folds(material: Material, seed: int) -> NDArray[np.intp]:
    """(couples,) which fold each couple is in."""
    return np.random.default_rng(seed).permutation(np.arange(material.couples) % FOLDS)


def counts(material: Material, couples: Sequence[int] | range) -> CoupleCounts:
    """Couples by types, of these couples only."""
    counted = Counter(both for number in couples for both in material.types[number])
    return CoupleCounts.of((one, other, count) for (one, other), count in sorted(counted.items()))


def spreads(material: Material, chosen: Sequence[Pair]) -> tuple[dict[str, Spread], dict[str, float]]:
    """What a likeness is measured by, of random pairs; where there are few of them, what is assumed.

    Returns:
        By part and genders; and by `engine.calibration.cell` of two types what pairs of these differ by from that mean, shrunk.

    """
    found: dict[str, list[float]] = {f"{part}_{pair}": [] for part in PARTS for pair in PAIRS}
    of_types: dict[str, dict[str, list[float]]] = {name: {} for name in found}
    for pair in chosen:
        one, other = material.looks[pair.one], material.looks[pair.other]
        for kind, cosine in zip(KINDS, pair.cosines, strict=True):
            if not pair.observed and cosine is not None:
                name, mine, theirs = f"{kind}_{pairing(one, other, kind)}", one.type(kind), other.type(kind)
                found[name].append(cosine)
                types = cell(mine.id, theirs.id) if mine and theirs else ""
                of_types[name].setdefault(types, []).append(cosine)
    usual: dict[str, float] = {}
    within: dict[str, list[float]] = {}
    for name, cells in of_types.items():
        if len(found[name]) < FEW:
            continue
        mean = float(np.mean(found[name]))
        for types, values in sorted(cells.items()):
            shift = (float(np.mean(values)) - mean) * len(values) / (len(values) + SHRINKING) if types else 0.0
            within.setdefault(name, []).extend(value - shift for value in values)
            if types:
                usual[types] = shift
    return _spread_of(within), usual


def _spread_of(found: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    names = [f"{part}_{pair}" for part in PARTS for pair in PAIRS]
    return {
        name: Spread(float(np.mean(found[name])), max(float(np.std(found[name])), 1e-3)) if name in found else PRIOR.likeness[name]
        for name in names
    }


def fit(material: Material, pack: TypePack, couples: Sequence[int] | range, seed: int) -> Calibration:
    """The calibration that these couples speak for, on features whose lifts do not know the couple itself."""
    wanted = set(couples)
    chosen = [pair for pair in material.pairs if pair.couple in wanted]
    likeness, usual = spreads(material, chosen)
    start = replace(PRIOR, likeness=likeness, usual_likeness=usual)
    fold = folds(material, seed + 1)
    x = np.zeros((len(chosen), len(FEATURES)))
    for number in range(FOLDS):
        others = counts(material, [one for one in couples if fold[one] != number])
        meter = Compatibility(pack, others, start)
        for at, pair in enumerate(chosen):
            if fold[pair.couple] == number:
                x[at] = meter.features(material.looks[pair.one], material.looks[pair.other], pair.cosines)[0]
    y = np.array([pair.observed for pair in chosen], dtype=np.float64)
    weights, covariance = posterior(x, y, np.array([pair.weight for pair in chosen]), start)
    gaps = np.quantile(material.gaps[sorted(wanted)], np.linspace(0, 1, QUANTILES))
    return Calibration(weights, covariance, likeness, tuple(np.maximum.accumulate(gaps).tolist()), len(wanted), usual)


def posterior(x: Floats, y: Floats, counted: Floats, prior: Calibration) -> tuple[Floats, Floats]:
    """Mode and covariance (Laplace) of the weights of a logistic model under a normal prior, by Newton's method.

    Args:
        x: (n, 6) features.
        y: (n,) 1 for couples, 0 for random pairs.
        counted: (n,) how much each of them weighs.
        prior: its weights and covariance.

    """
    precision = np.linalg.inv(prior.covariance)
    weights = prior.weights.copy()
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (counted * (y - p)) - precision @ (weights - prior.weights)
        hessian = (x * (counted * p * (1 - p))[:, None]).T @ x + precision
        step = np.linalg.solve(hessian, gradient)
        weights = weights + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights, np.linalg.inv(hessian)


def held_out(material: Material, pack: TypePack, seed: int) -> Told:
    """The chance of every pair by what the couples of the other folds say."""
    fold = folds(material, seed)
    chances = np.zeros(len(material.pairs))
    for number in range(FOLDS):
        others = np.flatnonzero(fold != number).tolist()
        known = Compatibility(pack, counts(material, others), fit(material, pack, others, seed))
        for at, pair in enumerate(material.pairs):
            if fold[pair.couple] == number:
                x, variances = known.features(material.looks[pair.one], material.looks[pair.other], pair.cosines)
                chances[at] = known.calibration.chance(x, variances).mean
    pairs = material.pairs
    return Told(
        chances, np.array([one.observed for one in pairs]), np.array([one.weight for one in pairs]), np.array([one.couple for one in pairs])
    )


def auc(chances: Floats, observed: NDArray[np.bool_], weights: Floats) -> float:
    """The chance that a couple is given more than a random pair, ties counting half; random pairs weigh as told.

    >>> auc(np.array([0.9, 0.4, 0.4]), np.array([True, False, True]), np.ones(3))
    0.75
    """
    order = np.argsort(chances[~observed], kind="stable")
    values, mass = chances[~observed][order], np.concatenate([[0.0], np.cumsum(weights[~observed][order])])
    below, upto = (mass[np.searchsorted(values, chances[observed], side=side)] for side in ("left", "right"))
    return float((weights[observed] * (below + upto) / 2).sum() / (mass[-1] * weights[observed].sum()))


def ece(chances: Floats, observed: Floats, weights: Floats) -> float:
    """Expected calibration error over `BINS` bins of equal weight: mean distance of chance and outcome."""
    order = np.argsort(chances, kind="stable")
    place = np.cumsum(weights[order]) - weights[order] / 2
    bins = np.minimum((place / weights.sum() * BINS).astype(int), BINS - 1)
    off = np.zeros(BINS)
    np.add.at(off, bins, (weights * (chances - observed))[order])
    return float(np.abs(off).sum() / weights.sum())


def figures_of(
    told: Told, material: Material, seed: int, ece_max: float, before: Told | None = None
) -> tuple[dict[str, Any], tuple[Gate, ...]]:
    """AUC and ECE with 95 % intervals over couples, and the gates.

    Args:
        told: held-out chances under the new types.
        material: the couples that they are of.
        seed: of the bootstrap.
        ece_max: see `learn`.
        before: chances of the same pairs under the types in use, learned from the same couples: new couples that are harder to tell are
            not the new types' fault, as an older version's own figures would have it.

    """
    random = np.random.default_rng(seed)
    n = material.couples
    rows = [np.flatnonzero(told.couple == number) for number in range(n)]
    areas, errors, chance = [], [], []
    for _ in range(SAMPLES):
        drawn = np.concatenate([rows[at] for at in random.integers(0, n, n)])
        areas.append([_auc(one, drawn) for one in (told, before) if one is not None])
        errors.append([_ece(one, drawn) for one in (told, before) if one is not None])
        # What a model without any error would show in so few couples: outcomes drawn from its own chances.
        chance.append(ece(told.chances, (random.random(len(told.chances)) < told.chances).astype(np.float64), told.weights))
    usual = float(np.quantile(chance, 0.95))
    area, error = _auc(told), _ece(told)
    figures = {
        "auc": round(area, 4),
        "auc_interval": [round(float(value), 4) for value in np.quantile([one[0] for one in areas], [0.025, 0.975])],
        "ece": round(error, 4),
        "ece_interval": [round(float(value), 4) for value in np.quantile([one[0] for one in errors], [0.025, 0.975])],
        "ece_by_chance": round(usual, 4),
        "n": n,
        "pairs": len(material.pairs) - n,
        "band_years": BAND,
        "apart": round(material.apart, 4),
    }
    # Of both where there are two: types differ, so their noise is as good as independent.
    area_noise, error_noise = (float(np.hypot.reduce(np.std(drawn, axis=0))) for drawn in (areas, errors))
    past_area = past_error = None
    if before is not None:
        # Nothing is refused for an error that a model without any would show.
        past_area, past_error = _auc(before), max(_ece(before), usual - gates.NOISE * error_noise)
    lowest = LEAST - gates.NOISE * float(np.std([one[0] for one in areas]))
    judged = (
        gates.compared_most("compatibility_ece", error, ece_max + usual, past_error, error_noise),
        gates.compared("compatibility_auc", area, lowest, past_area, area_noise),
    )
    return figures, judged


def _auc(told: Told, drawn: NDArray[np.intp] | slice = slice(None)) -> float:
    return auc(told.chances[drawn], told.observed[drawn], told.weights[drawn])


def _ece(told: Told, drawn: NDArray[np.intp] | slice = slice(None)) -> float:
    return ece(told.chances[drawn], told.observed[drawn].astype(np.float64), told.weights[drawn])
