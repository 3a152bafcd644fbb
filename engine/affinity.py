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

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine import gamma
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


@dataclass(frozen=True, slots=True)
class _Observed:
    """Couples between two groups of types (own × partner) and the lifts with their bounds that follow."""

    counts: NDArray[np.float64]
    lifts: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(slots=True)
class _Kept:
    """What was worked out for one set of counts, by (own group, partner group)."""

    couples: CoupleCounts | None = None
    tables: dict[tuple[str, str], _Observed] = field(default_factory=dict)


class Affinity:
    """Lifts between the types of a pack.  May be used by several threads; each table is worked out once for a `CoupleCounts`."""

    def __init__(self, pack: TypePack) -> None:
        self.pack = pack
        self._kept = _Kept()

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
            self._lift(known[own], known[other], couples)
            for own in own_types
            for other in other_types
            if own in known and other in known and known[own].kind == known[other].kind
        ]
        return float(np.mean(lifts)) if lifts else 1.0

    def _lift(self, own: TypeInfo, other: TypeInfo, couples: CoupleCounts | None) -> float:
        partners = self._types(other.gender, own.kind)
        observed, row = self._observed(own, other.group, couples)
        if observed.counts[row].sum() >= COUPLES_ENOUGH:
            return float(observed.lifts[row, partners.index(other)])
        return float(prior_lifts(self._likeness(own, partners))[partners.index(other)])

    def _types(self, gender: Gender, kind: str) -> tuple[TypeInfo, ...]:
        return self.pack.groups[f"{gender}_{kind}"].types

    def _observed(self, own: TypeInfo, partner_group: str, couples: CoupleCounts | None) -> tuple[_Observed, int]:
        """The table between the groups of `own` and of its partners, and the row of `own`."""
        kept = self._kept
        if kept.couples is not couples:
            # Another thread may do the same at once: each goes on with its own, and one of the two is kept.
            kept = self._kept = _Kept(couples)
        rows = self.pack.groups[own.group].types
        found = kept.tables.get((own.group, partner_group))
        if found is None:
            counts = table(couples, rows, self.pack.groups[partner_group].types)
            found = _Observed(counts, *shrunk_lifts(counts, symmetric=own.group == partner_group))
            kept.tables[own.group, partner_group] = found
        return found, rows.index(own)

    def _likeness(self, own: TypeInfo, partners: Sequence[TypeInfo]) -> NDArray[np.float64]:
        return np.array([float(self.pack.anchors[own.id] @ self.pack.anchors[partner.id]) for partner in partners])

    def _row(self, own: TypeInfo, partners: Sequence[TypeInfo], couples: CoupleCounts | None) -> list[PartnerType]:
        """The partner types of one own type, in the order of `partners`."""
        if not partners:
            return []
        observed, row = self._observed(own, partners[0].group, couples)
        if observed.counts[row].sum() >= COUPLES_ENOUGH:
            return [
                _seen(own, partner, float(lift), (float(low), float(high)), int(number))
                for partner, lift, low, high, number in zip(
                    partners, observed.lifts[row], observed.low[row], observed.high[row], observed.counts[row], strict=True
                )
            ]
        likeness = self._likeness(own, partners)
        seen = int(observed.counts[row].sum())
        return [
            _assumed(partner, float(alike), float(lift), int(number), seen)
            for partner, alike, lift, number in zip(partners, likeness, prior_lifts(likeness), observed.counts[row], strict=True)
        ]


def _seen(own: TypeInfo, partner: TypeInfo, lift: float, interval: tuple[float, float], number: int) -> PartnerType:
    """A partner type by what was observed."""
    low, high = interval
    if low <= 1 <= high:
        tends, tends_ko = "about as often as", "우연과 비슷하게"
    else:
        tends, tends_ko = ("more often than", "우연보다 더 자주") if lift > 1 else ("less often than", "우연보다 더 드물게")
    couples = "1 observed couple" if number == 1 else f"{number:,} observed couples"
    return PartnerType(
        partner,
        lift,
        interval,
        number,
        "observed",
        f'In {couples} "{own.name}" and "{partner.name}" came together {tends} chance: '
        f"{lift:.2f} times as often, 80 % interval {low:.2f}–{high:.2f}.",
        f"‘{own.name_ko}’ 타입과 ‘{partner.name_ko}’ 타입 커플 {number:,}쌍이 관찰되었고, {tends_ko} 만났습니다: "
        f"{lift:.2f}배, 80 % 구간 {low:.2f}–{high:.2f}.",
    )


def _assumed(partner: TypeInfo, alike: float, lift: float, number: int, seen: int) -> PartnerType:
    """A partner type by the resemblance prior; `seen` couples with the own type were too few to go by."""
    what, what_ko = ("faces", "얼굴") if partner.kind == "face" else ("outfits", "옷차림")
    degree, degree_ko = _degree(alike)
    basis, basis_ko = "No couples have been observed yet", "아직 관찰된 커플이 없어서"
    if seen:
        few = "1 couple has" if seen == 1 else f"{seen} couples have"
        basis, basis_ko = f"Only {few} been observed yet, too few to go by", f"관찰된 커플이 아직 {seen}쌍뿐이라"
    return PartnerType(
        partner,
        lift,
        gamma_interval(PRIOR_SHAPE, PRIOR_SHAPE / lift),
        number,
        "prior",
        f"{basis}: we assume that partners often resemble each other, and the {what} of this type are {degree} yours.",
        f"{basis_ko} 서로 닮은 사람끼리 만나는 경우가 많다는 가정을 씁니다. 이 타입의 {what_ko}{degree_ko}.",
    )


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
    low, high = _unit_interval(shape)
    return low / rate, high / rate


@functools.cache
def _unit_interval(shape: float) -> tuple[float, float]:
    """`gamma_interval` at rate 1: the prior asks for one shape again and again, and each answer takes milliseconds."""
    low, high = gamma.central_80(np.array([shape]))
    return float(low[0]), float(high[0])


def table(couples: CoupleCounts | None, rows: Sequence[TypeInfo], columns: Sequence[TypeInfo]) -> NDArray[np.float64]:
    """Couples for each own type (rows) and partner type (columns)."""
    pairs = {} if couples is None else couples.pairs
    return np.array([[pairs.get((row.id, column.id), 0) for column in columns] for row in rows], dtype=np.float64)


def shrunk_lifts(
    counts: NDArray[np.float64], *, symmetric: bool = False, shapes: tuple[float, float] = (0.0, np.inf)
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Shrunk lifts of a table of couples with the bounds of their central 80 %: three arrays of the table's shape.

    Args:
        counts: rows × columns, non-negative.
        symmetric: both sides are the same group, so that a couple of types (i, j) stands in both cells and one of (i, i) once.
        shapes: shrink at least and at most as strongly as these, whatever the table says: from few couples it may say anything.

    """
    whole = counts + np.diag(np.diag(counts)) if symmetric else counts
    total = max(float(whole.sum()), 1e-12)
    expected = whole.sum(axis=1, keepdims=True) * whole.sum(axis=0, keepdims=True) / total
    if symmetric:
        expected = expected - np.diag(np.diag(expected)) / 2
    kappa = _best_kappa(np.triu(counts), np.triu(expected)) if symmetric else _best_kappa(counts, expected)
    kappa = min(max(kappa, shapes[0]), shapes[1])
    shape, rate = kappa + counts, kappa + expected
    low, high = gamma.central_80(shape)
    return shape / rate, low / rate, high / rate


def _best_kappa(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """The shrinking under which the table is likeliest; the negative binomial's log likelihood without its constant term."""
    here = expected > 0  # what cannot be expected says nothing
    numbers, chance, kappas = counts[here], expected[here], KAPPAS[:, None]
    # lgamma(kappa + n) - lgamma(kappa) for whole numbers of which many are alike
    different, places = np.unique(numbers, return_inverse=True)
    factorials = gamma.log_gamma(kappas + different)[:, places] - gamma.log_gamma(kappas)
    scores = factorials + kappas * np.log(kappas / (kappas + chance)) - numbers * np.log(kappas + chance)
    return float(KAPPAS[int(np.argmax(scores.sum(axis=1)))])
