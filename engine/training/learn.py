"""Learn types from couples: identities → types of four groups → names and pictures → classifier → couples typed → gates → a pack.

A run is a folder of checkpoints named after everything that its result depends on (people, settings, code, the version in use), so
that a run that was killed goes on where it stood and comes to the same pack, to the byte.
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

from engine.backends.runtime import Runtime
from engine.settings import LearningSettings
from engine.training import checkpoints, clusters, gates, naming, packing
from engine.training.checkpoints import Checkpoints, Result
from engine.training.corpus import Corpus, Recent, couples_of
from engine.training.distil.heads import Fitted, Material, fit, softened
from engine.training.gates import Gate, Held
from engine.training.grouping import ALIKE, FACE_REMOVED, Bounds, Found, arrays_of, axes_of, described, find, removing
from engine.training.rows import Rows, Typing, identities_of, partners_of, rows_of, typings_of
from engine.training.trial import Trial
from engine.training.viewing import Views, spread
from engine.types import GROUPS, STARTER, TypePack, read_manifest
from engine.values import Gender

DIMS = (5, 8, 12)
"""Numbers of principal components that are tried."""
VIEWED = 100
"""People of a group whose crops are changed and embedded again; everybody's views are made from what theirs differ by."""
VIEWS = 2
RUNS = 3
"""Runs whose checkpoints are kept."""

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total)."""


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
        work: Path,
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
            work: folder for checkpoints of runs.
            views: embeds changed copies of crops; None: directions are drawn instead (tests).
            runtime: for the distilled classifier; None: the centroids assign (tests).
            progress: told how far it is.
            now: when a run begins that has not begun yet; None: the clock.

        """
        self.corpus = corpus
        self.active = active
        self.settings = settings
        self.work = work
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
            return self._run()

    def finish(self) -> None:
        """Say that what came of the run is safe elsewhere: the next run with the same data begins anew; old checkpoints go."""
        Checkpoints(self.work / self.key).clear()
        checkpoints.prune(self.work, RUNS)

    def _run(self) -> Candidate | TooFew:
        counted = self.people()
        gate = gates.worst(gates.at_least("people", counted[group], self.settings.people_min, about=group) for group in GROUPS)
        if not gate.passed:
            return TooFew(gate, counted)
        kept = Checkpoints(self.work / self.key)
        stages = 13
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
        group = _Groups(self, whole, old)
        found = {name: _found(*stage(name, partial(group.learn, name))) for name in GROUPS}
        rows_made: list[dict[str, Any]] = []
        pictures: dict[str, bytes] = {}
        kept_names: dict[str, dict[int, str]] = {}
        for name in GROUPS:
            drawn, plain = stage(f"{name}_pictures", partial(group.portray, name, found[name][0], tuple(rows_made)))
            rows_made += plain["rows"]
            kept_names[name] = {int(number): before for number, before in plain["kept"].items()}
            pictures |= {file: drawn[file].tobytes() for file in drawn}
        model, fitted = stage("classifier", lambda: _plain_fit(group.fit(found)))
        made = _Made(whole, found, rows_made, kept_names, pictures, model["model"].tobytes(), fitted)
        _, judged = stage("judged", lambda: self._judge(kept.folder, made, identities, begun, _recent(recent)))
        return self._assemble(kept.folder, made, identities, old.version, begun, judged)

    def _begin(self) -> Result:
        """When it began, and the recent members: a run that goes on later judges by the same."""
        return _arrays_of_recent(self.corpus.recent), {"at": self.now.astimezone(dt.UTC).isoformat(timespec="seconds")}

    def _identities(self) -> Result:
        return {"identities": identities_of(self.corpus.subjects)}, {}

    def _judge(
        self,
        folder: Path,
        made: _Made,
        identities: NDArray[np.intp],
        begun: Mapping[str, Any],
        recent: Sequence[Recent],
    ) -> Result:
        """Type the couples with a draft of the pack, and hold it to the gates."""
        version, short = made.version(begun["at"])
        draft = folder / "draft"
        self._write(draft, made, version, short, {"refused": [], "gates": {}, "couples": []}, {})
        pack = TypePack.load(draft, runtime=self.runtime)
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

    def _assemble(
        self,
        folder: Path,
        made: _Made,
        identities: NDArray[np.intp],
        parent: str,
        begun: Mapping[str, Any],
        judged: Mapping[str, Any],
    ) -> Candidate:
        version, short = made.version(begun["at"])
        verdict = tuple(Gate(**gate) for gate in judged["gates"])
        matches = made.matches(short)
        manifest = {
            "refused": [gate.name for gate in verdict if not gate.passed],
            "gates": {gate.name: gate.plain() for gate in verdict},
            "couples": judged["couples"],
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
        whole = self._write(pack, made, version, short, manifest, {"report.md": b""})
        self._write(pack, made, version, short, manifest, {"report.md": packing.report(version, whole).encode()})
        typings = tuple((int(one[0]), int(one[1]), one[2], one[3]) for one in judged["typings"])
        return Candidate(version, pack, read_manifest(pack), verdict, typings, matches)

    def _write(
        self, folder: Path, made: _Made, version: str, short: str, manifest: Mapping[str, Any], files: Mapping[str, bytes]
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


@dataclass(frozen=True)
class _Made:
    """What the stages before the gates made."""

    rows: Mapping[str, Rows]
    found: Mapping[str, tuple[Found, Held, checkpoints.Arrays]]
    rows_made: Sequence[Mapping[str, Any]]
    kept: Mapping[str, Mapping[int, str]]
    """By group and number: the id of the older type that a new one is."""
    pictures: Mapping[str, bytes]
    model: bytes
    fitted: Mapping[str, Any]

    def version(self, begun: str) -> tuple[str, str]:
        """What the version is called, and the six characters of it that its types' ids begin with."""
        total = hashlib.sha256(begun.encode())
        for found, _, _ in self.found.values():
            total.update(found.centroids.astype(np.float32).tobytes() + found.projection.basis.astype(np.float32).tobytes())
        content = total.hexdigest()
        at = dt.datetime.fromisoformat(begun)
        return f"v{at:%Y%m%dT%H%M%S}-{content[:8]}", content[:6]

    def matches(self, short: str) -> dict[str, str]:
        """New type id to older type id."""
        names = iter(packing.ids(short, self.rows_made))
        return {
            name: self.kept[group][number]
            for group, (found, _, _) in self.found.items()
            for number, name in zip(range(len(found.centroids)), names, strict=False)
            if number in self.kept[group]
        }


class _Groups:
    """The stages that work on one group."""

    def __init__(self, learner: Learner, rows: Mapping[str, Rows], old: TypePack) -> None:
        self.learner = learner
        self.corpus = learner.corpus
        self.settings = learner.settings
        self.rows = rows
        self.old = old

    def learn(self, group: str) -> Result:
        """Types, how they hold, and the views that they are judged by."""
        rows, settings = self.rows[group], self.settings
        axes = self._axes() if group.endswith("face") else np.zeros((rows.x.shape[1], 0), dtype=np.float32)
        removed = removing(axes) if axes.shape[1] else None
        views = spread(rows.x, self._differences(rows), VIEWS, settings.seed)
        bounds = Bounds(
            tuple(range(settings.k_min, max(settings.k_min, settings.k_max) + 1)),
            tuple(sorted({min(dims, rows.x.shape[1] - axes.shape[1], len(rows.x) - 1) for dims in DIMS})),
            settings.type_min,
            settings.outliers,
        )
        found = find(group, rows.x, views, removed, bounds, settings.seed, rows.block)
        judged = clusters.farther(rows.x, views, ALIKE) if group.endswith("face") else views
        held = gates.held(rows.x, judged, found, removed, settings.seed)
        whole = np.zeros((*views.shape[:2], rows.vectors.shape[1]), dtype=np.float32)
        whole[:, :, slice(*rows.block)] = judged
        arrays = {
            "mean": found.projection.mean,
            "basis": found.projection.basis,
            "centroids": found.centroids,
            "labels": found.labels,
            "typical": found.typical,
            "anchors": found.anchors,
            "views": whole,
            "axes": axes,
        }
        plain = {
            "group": group,
            "block": list(found.block),
            "temperature": found.temperature,
            "floor": found.floor,
            "figures": found.figures,
            "held": asdict(held),
        }
        return arrays, plain

    def _axes(self) -> NDArray[np.float32]:
        """What face types shall not be about: what older packs took out, and the age and skin of the people here."""
        both = [self.rows["man_face"], self.rows["woman_face"]]
        xs, nuisances = [], []
        for rows in both:
            people = [self.corpus.subjects[at] for at in rows.subjects]
            own = np.array([[one.age, *one.skin] for one in people], dtype=np.float64)
            xs.append(rows.x - rows.x.mean(axis=0))
            nuisances.append(own - own.mean(axis=0))
        own_axes = axes_of(clusters.without(np.concatenate(xs), np.concatenate(nuisances)))
        for folder in (self.learner.active, STARTER):
            with np.load(folder / "centroids.npz", allow_pickle=False) as arrays:
                given = arrays[FACE_REMOVED] if FACE_REMOVED in arrays.files else None
            same = given is not None and len(given) == len(own_axes)
            if same and given is not None and read_manifest(folder)["face_model"] == self.corpus.face_model:
                joined = removing(np.concatenate([given, own_axes], axis=1))
                return axes_of(joined)
        return own_axes

    def _differences(self, rows: Rows) -> NDArray[np.float64]:
        """(n, numbers) what changed copies of people's crops differ by from their vectors."""
        if self.learner.views is None:
            return np.zeros((0, rows.x.shape[1]))
        random = np.random.default_rng(self.settings.seed)
        chosen = np.sort(random.permutation(len(rows.x))[:VIEWED])
        found = []
        for number, at in enumerate(chosen.tolist(), 1):
            self.learner.progress(f"{rows.group} views", number, len(chosen))
            subject = self.corpus.subjects[int(rows.subjects[at])]
            face, body = self.corpus.pixels(subject.id)
            seed = self.settings.seed + subject.id
            if rows.group.endswith("face"):
                own, views = subject.face, self.learner.views.face(face, VIEWS, seed)
            else:
                own, views = subject.fashion, self.learner.views.fashion(body, VIEWS, seed)
            if own is None:
                continue
            base = clusters.unit(own[slice(*rows.block)].astype(np.float64))
            found += [clusters.unit(one[slice(*rows.block)].astype(np.float64)) - base for one in views if np.any(one[slice(*rows.block)])]
        return np.stack(found) if found else np.zeros((0, rows.x.shape[1]))

    def portray(self, group: str, found: Found, before: Sequence[Mapping[str, Any]]) -> Result:
        """Rows and pictures of a group's types."""
        kept = naming.successors(found, self.old, self.corpus.face_model, self.corpus.fashion_model)
        looks = [naming.look_of(self.corpus.subjects[int(at)], self.corpus) for at in self.rows[group].subjects]
        rows, pictures = naming.portray(found, looks, kept, {row["name"] for row in before})
        arrays = {name: np.frombuffer(content, dtype=np.uint8) for name, content in pictures.items()}
        return arrays, {"rows": rows, "kept": {str(number): info.id for number, info in kept.items()}}

    def fit(self, found: Mapping[str, tuple[Found, Held, checkpoints.Arrays]]) -> Fitted:
        """The distilled classifier of all groups."""
        materials = {}
        for group, (one, _, arrays) in found.items():
            rows, views = self.rows[group], arrays["views"]
            labels, _ = clusters.nearest(one.projection.apply(rows.x), one.centroids, one.floor)
            # A type that only outliers have would have nobody to be learned from.
            alone = np.setdiff1d(np.arange(len(one.centroids)), labels)
            labels = np.where((labels < 0) & np.isin(one.labels, alone), one.labels, labels)
            materials[group] = Material(
                rows.vectors,
                labels,
                len(one.centroids),
                rows.people,
                one.block,
                one.projection.mean,
                one.projection.basis,
                softened(one.projection.apply(rows.x), one.centroids),
                views=views.reshape(-1, views.shape[2]),
                view_rows=np.repeat(np.arange(len(views)), views.shape[1]),
            )
        return fit(materials, self.rows["man_face"].vectors.shape[1], self.rows["man_fashion"].vectors.shape[1], self.settings.seed)


def _plain_fit(fitted: Fitted) -> Result:
    agreement = {group: figures.agreement for group, figures in fitted.figures.items()}
    figures = {group: asdict(one) for group, one in fitted.figures.items()}
    plain = {"layout": fitted.layout.plain(), "agreement": agreement, "figures": figures}
    return {"model": np.frombuffer(fitted.model, dtype=np.uint8)}, plain


def _found(arrays: checkpoints.Arrays, plain: Mapping[str, Any]) -> tuple[Found, Held, checkpoints.Arrays]:
    found = Found(
        plain["group"],
        (plain["block"][0], plain["block"][1]),
        clusters.Projection(arrays["mean"], arrays["basis"]),
        arrays["centroids"],
        arrays["labels"].astype(np.intp),
        arrays["typical"],
        arrays["anchors"],
        plain["temperature"],
        plain["floor"],
        plain["figures"],
    )
    return found, Held(**plain["held"]), arrays


def _arrays_of_recent(recent: Sequence[Recent]) -> dict[str, NDArray[Any]]:
    """Members as arrays; a vector that is not there is empty rows."""
    made: dict[str, NDArray[Any]] = {"gender": np.array([one.gender or "" for one in recent], dtype="U8")}
    for name in ("face", "fashion"):
        own: list[NDArray[np.float32] | None] = [getattr(one, name) for one in recent]
        made[f"{name}_at"] = np.array([at for at, vector in enumerate(own) if vector is not None], dtype=np.intp)
        there = [vector for vector in own if vector is not None]
        made[name] = np.stack(there) if there else np.zeros((0, 0), dtype=np.float32)
    return made


def _recent(arrays: checkpoints.Arrays) -> list[Recent]:
    vectors: dict[str, dict[int, NDArray[np.float32]]] = {}
    for name in ("face", "fashion"):
        vectors[name] = dict(zip(arrays[f"{name}_at"].tolist(), arrays[name], strict=True))
    genders: dict[str, Gender] = {"man": "man", "woman": "woman"}
    return [
        Recent(genders.get(str(gender)), vectors["face"].get(at), vectors["fashion"].get(at)) for at, gender in enumerate(arrays["gender"])
    ]
