"""The stages of learning that work on one group at a time, and what they leave in checkpoints."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.settings import LearningSettings
from engine.training import checkpoints, clusters, gates, naming, packing
from engine.training.checkpoints import Result
from engine.training.corpus import Corpus, Recent
from engine.training.distil.heads import Fitted, Material, fit, softened
from engine.training.gates import Held
from engine.training.grouping import ALIKE, FACE_REMOVED, Bounds, Found, axes_of, find, removing
from engine.training.rows import Rows
from engine.training.viewing import Views, spread
from engine.types import STARTER, TypePack, read_manifest
from engine.values import Gender

DIMS = (5, 8, 12)
"""Numbers of principal components that are tried."""
VIEWED = 100
"""People of a group whose crops are changed and embedded again; everybody's views are made from what theirs differ by."""
VIEWS = 2

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total)."""


@dataclass(frozen=True)
class Made:
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


class Groups:
    """The stages that work on one group."""

    def __init__(
        self, corpus: Corpus, rows: Mapping[str, Rows], old: TypePack, settings: LearningSettings, views: Views | None, progress: Progress
    ) -> None:
        """Only store; `old` is the pack in use, `views` None draws views without looking at crops."""
        self.corpus = corpus
        self.rows = rows
        self.old = old
        self.settings = settings
        self.views = views
        self.progress = progress

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
        for folder in (self.old.folder, STARTER):
            with np.load(folder / "centroids.npz", allow_pickle=False) as arrays:
                given = arrays[FACE_REMOVED] if FACE_REMOVED in arrays.files else None
            same = given is not None and len(given) == len(own_axes)
            if same and given is not None and read_manifest(folder)["face_model"] == self.corpus.face_model:
                joined = removing(np.concatenate([given, own_axes], axis=1))
                return axes_of(joined)
        return own_axes

    def _differences(self, rows: Rows) -> NDArray[np.float64]:
        """(n, numbers) what changed copies of people's crops differ by from their vectors."""
        if self.views is None:
            return np.zeros((0, rows.x.shape[1]))
        random = np.random.default_rng(self.settings.seed)
        chosen = np.sort(random.permutation(len(rows.x))[:VIEWED])
        found = []
        for number, at in enumerate(chosen.tolist(), 1):
            self.progress(f"{rows.group} views", number, len(chosen))
            subject = self.corpus.subjects[int(rows.subjects[at])]
            face, body = self.corpus.pixels(subject.id)
            seed = self.settings.seed + subject.id
            if rows.group.endswith("face"):
                own, views = subject.face, self.views.face(face, VIEWS, seed)
            else:
                own, views = subject.fashion, self.views.fashion(body, VIEWS, seed)
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


def plain_fit(fitted: Fitted) -> Result:
    """The classifier and its figures for a checkpoint."""
    agreement = {group: figures.agreement for group, figures in fitted.figures.items()}
    figures = {group: asdict(one) for group, one in fitted.figures.items()}
    plain = {"layout": fitted.layout.plain(), "agreement": agreement, "figures": figures}
    return {"model": np.frombuffer(fitted.model, dtype=np.uint8)}, plain


def found_of(arrays: checkpoints.Arrays, plain: Mapping[str, Any]) -> tuple[Found, Held, checkpoints.Arrays]:
    """Types, how they hold, and the stage's arrays, out of a checkpoint."""
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


def arrays_of_recent(recent: Sequence[Recent]) -> dict[str, NDArray[Any]]:
    """Members as arrays; a vector that is not there is empty rows."""
    made: dict[str, NDArray[Any]] = {"gender": np.array([one.gender or "" for one in recent], dtype="U8")}
    for name in ("face", "fashion"):
        own: list[NDArray[np.float32] | None] = [getattr(one, name) for one in recent]
        made[f"{name}_at"] = np.array([at for at, vector in enumerate(own) if vector is not None], dtype=np.intp)
        there = [vector for vector in own if vector is not None]
        made[name] = np.stack(there) if there else np.zeros((0, 0), dtype=np.float32)
    return made


def recent_of(arrays: checkpoints.Arrays) -> list[Recent]:
    """Members out of a checkpoint."""
    vectors: dict[str, dict[int, NDArray[np.float32]]] = {}
    for name in ("face", "fashion"):
        vectors[name] = dict(zip(arrays[f"{name}_at"].tolist(), arrays[name], strict=True))
    genders: dict[str, Gender] = {"man": "man", "woman": "woman"}
    return [
        Recent(genders.get(str(gender)), vectors["face"].get(at), vectors["fashion"].get(at)) for at, gender in enumerate(arrays["gender"])
    ]
