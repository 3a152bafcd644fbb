"""What ranking knows about a member: frozen values that the bot fills from the database and the simulator from its town."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from engine.values import Vector

MemberGender = Literal["woman", "man", "other"]
"""What members say of themselves; types know women and men only (`engine.values.Gender`)."""

GENDERS: Final[tuple[MemberGender, ...]] = ("woman", "man", "other")
"""The order of everything that is kept by gender."""


@dataclass(frozen=True, slots=True)
class Taste:
    """One member's own weights over others' vectors, learned from their answers; None and 0 before the first."""

    face: Vector | None = None
    """(face dims,) log-odds per unit of a face vector less its population's mean (`engine.matching.taste`)."""
    fashion: Vector | None = None
    face_n: int = 0
    """Answers about people with a face vector that were folded in."""
    fashion_n: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """Counts of answers, for popularity and selectivity (`engine.matching.standing`)."""

    shown: int = 0
    """Answers that others gave about this member."""
    liked: int = 0
    """Likes among them."""
    expected: float = 0.0
    """Sum of the chances that the model gave those answers to be a like, without the popularity term (`Ranked.expected`)."""
    given: int = 0
    """Answers that this member gave."""
    given_liked: int = 0
    given_expected: float = 0.0
    """Sum of the chances of those, without the selectivity term (`Ranked.given_expected`)."""


NO_TASTE: Final = Taste()
NO_RECORD: Final = Record()


@dataclass(frozen=True, slots=True)
class Person:
    """A member as ranking sees them."""

    id: int
    gender: MemberGender
    age: float
    """Years."""
    latitude: float | None = None
    """Degrees; None: no coordinates."""
    longitude: float | None = None
    face: Vector | None = None
    """Mean over the photos, length 1; None: no photo, or recommendation by photos is off (then there are no types and no tastes either)."""
    fashion: Vector | None = None
    types: tuple[str, ...] = ()
    """Type ids of the pack in use, at most one a kind."""
    ideal: Vector | None = None
    """The ideal face that the member made, length 1; None: none."""
    taste: Taste = NO_TASTE
    record: Record = NO_RECORD
    idle_days: float = 0.0
    """Since the member was last here."""
    joined_days: float = 0.0
    """Since the member joined."""
    recent: int = 0
    """Cards that showed this member within the exposure window (`RankingSettings.window_days`)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom the viewer may be shown: every hard filter of both sides holds."""

    person: Person
    liked_me: bool = False
    """Likes the viewer already."""
    passed_me: bool = False
    """Was shown the viewer and passed."""
