"""What the chance that A likes B depends on, in numbers: one row a candidate, for A → B and for B → A alike.

All features are 0 where nothing is known, and mean about the same for everybody.  None of them is a global weight over a face:
what a face says counts through the types of couples, through the viewer's own answers, and through the ideal that they made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.matching import standing
from engine.matching.lifts import Table
from engine.matching.people import GENDERS, Person
from engine.matching.taste import Centre, spread
from engine.values import Vector

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

FEATURES: Final = (
    "usual",  # 1
    "lift_face",  # log lift of the couples for the two face types
    "lift_fashion",
    "taste_face",  # log-odds by the viewer's own answers
    "taste_fashion",
    "alike_fashion",  # cosine of the two's clothes, each less the mean of their gender
    "ideal",  # cosine of the face with the viewer's ideal, less the mean
    "older",  # decades by which the other one is older than the viewer
    "age_gap",  # the same, squared
    "distance",  # log(1 + km / 10), less that of 20 km
    "activity",  # exp(-days since they were here / 7)
    "popularity",  # log-odds by which answers about them went beyond what was expected
    "selectivity",  # the same for the viewer's answers
)
PLACE: Final = {name: place for place, name in enumerate(FEATURES)}
PHOTOS: Final = ("lift_face", "lift_fashion", "taste_face", "taste_fashion", "alike_fashion", "ideal")
"""Features that come from photos; 0 where recommendation by photos is off."""

EARTH_KM: Final = 6371.0
USUAL_KM: Final = 20.0
DECADE: Final = 10.0
GAP_MOST: Final = 3.0
"""Decades: no age gap counts for more."""
WEEK: Final = 7.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """People as columns, n of them."""

    gender: NDArray[np.intp]
    """(n,) places in GENDERS."""
    age: Array
    latitude: Array
    """(n,) radians; NaN without coordinates."""
    longitude: Array
    idle: Array
    face: Floats
    """(n, face dims), less the population's mean; 0 where there is none."""
    fashion: Floats
    taste_face: Floats
    taste_fashion: Floats
    ideal: Floats
    """(n, face dims), length 1; 0 where there is none."""
    types: dict[str, NDArray[np.intp]]
    """By kind, (n,) places in the table of lifts."""
    popularity: Array
    selectivity: Array
    doubt: Array
    """(n,) variance of the popularity, in squared log-odds."""
    taste_doubt: dict[str, Array]
    """By kind, (n,) variance of one weight of their taste."""

    @classmethod
    def of(cls, people: Sequence[Person], centre: Centre, table: Table) -> Crowd:
        """From people; vectors of a length that the pack does not have count as none."""
        genders = np.array([GENDERS.index(one.gender) for one in people], dtype=np.intp)
        nan = float("nan")
        numbers = np.array(
            [
                (
                    one.age,
                    nan if one.latitude is None else one.latitude,
                    nan if one.longitude is None else one.longitude,
                    one.idle_days,
                    (record := one.record).shown,
                    record.liked,
                    record.expected,
                    record.given,
                    record.given_liked,
                    record.given_expected,
                    one.taste.face_n,
                    one.taste.fashion_n,
                )
                for one in people
            ],
            dtype=np.float64,
        ).reshape(len(people), 12)
        face_dims, fashion_dims = centre.dims("face"), centre.dims("fashion")
        places = table.places([one.types for one in people])
        return cls(
            gender=genders,
            age=numbers[:, 0],
            latitude=np.radians(numbers[:, 1]),
            longitude=np.radians(numbers[:, 2]),
            idle=numbers[:, 3],
            face=centre.centred("face", stacked([one.face for one in people], face_dims), genders),
            fashion=centre.centred("fashion", stacked([one.fashion for one in people], fashion_dims), genders),
            taste_face=stacked([one.taste.face for one in people], face_dims),
            taste_fashion=stacked([one.taste.fashion for one in people], fashion_dims),
            ideal=stacked([one.ideal for one in people], face_dims),
            types={"face": places[:, 0], "fashion": places[:, 1]},
            popularity=standing.effect(numbers[:, 4], numbers[:, 5], numbers[:, 6]),
            selectivity=standing.effect(numbers[:, 7], numbers[:, 8], numbers[:, 9]),
            doubt=standing.variance(numbers[:, 4], numbers[:, 6]),
            taste_doubt={"face": spread("face", numbers[:, 10]), "fashion": spread("fashion", numbers[:, 11])},
        )

    def __len__(self) -> int:
        return len(self.age)

    def take(self, rows: NDArray[np.intp]) -> Crowd:
        """The people of these rows, in this order; somebody may stand there more than once."""
        columns: dict[str, Any] = {}
        for column in fields(self):
            value = getattr(self, column.name)
            columns[column.name] = {kind: one[rows] for kind, one in value.items()} if isinstance(value, dict) else value[rows]
        return Crowd(**columns)


def between(viewers: Crowd, shown: Crowd, table: Table) -> tuple[Array, Array]:
    """Features (n, len(FEATURES)) of viewer → shown, and (n,) the variance that comes from what is not known of the two.

    One of the two crowds may have a single person, who then stands opposite everybody of the other.
    """
    n = max(len(viewers), len(shown)) if len(viewers) and len(shown) else 0
    x = np.zeros((n, len(FEATURES)))
    if not n:
        return x, np.zeros(0)
    older = np.clip((shown.age - viewers.age) / DECADE, -GAP_MOST, GAP_MOST)
    x[:, 0] = 1
    x[:, 1] = table.logs["face"][viewers.types["face"], shown.types["face"]]
    x[:, 2] = table.logs["fashion"][viewers.types["fashion"], shown.types["fashion"]]
    x[:, 3] = _products(viewers.taste_face, shown.face)
    x[:, 4] = _products(viewers.taste_fashion, shown.fashion)
    x[:, 5] = _products(viewers.fashion, shown.fashion) / np.maximum(_lengths(viewers.fashion) * _lengths(shown.fashion), 1e-6)
    x[:, 6] = _products(viewers.ideal, shown.face)
    x[:, 7] = older
    x[:, 8] = older**2
    x[:, 9] = _distance(viewers, shown)
    x[:, 10] = np.exp(-np.maximum(shown.idle, 0) / WEEK)
    x[:, 11] = shown.popularity
    x[:, 12] = viewers.selectivity
    doubt = shown.doubt + viewers.taste_doubt["face"] * _lengths(shown.face) ** 2
    return x, doubt + viewers.taste_doubt["fashion"] * _lengths(shown.fashion) ** 2


def without_photos(features: NDArray[np.floating]) -> Floats:
    """The same features (…, len(FEATURES)) as if nothing were known from photos."""
    kept = np.array(features, dtype=np.float32)
    kept[..., [PLACE[name] for name in PHOTOS]] = 0
    return kept


def idle_days(features: NDArray[np.floating]) -> float:
    """How long the shown person had been away when a card's features (len(FEATURES),) were made.

    >>> x = np.zeros(len(FEATURES)); x[PLACE["activity"]] = np.exp(-3 / WEEK)
    >>> round(idle_days(x), 3)
    3.0
    """
    return float(-WEEK * np.log(np.clip(features[PLACE["activity"]], 1e-6, 1.0)))


def stacked(vectors: Sequence[Vector | None], dims: int) -> Floats:
    """(n, dims) float32 with zeros where there is no vector or a longer one, and at the end of shorter ones: what was not seen."""
    out = np.zeros((len(vectors), dims), dtype=np.float32)
    there = [(row, vector) for row, vector in enumerate(vectors) if vector is not None and vector.ndim == 1]
    whole = [row for row, vector in there if len(vector) == dims]
    if whole:  # nearly all: at once
        out[whole] = np.concatenate([vector for _, vector in there if len(vector) == dims]).reshape(len(whole), dims)
    for row, vector in there if len(whole) < len(there) else ():
        if len(vector) < dims:
            out[row, : len(vector)] = vector
    return out


def _products(one: Floats, other: Floats) -> Array:
    """(n,) inner products of rows; a single row meets all of the other's.

    Not by BLAS, which would wake its threads for so little: beside other work these cost ten times what the product does.
    """
    if len(one) == 1:
        return np.asarray(np.einsum("ij,j->i", other, one[0]), dtype=np.float64)
    if len(other) == 1:
        return np.asarray(np.einsum("ij,j->i", one, other[0]), dtype=np.float64)
    return np.asarray(np.einsum("ij,ij->i", one, other), dtype=np.float64)


def _lengths(rows: Floats) -> Array:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)), dtype=np.float64)


def _distance(one: Crowd, other: Crowd) -> Array:
    """log(1 + km / 10) less that of `USUAL_KM`; 0 where either has no coordinates."""
    half = np.sin((other.latitude - one.latitude) / 2) ** 2
    half = half + np.cos(one.latitude) * np.cos(other.latitude) * np.sin((other.longitude - one.longitude) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return np.asarray(np.nan_to_num(np.log1p(km / 10) - np.log1p(USUAL_KM / 10), nan=0.0))
