"""Learn types from couples: identities → types of four groups → names and pictures → classifier → couples typed → gates →
compatibility → a pack.

A run is a folder of sealed checkpoints named after everything that its result depends on (people, settings, code, the version in
use), so that a run that was killed goes on where it stood and comes to the same pack, to the byte; for a day, then it begins anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from engine import calibration
from engine.backends.runtime import Runtime
from engine.settings import LearningSettings
from engine.training import checkpoints, compatibility, gates, packing
from engine.training.checkpoints import Result, Runs
from engine.training.corpus import Corpus, Recent, couples_of
from engine.training.gates import Gate
from engine.training.grouping import FACE_REMOVED, arrays_of, described
from engine.training.rows import Typing, identities_of, partners_of, rows_of, typings_of
from engine.training.stages import Groups, Made, Progress, arrays_of_recent, found_of, plain_fit, recent_of
from engine.training.trial import Trial
from engine.training.viewing import Views
from engine.types import GROUPS, TypePack, read_manifest


@dataclass(frozen=True, slots=True)
class Candidate:
    """New types and what is known of them."""

    version: str
    folder: Path
    """The pack; it belongs to the run's checkpoints, so it is to be copied."""
    manifest: Mapping[str, Any]
    gates: tuple[Gate, ...]
    typings: tuple[Typing, ...]
    matches: Mapping[str, str]
    """New type id to the id of the older type that it is."""

    @property
    def refused(self) -> tuple[str, ...]:
        """Names of the gates that failed."""
        return tuple(gate.name for gate in self.gates if not gate.passed)


@dataclass(frozen=True, slots=True)
class TooFew:
    """Why there is nothing to learn from yet."""

    gate: Gate
    people: Mapping[str, int]

    @property
    def message(self) -> str:
        """One line that says what to do."""
        least = min(self.people, key=lambda group: self.people[group])
        return (
            f"{self.people[least]} people in {least}, {self.gate.bound:g} are needed: collect more couples (python -m crawler collect) "
            "or lower learning.people_min"
        )


class Learner:
    """One run; the constructor only stores."""

    def __init__(
        self,
        corpus: Corpus,
        active: Path,
        settings: LearningSettings,
        runs: Runs,
        *,
        views: Views | None = None,
        runtime: Runtime | None = None,
        progress: Progress | None = None,
        now: dt.datetime | None = None,
    ) -> None:
        """Store.

        Args:
            corpus: what to learn from.
            active: folder of the version in use.
            settings: what is chosen and what must hold.
            runs: where the checkpoints are.
            views: embeds changed copies of crops; None: directions are drawn instead (tests).
            runtime: for the distilled classifier; None: the centroids assign (tests).
            progress: told how far it is.
            now: when a run begins that has not begun yet; None: the clock.

        """
        self.corpus = corpus
        self.active = active
        self.settings = settings
        self.runs = runs
        self.views = views
        self.runtime = runtime
        self.progress = progress or (lambda stage, done, total: None)
        self.now = now or dt.datetime.now(dt.UTC)

    @staticmethod
    def plain(settings: LearningSettings) -> dict[str, Any]:
        """The settings as they stand in a manifest."""
        return asdict(settings)

    def people(self) -> dict[str, int]:
        """How many different people each group could be learned from, before identities are known: genders counted by subjects."""
        counted = dict.fromkeys(GROUPS, 0)
        for one in self.corpus.subjects:
            if one.gender is not None:
                counted[f"{one.gender}_face"] += one.face is not None
                counted[f"{one.gender}_fashion"] += one.fashion is not None
        return counted

    @cached_property
    def key(self) -> str:
        """Stands for all that the result depends on."""
        parts = {
            "data": self.corpus.fingerprint(),
            "settings": asdict(self.settings),
            "code": packing.code_revision()["sources"],
            "active": hashlib.sha256((self.active / "manifest.json").read_bytes()).hexdigest(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def run(self) -> Candidate | TooFew:
        """Learn, from the last checkpoint on.

        Raises:
            PackError: the version in use is damaged.
            OSError: the checkpoints cannot be written.

        """
        with threadpool_limits(1):
            made = self._run()
        if isinstance(made, TooFew):
            self.finish()
        return made

    def finish(self) -> None:
        """Say that what came of the run is safe elsewhere: its checkpoints and their key go, and the next run begins anew."""
        self.runs.clear()

    def _run(self) -> Candidate | TooFew:
        counted = self.people()
        gate = gates.worst(gates.at_least("people", counted[group], self.settings.people_min, about=group) for group in GROUPS)
        if not gate.passed:
            return TooFew(gate, counted)
        kept = self.runs.begin(self.key, self.now)
        stages = 14
        step = iter(range(1, stages + 1))

        def stage(name: str, make: Callable[[], Result]) -> tuple[checkpoints.Arrays, Any]:
            self.progress(name, next(step), stages)
            return kept.stage(name, make)

        recent, begun = stage("begun", self._begin)
        arrays, _ = stage("identities", self._identities)
        identities = arrays["identities"].astype(np.intp)
        rows = {group: rows_of(group, self.corpus.subjects, identities) for group in GROUPS}
        counted = {group: 0 if own is None else len(own.x) for group, own in rows.items()}
        gate = gates.worst(gates.at_least("people", counted[group], self.settings.people_min, about=group) for group in GROUPS)
        if not gate.passed:
            return TooFew(gate, counted)
        whole = {group: own for group, own in rows.items() if own is not None}
        old = TypePack.load(self.active)
        group = Groups(self.corpus, whole, old, self.settings, self.views, self.progress)
        found = {name: found_of(*stage(name, partial(group.learn, name))) for name in GROUPS}
        rows_made: list[dict[str, Any]] = []
        pictures: dict[str, bytes] = {}
        kept_names: dict[str, dict[int, str]] = {}
        for name in GROUPS:
            drawn, plain = stage(f"{name}_pictures", partial(group.portray, name, found[name][0], tuple(rows_made)))
            rows_made += plain["rows"]
            kept_names[name] = {int(number): before for number, before in plain["kept"].items()}
            pictures |= {file: drawn[file].tobytes() for file in drawn}
        model, fitted = stage("classifier", lambda: plain_fit(group.fit(found)))
        made = Made(whole, found, rows_made, kept_names, pictures, model["model"].tobytes(), fitted)
        _, judged = stage("judged", lambda: self._judge(kept.folder, made, identities, begun, recent_of(recent)))
        _, together = stage("compatibility", lambda: self._compatibility(kept.folder, made, identities, begun, judged))
        return self._assemble(kept.folder, made, identities, old.version, begun, judged, together)

    def _begin(self) -> Result:
        """When it began, and the recent members: a run that goes on later judges by the same."""
        return arrays_of_recent(self.corpus.recent), {"at": self.now.astimezone(dt.UTC).isoformat(timespec="seconds")}

    def _identities(self) -> Result:
        return {"identities": identities_of(self.corpus.subjects)}, {}

    def _judge(
        self,
        folder: Path,
        made: Made,
        identities: NDArray[np.intp],
        begun: Mapping[str, Any],
        recent: Sequence[Recent],
    ) -> Result:
        """Type the couples with a draft of the pack, and hold it to the gates."""
        pack = self._draft(folder, made, begun)
        typings = typings_of(self.corpus.subjects, identities, pack)
        manifest = read_manifest(self.active)
        trial = Trial(
            self.settings,
            self.corpus.subjects,
            identities,
            made.rows,
            {group: arrays["views"] for group, (_, _, arrays) in made.found.items()},
            {group: held for group, (_, held, _) in made.found.items()},
            {group: float(made.fitted["agreement"][group]) for group in GROUPS},
            recent,
            pack,
            TypePack.load(self.active, runtime=self.runtime),
            manifest["groups"] if manifest["face_model"] == self.corpus.face_model else {},
        )
        judged = trial.judge()
        counted = Counter((one, other) for _, one, other in partners_of(self.corpus.subjects, typings))
        plain = {
            "gates": [asdict(gate) for gate in judged],
            "typings": typings,
            "couples": [[one, other, count] for (one, other), count in sorted(counted.items())],
        }
        return {}, plain

    def _draft(self, folder: Path, made: Made, begun: Mapping[str, Any]) -> TypePack:
        """The new types as a pack that nobody is given."""
        version, short = made.version(begun["at"])
        self._write(folder / "draft", made, version, short, {"refused": [], "gates": {}, "couples": []}, {})
        return TypePack.load(folder / "draft", runtime=self.runtime)

    def _compatibility(
        self, folder: Path, made: Made, identities: NDArray[np.intp], begun: Mapping[str, Any], judged: Mapping[str, Any]
    ) -> Result:
        """What tells couples from random pairs of the same ages under the new types."""
        typings = [(int(one[0]), int(one[1]), one[2], one[3]) for one in judged["typings"]]
        pack = self._draft(folder, made, begun)
        settings, active = self.settings, TypePack.load(self.active, runtime=self.runtime)
        learned = compatibility.learn(
            self.corpus.subjects, identities, typings, pack, settings.seed, settings.compatibility_ece_max, active
        )
        if learned is None:
            return {}, {"calibration": None, "gates": []}
        return {}, {"calibration": learned.calibration.plain(), "gates": [asdict(gate) for gate in learned.gates]}

    def _assemble(
        self,
        folder: Path,
        made: Made,
        identities: NDArray[np.intp],
        parent: str,
        begun: Mapping[str, Any],
        judged: Mapping[str, Any],
        together: Mapping[str, Any],
    ) -> Candidate:
        version, short = made.version(begun["at"])
        verdict = tuple(Gate(**gate) for gate in (*judged["gates"], *together["gates"]))
        known = together["calibration"]
        matches = made.matches(short)
        manifest = {
            "refused": [gate.name for gate in verdict if not gate.passed],
            "gates": {gate.name: gate.plain() for gate in verdict},
            "couples": judged["couples"],
            "compatibility": None if known is None else known["figures"],
            "parent": parent,
            "matches": matches,
            "created_at": begun["at"],
            "seed": self.settings.seed,
            "settings": asdict(self.settings),
            "code": packing.code_revision(),
            "data": {
                "fingerprint": self.corpus.fingerprint(),
                "subjects": len(self.corpus.subjects),
                "people": len(np.unique(identities)),
                "couples": len(couples_of(self.corpus.subjects)),
                "recent_members": len(self.corpus.recent),
            },
            "licence": "learned from couples' photos: for this installation only",
        }
        pack = folder / "pack"
        files = {} if known is None else {calibration.NAME: packing.as_json(known)}
        whole = self._write(pack, made, version, short, manifest, {"report.md": b"", **files})
        self._write(pack, made, version, short, manifest, {"report.md": packing.report(version, whole).encode(), **files})
        typings = tuple((int(one[0]), int(one[1]), one[2], one[3]) for one in judged["typings"])
        return Candidate(version, pack, read_manifest(pack), verdict, typings, matches)

    def _write(
        self, folder: Path, made: Made, version: str, short: str, manifest: Mapping[str, Any], files: Mapping[str, bytes]
    ) -> dict[str, Any]:
        """Write a pack; its manifest without the list of files."""
        names = packing.ids(short, made.rows_made)
        arrays: dict[str, NDArray[np.float32]] = {FACE_REMOVED: made.found["man_face"][2]["axes"].astype(np.float32)}
        at = 0
        groups = {}
        for group, (found, held, _) in made.found.items():
            arrays |= arrays_of(found, names[at : at + len(found.centroids)])
            at += len(found.centroids)
            groups[group] = described(found)
            groups[group]["figures"] = {
                **found.figures,
                **{f"held_{name}": round(value, 4) for name, value in asdict(held).items()},
                "classifier_agreement": made.fitted["agreement"][group],
                "classifier_people": made.fitted["figures"][group]["people"],
            }
        whole = {
            "version": version,
            "face_model": self.corpus.face_model,
            "fashion_model": self.corpus.fashion_model,
            **manifest,
            "groups": groups,
            "classifier": made.fitted["layout"],
            "types": [{"id": name, **row} for name, row in zip(names, made.rows_made, strict=True)],
        }
        packing.write_pack(folder, arrays, {**packing.with_classifier(made.pictures, made.model), **files}, whole, self.active)
        return whole
