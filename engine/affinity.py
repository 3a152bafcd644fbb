"""Who pairs with whom: how much likelier a type's partner has another type than chance would have it.

With couples, the lift of partner type j for own type i is the observed over the expected number of couples, shrunk towards 1
by a Gamma-Poisson model (DuMouchel 1999): n_ij ~ Poisson(lambda_ij * E_ij), lambda_ij ~ Gamma(shape=kappa, rate=kappa), with
E_ij = row_i * column_j / total, so that lambda_ij | n_ij ~ Gamma(kappa + n_ij, kappa + E_ij).  kappa is chosen by maximum
likelihood over the table (n_ij is negative binomial).  The lift is the posterior mean, the interval its central 80 %.

Without enough couples the lift is an assumption that is stated as one, the resemblance prior: partners tend to resemble each
other (Tea-makorn & Kosinski 2020), so lift_ij = exp(BETA * likeness_ij) divided by its mean over the partner types, where
likeness is the cosine of the two types' anchors.  Its interval is that of Gamma(PRIOR_SHAPE) with that mean: wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, gammaln

from engine.types import TypeInfo, TypePack
from engine.values import Gender

BETA = 0.5
"""Strength of the resemblance prior: types as alike as can be get a lift about 1.6 times that of unrelated ones."""
PRIOR_SHAPE = 8.0
"""Shape of the gamma distribution round a prior lift: as much certainty as eight couples would give."""
COUPLES_ENOUGH = 50
"""Couples with the own type from which on what was observed replaces the prior."""
KAPPAS = np.geomspace(0.5, 2000.0, 60)
"""Candidates for the strength of shrinking, in expected couples."""


@dataclass(frozen=True, slots=True)
class CoupleCounts:
    """How many couples had which two types; made by `of`."""

    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    """(type id, partner's type id) to couples, in both orders; a couple of one and the same type is counted once."""

    @classmethod
    def of(cls, couples: Iterable[tuple[str, str, int]]) -> CoupleCounts:
        """From (type id, other type id, couples) in any order; both types describe the same kind (face or fashion)."""
        pairs: dict[tuple[str, str], int] = {}
        for one, other, count in couples:
            pairs[one, other] = pairs.get((one, other), 0) + count
            if one != other:
                pairs[other, one] = pairs.get((other, one), 0) + count
        return cls(pairs)


@dataclass(frozen=True, slots=True)
class PartnerType:
    """A recommended partner type and the evidence for it."""

    type: TypeInfo
    lift: float
    """1 is chance."""
    interval: tuple[float, float]
    """The central 80 %; contains `lift`."""
    couples: int
    """Couples that were observed with these two types."""
    evidence: Literal["observed", "prior"]
    reason: str
    reason_ko: str


class Affinity:
    """Lifts between the types of a pack."""

    def __init__(self, pack: TypePack) -> None:
        self.pack = pack

    def partners(
        self, type_ids: Sequence[str], seeking: Gender, couples: CoupleCounts | None = None, top: int | None = 6
    ) -> list[PartnerType]:
        """Partner types for a person with the types `type_ids`, the largest lift first.

        Unknown ids (of an older pack) are passed over, so the list is empty for a person without types.
        """
        found = [
            partner
            for own in type_ids
            if (info := self.pack.by_id.get(own)) is not None
            for partner in self._row(info, self._types(seeking, info.kind), couples)
        ]
        found.sort(key=lambda partner: (-partner.lift, partner.type.id))
        return found[:top]

    def score(self, own_types: Sequence[str], other_types: Sequence[str], couples: CoupleCounts | None = None) -> float:
        """Reciprocal affinity of two people: harmonic mean of both directions' mean lifts over the kinds both have; 1 is chance.

        The harmonic mean is RECON's (Pizzato 2010): one cold side is not made up for by a warm one.
        """
        one = self._mean_lift(own_types, other_types, couples)
        other = self._mean_lift(other_types, own_types, couples)
        return 2 * one * other / (one + other)

    def _mean_lift(self, own_types: Sequence[str], other_types: Sequence[str], couples: CoupleCounts | None) -> float:
        known = self.pack.by_id
        lifts = [
            next(
                partner.lift
                for partner in self._row(known[own], self._types(known[other].gender, known[own].kind), couples)
                if partner.type.id == other
            )
            for own in own_types
            for other in other_types
            if own in known and other in known and known[own].kind == known[other].kind
        ]
        return float(np.mean(lifts)) if lifts else 1.0

    def _types(self, gender: Gender, kind: str) -> tuple[TypeInfo, ...]:
        return self.pack.groups[f"{gender}_{kind}"].types

    def _row(self, own: TypeInfo, partners: Sequence[TypeInfo], couples: CoupleCounts | None) -> list[PartnerType]:
        """The partner types of one own type, in the order of `partners`."""
        rows = self._types(own.gender, own.kind)
        counts = table(couples, rows, partners)
        seen = int(counts[rows.index(own)].sum())
        if seen >= COUPLES_ENOUGH:
            return self._observed(own, rows.index(own), partners, counts, same=rows == tuple(partners))
        return self._prior(own, partners, counts[rows.index(own)])

    def _observed(
        self, own: TypeInfo, row: int, partners: Sequence[TypeInfo], counts: NDArray[np.float64], *, same: bool
    ) -> list[PartnerType]:
        lifts, low, high = shrunk_lifts(counts, symmetric=same)
        found = []
        for column, partner in enumerate(partners):
            number = int(counts[row, column])
            lift = float(lifts[row, column])
            tends = ("more often than", "더 자주") if lift > 1 else ("less often than", "더 드물게")
            found.append(
                PartnerType(
                    partner,
                    lift,
                    (float(low[row, column]), float(high[row, column])),
                    number,
                    "observed",
                    f'In {number:,} observed couples "{own.name}" and "{partner.name}" came together {tends[0]} chance: '
                    f"{lift:.2f} times as often, 80 % interval {low[row, column]:.2f}–{high[row, column]:.2f}.",
                    f"‘{own.name_ko}’ 타입과 ‘{partner.name_ko}’ 타입 커플 {number:,}쌍이 관찰되었고, 우연보다 {tends[1]} 만났습니다: "
                    f"{lift:.2f}배, 80 % 구간 {low[row, column]:.2f}–{high[row, column]:.2f}.",
                )
            )
        return found

    def _prior(self, own: TypeInfo, partners: Sequence[TypeInfo], counts: NDArray[np.float64]) -> list[PartnerType]:
        likeness = np.array([float(self.pack.anchors[own.id] @ self.pack.anchors[partner.id]) for partner in partners])
        lifts = prior_lifts(likeness)
        seen = int(counts.sum())
        what, what_ko = ("faces", "얼굴") if own.kind == "face" else ("outfits", "옷차림")
        basis = "No couples have been observed yet" if seen == 0 else f"Only {seen} couples have been observed yet, too few to go by"
        basis_ko = "아직 관찰된 커플이 없어서" if seen == 0 else f"관찰된 커플이 아직 {seen}쌍뿐이라"
        found = []
        for partner, alike, lift, number in zip(partners, likeness, lifts, counts, strict=True):
            degree, degree_ko = _degree(float(alike))
            found.append(
                PartnerType(
                    partner,
                    float(lift),
                    gamma_interval(PRIOR_SHAPE, PRIOR_SHAPE / float(lift)),
                    int(number),
                    "prior",
                    f"{basis}: we assume that partners often resemble each other, and the {what} of this type are {degree} yours.",
                    f"{basis_ko} 서로 닮은 사람끼리 만나는 경우가 많다는 가정을 씁니다. 이 타입의 {what_ko}{degree_ko}.",
                )
            )
        return found


def _degree(alike: float) -> tuple[str, str]:
    if alike > 0.3:
        return "very much like", "은 회원님과 많이 닮았습니다"
    if alike > 0.1:
        return "somewhat like", "은 회원님과 조금 닮았습니다"
    if alike > -0.1:
        return "neither like nor unlike", "은 회원님과 닮지도 다르지도 않습니다"
    return "unlike", "은 회원님과 다른 편입니다"


def prior_lifts(likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    """The resemblance prior's lifts for cosines in [-1, 1]; their mean is 1.

    >>> prior_lifts(np.array([0.0, 0.0])).tolist()
    [1.0, 1.0]
    """
    raw = np.exp(BETA * likeness)
    return np.asarray(raw / raw.mean(), dtype=np.float64)


def gamma_interval(shape: float, rate: float) -> tuple[float, float]:
    """The central 80 % of a gamma distribution."""
    low, high = gammaincinv(shape, np.array([0.1, 0.9])) / rate
    return float(low), float(high)


def table(couples: CoupleCounts | None, rows: Sequence[TypeInfo], columns: Sequence[TypeInfo]) -> NDArray[np.float64]:
    """Couples for each own type (rows) and partner type (columns)."""
    pairs = {} if couples is None else couples.pairs
    return np.array([[pairs.get((row.id, column.id), 0) for column in columns] for row in rows], dtype=np.float64)


def shrunk_lifts(
    counts: NDArray[np.float64], *, symmetric: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Shrunk lifts of a table of couples with the bounds of their central 80 %: three arrays of the table's shape.

    Args:
        counts: rows × columns, non-negative.
        symmetric: both sides are the same group, so that a couple of types (i, j) stands in both cells and one of (i, i) once.

    """
    whole = counts + np.diag(np.diag(counts)) if symmetric else counts
    total = max(float(whole.sum()), 1e-12)
    expected = whole.sum(axis=1, keepdims=True) * whole.sum(axis=0, keepdims=True) / total
    if symmetric:
        expected = expected - np.diag(np.diag(expected)) / 2
    kappa = _best_kappa(counts, expected)
    shape, rate = kappa + counts, kappa + expected
    low, high = gammaincinv(shape, 0.1) / rate, gammaincinv(shape, 0.9) / rate
    return shape / rate, low, high


def _best_kappa(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """The shrinking under which the table is likeliest; the negative binomial's log likelihood without its constant term."""
    scores = [
        float(
            np.sum(
                gammaln(kappa + counts) - gammaln(kappa) + kappa * np.log(kappa / (kappa + expected)) - counts * np.log(kappa + expected)
            )
        )
        for kappa in KAPPAS
    ]
    return float(KAPPAS[int(np.argmax(scores))])
