"""From what two people have in common to a chance: a Bayesian logistic model and how sure it is.

    logit P = w · x,    w ~ Normal(mean, covariance),    x the features of a pair (`FEATURES`)

P is the chance that the pair is an observed couple where as many random pairs of the same ages stand beside the couples.  With
x · w ~ Normal(m, v) the mean of P is close to sigmoid(m / sqrt(1 + pi v / 8)) (MacKay 1992), and its central 80 % lies between
sigmoid(m - 1.28 sqrt v) and sigmoid(m + 1.28 sqrt v).

Before any couple is known, w has the stated prior alone.  A likeness of one standard deviation above that of random pairs is taken to
raise the log odds by 0.25, give or take 0.25: partners resemble each other a little (Tea-makorn & Kosinski 2020), and how much is not
known.  Logarithms of shrunk lifts are log odds already, so their weight is 1, give or take 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.gamma import Z

Floats = NDArray[np.float64]

FEATURES: Final = ("face", "face_types", "face_likeness", "fashion", "fashion_types", "fashion_likeness")
"""`face` and `fashion` are 1 where that part is known of both, so that a part that is not known says nothing; `…_types` is the logarithm
of the shrunk lift of the two types; `…_likeness` the cosine in standard deviations above that of random pairs."""
PARTS: Final = {"face": slice(0, 3), "fashion": slice(3, 6)}
PAIRS: Final = ("mixed", "same")
"""Of two genders, of one."""
FORMAT: Final = 1
NAME: Final = "compatibility.json"
LIKENESS: Final = 0.25
"""Log odds for a standard deviation of likeness, before couples are known; its standard deviation is the same."""
GAP_YEARS: Final = 4.0
"""Mean difference of partners' ages before couples are known, exponentially distributed: an assumption."""
GAP_COUPLES: Final = 8.0
"""Couples that this assumption weighs as much as."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Likeness of random pairs of the same ages: what a cosine is measured by."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance and the central 80 % of what it may be, each 0–1; `interval` contains `mean`."""

    mean: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """What is known of how couples differ from random pairs of the same ages; `PRIOR` where no couple is known."""

    weights: Floats
    """(6,) in the order of `FEATURES`."""
    covariance: Floats
    """(6, 6)"""
    likeness: Mapping[str, Spread]
    """By part and by whether both are of one gender: `face_mixed`, `face_same` and so on."""
    gaps: tuple[float, ...] = ()
    """Quantiles of couples' differences of age in years, at even steps from 0 to 1; empty before couples are known."""
    couples: int = 0
    """Couples that it was fitted on."""
    usual_likeness: Mapping[str, float] = field(default_factory=dict)
    """By `cell` of two types, how much more alike random pairs of these types are than random pairs are (a cosine); none: not more.
    That two types are alike is in their lift already, and would count twice."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """How well it told couples that it had not seen: see `engine.training.compatibility`."""

    def chance(self, x: Floats, variances: Floats, part: str = "") -> Chance:
        """The chance for the features `x` (6,).

        Args:
            x: the features of a pair.
            variances: (6,) of the features themselves; they are added to the uncertainty of the weights.
            part: only of what this part says; "" of all.

        """
        here = np.zeros(len(FEATURES))
        here[PARTS[part] if part else slice(None)] = 1
        seen = x * here
        middle = float(seen @ self.weights)
        spread = math.sqrt(float(seen @ self.covariance @ seen) + float((self.weights**2 * variances * here).sum()))
        mean = sigmoid(middle / math.sqrt(1 + math.pi * spread**2 / 8))
        low, high = sigmoid(middle - Z * spread), sigmoid(middle + Z * spread)
        return Chance(mean, (min(low, mean), max(high, mean)))

    def usual(self, gap: float) -> float:
        """0–1: share of couples whose ages differ by as much or more; of those observed and of what is assumed, by their weights.

        >>> PRIOR.usual(0.0), round(PRIOR.usual(4.0), 3)
        (1.0, 0.368)
        """
        assumed = math.exp(-gap / GAP_YEARS)
        if not self.gaps:
            return assumed
        observed = 1 - float(np.interp(gap, self.gaps, np.linspace(0, 1, len(self.gaps)), left=0.0, right=1.0))
        return (GAP_COUPLES * assumed + self.couples * observed) / (GAP_COUPLES + self.couples)

    def plain(self) -> dict[str, Any]:
        """Itself for `compatibility.json` in a pack."""
        return {
            "format": FORMAT,
            "features": list(FEATURES),
            "weights": [round(float(value), 6) for value in self.weights],
            "covariance": [[round(float(value), 8) for value in row] for row in self.covariance],
            "likeness": {part: [round(one.mean, 6), round(one.deviation, 6)] for part, one in self.likeness.items()},
            "usual_likeness": {types: round(value, 6) for types, value in self.usual_likeness.items()},
            "gaps": [round(value, 2) for value in self.gaps],
            "couples": self.couples,
            "figures": dict(self.figures),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Calibration:
        """From `plain`.

        Raises:
            ValueError, KeyError, TypeError: it is not one, or of other features than this code knows.

        """
        if plain["format"] != FORMAT or plain["features"] != list(FEATURES):
            raise ValueError(f"format {plain['format']!r} with features {plain['features']!r} was made for another version of this engine")
        weights, covariance = (np.asarray(plain[name], dtype=np.float64) for name in ("weights", "covariance"))
        n = len(FEATURES)
        if weights.shape != (n,) or covariance.shape != (n, n) or not (np.isfinite(weights).all() and np.isfinite(covariance).all()):
            raise ValueError(f"weights {weights.shape} and covariance {covariance.shape} are not {n} and {n} × {n} finite numbers")
        likeness = {part: Spread(float(mean), float(deviation)) for part, (mean, deviation) in plain["likeness"].items()}
        wanted = {f"{part}_{pair}" for part in PARTS for pair in PAIRS}
        if set(likeness) != wanted or not all(one.deviation > 0 for one in likeness.values()):
            raise ValueError(f"likeness is of {sorted(likeness)}, it needs {sorted(wanted)} with positive deviations")
        gaps: Sequence[float] = plain["gaps"]
        # Packs of before it was known have none.
        usual = {str(types): float(value) for types, value in plain.get("usual_likeness", {}).items()}
        if not np.isfinite(list(usual.values())).all():
            raise ValueError("usual_likeness holds a number that is not finite")
        return cls(weights, covariance, likeness, tuple(float(gap) for gap in gaps), int(plain["couples"]), usual, dict(plain["figures"]))


def cell(one: str, other: str) -> str:
    """Names two types by their ids, whichever comes first.

    >>> cell("wf-2", "mf-1"), cell("mf-1", "wf-2")
    ('mf-1 wf-2', 'mf-1 wf-2')
    """
    return " ".join(sorted((one, other)))


def sigmoid(x: float) -> float:
    """The logistic function.

    >>> sigmoid(0.0), round(sigmoid(-800.0), 3)
    (0.5, 0.0)
    """
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


PRIOR: Final = Calibration(
    # A constant of minus half the squared effect makes random pairs come out at even odds on average.
    np.array([-(LIKENESS**2) / 2, 1.0, LIKENESS] * 2),
    np.diag([0.05**2, 0.5**2, LIKENESS**2] * 2),
    # Of random adults of portraits_ai (CC0) with at most four years between them: docs/compatibility.md.
    {
        "face_mixed": Spread(-0.01, 0.11),
        "face_same": Spread(0.02, 0.14),
        "fashion_mixed": Spread(0.08, 0.26),
        "fashion_same": Spread(0.19, 0.36),
    },
)
"""What is assumed before any couple is known."""
