"""The tables of what is learned from couples: pictures and where they are from, couples, their types, model versions, jobs.

The habits of `db.tables` hold here too.  Nothing here keeps a picture as it was found: of accepted ones the crops of the two
people stay, of all others only provenance and hashes.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from db.columns import NUMBERED, OPTIONS, Blob, Id, Utc, member_column, metadata, number_column

couple_uploads = Table(
    "couple_uploads",
    metadata,
    number_column(),
    Column("token", String(64), nullable=False, unique=True),
    member_column("sender_id"),
    member_column("partner_id", nullable=True),
    Column("state", String(16), nullable=False),
    Column("consent_version", String(32), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("confirmed_at", Utc),
    Column("jpeg", Blob),  # NULL once it is settled: what is needed is in the crops
    Index(None, "sender_id"),
    Index(None, "partner_id"),
    Index(None, "state", "created_at"),
    **NUMBERED,
)

pictures = Table(
    "pictures",
    metadata,
    number_column(),
    Column("source", String(32), nullable=False),
    Column("source_id", String(190), nullable=False),
    Column("url", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("licence", String(190), nullable=False),
    Column("author", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("caption", Text, nullable=False),
    Column("sha256", String(64)),  # NULL: asked to be removed before it was ever fetched
    Column("phash", String(16)),  # 64 bits in hexadecimal
    # The hash in four pieces: of two hashes at a distance below 4 (k + 1), one piece differs in at most k bits.
    Column("phash_a", Integer),
    Column("phash_b", Integer),
    Column("phash_c", Integer),
    Column("phash_d", Integer),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("duplicate_of", Id),  # the picture that it shows again; no foreign key, so that either may go first
    Column("upload_id", Id, ForeignKey("couple_uploads.id")),
    Column("collected_at", Utc, nullable=False),
    Column("checked_at", Utc, nullable=False),
    UniqueConstraint("source", "source_id"),
    Index(None, "sha256"),
    Index(None, "phash_a"),
    Index(None, "phash_b"),
    Index(None, "phash_c"),
    Index(None, "phash_d"),
    Index(None, "duplicate_of"),
    Index(None, "upload_id"),
    Index(None, "source", "status", "reason"),
    **NUMBERED,
)

couples = Table(
    "couples",
    metadata,
    number_column(),
    Column("picture_id", Id, ForeignKey("pictures.id"), nullable=False, unique=True),
    Column("upload_id", Id, ForeignKey("couple_uploads.id")),
    Column("genders", String(16)),  # NULL: of one of the two it is not known
    Column("excluded", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Index(None, "upload_id"),
    **NUMBERED,
)

couple_people = Table(
    "couple_people",
    metadata,
    number_column(),
    Column("couple_id", Id, ForeignKey("couples.id"), nullable=False),
    Column("side", String(1), nullable=False),  # "a" is the left one of the picture
    Column("gender", String(8)),
    Column("gender_confidence", Double, nullable=False),
    Column("age", Double, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("face_vector", Blob),  # float32, little endian
    Column("face_version", String(64)),
    Column("fashion_vector", Blob),
    Column("fashion_version", String(64)),
    Column("face_jpeg", Blob, nullable=False),  # last, as in `photos`
    Column("body_jpeg", Blob, nullable=False),
    UniqueConstraint("couple_id", "side"),
    **NUMBERED,
)

person_types = Table(
    "person_types",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("person_id", Id, ForeignKey("couple_people.id"), primary_key=True, autoincrement=False),
    Column("identity", BigInteger),  # who it is: the same number in two pictures is the same person
    Column("face_type", String(32)),
    Column("fashion_type", String(32)),
    Index(None, "version", "identity"),
    Index(None, "person_id"),
    **OPTIONS,
)

typings = Table(
    "typings",
    metadata,
    # Whoever changes the counts of a version locks its row first.
    Column("version", String(64), primary_key=True),
    Column("updated_at", Utc, nullable=False),
    **OPTIONS,
)

affinities = Table(
    "affinities",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("type_a", String(32), primary_key=True),
    Column("type_b", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("couples", BigInteger, nullable=False),
    CheckConstraint("type_a <= type_b", name="order"),
    CheckConstraint("couples >= 0", name="couples"),
    Index(None, "version", "type_b"),
    Index(None, "version", "kind"),
    **OPTIONS,
)

crawls = Table(
    "crawls",
    metadata,
    Column("source", String(32), primary_key=True),
    Column("query", String(190), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("figures", JSON, nullable=False),
    Column("updated_at", Utc, nullable=False),
    **OPTIONS,
)

hashtags = Table(
    "hashtags",
    metadata,
    Column("tag", String(190), primary_key=True),
    Column("hashtag_id", String(64), nullable=False),
    Column("queried_at", Utc, nullable=False),
    Index(None, "queried_at"),
    **OPTIONS,
)

http_cache = Table(
    "http_cache",
    metadata,
    Column("url_hash", String(64), primary_key=True),  # SHA-256: addresses may carry tokens
    Column("etag", Text, nullable=False),
    Column("last_modified", String(64), nullable=False),
    Column("content_type", String(190), nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Blob),
    Index(None, "at"),
    **OPTIONS,
)

model_versions = Table(
    "model_versions",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("activated_at", Utc),
    **OPTIONS,
)

job_runs = Table(
    "job_runs",
    metadata,
    number_column(),
    Column("job", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("requested_by", String(32), nullable=False),  # a Telegram id, "schedule" or "command"
    Column("arguments", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("queued_at", Utc, nullable=False),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    Column("heartbeat_at", Utc),
    Index(None, "state", "job"),
    Index(None, "requested_by"),
    **NUMBERED,
)
