"""Does the compatibility score tell couples from random pairs of the same ages, and is it as sure as it says?

**Planted** couples have no pixels: people get vectors near the starter's types, ages, and a true log odds of being a couple, made of a
table for face types, one for fashion types and the likeness of both; partners are also of like age, which must not help.  The code that
`engine learn` runs is fitted on most couples (`engine.training.compatibility`), and the code that `/compat` runs scores the others
beside random pairs of the same ages.  What is attainable is about the AUC of the true log odds (who was left for whom moves it a little).
**Shuffled**: the same people with partners that age alone chose.

**Real couples** (`couples`) are too few to learn from: they measure what the starter's prior gives, beside re-paired people of like age.
Two people on one photo share its light, so that part is flattered.

**The same person**: error rates of the threshold on all pairs of `faces_identity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crawler.couples import Separator
from crawler.parting import Parting
from engine.analysis import Analyser
from engine.compatibility import KINDS, SAME, Compatibility, Look
from engine.training import compatibility as fitting
from engine.training.corpus import Subject
from engine.training.rows import Typing
from engine.types import STARTER, TypePack
from engine.values import Analysis, Gender
from evaluation.context import Context
from evaluation.metrics import Floats, all_pairs, bootstrap, unit, wilson
from evaluation.plots import drawing
from evaluation.report import Row, Section

SIDES: tuple[Gender, Gender] = ("woman", "man")
LEARNED = (50, 200, 800, 2_500)
HELD = 800
"""Couples that nothing is fitted on."""
PROMISED = 2_500
SHARE = 0.9
"""Of the true log odds' distance from 0.5 that the AUC must reach."""
ECE = 0.05
NEAR = 0.03
"""How far the mean score of shuffled couples may be from 50 %."""
SEEDS = (1, 2, 3)
TABLE = 0.6
LIKE = 0.4
"""Log odds: spread of the tables of types, and of a standard deviation of likeness."""
GAP = (2.0, 3.0)
"""Years by which men of couples are older, and its standard deviation."""
ROUNDS = 60
COVERED = 0.75
"""Share of 80 % intervals that must hold the true chance."""
OFFERED = 150
"""People among whom each one's partner is drawn."""


@dataclass(frozen=True)
class World:
    """Couples and what made them."""

    subjects: tuple[Subject, ...]
    typings: tuple[Typing, ...]
    odds: Floats
    """(women, men) true log odds, up to what is one person's own; `subjects[2 i]` is woman i, and 2 i + 1 man i."""
    chances: Floats
    """(women, men) the true chance that such two are a couple, where as many random pairs stand beside the couples."""


def world(pack: TypePack, couples: int, seed: int, *, shuffled: bool = False) -> World:
    """So many couples of a woman and a man, each person once."""
    random = np.random.default_rng(seed)
    people = {gender: [_person(pack, gender, random) for _ in range(couples)] for gender in SIDES}
    ages = {gender: np.clip(random.normal(31, 7, couples), 19, 70) for gender in SIDES}
    odds = np.zeros((couples, couples))
    meter = Compatibility(pack)
    for kind in KINDS:
        types = {
            gender: np.array([pack.groups[f"{gender}_{kind}"].types.index(look.type(kind)) for look in people[gender]]) for gender in SIDES
        }
        sizes = [len(pack.groups[f"{gender}_{kind}"].types) for gender in SIDES]
        table = random.normal(0, TABLE, sizes)
        odds += table[np.ix_(types["woman"], types["man"])]
        aside = {gender: np.stack([_relative(meter, look, kind) for look in people[gender]]) for gender in SIDES}
        cosines = aside["woman"] @ aside["man"].T
        odds += LIKE * (cosines - cosines.mean()) / cosines.std()
    partner = _paired(np.zeros_like(odds) if shuffled else odds, ages["woman"], ages["man"], random)
    subjects: list[Subject] = []
    typings: list[Typing] = []
    for woman, man in enumerate(partner.tolist()):
        for gender, at in zip(SIDES, (woman, man), strict=True):
            look, number = people[gender][at], len(subjects) + 1
            subjects.append(Subject(number, woman + 1, gender, float(ages[gender][at]), look.face, look.fashion))
            names = [None if info is None else info.id for info in (look.face_type, look.fashion_type)]
            typings.append((number, number, names[0], names[1]))
    true = odds[:, partner]
    return World(tuple(subjects), tuple(typings), true, _chances(np.zeros_like(true) if shuffled else true))


def _chances(odds: Floats) -> Floats:
    """What is one person's own is no part of it: everybody is in one couple, so rows and columns are brought to the same mean."""
    ratio = np.exp(odds)
    for _ in range(ROUNDS):
        ratio /= ratio.mean(axis=1, keepdims=True)
        ratio /= ratio.mean(axis=0, keepdims=True)
    return np.asarray(ratio / (1 + ratio))


def _person(pack: TypePack, gender: Gender, random: np.random.Generator) -> Look:
    """Somebody near one of the starter's types of each kind."""
    vectors = {}
    for kind, dims, noise in (("face", 128, 0.9), ("fashion", 107, 0.6)):
        block = pack.groups[f"{gender}_{kind}"].blocks[0]
        centre = block.basis @ block.centroids[int(random.integers(len(block.centroids)))]
        own = block.mean + 0.6 * centre / np.linalg.norm(centre) + random.normal(size=block.stop) * noise / np.sqrt(block.stop)
        whole = np.zeros(dims)
        whole[: block.stop] = own
        vectors[kind] = unit(whole).astype(np.float32)
    seen = pack.assign_face(vectors["face"], gender), pack.assign_fashion(vectors["fashion"], gender)
    if seen[0] is None or seen[1] is None:
        return _person(pack, gender, random)
    return Look(gender, vectors["face"], vectors["fashion"], pack.by_id[seen[0].id], pack.by_id[seen[1].id])


def _relative(meter: Compatibility, look: Look, kind: str) -> Floats:
    found = meter.relative(look, "face" if kind == "face" else "fashion")
    if found is None:
        raise ValueError("somebody made up has no vector")
    return found


def _paired(odds: Floats, women: Floats, men: Floats, random: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """(women,) the man of each: drawn from some who are still free, by odds and by age."""
    weights = np.exp(odds - ((men[None] - women[:, None] - GAP[0]) / GAP[1]) ** 2 / 2)
    free = np.ones(len(men), dtype=np.bool_)
    partner = np.zeros(len(women), dtype=np.intp)
    for woman in random.permutation(len(women)).tolist():
        offered = random.permutation(np.flatnonzero(free))[:OFFERED]
        share = weights[woman, offered] + 1e-30
        partner[woman] = offered[random.choice(len(offered), p=share / share.sum())]
        free[partner[woman]] = False
    return partner


@dataclass(frozen=True, slots=True)
class Judged:
    """What the score made of couples that nothing was fitted on."""

    auc: float
    attainable: float
    ece: float
    scores: Floats
    """(held-out couples,) 0–1."""
    width: float
    """Mean width of the interval, 0–1."""
    covered: float
    """Share of the 80 % intervals that hold the true chance."""
    told: fitting.Told


def judge(pack: TypePack, made: World, learned: int, seed: int) -> Judged:
    """Fit on the first `learned` couples, score the last `HELD` ones."""
    n = len(made.subjects) // 2
    identities = np.array([one.id for one in made.subjects], dtype=np.intp)
    known = slice(0, 2 * learned)
    material = fitting.gather(made.subjects[known], identities[known], made.typings[known], pack, seed)
    calibration = fitting.fit(material, pack, range(material.couples), seed)
    meter = Compatibility(pack, fitting.counts(material, range(material.couples)), calibration)
    last = slice(2 * (n - HELD), 2 * n)
    held = fitting.gather(made.subjects[last], identities[last], made.typings[last], pack, seed)
    chances, widths, truth, covered = [], [], [], []
    for pair in held.pairs:
        x, variances = meter.features(held.looks[pair.one], held.looks[pair.other], pair.cosines)
        chance = meter.calibration.chance(x, variances)
        chances.append(chance.mean)
        widths.append(chance.interval[1] - chance.interval[0])
        both = n - HELD + pair.one // 2, n - HELD + pair.other // 2
        truth.append(made.odds[both])
        covered.append(chance.interval[0] <= made.chances[both] <= chance.interval[1])
    observed = np.array([pair.observed for pair in held.pairs])
    weights = np.array([pair.weight for pair in held.pairs])
    told = fitting.Told(np.array(chances), observed, weights, np.array([pair.couple for pair in held.pairs]))
    return Judged(
        fitting.auc(told.chances, observed, weights),
        fitting.auc(np.array(truth), observed, weights),
        fitting.ece(told.chances, observed.astype(np.float64), weights),
        told.chances[observed],
        float(np.mean(widths)),
        float(np.average(covered, weights=weights)),
        told,
    )


def run(context: Context) -> Section:
    """Planted and shuffled worlds, real couples with the starter, and the same person."""
    pack = TypePack.load(STARTER)
    seeds = SEEDS[: max(1, len(SEEDS) // context.every)]
    found: dict[int, list[Judged]] = {learned: [] for learned in LEARNED}
    mixed: list[Judged] = []
    for seed in seeds:
        made = world(pack, max(LEARNED) + HELD, seed)
        for learned in LEARNED:
            found[learned].append(judge(pack, made, learned, seed))
        mixed.append(judge(pack, world(pack, max(LEARNED) + HELD, seed, shuffled=True), PROMISED, seed))
    rows = [row for learned in reversed(LEARNED) for row in planted(found[learned], learned)]
    rows += shuffled(mixed)
    notes = [f"Planted: {len(seeds)} worlds; {HELD} held-out couples each, beside random pairs {fitting.BAND:g} years apart. Synthetic."]
    if (context.data / "couples" / "labels.csv").is_file():
        rows += real(context)
        notes.append(
            "Real couples: the starter pack has learned from none; its prior alone speaks, and both of a couple stand on one photo."
        )
    if (context.data / "faces_identity" / "labels.csv").is_file():
        rows += same_person(context)
    draw(context, found, mixed)
    return Section("compat", "Compatibility of two people", tuple(rows), ("compat.png",), tuple(notes))


def planted(found: Sequence[Judged], learned: int) -> list[Row]:
    """What is reached after learning from so many couples."""
    reach = np.array([(one.auc - 0.5) / (one.attainable - 0.5) for one in found])
    promised = learned == PROMISED
    best = float(np.mean([one.attainable for one in found]))
    name = f"planted, {learned:,} couples learned from"
    area = Row(
        f"{name}: AUC of held-out couples",
        float(np.mean([one.auc for one in found])),
        HELD * len(found),
        bound=0.5 + SHARE * (best - 0.5) if promised else None,
        interval=_spread([one.auc for one in found]),
        baseline=best,
        baseline_name="the true log odds",
        note=f"{reach.mean():.0%} of their distance from 0.5",
    )
    errors = [one.ece for one in found]
    error = Row(
        f"{name}: expected calibration error",
        float(np.mean(errors)),
        HELD * len(found),
        better="lower",
        bound=ECE if promised else None,
        interval=_spread(errors),
        note=f"mean width of the interval: {100 * np.mean([one.width for one in found]):.0f} of 100",
    )
    held = [one.covered for one in found]
    cover = Row(
        f"{name}: 80 % intervals that hold the true chance",
        float(np.mean(held)),
        HELD * len(found),
        bound=COVERED if promised else None,
        interval=_spread(held),
    )
    return [area, error, cover]


def shuffled(mixed: Sequence[Judged]) -> list[Row]:
    """Nothing may be found where age alone chose."""
    scores = np.concatenate([one.scores for one in mixed])
    areas, errors = [one.auc for one in mixed], [one.ece for one in mixed]
    n = HELD * len(mixed)
    return [
        Row(
            "shuffled: distance of the AUC from 0.5",
            abs(float(np.mean(areas)) - 0.5),
            n,
            "",
            "lower",
            NEAR,
            note=f"AUC {np.mean(areas):.3f}",
        ),
        Row("shuffled: expected calibration error", float(np.mean(errors)), n, "", "lower", ECE, _spread(errors)),
        Row(
            "shuffled: distance of the mean score of couples from 50",
            100 * abs(float(scores.mean()) - 0.5),
            n,
            "",
            "lower",
            100 * NEAR,
            note=f"nine in ten scores lie within {100 * np.quantile(scores, 0.05):.0f}–{100 * np.quantile(scores, 0.95):.0f}",
        ),
    ]


def _spread(values: Sequence[float]) -> tuple[float, float] | None:
    return (min(values), max(values)) if len(values) > 1 else None


def real(context: Context) -> list[Row]:
    """Real couples under the starter, beside people of other couples of like age."""
    cache = context.settings.var / "cache"
    analyser = Analyser(context.settings.engine, cache)
    parting = Parting(Separator(context.settings.crawler, context.settings.engine, cache, analyser.readers), analyser)
    wanted = [row for row in context.labels("couples") if row["pair_label"] in ("man_woman", "same_gender_pair")]
    parted = [parting.predict((context.data / row["file"]).read_bytes()).people for row in wanted]
    pairs = [people for people in parted if people is not None]
    meter = Compatibility(analyser.pack)
    couples = [_score(meter, one, other) for one, other in pairs]
    others: list[list[float]] = []
    for at, (one, other) in enumerate(pairs):
        left = [people for number, people in enumerate(pairs) if number != at]
        near = [each for people in left for each in people if _alike(each, other)] + [
            each for people in left for each in people if _alike(each, one)
        ]
        half = sum(1 for people in left for each in people if _alike(each, other))
        others.append([_score(meter, one, each) for each in near[:half]] + [_score(meter, each, other) for each in near[half:]])
    kept = [at for at, scores in enumerate(others) if scores]
    wins = np.array([float(np.mean([(couples[at] > score) + 0.5 * (couples[at] == score) for score in others[at]])) for at in kept])
    mine = np.array(couples)
    return [
        Row("real couples: photos on which the two were found", len(pairs) / max(1, len(wanted)), len(wanted)),
        Row(
            "real couples, starter's prior: above random pairs of like age",
            float(wins.mean()) if len(wins) else None,
            len(wins),
            interval=bootstrap(wins),
            baseline=0.5,
            baseline_name="guessing",
            note="same gender, at most 8 years apart; both of a couple share the photo's light",
        ),
        Row("real couples, starter's prior: mean score", float(mine.mean()) if len(mine) else None, len(mine), interval=bootstrap(mine)),
        Row(
            "random pairs of like age, starter's prior: mean score",
            float(np.mean([score for at in kept for score in others[at]])) if kept else None,
            sum(len(others[at]) for at in kept),
        ),
    ]


def _score(meter: Compatibility, one: Analysis, other: Analysis) -> float:
    return meter.score(Look.of(one, meter.pack), Look.of(other, meter.pack)).score or 0.0


def _alike(one: Analysis, other: Analysis) -> bool:
    """Of one gender and of like age: with so few couples within twice the band."""
    mine, theirs = one.main_face, other.main_face
    if mine is None or theirs is None or mine.gender is None or mine.gender != theirs.gender:
        return False
    return abs(mine.age - theirs.age) <= 2 * fitting.BAND


def same_person(context: Context) -> list[Row]:
    """Both error rates of the threshold."""
    rows = context.labels("faces_identity")
    seen = context.seen(rows, "compat")
    usable = [at for at, one in enumerate(seen) if "served" in one.vectors]
    if len(usable) < 2:
        return []
    pairs = all_pairs(unit(np.stack([seen[at].vectors["served"] for at in usable])), [rows[at]["identity"] for at in usable])
    missed, wrong = int((pairs.genuine < SAME).sum()), int((pairs.impostor >= SAME).sum())
    return [
        Row(
            f"two people taken for one person (cosine {SAME:g} or more)",
            wrong / max(1, len(pairs.impostor)),
            len(pairs.impostor),
            better="lower",
            bound=0.001,
            interval=wilson(wrong, len(pairs.impostor)),
        ),
        Row(
            "two photos of one person not noticed",
            missed / max(1, len(pairs.genuine)),
            len(pairs.genuine),
            better="lower",
            interval=wilson(missed, len(pairs.genuine)),
            note="they are given a score; identical files are always noticed",
        ),
    ]


def draw(context: Context, found: dict[int, list[Judged]], mixed: Sequence[Judged]) -> None:
    """How often pairs with a score are couples."""
    with drawing(context.results / "compat.png", "Is the score what it says?", "score", "share of couples, of 100") as axes:
        axes.plot([0, 100], [0, 100], color="gray", linewidth=0.8, linestyle=":")
        for name, sets in (*((f"{learned:,} couples", found[learned]) for learned in LEARNED), ("shuffled", mixed)):
            chances, observed, weights = (
                np.concatenate([getattr(one.told, part) for one in sets]) for part in ("chances", "observed", "weights")
            )
            edges = np.unique(np.quantile(chances, np.linspace(0, 1, 9)))
            place = np.clip(np.searchsorted(edges, chances, side="right") - 1, 0, len(edges) - 2)
            across = [100 * np.average(chances[place == at], weights=weights[place == at]) for at in range(len(edges) - 1)]
            up = [100 * np.average(observed[place == at], weights=weights[place == at]) for at in range(len(edges) - 1)]
            axes.plot(across, up, marker="o", label=name, linestyle="--" if name == "shuffled" else "-")
