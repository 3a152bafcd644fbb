"""Try a candidate's types beside those in use, on the people they were learned from and on recent members, and hold them to the gates."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
            gates.worst(
                gates.at_least("classifier_agreement", self.agreement[group], self.settings.agreement_min, about=group) for group in GROUPS
            ),
            gates.worst(self._coverage(group, new[group], old[group]) for group in GROUPS),
            gates.worst(gates.at_least("smallest_type", int(sizes[group].min()), self.settings.type_min, about=group) for group in GROUPS),
            *self._affinity(),
            gates.worst(self._planted(kind, sizes) for kind in ("face", "fashion")),
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
        here = gates.kappa(new.same, new.labels[:n], self._types(group))
        if old is None or n == 0:
            return gates.at_least("same_person", here if n else 1.0, 0.0, about=group)
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

    def _coverage(self, group: str, new: Evidence, old: Evidence | None) -> Gate:
        typed = (new.labels >= 0).astype(np.float64)
        if old is None:
            return gates.at_least("coverage", float(typed.mean()), self.settings.coverage_min, about=group)
        theirs = (old.labels >= 0).astype(np.float64)
        noise = gates.resampled(lambda drawn: float(typed[drawn].mean() - theirs[drawn].mean()), len(typed), self.settings.seed)
        # The candidate may leave as many without a type as the settings allow outliers.
        past = float(theirs.mean()) - self.settings.outliers
        return gates.compared("coverage", float(typed.mean()), self.settings.coverage_min, past, noise, group)

    def _affinity(self) -> list[Gate]:
        """Whether couples still show who goes with whom, and do not once they are shuffled."""
        mine = typings_of(self.subjects, self.identities, self.candidate)
        found: list[Gate] = []
        chance: list[Gate] = []
        for kind in ("face", "fashion"):
            rows, columns = paired(self.subjects, mine, self.candidate, kind)
            if len(rows) < gates.FEW:
                continue
            k = (len(self.candidate.groups[f"man_{kind}"].types), len(self.candidate.groups[f"woman_{kind}"].types))
            value = gates.cramers_v(gates.crossed(rows, columns, *k))
            noise = gates.resampled(
                lambda drawn, rows=rows, columns=columns, k=k: gates.cramers_v(gates.crossed(rows[drawn], columns[drawn], *k)),  # type: ignore[misc]
                len(rows),
                self.settings.seed,
            )
            past = None
            if self._comparable(f"man_{kind}"):
                theirs = typings_of(self.subjects, self.identities, self.active)
                one, other = paired(self.subjects, theirs, self.active, kind)
                size = (len(self.active.groups[f"man_{kind}"].types), len(self.active.groups[f"woman_{kind}"].types))
                past = gates.cramers_v(gates.crossed(one, other, *size)) if len(one) >= gates.FEW else None
                # Both are noisy, and as good as independent of each other where types differ.
                noise *= float(np.sqrt(2))
            found.append(gates.compared("affinity", value, 0.0, past, noise, kind))
            share = gates.found_by_chance(rows, columns, k, self.settings.seed)
            chance.append(gates.at_most("affinity_by_chance", share, SHUFFLED_MOST, about=kind))
        return [gates.worst(found), gates.worst(chance)] if found else []

    def _planted(self, kind: str, sizes: Mapping[str, NDArray[np.intp]]) -> Gate:
        share = gates.planted(
            sizes[f"man_{kind}"].astype(np.float64) + 1, sizes[f"woman_{kind}"].astype(np.float64) + 1, self.settings.seed
        )
        return gates.at_least("planted_affinity", share, self.settings.planted_min, about=kind)

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
            covered.append(self._shadow_coverage(group, new, old))
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

    def _shadow_coverage(self, group: str, new: Labels, old: Labels) -> Gate:
        mine, theirs = (new >= 0).astype(np.float64), (old >= 0).astype(np.float64)
        noise = gates.resampled(lambda drawn: float(mine[drawn].mean() - theirs[drawn].mean()), len(mine), self.settings.seed)
        lowest = min(self.settings.coverage_min, float(theirs.mean()))
        return gates.at_least("shadow_coverage", float(mine.mean()), lowest - gates.NOISE * noise, noise, group)

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


def paired(subjects: Sequence[Subject], typings: Sequence[Typing], pack: TypePack, kind: str) -> tuple[Labels, Labels]:
    """Numbers of the types of man and woman of each couple of a man and a woman."""
    rows, columns = [], []
    place = {info.id: (info.gender, number) for group in pack.groups.values() for number, info in enumerate(group.types)}
    for which, one, other in partners_of(subjects, typings):
        both = dict((place[one], place[other]))
        if which == kind and len(both) == 2:
            rows.append(both["man"])
            columns.append(both["woman"])
    return np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp)
