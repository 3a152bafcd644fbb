"""What a life in the town comes to, in figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.ranking import ece_equal_width, gini, reliability
from evaluation.town.life import PLACES, Life
from evaluation.town.people import Bools, Floats

SEEN_BY = 10
"""Viewers from whom on a newcomer counts as seen."""
A_WHILE = 7
"""Days of presence from which on somebody's cards are compared with others'."""
LONG = 14
"""Days of presence after which a match may be expected, or a newcomer's time is told."""
WHO = ("", " women", " men")


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn."""

    out: tuple[Floats, Floats]
    """Chances of a like said and happened, by bin."""
    match: tuple[Floats, Floats]


def figures(life: Life) -> dict[str, float]:
    """Every figure by its name; by gender the same name with " women" or " men" behind it."""
    found: dict[str, float] = {"cards": float(len(life.log)), "matches": float(life.log.matched.sum())}
    gender = life.world.people.gender
    for who, group in zip(WHO, (np.ones(len(gender), dtype=bool), gender == 0, gender == 1), strict=True):
        for name, value in _of(life, group).items():
            found[name + who] = value
    found["exposure gini within"] = (found["exposure gini women"] + found["exposure gini men"]) / 2
    return found


def curves(life: Life) -> Curves | None:
    """None where the policy does not say both chances."""
    log, world = life.log, life.world
    if np.isnan(log.out + log.back).any() or not len(log):
        return None
    mutual = world.truth.mutual[log.viewer, log.shown]
    out, match = reliability(log.out, log.liked), reliability(log.out * log.back, mutual)
    return Curves((out.said, out.happened), (match.said, match.happened))


def exposure(life: Life) -> Floats:
    """Cards a day of presence, sorted, of those who were there a while."""
    return np.sort(_exposure(life)[0])


def _of(life: Life, group: Bools) -> Mapping[str, float]:
    """For the members of a group: as viewers where it is about cards, as those who are shown where it is about exposure.

    A first reply is counted for who wrote the message that it answers.
    """
    log, world = life.log, life.world
    viewed = group[log.viewer]
    there = world.habits.present.sum(axis=0)
    mutual = world.truth.mutual[log.viewer, log.shown][viewed]
    matches = np.bincount(log.viewer[log.matched], minlength=len(group)) + np.bincount(log.shown[log.matched], minlength=len(group))
    long_there = group & (there >= LONG)
    rankings = life.rankings[group[life.rankings[:, 0].astype(int)]]
    cards, counted = _exposure(life)
    found = {
        "matches a member and week": float(matches[group].sum() / (there[group].sum() / 7)),
        "expected matches in 10 cards": 10 * _mean(world.truth.mutual_chance[log.viewer, log.shown][viewed]),
        "likes": _mean(log.liked[viewed]),
        "precision at 10": _mean(rankings[:, 1]),
        "recall at 10": _mean(rankings[:, 2]),
        "NDCG at 10": _mean(rankings[:, 3]),
        "without a match": _mean(matches[long_there] == 0),
        "exposure gini": gini(cards[group[counted]]),
        "days until seen": _newcomers(life, group),
        "first replies": _mean(life.messages[group[life.messages[:, 1]], 3]),
        "explored": _mean(log.explored[viewed & (log.place == PLACES.index("discover"))]),
    }
    out, back = log.out[viewed], log.back[viewed]
    said = len(out) > 0 and not np.isnan(out).any()
    both = said and not np.isnan(back).any()
    found["ECE of a like"] = reliability(out, log.liked[viewed]).ece if said else math.nan
    found["ECE of a match"] = reliability(out * back, mutual).ece if both else math.nan
    found["ECE of a like, equal width"] = ece_equal_width(out, log.liked[viewed]) if said else math.nan
    return found


def _exposure(life: Life) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Cards that showed a member, a day of presence, and whose: of those who were there a while."""
    there = life.world.habits.present.sum(axis=0)
    counted = np.flatnonzero(there >= A_WHILE)
    shown = np.bincount(life.log.shown, minlength=len(there))
    return shown[counted] / there[counted], counted


def _newcomers(life: Life, group: Bools) -> float:
    """Median days from joining until `SEEN_BY` people saw the card; who was not seen in time counts as later than everybody."""
    habits = life.world.habits
    new = np.flatnonzero(group & (habits.joined > 0) & (habits.present.sum(axis=0) >= A_WHILE))
    if not len(new):
        return math.nan
    days = np.full(len(new), np.inf)
    order = np.argsort(life.log.shown, kind="stable")  # within each, in the order of the log
    shown, when = life.log.shown[order], life.log.day[order]
    starts = np.searchsorted(shown, new)
    for row, (one, start) in enumerate(zip(new, starts, strict=True)):
        place = start + SEEN_BY - 1
        if place < len(shown) and shown[place] == one:
            days[row] = when[place] - habits.joined[one]
    median = float(np.median(days))
    return median if math.isfinite(median) else float(life.world.town.days)


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> float:
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else math.nan
