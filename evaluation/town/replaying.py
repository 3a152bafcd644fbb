"""Replay of logged answers: learn from the first weeks of a log, score the later ones.

The log has the columns of the database's judgements (day, viewer, shown, liked) and is written in the town by a policy that explores:
half of the sessions are in random order, so that the later weeks are not only what the product would have shown.  Nothing but the
log and the profiles is used: where a match is judged, both must have answered in the log, and both behind the split.  An answer before it
has been learned from; a match judged by it would be half known, and only to who looks at the way back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.matching.combine import COMBINERS
from engine.matching.people import Candidate
from evaluation.ranking import auc, ndcg, precision, recall, reliability
from evaluation.town.life import live
from evaluation.town.people import Bools, Codes, Floats
from evaluation.town.policies import Answer, Asked, Order
from evaluation.town.product import Product
from evaluation.town.world import World

SPLIT = 0.75
"""Share of the days that is learned from."""
MIXED = 0.5
K = 5
SHRINK = 5.0
"""Imagined answers that shrink the share of likes somebody got, for the baseline."""


@dataclass(frozen=True, slots=True)
class Events:
    """Logged answers in the order in which they were given."""

    day: Codes
    viewer: Codes
    shown: Codes
    liked: Bools

    def __len__(self) -> int:
        return len(self.day)

    def where(self, chosen: Bools) -> Events:
        """Some of them."""
        return Events(self.day[chosen], self.viewer[chosen], self.shown[chosen], self.liked[chosen])


class Exploring(Product):
    """The product, with half of the sessions in random order."""

    def order(self, asked: Asked) -> Order:
        """As it is, or shuffled."""
        found = super().order(asked)
        random = np.random.default_rng([self.world.seed, 11, asked.turn])
        if random.random() >= MIXED:
            return found
        mixed = random.permutation(len(found.ids))
        return Order(found.ids[mixed], found.out[mixed], found.back[mixed], found.explored[mixed])


def logged(world: World) -> Events:
    """A log of the town's weeks."""
    log = live(world, Exploring(world, name="exploring", daily=False)).log
    return Events(log.day, log.viewer, log.shown, log.liked)


def learned(world: World, events: Events) -> Product:
    """A fresh product that was told of these answers, one after the other, and knows nothing else."""
    product = Product(world, daily=False)
    nobody = np.zeros((len(world), len(world)), dtype=bool)
    day = -1
    for when, viewer, shown, liked in zip(
        *(column.tolist() for column in (events.day, events.viewer, events.shown, events.liked)), strict=True
    ):
        while day < when:
            day += 1
            product.morning(day, nobody)
        one = product.matcher.rank(
            product.people[viewer], [Candidate(product.people[shown])], product.model, world.truth.couples, product.fair, 0
        )[0]
        product.ranked = {shown: one}
        product.answered(Answer(viewer, shown, liked, day, "discover", one.p_out))
    return product


@dataclass(frozen=True, slots=True)
class Scores:
    """What each way says of the later cards: of the like, and of the match."""

    like: dict[str, Floats]
    match: dict[str, Floats]


def scores(world: World, product: Product, before: Events, later: Events) -> Scores:
    """The product's chances and the baselines', from what was known at the split."""
    table = product.matcher.lifts.table(world.truth.couples)
    product.model.serve(product.people)
    viewers, shown = (product.model.crowd([product.people[one] for one in side], table) for side in (later.viewer, later.shown))
    out, back = product.model.predict(viewers, shown, table).p, product.model.predict(shown, viewers, table).p
    got = np.bincount(before.shown, before.liked, len(world))
    cards = np.bincount(before.shown, minlength=len(world))
    popularity = ((got + SHRINK * before.liked.mean()) / (cards + SHRINK))[later.shown]
    pairs, types = world.truth.couples.pairs, world.people.types
    counts = np.array(
        [
            float(sum(pairs.get((one, other), 0) for one in types[a] for other in types[b]))
            for a, b in zip(later.viewer.tolist(), later.shown.tolist(), strict=True)
        ]
    )
    chance = np.random.default_rng([world.seed, 13]).random(len(later))
    baselines = {"popularity": popularity, "most frequent partner type": counts, "random": chance}
    ways = {f"the product, {name}": combine(out, back) for name, combine in COMBINERS.items()}
    return Scores({"the product": out, **baselines}, {**ways, "one-way score": out, **baselines})


def figures(world: World) -> dict[str, float]:
    """Figures of one town's log, by name."""
    events = logged(world)
    split = round(SPLIT * world.town.days)
    before, later = events.where(events.day < split), events.where(events.day >= split)
    found = scores(world, learned(world, before), before, later)
    ours = found.like["the product"]
    result = {"answers": float(len(before)), "later": float(len(later)), "ECE": reliability(ours, later.liked).ece}
    women = world.people.gender[later.viewer] == 0
    rates = np.where(women, *(_rate(before, world, code) for code in (0, 1)))
    result["log loss"] = _log_loss(ours, later.liked)
    result["log loss of the usual rate"] = _log_loss(rates, later.liked)
    for name, score in found.like.items():
        result[f"AUC of a like, {name}"] = auc(score, later.liked)
        result[f"AUC of a like, {name} women"] = auc(score[women], later.liked[women])
        result[f"AUC of a like, {name} men"] = auc(score[~women], later.liked[~women])
    known, mutual = answered_both(later)
    result["judged"] = float(known.sum())
    result["judged viewers"] = float(len(np.unique(later.viewer[known])))
    result["answered by both"] = float(_answered_back(events, later).sum())
    for name, score in found.match.items():
        result[f"AUC of a match, {name}"] = auc(score[known], mutual[known])
        each = per_viewer(later.viewer[known], score[known], mutual[known])
        result |= {f"{what}, {name}": value for what, value in each.items()}
    return result


def answered_both(later: Events) -> tuple[Bools, Bools]:
    """For each later card, whether the shown person answered about the viewer behind the split too, and whether both liked."""
    answers = {(a, b): liked for a, b, liked in zip(later.viewer.tolist(), later.shown.tolist(), later.liked.tolist(), strict=True)}
    back = [answers.get((b, a)) for a, b in zip(later.viewer.tolist(), later.shown.tolist(), strict=True)]
    known = np.array([one is not None for one in back], dtype=bool)
    return known, np.array([bool(one) for one in back], dtype=bool) & later.liked


def _answered_back(events: Events, later: Events) -> Bools:
    """For each later card, whether the shown person answered about the viewer anywhere in the log."""
    answers = set(zip(events.viewer.tolist(), events.shown.tolist(), strict=True))
    return np.array([(b, a) in answers for a, b in zip(later.viewer.tolist(), later.shown.tolist(), strict=True)], dtype=bool)


def per_viewer(viewers: Codes, score: Floats, mutual: Bools) -> dict[str, float]:
    """Mean precision, recall and NDCG of each viewer's own order of their cards; of viewers with a match and a card without."""
    found = []
    for viewer in np.unique(viewers):
        own = np.flatnonzero(viewers == viewer)
        relevant = mutual[own[np.argsort(-score[own], kind="stable")]]
        if relevant.any() and not relevant.all():
            found.append((precision(relevant, K), recall(relevant, K), ndcg(relevant, K)))
    means = np.mean(found, axis=0) if found else np.full(3, np.nan)
    return {f"{name} at {K}": float(value) for name, value in zip(("precision", "recall", "NDCG"), means, strict=True)}


def _rate(events: Events, world: World, code: int) -> float:
    of = events.liked[(world.people.gender[events.viewer] == 0) == (code == 0)]
    return float(np.clip(of.mean(), 0.01, 0.99))


def _log_loss(chance: Floats, happened: Bools) -> float:
    return float(-np.mean(np.log(np.where(happened, chance, 1 - chance))))
