"""Try a candidate's types beside those in use, on the people they were learned from and on recent members, and hold them to the gates."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.settings import LearningSettings
from engine.training import gates
from engine.training.corpus import Recent, Subject
from engine.training.gates import Gate, Held
from engine.training.rows import Rows, Typing, partners_of, typings_of
from engine.types import GROUPS, TypePack
from engine.values import Gender

Labels = NDArray[np.intp]

SHUFFLED_MOST = 0.2
"""Share of pairs of types that may seem to go together, or not, once partners are shuffled: what an 80 % interval errs by."""
PLANTS = 12
"""Affinities that are planted, each with other favourites and other couples: one alone has no noise to be told from."""
SIDES: Final[tuple[tuple[Gender, Gender], ...]] = (("man", "woman"), ("woman", "woman"), ("man", "man"))
"""Couples that have an affinity of their own."""
TIMED = 200
"""Assignments that are timed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a pack makes of the people of one group."""

    labels: Labels
    """(rows,) number of the type, -1 for none."""
    same: NDArray[np.float64]
    """(rows,) share of a row's views that get the row's type; empty where there are no views."""


@dataclass(frozen=True, slots=True)
class Couples:
    """Types of couples of the same genders, by number; which of two people of one gender is in `rows` means nothing."""

    rows: Labels
    columns: Labels
    types: tuple[int, int]
    symmetric: bool

    def affinity(self, drawn: Labels | None = None) -> float:
        """How far types go together, 0–1, among all couples or those `drawn`."""
        rows, columns = (self.rows, self.columns) if drawn is None else (self.rows[drawn], self.columns[drawn])
        return gates.seen_together(rows, columns, self.types, symmetric=self.symmetric)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the gates are told of a candidate."""

    settings: LearningSettings
    subjects: Sequence[Subject]
    identities: Labels
    rows: Mapping[str, Rows]
    views: Mapping[str, NDArray[np.float64]]
    """By group: (rows, views, dims) whole embeddings."""
    held: Mapping[str, Held]
    agreement: Mapping[str, float]
    """By group: of the distilled classifier with the clustering, on unseen people."""
    recent: Sequence[Recent]
    candidate: TypePack
    active: TypePack
    before: Mapping[str, Any]
    """`groups` of the manifest in use; empty where its figures are of other embeddings."""

    def judge(self) -> list[Gate]:
        """All gates, in the order in which they are shown."""
        new = {group: self._evidence(self.candidate, group) for group in GROUPS}
        old = {group: self._evidence(self.active, group) if self._comparable(group) else None for group in GROUPS}
        sizes = {group: np.bincount(new[group].labels[new[group].labels >= 0], minlength=self._types(group)) for group in GROUPS}
        return [
            gates.worst(gates.at_least("people", len(self.rows[group].x), self.settings.people_min, about=group) for group in GROUPS),
            gates.worst(self._stability(group) for group in GROUPS),
            gates.worst(self._jaccard(group) for group in GROUPS),
            gates.worst(self._same_person(group, new[group], old[group]) for group in GROUPS),
            gates.worst(self._agreement(group) for group in GROUPS),
            gates.worst(self._coverage(group, new[group], old[group]) for group in GROUPS),
            gates.worst(gates.at_least("smallest_type", int(sizes[group].min()), self.settings.type_min, about=group) for group in GROUPS),
            *self._affinity(),
            gates.worst(self._planted(kind, new, old) for kind in ("face", "fashion")),
            *self._shadow(),
        ]

    def _comparable(self, group: str) -> bool:
        """Whether the pack in use may look at these vectors at all."""
        if group.endswith("face"):
            return self.active.face_model == self.candidate.face_model
        return self.active.fashion_model == self.candidate.fashion_model

    def _types(self, group: str) -> int:
        return len(self.candidate.groups[group].types)

    def _evidence(self, pack: TypePack, group: str) -> Evidence:
        gender: Gender = "woman" if group.startswith("woman") else "man"
        labels = numbers(pack, group, self.rows[group].vectors, gender)
        views = self.views[group]
        same = np.zeros(len(views))
        for at in range(views.shape[1]):
            same += numbers(pack, group, views[:, at].astype(np.float32), gender) == labels[: len(views)]
        return Evidence(labels, same / max(1, views.shape[1]))

    def _stability(self, group: str) -> Gate:
        now = self.held[group]
        return self._held(group, "stability", ("rand", now.rand, now.rand_noise), self.settings.stability_min)

    def _jaccard(self, group: str) -> Gate:
        now = self.held[group]
        return self._held(group, "bootstrap_jaccard", ("jaccard", now.jaccard, now.jaccard_noise), self.settings.jaccard_min)

    def _held(self, group: str, gate: str, measured: tuple[str, float, float], bound: float) -> Gate:
        """A figure of how well the types hold (its name, value and noise) beside that of the types in use."""
        name, value, noise = measured
        figures = self.before.get(group, {}).get("figures", {})
        past = float(figures[f"held_{name}"]) if f"held_{name}" in figures else None
        both = float(np.hypot(noise, figures.get(f"held_{name}_noise", noise)))
        return gates.compared(gate, value, bound, past, both, group)

    def _same_person(self, group: str, new: Evidence, old: Evidence | None) -> Gate:
        """Whether pictures of one person get one type as often as under the types in use."""
        n = len(new.same)
        here = gates.kappa(new.same, new.labels[:n], self._types(group)) if n else 1.0
        if old is None or n == 0:
            return gates.at_least("same_person", here, 0.0, about=group)
        theirs, k = old, len(self.active.groups[group].types)
        difference = gates.resampled(
            lambda drawn: (
                gates.kappa(new.same[drawn], new.labels[:n][drawn], self._types(group))
                - gates.kappa(theirs.same[drawn], theirs.labels[:n][drawn], k)
            ),
            n,
            self.settings.seed,
        )
        # Types that are learned again from other people keep pictures apart a little better or worse, whoever learns them.
        noise = float(np.hypot(difference, np.sqrt(2) * self.held[group].same_noise))
        return gates.compared("same_person", here, 0.0, gates.kappa(old.same, old.labels[:n], k), noise, group)

    def _agreement(self, group: str) -> Gate:
        """Whether the classifier says what clustering says as often as that of the version in use did, each of its own types."""
        figures = self.before.get(group, {}).get("figures", {})
        value, past = self.agreement[group], figures.get("classifier_agreement")
        if past is None:
            return gates.at_least("classifier_agreement", value, self.settings.agreement_min, about=group)
        people = int(figures.get("classifier_people", figures["people"]))
        noise = gates.noise_of_shares(value, len(np.unique(self.rows[group].people)), float(past), people)
        return gates.compared("classifier_agreement", value, self.settings.agreement_min, float(past), noise, group)

    def _coverage(self, group: str, new: Evidence, old: Evidence | None) -> Gate:
        if old is None:
            return gates.at_least("coverage", float((new.labels >= 0).mean()), self.settings.coverage_min, about=group)
        return self._covered("coverage", group, new.labels, old.labels)

    def _covered(self, gate: str, group: str, new: Labels, old: Labels) -> Gate:
        """Whether as many people get a type as under the version in use."""
        mine, theirs = (new >= 0).astype(np.float64), (old >= 0).astype(np.float64)
        drawn = gates.resampled(lambda at: float(mine[at].mean() - theirs[at].mean()), len(mine), self.settings.seed)
        value, past = float(mine.mean()), float(theirs.mean())
        noise = float(
            np.hypot(drawn, np.hypot(self._floor_noise(self.candidate, group, value), self._floor_noise(self.active, group, past)))
        )
        if self.active.groups[group].floor <= -1:
            # It gives a type to people who are like none, which is not to be matched: the settings say how many may get none.
            past = min(past, 1 - self.settings.outliers)
        return gates.compared(gate, value, self.settings.coverage_min, past, noise, group)

    def _floor_noise(self, pack: TypePack, group: str, covered: float) -> float:
        """By how much the share of people without a type errs for the people that the floor of a group was learned from."""
        people = sum(info.members for info in pack.groups[group].types)
        if pack.groups[group].floor <= -1 or not people:
            return 0.0
        left = min(1 - covered, self.settings.outliers)
        return float(np.sqrt(left * (1 - left) / people))

    def _affinity(self) -> list[Gate]:
        """Whether couples still show who goes with whom, and do not once they are shuffled."""
        mine = typings_of(self.subjects, self.identities, self.candidate)
        theirs = typings_of(self.subjects, self.identities, self.active)
        found: list[Gate] = []
        chance: list[Gate] = []
        for kind in ("face", "fashion"):
            for sides in SIDES:
                new = paired(self.subjects, mine, self.candidate, kind, sides)
                if len(new.rows) < gates.FEW:
                    continue
                about = f"{sides[0]}_{sides[1]}_{kind}" if new.symmetric else kind
                noise = gates.resampled(new.affinity, len(new.rows), self.settings.seed)
                past = None
                if self._comparable(f"man_{kind}"):
                    old = paired(self.subjects, theirs, self.active, kind, sides)
                    past = old.affinity() if len(old.rows) >= gates.FEW else None
                    # Both are noisy, and as good as independent of each other where types differ.
                    noise *= float(np.sqrt(2))
                found.append(gates.compared("affinity", new.affinity(), 0.0, past, noise, about))
                share = gates.found_by_chance(new.rows, new.columns, new.types, self.settings.seed, symmetric=new.symmetric)
                chance.append(gates.at_most("affinity_by_chance", share, SHUFFLED_MOST, about=about))
        return [gates.worst(found), gates.worst(chance)] if found else []

    def _planted(self, kind: str, new: Mapping[str, Evidence], old: Mapping[str, Evidence | None]) -> Gate:
        """Whether affinities could be found among types of these sizes as well as among those that the same people have in use."""
        value, noise = self._recovered(self.candidate, kind, new)
        if any(old[f"{gender}_{kind}"] is None for gender in ("man", "woman")):
            return gates.at_least("planted_affinity", value, self.settings.planted_min, noise, kind)
        past, theirs = self._recovered(self.active, kind, old)
        return gates.compared("planted_affinity", value, self.settings.planted_min, past, float(np.hypot(noise, theirs)), kind)

    def _recovered(self, pack: TypePack, kind: str, evidence: Mapping[str, Evidence | None]) -> tuple[float, float]:
        """Mean share of planted affinities that is recovered, and its standard error."""
        sizes = []
        for group in (f"man_{kind}", f"woman_{kind}"):
            labels = np.empty(0, dtype=np.intp) if (known := evidence[group]) is None else known.labels
            # A type that nobody has could still get somebody.
            sizes.append(np.bincount(labels[labels >= 0], minlength=len(pack.groups[group].types)).astype(np.float64) + 1)
        shares = [gates.planted(sizes[0], sizes[1], self.settings.seed + number) for number in range(PLANTS)]
        return float(np.mean(shares)), float(np.std(shares, ddof=1) / np.sqrt(PLANTS))

    def _shadow(self) -> list[Gate]:
        """The candidate on recent members' selfies."""
        found = [self._latency()]
        if len(self.recent) < gates.FEW:
            return found
        covered, changed = [], []
        for group in GROUPS:
            gender, _, kind = group.partition("_")
            vectors = [one.face if kind == "face" else one.fashion for one in self.recent if one.gender == gender]
            own = [vector for vector in vectors if vector is not None]
            if len(own) < gates.FEW or not self._comparable(group):
                continue
            stacked = np.stack(own)
            new = numbers(self.candidate, group, stacked, self.candidate.groups[group].types[0].gender)
            old = numbers(self.active, group, stacked, self.candidate.groups[group].types[0].gender)
            covered.append(self._covered("shadow_coverage", group, new, old))
            mapping = gates.crossed(
                self._evidence(self.active, group).labels,
                self._evidence(self.candidate, group).labels,
                len(self.active.groups[group].types),
                self._types(group),
            )
            seen = gates.switching(mapping, old, new, self.settings.seed)
            bound = min(self.settings.change_max, seen.chance) + gates.NOISE * seen.noise
            changed.append(gates.at_most("shadow_changed", seen.changed, bound, seen.noise, group))
        return [*found, *([gates.worst(covered), gates.worst(changed)] if covered else [])]

    def _latency(self) -> Gate:
        """Milliseconds of processor time for 95 % of the assignments: what a busy machine does meanwhile is not their fault."""
        vectors = self.rows["woman_face"].vectors
        times = []
        for at in range(TIMED):
            started = time.process_time()
            self.candidate.assign_face(vectors[at % len(vectors)], "woman")
            times.append((time.process_time() - started) * 1000)
        return gates.at_most("shadow_latency_ms", gates.percentile(times, 0.95), self.settings.latency_max)


def numbers(pack: TypePack, group: str, vectors: NDArray[np.float32], gender: Gender) -> Labels:
    """(n,) which type of the group each vector gets, -1 for none."""
    assign = pack.assign_face if group.endswith("face") else pack.assign_fashion
    order = {info.id: number for number, info in enumerate(pack.groups[group].types)}
    found = [assign(vector, gender) for vector in vectors]
    return np.array([-1 if guess is None else order[guess.id] for guess in found], dtype=np.intp)


def paired(subjects: Sequence[Subject], typings: Sequence[Typing], pack: TypePack, kind: str, sides: tuple[Gender, Gender]) -> Couples:
    """The types of each couple of people of these two genders."""
    place = {info.id: (info.gender, number) for group in pack.groups.values() for number, info in enumerate(group.types)}
    rows, columns = [], []
    for which, a, b in partners_of(subjects, typings):
        one, other = place[a], place[b]
        if which == kind and sorted((one[0], other[0])) == sorted(sides):
            first, second = (one, other) if one[0] == sides[0] else (other, one)
            rows.append(first[1])
            columns.append(second[1])
    types = (len(pack.groups[f"{sides[0]}_{kind}"].types), len(pack.groups[f"{sides[1]}_{kind}"].types))
    return Couples(np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp), types, sides[0] == sides[1])
