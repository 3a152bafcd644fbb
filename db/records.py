"""What the queries return: plain frozen values, one a table row.

Identifiers are this database's own unless the name says `telegram`; times are timezone-aware UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Language = Literal["ko", "en"]
Status = Literal["onboarding", "active", "paused", "review", "banned", "frozen", "deleted"]
Gender = Literal["woman", "man", "other"]
Seeks = Literal["women", "men", "everyone"]
PhotoStatus = Literal["approved", "pending", "rejected"]
VectorKind = Literal["face", "fashion"]
TypeKind = Literal["face", "fashion"]
ConsentKind = Literal["terms", "face", "couple"]
OutboxState = Literal["waiting", "sent", "dead"]
ReviewKind = Literal["minor", "photo", "appeal", "underage", "hidden", "lookalike", "verify"]
VerificationState = Literal["open", "passed", "failed", "expired", "review"]

SPOKEN = ("ko", "en", "ja", "zh", "vi", "th", "es", "fr", "de", "ru")
"""Languages that a member may say they speak (ISO 639-1), in the order in which they are offered and stored."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person who talks to the bot."""

    id: int
    telegram_id: int
    language: Language
    status: Status
    birth_date: dt.date | None
    gender: Gender | None
    seeks: Seeks | None
    about: str
    city: str | None
    city_key: str | None
    latitude: float | None
    longitude: float | None
    distance_km: int
    age_min: int
    age_max: int
    face_consent: bool | None
    reachable: bool
    demo: bool
    active_pair_id: int | None
    created_at: dt.datetime
    updated_at: dt.datetime
    last_active_at: dt.datetime
    step: str
    draft: Mapping[str, Any]
    photo_based: bool = True
    verified: bool = False
    verified_only: bool = False
    same_language: bool = False
    languages: str = ""
    protect: bool = False  # what they send may not be forwarded or saved
    hidden_at: dt.datetime | None = None  # since when they are shown to nobody
    verified_at: dt.datetime | None = None
    frozen_reason: str | None = None

    @property
    def speaks(self) -> tuple[str, ...]:
        """The languages in which one can talk with the member: the one of the conversation until others are chosen."""
        return tuple((self.languages or self.language).split())

    def age(self, now: dt.datetime) -> int | None:
        """Whole years at `now` (the date of `now` in its own zone), None without a birth date."""
        return None if self.birth_date is None else years(self.birth_date, now.date())


@dataclass(frozen=True, slots=True)
class Photo:
    """A profile photo without its bytes."""

    id: int
    member_id: int
    position: int
    status: PhotoStatus
    telegram_file_id: str | None
    facts: Mapping[str, Any]
    nsfw: float
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StoredPhoto(Photo):
    """A profile photo with its JPEG bytes."""

    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vector:
    """An embedding of a photo: `data` is `dims` float32 in little endian."""

    photo_id: int
    kind: VectorKind
    model_version: str
    runtime: str
    dims: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A face or fashion type as the type pack names it."""

    id: str
    group: str
    kind: TypeKind
    gender: str
    name: str
    name_ko: str


@dataclass(frozen=True, slots=True)
class MemberType:
    """The type that a member was given."""

    member_id: int
    kind: TypeKind
    type_id: str
    confidence: float
    model_version: str
    assigned_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone whom a member may be shown."""

    member: Member
    photos: tuple[int, ...]  # ids of approved photos, in the member's order
    types: Mapping[TypeKind, MemberType]
    liked_me: bool
    passed_me: bool = False  # they saw the member and skipped: only second thoughts could make a match


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members who like each other; it never opens again once ended."""

    id: int
    lo: int
    hi: int
    matched_at: dt.datetime
    ended_at: dt.datetime | None
    ended_by: int | None
    end_reason: str | None
    lo_alias: int
    hi_alias: int
    lo_read: int = 0  # the newest message that lo has seen
    hi_read: int = 0

    @property
    def open(self) -> bool:
        """Whether the two may still talk."""
        return self.ended_at is None

    def partner(self, member_id: int) -> int:
        """The other member's id."""
        return self.hi if member_id == self.lo else self.lo

    def alias_of(self, member_id: int) -> int:
        """Number under which `member_id` is known to the other; no two of one member's partners share one."""
        return self.lo_alias if member_id == self.lo else self.hi_alias

    def read_by(self, member_id: int) -> int:
        """Id of the newest message that `member_id` has seen in the chat, 0 for none."""
        return self.lo_read if member_id == self.lo else self.hi_read


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a like or skip did."""

    match: Pair | None  # the pair that this very call made: tell both now
    first: bool  # whether the call changed the member's answer; False for a second tap and for refused answers


@dataclass(frozen=True, slots=True)
class Message:
    """A relayed message: who sent which message, and as which it arrived."""

    id: int
    pair_id: int
    sender_id: int
    recipient_id: int
    sender_message_id: int
    recipient_message_id: int | None
    kind: str
    reply_to: int | None
    created_at: dt.datetime
    album: str | None = None  # Telegram's id of the album that it is part of
    deleted_at: dt.datetime | None = None  # when its sender took it back


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Something that must be sent to a chat, in the order of `seq`."""

    id: int
    member_id: int | None
    telegram_id: int
    seq: int
    dedup_key: str
    method: str
    payload: Mapping[str, Any]
    message_id: int | None
    state: OutboxState
    attempts: int
    not_before: dt.datetime
    leased_until: dt.datetime | None
    lease_owner: str | None
    dead_reason: str | None
    created_at: dt.datetime
    sent_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Consent:
    """An answer to a consent question, kept with the version of the words shown."""

    id: int
    member_id: int
    kind: ConsentKind
    version: str
    given: bool
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A member's report of another."""

    id: int
    reporter_id: int | None
    reported_id: int | None  # None: erased while the report was open
    pair_id: int | None
    reason: str
    state: str
    decided_by: int | None
    decided_at: dt.datetime | None
    created_at: dt.datetime

    @property
    def kind(self) -> str:
        """What it is about, without the words that the reporter added behind a colon."""
        return self.reason.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Review:
    """A question that an admin decides."""

    id: int
    member_id: int
    kind: ReviewKind
    photo_id: int | None
    state: str
    decided_by: int | None
    decided_at: dt.datetime | None
    created_at: dt.datetime
    note: bytes | None = field(repr=False, default=None)  # sealed: see `db.safety`


@dataclass(frozen=True, slots=True)
class Evidence:
    """What happened before a report, as it was then; kept for a short time."""

    id: int
    report_id: int
    at: dt.datetime
    expires_at: dt.datetime
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A message in an admin's chat that shows something of members; `message_id` is None until it was sent."""

    id: int
    telegram_id: int
    outbox_id: int
    message_id: int | None
    shows: str
    at: dt.datetime
    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class BanMark:
    """By what somebody who was banned is recognised: bytes of `kind`, "face:<version>" or "phash"."""

    id: int
    member_id: int | None
    kind: str
    reason: str
    at: dt.datetime
    expires_at: dt.datetime
    lifted_at: dt.datetime | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verification:
    """A challenge to show that a member is the person of their photos."""

    id: int
    member_id: int
    challenge: Any
    state: VerificationState
    attempts: int
    detail: Mapping[str, Any]
    created_at: dt.datetime
    expires_at: dt.datetime
    decided_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to whom."""

    id: int
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """What else an erasure touched."""

    partners: tuple[int, ...]  # members whose open chat with the erased one ended


def years(birth: dt.date, today: dt.date) -> int:
    """Age in whole years.

    >>> years(dt.date(2008, 2, 29), dt.date(2026, 2, 28)), years(dt.date(2008, 2, 29), dt.date(2026, 3, 1))
    (17, 18)
    """
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
