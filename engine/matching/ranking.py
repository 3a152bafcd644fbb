"""Who is shown next: chances both ways, combined, levelled and capped, with newcomers among them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.affinity import Affinity, CoupleCounts, PartnerType
from engine.matching.combine import COMBINERS
from engine.matching.daily import Scored
from engine.matching.explore import interleaved, newcomers
from engine.matching.exposure import Cap, Fair, levelled
from engine.matching.features import FEATURES, Array
from engine.matching.lifts import Lifts, Table
from engine.matching.logistic import sigmoid
from engine.matching.model import LikeModel
from engine.matching.people import Candidate, Person
from engine.matching.settings import RankingSettings

SECOND_THOUGHT: Final = 0.02
"""Chance that somebody who passed a member likes them after all, when that member's like lets them look again."""
PAIRS: Final = 4096
"""Pairs that are judged at once: their vectors take some 10 MB."""

Evidence = Literal["observed", "prior", "answers", "profile"]
"""Observed couples; the stated prior for couples; answers, the viewer's own or those about the person; what both say of themselves."""

EVIDENCE: Final[dict[str, Evidence]] = {
    "taste_face": "answers",
    "taste_fashion": "answers",
    "popularity": "answers",
    "alike_fashion": "profile",
    "ideal": "profile",
    "older": "profile",
    "age_gap": "profile",
    "distance": "profile",
    "activity": "profile",
}
"""Of each feature that tells candidates apart, save the lifts, whose evidence is the couples'."""


@dataclass(frozen=True, slots=True)
class Part:
    """One reason."""

    feature: str
    log_odds: float
    """What it added to (or took from) the chance that the viewer likes this person."""
    evidence: Evidence
    partner: PartnerType | None = None
    """For the lifts: lift, interval and couples."""


class Ranked(NamedTuple):
    """A candidate in their place; a tuple, since hundreds are made for a card and a frozen dataclass costs five times as much."""

    person: Person
    liked_me: bool
    score: float
    """After levelling; comparable within one viewer's order only."""
    p_out: float
    """Chance that the viewer likes this person."""
    p_back: float
    """Chance that this person likes the viewer; 1 where they do already, `SECOND_THOUGHT` where they passed."""
    reply: float
    """Chance that this person, once liked, comes back to answer; 1 where they liked the viewer."""
    expected: float
    """`p_out` without the popularity term, to be added to `Record.expected` with the answer."""
    given_expected: float
    """`p_out` without the selectivity term, to be added to the viewer's `Record.given_expected`."""
    features: NDArray[np.float32]
    """(len(FEATURES),) of viewer → person, what `LikeModel.update` learns from."""
    contributions: Array
    """(len(FEATURES),) log-odds."""
    explored: bool
    """Brought forward as a newcomer."""
    capped: bool
    """Was shown enough lately: comes after everybody else."""
    passed_me: bool
    """Passed the viewer: comes after everybody who has not."""
    viewer: Person
    table: Table

    @property
    def id(self) -> int:
        """The person's."""
        return self.person.id

    @property
    def parts(self) -> list[Part]:
        """What speaks for this person in the viewer's eyes, the strongest first; what says nothing is left out."""
        found = []
        for name, value in zip(FEATURES, self.contributions, strict=True):
            kind = name.removeprefix("lift_")
            if kind != name:
                partner = self._partner(kind)
                if partner is not None:
                    found.append(Part(name, float(value), partner.evidence, partner))
            elif name in EVIDENCE and value:
                found.append(Part(name, float(value), EVIDENCE[name]))
        return sorted(found, key=lambda part: -part.log_odds)

    def _partner(self, kind: str) -> PartnerType | None:
        own, other = self._type(self.viewer, kind), self._type(self.person, kind)
        return self.table.partners.get((own, other))

    def _type(self, person: Person, kind: str) -> str:
        known = self.table.kinds
        return next((one for one in person.types if one in known and known[one][0] == kind), "")


class Matcher:
    """Ranks candidates.  Keeps nothing but a table of lifts; may be used by several threads."""

    def __init__(self, affinity: Affinity, settings: RankingSettings) -> None:
        self.lifts = Lifts(affinity)
        self.settings = settings
        self.combine = COMBINERS[settings.combine]
        self.cap = Cap(settings.share, settings.minimum)

    def rank(
        self,
        viewer: Person,
        candidates: Sequence[Candidate],
        model: LikeModel,
        couples: CoupleCounts | None,
        fair: Fair,
        seed: int,
    ) -> list[Ranked]:
        """All candidates, whom to show first first.

        Args:
            viewer: who is going to see the cards.
            candidates: whom the viewer may be shown, in any order (ties go by id).
            model: what was learned; read only.
            couples: observed couples of the pack's types; None: none.
            fair: cards within the window over members, by gender.
            seed: decides where newcomers stand; the same one gives the same order.

        """
        if not candidates:
            return []
        table = self.lifts.table(couples)
        people = [candidate.person for candidate in candidates]
        likes = np.array([candidate.liked_me for candidate in candidates])
        passed = np.array([candidate.passed_me for candidate in candidates]) & ~likes
        own, others = model.crowd([viewer], table), model.crowd(people, table)
        out, back = model.predict(own, others, table), model.predict(others, own, table)
        p_back = _answered(back.p, likes, passed)
        reply = np.where(likes, 1.0, model.replies.chances(others.idle))
        recent = np.array([person.recent for person in people], dtype=np.float64)
        share = fair.of_all(others.gender)
        capped = self.cap.over(recent, share) & ~likes
        level = np.where(likes, 1.0, levelled(recent, share, self.settings.levelling))
        score = self.combine(out.p, p_back) * reply * level

        rng = np.random.default_rng(abs(seed))
        noise = rng.standard_normal((2, len(people)))
        drawn_back = sigmoid(back.logit + noise[1] * np.sqrt(back.variance))
        drawn = self.combine(sigmoid(out.logit + noise[0] * np.sqrt(out.variance)), drawn_back) * reply
        ids = np.array([person.id for person in people])
        order = np.lexsort((ids, -score, capped, passed))
        shown = np.array([person.record.shown for person in people], dtype=np.float64)
        new = newcomers(shown, self.settings.newcomer_shown) & ~(capped | likes | passed)
        order, explored = interleaved(order, new, drawn, self.settings.newcomer_slots, rng)
        columns = (likes, score, out.p, p_back, reply, out.expected, out.given_expected)
        lists = [column[order].tolist() for column in columns]
        features, contributions = list(out.features[order]), list(out.contributions[order])
        flags = [explored.tolist(), capped[order].tolist(), passed[order].tolist()]
        rest = ([viewer] * len(people), [table] * len(people))
        rows = zip([people[row] for row in order.tolist()], *lists, features, contributions, *flags, *rest, strict=True)
        return [Ranked._make(row) for row in rows]

    def pairs(
        self,
        people: Sequence[Person],
        pairs: NDArray[np.integer],
        model: LikeModel,
        couples: CoupleCounts | None,
        fair: Fair,
    ) -> list[Scored]:
        """What the day's pairs are made of (`engine.matching.daily`): a score for each two who may meet and are new to each other.

        It is the chance that both like and come back to answer, levelled on both sides, since each of the two is shown to the
        other.  A pair with somebody who was shown enough lately is left out, whichever of the two that is: neither can like the
        other already.

        Args:
            people: everybody who takes part, once.
            pairs: (m, 2) places in `people`, each pair once.
            model: what was learned; read only.
            couples: observed couples of the pack's types; None: none.
            fair: cards within the window over members, by gender.

        """
        table = self.lifts.table(couples)
        crowd = model.crowd(people, table)
        ids = np.array([person.id for person in people], dtype=np.int64)
        recent = np.array([person.recent for person in people], dtype=np.float64)
        share = fair.of_all(crowd.gender)
        weight = model.replies.chances(crowd.idle) * levelled(recent, share, self.settings.levelling)
        places = np.asarray(pairs, dtype=np.intp).reshape(-1, 2)
        places = places[~self.cap.over(recent, share)[places].any(axis=1)]
        found: list[Scored] = []
        for start in range(0, len(places), PAIRS):
            one, other = places[start : start + PAIRS].T
            left, right = crowd.take(one), crowd.take(other)
            there, back = model.predict(left, right, table).p, model.predict(right, left, table).p
            score = self.combine(there, back) * (weight[one] * weight[other])
            found += zip(ids[one].tolist(), ids[other].tolist(), score.tolist(), strict=True)
        return found


def _answered(chance: Array, likes: NDArray[np.bool_], passed: NDArray[np.bool_]) -> Array:
    """The chance of a like back: known where the other one answered already."""
    return np.asarray(np.where(likes, 1.0, np.where(passed, SECOND_THOUGHT, chance)))
