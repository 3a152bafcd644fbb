"""Who would like whom: the truth of the town, drawn once and the same whatever ranks the cards.

    utility(A, B) = leniency_A + desirability_B + types + A's own directions · B's vectors + what no vector shows + age + distance

in logits, and A likes B when a fixed logistic draw for (A, B) says so.  All of it is drawn before anybody sees a card, so policies
are compared on the same tastes and the same luck.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affinity import CoupleCounts
from engine.types import TypeInfo, TypePack
from evaluation.town.parameters import Town
from evaluation.town.people import Bools, Floats, People, eligible

SINKHORN = 200


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of every ordered pair; (n, n) each, the viewer's row."""

    eligible: Bools
    """Whether they may meet; symmetric."""
    chance: Floats
    """That the viewer likes the shown person."""
    likes: Bools
    """Whether they would."""
    mutual: Bools
    """Whether both would like each other; symmetric."""
    mutual_chance: Floats
    """The chance of that."""
    replies: Bools
    """Whether the shown person would answer the viewer's first message, if they are there within a week."""
    writes: Bools
    """Whether a match of the two is talked to at all; symmetric."""
    blocks: Bools
    """Whether the viewer blocks the shown person after skipping them."""
    directions: dict[str, Floats]
    """By kind, (n, dims): what the inner product of a viewer's row with a vector adds to the utility, plus a number a viewer."""
    couples: CoupleCounts
    """Couples of elsewhere, formed by the same tastes for types; what the service knows of them."""


def make(town: Town, pack: TypePack, people: People, random: np.random.Generator) -> Truth:
    """The tastes of these people."""
    n = len(people)
    feelings = {kind: _feelings(town, pack, kind, random) for kind in ("face", "fashion")}
    desired = random.normal(size=n)
    choosy = town.aspiration * desired + np.sqrt(1 - town.aspiration**2) * random.normal(size=n)
    by_gender = np.array([town.desired_women, town.desired_men, (town.desired_women + town.desired_men) / 2])
    utility = by_gender[people.gender] * desired - town.selectivity * choosy[:, None]
    for feeling, places in feelings.values():
        where = np.array([next((places[one] for one in types if one in places), len(places)) for types in people.types])
        utility += feeling[where[:, None], where]
    directions = {}
    for kind, vectors, weight in (("face", people.face, town.own_face), ("fashion", people.fashion, town.own_fashion)):
        found, own = _own(vectors, random)
        utility += weight * found
        directions[kind] = weight * own
    utility += town.own_rest * random.normal(size=(n, n))
    utility += _age(town, people) - town.per_km * people.km
    fits = eligible(people)
    utility += _levels(town, people, utility, fits)[:, None]
    chance = 1 / (1 + np.exp(-utility))
    likes = random.random((n, n)) < chance
    writes = random.random((n, n)) < town.writes
    return Truth(
        eligible=fits,
        chance=chance,
        likes=likes,
        mutual=likes & likes.T,
        mutual_chance=chance * chance.T,
        replies=random.random((n, n)) < town.replies,
        writes=np.triu(writes, 1) | np.triu(writes, 1).T,
        blocks=random.random((n, n)) < town.blocks,
        directions=directions,
        couples=_couples(town, pack, feelings, random),
    )


Feelings = tuple[Floats, dict[str, int]]
"""What a viewer of one type feels about another, and the types' places; the last row and column are for no type."""


def _feelings(town: Town, pack: TypePack, kind: str, random: np.random.Generator) -> Feelings:
    types: list[TypeInfo] = [info for gender in ("woman", "man") for info in pack.groups[f"{gender}_{kind}"].types]
    anchors = np.array([pack.anchors[info.id] for info in types], dtype=np.float64)
    found = np.zeros((len(types) + 1, len(types) + 1))
    found[:-1, :-1] = random.normal(0, 1, (len(types), len(types))) * town.type_taste + town.resemblance * (anchors @ anchors.T)
    return found, {info.id: place for place, info in enumerate(types)}


def _own(vectors: NDArray[np.float32], random: np.random.Generator) -> tuple[Floats, Floats]:
    """(n, n) how far everybody lies in the viewer's own direction, with mean 0 and standard deviation 1 for each viewer; the directions.

    Directions are drawn with the covariance of the vectors themselves: people are choosy about what visibly differs.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    directions = random.normal(size=(len(vectors), len(vectors))) @ centred
    found = directions @ centred.T
    width = found.std(axis=1, keepdims=True)
    return np.asarray((found - found.mean(axis=1, keepdims=True)) / width), np.asarray(directions / width)


def _age(town: Town, people: People) -> Floats:
    mean, width = (np.where(people.gender == 0, women, men) for women, men in zip(town.women_contact, town.men_contact, strict=True))
    gap = people.age - people.age[:, None]
    return np.asarray(-0.5 * ((gap - mean[:, None]) / width[:, None]) ** 2)


def _levels(town: Town, people: People, utility: Floats, fits: Bools) -> Floats:
    """What each gender's utilities are shifted by so that members like the stated share of those whom they may meet."""
    wanted = (town.likes_women, town.likes_men, (town.likes_women + town.likes_men) / 2)
    levels = np.zeros(len(people))
    for code, share in enumerate(wanted):
        seen = utility[people.gender == code][fits[people.gender == code]]
        low, high = -20.0, 20.0
        while high - low > 1e-6 and len(seen):
            middle = (low + high) / 2
            low, high = (middle, high) if (1 / (1 + np.exp(-seen - middle))).mean() < share else (low, middle)
        levels[people.gender == code] = (low + high) / 2 if len(seen) else 0.0
    return levels


def _couples(town: Town, pack: TypePack, feelings: dict[str, Feelings], random: np.random.Generator) -> CoupleCounts:
    """Couples in whom both sides' feelings for the other's type took part; 95 in 100 of a woman and a man."""
    rows: list[tuple[str, str, int]] = []
    for kind, (feeling, places) in feelings.items():
        for one, other, number in (("woman", "man", 0.95), ("woman", "woman", 0.025), ("man", "man", 0.025)):
            mine, theirs = pack.groups[f"{one}_{kind}"].types, pack.groups[f"{other}_{kind}"].types
            across, down = [places[info.id] for info in theirs], [places[info.id] for info in mine]
            lifts = np.exp(feeling[np.ix_(down, across)] + feeling[np.ix_(across, down)].T)
            sizes = [np.array([info.members for info in side], dtype=np.float64) for side in (mine, theirs)]
            mass = _balanced(lifts, sizes[0] / sizes[0].sum(), sizes[1] / sizes[1].sum())
            cells = random.multinomial(round(town.couples * number), mass.ravel() / mass.sum()).reshape(mass.shape)
            rows += [(mine[i].id, theirs[j].id, int(cells[i, j])) for i, j in zip(*np.nonzero(cells), strict=True)]
    return CoupleCounts.of(rows)


def _balanced(lifts: Floats, rows: Floats, columns: Floats) -> Floats:
    """Couples' shares by types with these margins (Sinkhorn's scaling): popularity and affinity kept apart."""
    mass = np.outer(rows, columns) * lifts
    for _ in range(SINKHORN):
        mass = mass * np.sqrt(np.outer(rows / mass.sum(axis=1), columns / mass.sum(axis=0)))
    return np.asarray(mass)
