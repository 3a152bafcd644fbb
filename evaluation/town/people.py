"""Who lives in the town: faces and clothes near the types of the pack in use, ages, places and hard filters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.matching.people import GENDERS
from engine.types import Group, TypePack
from engine.values import Gender, Vector
from evaluation.town.parameters import Town

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Bools = NDArray[np.bool_]

SEEKS = ("women", "men", "everyone")
SOUGHT = np.array([[True, False, False], [False, True, False], [True, True, True]])
"""By what is sought and gender: the product's rule."""
CENTRE = (37.55, 126.98)
KM_PER_DEGREE = 111.2
DISTANCES = (10.0, 30.0, 50.0, 100.0, 0.0)
"""Choices of the product in km; 0: anywhere."""
WITHIN, BESIDE = 0.30, 0.40
"""Shares of what differs between people that lie in the space of the types and along further common ways of differing; the rest is
different for everybody (assumption; the types' space has 5 to 8 dimensions)."""
WAYS = {"face": 24, "fashion": 12}
NEARNESS = 0.8
"""How near people are to their type's centroid within that space: the cosine is about this."""


@dataclass(frozen=True, slots=True)
class People:
    """n members, an entry or a row each; what the service sees of them."""

    gender: Codes
    """Index into `GENDERS`."""
    seeks: Codes
    """Index into `SEEKS`."""
    age: Floats
    north: Floats
    """km from the centre."""
    east: Floats
    age_min: Floats
    age_max: Floats
    distance_km: Floats
    face: NDArray[np.float32]
    """(n, dims), rows of length 1."""
    fashion: NDArray[np.float32]
    types: tuple[tuple[str, ...], ...]
    """Type ids by the pack's own assignment; (face, fashion)."""

    def __len__(self) -> int:
        return len(self.gender)

    @property
    def km(self) -> Floats:
        """(n, n) distances."""
        return np.asarray(np.hypot(self.north[:, None] - self.north, self.east[:, None] - self.east))

    def place(self, one: int) -> tuple[float, float]:
        """Latitude and longitude in degrees."""
        latitude = CENTRE[0] + self.north[one] / KM_PER_DEGREE
        return float(latitude), float(CENTRE[1] + self.east[one] / (KM_PER_DEGREE * np.cos(np.radians(CENTRE[0]))))


def make(town: Town, pack: TypePack, number: int, random: np.random.Generator) -> People:
    """So many members."""
    gender = np.where(random.random(number) < town.women, 0, 1)
    gender = np.where(random.random(number) < town.other, 2, gender)
    seeks = np.where(gender == 0, 1, 0)
    seeks = np.where(random.random(number) < town.own_gender, 1 - seeks, seeks)
    seeks = np.where((random.random(number) < town.everyone) | (gender == 2), 2, seeks)
    age = np.clip(np.floor(town.age_mean * np.exp(random.normal(0, town.age_sigma, number))), 18, 50)
    low, high = (np.where(gender == 0, women, men) for women, men in zip(town.women_seek, town.men_seek, strict=True))
    age_min = np.maximum(18, np.round(age + low + random.normal(0, 2, number)))
    age_max = np.maximum(age_min + 2, np.round(age + high + random.normal(0, 2, number)))
    near = random.random(number) < town.narrow
    distance = np.where(near, random.choice(DISTANCES[:2], number), random.choice(DISTANCES[2:], number))
    north, east = random.normal(0, town.city_km, (2, number))
    faces = _vectors("face", pack, gender, random)
    clothes = _vectors("fashion", pack, gender, random)
    types = tuple(_types(pack, gender[i], faces[i], clothes[i]) for i in range(number))
    return People(gender, seeks, age, north, east, age_min, age_max, distance, faces, clothes, types)


def eligible(people: People) -> Bools:
    """(n, n) whether two may meet by every filter of both sides; symmetric, nobody with themselves."""
    seeking = SOUGHT[people.seeks[:, None], people.gender]
    ages = (people.age >= people.age_min[:, None]) & (people.age <= people.age_max[:, None])
    near = (people.distance_km[:, None] <= 0) | (people.km <= people.distance_km[:, None])
    one = seeking & ages & near
    both = one & one.T
    np.fill_diagonal(both, val=False)
    return np.asarray(both)


def _vectors(kind: str, pack: TypePack, gender: Codes, random: np.random.Generator) -> NDArray[np.float32]:
    """Rows of length 1: the group's mean, a place near a type's centroid, further ways of differing, and what is one's own."""
    groups = {name: pack.groups[f"{name}_{kind}"] for name in GENDERS[:2]}
    dims = max(block.stop for block in groups["woman"].blocks)
    ways = np.linalg.qr(random.normal(size=(dims, WAYS[kind])))[0] * np.linspace(1.0, 0.3, WAYS[kind])
    ways *= np.sqrt(1 / (np.linspace(1.0, 0.3, WAYS[kind]) ** 2).sum())
    rows = np.zeros((len(gender), dims))
    for i, code in enumerate(gender):
        group = groups[GENDERS[code] if code < 2 else GENDERS[int(random.integers(2))]]
        rows[i] = _one(group, dims, ways, random)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _one(group: Group, dims: int, ways: Floats, random: np.random.Generator) -> Floats:
    sizes = np.array([info.members for info in group.types], dtype=np.float64)
    kind = int(random.choice(len(sizes), p=sizes / sizes.sum()))
    row = np.zeros(dims)
    for block in group.blocks:
        spread = np.sqrt(1 - min(float(block.mean @ block.mean), 0.9))
        free = random.normal(size=block.basis.shape[1])
        inside = NEARNESS * block.centroids[kind] + np.sqrt(1 - NEARNESS**2) * free / np.linalg.norm(free)
        part = np.sqrt(WITHIN) * (block.basis @ inside)
        part += np.sqrt(BESIDE) * (ways @ random.normal(size=ways.shape[1]))[block.start : block.stop]
        own = random.normal(size=len(part))
        part += np.sqrt(1 - WITHIN - BESIDE) * own / np.linalg.norm(own)
        row[block.start : block.stop] = block.mean + spread * part
    return row


def _types(pack: TypePack, code: int, face: Vector, clothes: Vector) -> tuple[str, ...]:
    gender: Gender | None = ("woman" if code == 0 else "man") if code < 2 else None
    found = (pack.assign_face(face, gender), pack.assign_fashion(clothes, gender))
    return tuple(guess.id for guess in found if guess is not None)
