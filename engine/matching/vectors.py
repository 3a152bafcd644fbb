"""One vector a member and one query a viewer whose inner product orders like the chance that both like each other.

    log(P(A likes B) P(B likes A)) = log σ(z) + log σ(y) ≈ constant + (1 - σ(z0)) z + (1 - σ(y0)) y

to the first order round usual log-odds z0, y0.  Both z and y are sums of products of something of A and something of B: faces by
tastes, one-hot types by rows of the lifts, age gaps by ages and their squares, near places by points on the globe.  So

    row B   = [face, clothes | types | taste in faces, in clothes | popularity, selectivity | gender | age, age² | place]

holds what is B's, and query A the weights.  B's popularity is the hoped-for one (`OPTIMISM`).  What changes daily (activity,
exposure) is left to `ranking`, which scores exactly.
Rows depend on the model only through its centre, whose slow movement shifts all products of a query alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.matching.features import DECADE, FEATURES, PLACE, Array, Crowd
from engine.matching.lifts import Table
from engine.matching.logistic import sigmoid
from engine.matching.model import LikeModel
from engine.matching.people import GENDERS, MemberGender, Person
from engine.matching.taste import Centre
from engine.values import Vector

FASHION_KEPT = 104
"""Numbers of a fashion vector that a row holds, so that one of SFace and all types has 512: the legs' textures are left out."""
OPTIMISM = 1.0
"""Standard deviations by which a row's popularity stands above what is believed: else nobody among a million who is still unknown
would be among the hundreds that are ranked.  Who is known loses it."""
WIDTH = 64
"""Rows are padded to a multiple of this many numbers."""
PARTS = ("face", "fashion", "face_types", "fashion_types", "taste_face", "taste_fashion", "standing", "gender", "age", "place")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a row what stands."""

    sizes: tuple[int, ...]
    """Of PARTS, in their order."""

    @classmethod
    def of(cls, centre: Centre, table: Table) -> Layout:
        """For the embeddings and the types in use."""
        face, fashion = centre.dims("face"), min(centre.dims("fashion"), FASHION_KEPT)
        types = [len(table.logs[kind]) - 1 for kind in ("face", "fashion")]
        return cls((face, fashion, *types, face, fashion, 2, len(GENDERS), 2, 3))

    @property
    def dims(self) -> int:
        """Length of a row: 512 for SFace."""
        return -(-sum(self.sizes) // WIDTH) * WIDTH

    def part(self, name: str) -> slice:
        """Where a part stands."""
        start = sum(self.sizes[: PARTS.index(name)])
        return slice(start, start + self.sizes[PARTS.index(name)])


def rows(people: Sequence[Person], model: LikeModel, table: Table) -> NDArray[np.float32]:
    """(n, dims) what the index holds of these people."""
    layout, crowd = Layout.of(model.centre, table), model.crowd(people, table)
    out = np.zeros((len(people), layout.dims), dtype=np.float32)
    kept = layout.sizes[PARTS.index("fashion")]
    out[:, layout.part("face")] = crowd.face
    out[:, layout.part("fashion")] = crowd.fashion[:, :kept]
    for kind in ("face", "fashion"):
        place = layout.part(f"{kind}_types")
        has = np.flatnonzero(crowd.types[kind] < place.stop - place.start)
        out[has, place.start + crowd.types[kind][has]] = 1
    out[:, layout.part("taste_face")] = crowd.taste_face
    out[:, layout.part("taste_fashion")] = crowd.taste_fashion[:, :kept]
    hoped = crowd.popularity + OPTIMISM * np.sqrt(crowd.doubt)
    out[:, layout.part("standing")] = np.stack([hoped, crowd.selectivity], axis=1)
    out[np.arange(len(people)), layout.part("gender").start + crowd.gender] = 1
    age = crowd.age / DECADE
    out[:, layout.part("age")] = np.stack([age, age**2], axis=1)
    out[:, layout.part("place")] = _globe(crowd)
    return out


def row(person: Person, model: LikeModel, table: Table) -> Vector:
    """(dims,) what the index holds of a person."""
    return np.asarray(rows([person], model, table)[0])


def query(viewer: Person, model: LikeModel, table: Table, sought: Sequence[MemberGender] = GENDERS) -> Vector:
    """(dims,) what the index is asked with for a viewer.

    Args:
        viewer: who is going to see the cards.
        model: what was learned.
        table: the couples' lifts.
        sought: the genders that the viewer seeks; their weights stand for the way back.

    """
    layout, crowd = Layout.of(model.centre, table), model.crowd([viewer], table)
    weights = model.by_gender()
    places = [GENDERS.index(gender) for gender in sought]
    out, back = weights[crowd.gender[0]], weights[places].mean(axis=0)
    to, fro = _slopes(crowd, out, back)

    def w(name: str) -> tuple[float, float]:
        return to * float(out[PLACE[name]]), fro * float(back[PLACE[name]])

    found = np.zeros(layout.dims)
    found[layout.part("face")] = w("taste_face")[0] * crowd.taste_face[0] + w("ideal")[0] * crowd.ideal[0]
    clothes = crowd.fashion[0] / max(float(np.linalg.norm(crowd.fashion[0])), 1e-6)
    kept = layout.sizes[PARTS.index("fashion")]
    found[layout.part("fashion")] = (w("taste_fashion")[0] * crowd.taste_fashion[0] + sum(w("alike_fashion")) * clothes)[:kept]
    for kind in ("face", "fashion"):
        own = int(crowd.types[kind][0])
        there, hither = w(f"lift_{kind}")
        found[layout.part(f"{kind}_types")] = there * table.logs[kind][own, :-1] + hither * table.logs[kind][:-1, own]
    found[layout.part("taste_face")] = w("taste_face")[1] * crowd.face[0]
    found[layout.part("taste_fashion")] = w("taste_fashion")[1] * crowd.fashion[0, :kept]
    found[layout.part("standing")] = w("popularity")[0], w("selectivity")[1]
    found[layout.part("gender")] = fro * (weights - back) @ _usual(crowd)
    older, gap = w("older"), w("age_gap")
    age = float(crowd.age[0]) / DECADE
    # older (b - a) one way and (a - b) back; the squared gap b² - 2ab + a² both ways
    found[layout.part("age")] = older[0] - older[1] - 2 * age * sum(gap), sum(gap)
    return found.astype(np.float32)


def _slopes(crowd: Crowd, out: Array, back: Array) -> tuple[float, float]:
    """How much log P rises with the log-odds, at the usual log-odds of this viewer and about them."""
    usual = PLACE["usual"]
    z = out[usual] + out[PLACE["selectivity"]] * crowd.selectivity[0]
    y = back[usual] + back[PLACE["popularity"]] * crowd.popularity[0]
    return tuple((1 - sigmoid(np.array([z, y]))).tolist())


def _usual(crowd: Crowd) -> Array:
    """What is the same for everybody on the way back, as features."""
    found = np.zeros(len(FEATURES))
    found[PLACE["usual"]] = 1
    found[PLACE["popularity"]] = crowd.popularity[0]
    return found


def _globe(crowd: Crowd) -> Array:
    """(n, 3) points on the unit globe; zeros without coordinates."""
    latitude, longitude = np.nan_to_num(crowd.latitude), np.nan_to_num(crowd.longitude)
    near = np.cos(latitude)
    points = np.stack([near * np.cos(longitude), near * np.sin(longitude), np.sin(latitude)], axis=1)
    return np.where(np.isnan(crowd.latitude)[:, None], 0.0, points)
