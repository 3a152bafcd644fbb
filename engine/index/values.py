"""What an index is given and what it answers: plain values, the same for every backend.

An `Entry` is a member who may be shown to others; a `Seeker` is the member who asks.  Filters hold in both directions (the same
meaning as `db.search`): each has the gender that the other seeks, the age that the other seeks (whole years at `today`), and lies
within the other's distance; both share a language where either wants that; either is verified where the other wants that; both are
18 or older; nobody of `exclude`, and never the seeker.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

Vector = NDArray[np.float32]
"""(dims,)"""

WOMAN: Final = 1
MAN: Final = 2
OTHER: Final = 4
EVERYONE: Final = WOMAN | MAN | OTHER
ADULT: Final = 18
"""Years: nobody below that is ever on either side."""


class IndexFault(EngineError):
    """The index cannot be used as it is set up; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What filters ask of either side."""

    id: int
    """1 or more."""
    gender: int
    """One of WOMAN, MAN, OTHER."""
    seeks: int
    """Bits of the genders sought."""
    born: int
    """Days since 1970-01-01."""
    age_min: int
    """Whole years, both ends included."""
    age_max: int
    latitude: float = float("nan")
    """Degrees; NaN: no place (then a city may stand for one)."""
    longitude: float = float("nan")
    distance_km: int = 0
    """How far others may be; 0: anywhere."""
    city: int = 0
    """64-bit signed hash of the city's name; 0: none."""
    languages: int = 0
    """Bits, at most 32."""
    same_language: bool = False
    """Only people with whom they share a language."""
    verified: bool = False
    verified_only: bool = False
    """Only verified people."""

    @property
    def placed(self) -> bool:
        """Whether there are coordinates."""
        return not (math.isnan(self.latitude) or math.isnan(self.longitude))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Traits):
    """A member in the index."""

    vector: Vector
    """(dims,) float32, finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker(Traits):
    """Who asks, and when."""

    today: int
    """Days since 1970-01-01: ages are those of this day."""
    exclude: Collection[int] = field(default_factory=tuple)
    """Ids that are not to be found: answered already, blocked by either side, a pair once."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A member found, with the inner product of query and vector (float32 arithmetic)."""

    id: int
    score: float


class Index(Protocol):
    """Exact search among members; every method may be called from any thread, and what it changed the next search sees."""

    dims: int

    @property
    def stamp(self) -> str:
        """What the last `flush` noted: until where the index follows its source.  Empty: nothing is known, build it anew."""

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Add members, or replace what is known of them.

        Raises:
            ValueError: a vector of other dimensions or with numbers that are not finite, an id below 1; nothing was changed then.

        """

    def delete(self, ids: Iterable[int]) -> None:
        """Forget members; unknown ids do not matter."""

    def search(self, query: Vector, seeker: Seeker, k: int) -> list[Hit]:
        """The `k` members with the largest inner products among all whom the filters leave; best first, then by id."""

    def count(self, seeker: Seeker) -> int:
        """How many members the filters leave."""

    def __len__(self) -> int: ...

    def clear(self) -> None:
        """Forget everybody, and the stamp."""

    def flush(self, stamp: str) -> None:
        """Make everything durable, then the stamp.

        Whoever repeats after a crash what changed since the stamp has the index as it should be; changes that come while this runs
        may be on disk or not.

        Raises:
            IndexFault: it cannot be written; the stamp is the old one then.

        """

    def renew(self, key: bytes, stamp: str) -> None:
        """Seal all files under another key and make them durable, so that copies are noise once the old key is gone.

        Raises:
            IndexFault: as for `flush`.

        """

    def close(self) -> None:
        """Release files and connections; what was not flushed may be lost."""


def checked(entries: Sequence[Entry], dims: int) -> NDArray[np.float32]:
    """The vectors of `entries` as (n, dims).

    Raises:
        ValueError: as for `Index.upsert`.

    """
    for entry in entries:
        if entry.id < 1:
            raise ValueError(f"ids are 1 or more, not {entry.id}")
        if entry.vector.shape != (dims,):
            raise ValueError(f"a vector of shape {entry.vector.shape} in an index of {dims} dimensions")
    vectors = np.array([entry.vector for entry in entries], np.float32).reshape(len(entries), dims)
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a number that is not finite")
    return vectors


def as_query(query: Vector, dims: int) -> Vector:
    """`query` in float32, since one of float64 would make numpy convert every vector that it meets (14 times slower).

    Raises:
        ValueError: another shape.

    """
    if query.shape != (dims,):
        raise ValueError(f"a query of shape {query.shape} in an index of {dims} dimensions")
    return np.ascontiguousarray(query, np.float32)
