"""Rows of what is learned about who likes whom, and of what an index of members needs; the habits of `db.records` hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from db.records import Gender, Seeks

Place = Literal["discover", "daily", "likes"]
TasteKind = Literal["face", "fashion"]


@dataclass(frozen=True, slots=True)
class Impression:
    """A card that was shown, and what was believed about it then."""

    id: int
    viewer_id: int
    shown_id: int
    at: dt.datetime
    place: Place
    p_out: float | None  # the chance that the viewer likes the other, 0 to 1; None: nothing was predicted
    p_back: float | None  # the chance that the other likes the viewer
    score: float | None
    explored: bool
    model: str
    features: bytes | None = field(repr=False)  # float32, little endian; None: never kept, or too old


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer to a card: what is learned from."""

    id: int
    impression_id: int | None
    viewer_id: int
    shown_id: int
    at: dt.datetime
    liked: bool
    p: float | None
    model: str
    features: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts of answers about a member, and of the member's own; `expected`: the sum of the chances that they would be likes."""

    member_id: int
    shown: int = 0
    liked: int = 0
    expected: float = 0.0
    given: int = 0
    given_liked: int = 0
    given_expected: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredTaste:
    """A member's own weights over others' vectors of one kind and version."""

    member_id: int
    kind: TasteKind
    version: str
    n: int  # how many answers are in it
    data: bytes = field(repr=False)  # float32, little endian


@dataclass(frozen=True, slots=True)
class MatchingState:
    """What a learner knows, and up to which judgement it has read."""

    name: str
    cursor: int
    version: str
    updated_at: dt.datetime | None  # None: nothing was kept yet
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exposed:
    """How often a member who can be shown was shown."""

    member_id: int
    gender: Gender
    shown: int


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What an index of members knows of one besides vectors; only of members who can be shown."""

    id: int
    gender: Gender
    seeks: Seeks
    birth_date: dt.date
    age_min: int
    age_max: int
    latitude: float | None
    longitude: float | None
    distance_km: int  # 0: anywhere
    city_key: str | None
    speaks: tuple[str, ...]
    same_language: bool
    verified: bool
    verified_only: bool
    photo_based: bool  # False: no vector and no type of theirs may count
