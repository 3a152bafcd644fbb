"""What the queries about couples, models and jobs take and return: plain frozen values.

The habits of `db.records` hold here too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PictureStatus = Literal["accepted", "rejected", "duplicate", "removed"]
Side = Literal["a", "b"]
PersonGender = Literal["man", "woman"]
Genders = Literal["man_man", "man_woman", "woman_woman"]
UploadState = Literal["waiting", "confirmed", "refused", "withdrawn", "ingested", "rejected"]
ModelState = Literal["candidate", "published", "retired", "refused"]
JobState = Literal["queued", "running", "done", "failed", "killed", "refused"]
Kind = Literal["face", "fashion"]


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture that was looked at: where it is from, what it is recognised by, and what became of it."""

    source: str
    source_id: str  # stable within the source, at most 190 characters
    status: PictureStatus
    reason: str = ""
    url: str = ""
    page: str = ""
    licence: str = "unknown"
    author: str = ""
    tags: tuple[str, ...] = ()
    caption: str = ""
    sha256: str | None = None
    phash: str | None = None  # 64 bits as 16 hexadecimal characters
    width: int = 0
    height: int = 0
    duplicate_of: int | None = None  # where `status` is "duplicate": the picture that it shows again
    upload_id: int | None = None  # the members' upload that it is, if it is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(PictureRow):
    """A stored `PictureRow`."""

    id: int
    collected_at: dt.datetime
    checked_at: dt.datetime


@dataclass(frozen=True, slots=True)
class NewPerson:
    """One of the two people of a couple's picture.  Vectors are float32 in little endian."""

    gender: PersonGender | None
    gender_confidence: float
    age: float
    face_jpeg: bytes = field(repr=False)  # 256 × 256, aligned: the five points stand where `engine.analysis` puts them
    body_jpeg: bytes = field(repr=False, default=b"")
    facts: Mapping[str, Any] = field(default_factory=dict)
    face_vector: bytes | None = field(repr=False, default=None)
    face_version: str | None = None
    fashion_vector: bytes | None = field(repr=False, default=None)
    fashion_version: str | None = None


@dataclass(frozen=True, slots=True)
class CouplePerson:
    """A stored `NewPerson`, with what one version of the types made of them (all None where it was not asked for or not typed)."""

    id: int
    couple_id: int
    side: Side
    gender: PersonGender | None
    gender_confidence: float
    age: float
    facts: Mapping[str, Any]
    face_vector: bytes | None = field(repr=False)
    face_version: str | None
    fashion_vector: bytes | None = field(repr=False)
    fashion_version: str | None
    face_jpeg: bytes = field(repr=False)
    body_jpeg: bytes = field(repr=False)
    type_version: str | None = None
    identity: int | None = None
    face_type: str | None = None
    fashion_type: str | None = None


@dataclass(frozen=True, slots=True)
class Crawl:
    """How far a source was read for a query."""

    source: str
    query: str
    cursor: str
    state: str
    figures: Mapping[str, Any]
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Cached:
    """What a server answered, for asking it again conditionally."""

    etag: str
    last_modified: str
    content_type: str
    body: bytes | None = field(repr=False)
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A couple's photo that a member sent and the other one has to confirm."""

    id: int
    token: str
    sender_id: int
    partner_id: int | None
    state: UploadState
    consent_version: str
    reason: str
    created_at: dt.datetime
    confirmed_at: dt.datetime | None
    jpeg: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of the types and what became of it."""

    version: str
    state: ModelState
    manifest: Mapping[str, Any]
    created_at: dt.datetime
    activated_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job, or the wish for one."""

    id: int
    job: str
    state: JobState
    requested_by: str
    arguments: Mapping[str, Any]
    progress: Mapping[str, Any]
    result: Mapping[str, Any]
    queued_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    heartbeat_at: dt.datetime | None
