"""Every table, in types that SQLite and MySQL/MariaDB share.

Times are UTC with microseconds, floats are doubles, identifiers 64-bit integers that are never used twice (a button that
names an erased member must not find another one), text is compared bytewise (`utf8mb4_bin`), and every constraint has a
name, so that migrations can change it.  Foreign keys carry no actions: what goes with a member is spelled out in
`db.erasure`.  What is learned from couples stands in `db.corpus_tables`, what is learned from answers in `db.matching_tables`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db import corpus_tables, matching_tables  # noqa: F401 the metadata holds every table once this module is imported
from db.columns import NUMBERED, OPTIONS, Blob, Id, Utc, member_column, metadata, number_column

members = Table(
    "members",
    metadata,
    number_column(),
    Column("telegram_id", BigInteger, nullable=False, unique=True),
    Column("language", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("birth_date", Date),
    Column("gender", String(8)),
    Column("seeks", String(8)),
    Column("about", Text, nullable=False),
    Column("city", String(100)),
    Column("city_key", String(100)),  # `city` normalised in Python, since the two databases fold case differently
    Column("latitude", Double),  # coarse: whole tenths of a degree
    Column("longitude", Double),
    Column("distance_km", Integer, nullable=False),  # 0: anywhere
    Column("age_min", SmallInteger, nullable=False),
    Column("age_max", SmallInteger, nullable=False),
    Column("face_consent", Boolean),  # NULL: not asked yet
    Column("reachable", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("active_pair_id", Id),  # no foreign key: pairs point at members already; `pairs.end` clears it
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("last_active_at", Utc, nullable=False),
    Column("step", String(64), nullable=False),
    Column("draft", JSON, nullable=False),
    Column("photo_based", Boolean, nullable=False, server_default="1"),  # whether photos may count in what is recommended
    Column("verified", Boolean, nullable=False, server_default="0"),
    Column("verified_only", Boolean, nullable=False, server_default="0"),
    Column("same_language", Boolean, nullable=False, server_default="0"),  # only people with whom a language is shared
    Column("languages", String(32), nullable=False, server_default=text("''")),  # "en ko", in order; "": the one in `language`
    Column("protect", Boolean, nullable=False, server_default="0"),  # whether what they send may not be forwarded or saved
    Column("hidden_at", Utc),  # since when they are shown to nobody; NULL: they are shown
    Column("verified_at", Utc),
    Column("frozen_reason", String(32)),
    Index(None, "status", "gender", "last_active_at"),
    Index(None, "status", "latitude", "longitude"),
    Index(None, "status", "city_key"),
    **NUMBERED,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("telegram_hash", String(64), primary_key=True),  # see `db.accounts`: enough to recognise, nothing to read off
    Column("reason", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    **OPTIONS,
)

photos = Table(
    "photos",
    metadata,
    number_column(),
    member_column("member_id"),
    Column("position", SmallInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("telegram_file_id", String(255)),
    Column("facts", JSON, nullable=False),
    Column("nsfw", Double, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("jpeg", Blob, nullable=False),  # last: SQLite then reads the other columns without walking the picture's pages
    Index(None, "member_id", "status", "position"),
    **NUMBERED,
)

vectors = Table(
    "vectors",
    metadata,
    Column("photo_id", Id, ForeignKey("photos.id"), primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("model_version", String(64), primary_key=True),
    Column("runtime", String(64), nullable=False),
    Column("dims", Integer, nullable=False),
    Column("data", Blob, nullable=False),  # float32, little endian
    **OPTIONS,
)

types = Table(
    "types",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("group", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("gender", String(8), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_ko", String(100), nullable=False),
    Column("version", String(64), nullable=False),
    Column("current", Boolean, nullable=False),
    Column("updated_at", Utc, nullable=False),
    **OPTIONS,
)

member_types = Table(
    "member_types",
    metadata,
    member_column("member_id", primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("type_id", String(32), ForeignKey("types.id"), nullable=False),
    Column("confidence", Double, nullable=False),
    Column("model_version", String(64), nullable=False),
    Column("assigned_at", Utc, nullable=False),
    Index(None, "type_id"),
    **OPTIONS,
)

likes = Table(
    "likes",
    metadata,
    member_column("lo", primary_key=True),
    member_column("hi", primary_key=True),
    Column("lo_mark", SmallInteger),  # what lo thinks of hi: 1 like, 0 skip, NULL nothing yet
    Column("hi_mark", SmallInteger),
    Column("lo_at", Utc),
    Column("hi_at", Utc),
    CheckConstraint("lo < hi", name="order"),
    Index(None, "lo", "hi_mark"),
    Index(None, "hi", "lo_mark"),
    **OPTIONS,
)

pairs = Table(
    "pairs",
    metadata,
    number_column(),
    member_column("lo"),
    member_column("hi"),
    Column("matched_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("ended_by", Id),
    Column("end_reason", String(32)),
    Column("lo_alias", Integer, nullable=False),  # number under which hi knows lo
    Column("hi_alias", Integer, nullable=False),
    Column("lo_read", Id, nullable=False, server_default="0"),  # the newest message that lo has seen in the chat
    Column("hi_read", Id, nullable=False, server_default="0"),
    UniqueConstraint("lo", "hi"),
    CheckConstraint("lo < hi", name="order"),
    Index(None, "hi"),
    **NUMBERED,
)

exposures = Table(
    "exposures",
    metadata,
    member_column("viewer_id", primary_key=True),
    member_column("shown_id", primary_key=True),
    Column("times", Integer, nullable=False),
    Column("first_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
    Index(None, "shown_id"),
    **OPTIONS,
)

messages = Table(
    "messages",
    metadata,
    number_column(),
    Column("pair_id", Id, ForeignKey("pairs.id"), nullable=False),
    member_column("sender_id"),
    member_column("recipient_id"),
    Column("sender_message_id", BigInteger, nullable=False),
    Column("recipient_message_id", BigInteger),  # NULL until delivered
    Column("kind", String(32), nullable=False),
    Column("reply_to", Id),  # the message answered; no foreign key, so that retention may delete the older one first
    Column("created_at", Utc, nullable=False),
    Column("album", String(64)),
    Column("deleted_at", Utc),
    Column("content", Blob),  # for some hours, so that a report can show what happened
    Index(None, "pair_id", "album"),
    Index(None, "sender_id", "sender_message_id"),
    Index(None, "recipient_id", "recipient_message_id"),
    Index(None, "created_at"),
    **NUMBERED,
)

lanes = Table(
    "lanes",
    metadata,
    Column("telegram_id", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    **OPTIONS,
)

outbox = Table(
    "outbox",
    metadata,
    number_column(),
    member_column("member_id", nullable=True),  # NULL: a chat that is no member's, for example an admin's
    Column("telegram_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("dedup_key", String(190), nullable=False),
    Column("method", String(64), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("message_id", Id, ForeignKey("messages.id")),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Utc, nullable=False),
    Column("leased_until", Utc),
    Column("lease_owner", String(64)),
    Column("dead_reason", String(190)),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    UniqueConstraint("telegram_id", "seq"),
    UniqueConstraint("telegram_id", "dedup_key"),
    # Nearly all rows are sent: they would make this index as large as the table, and each is moved in it once.
    Index(None, "state", "telegram_id", "seq", sqlite_where=text("state = 'waiting'")),
    Index(None, "member_id"),
    Index(None, "message_id"),
    **NUMBERED,
)

consents = Table(
    "consents",
    metadata,
    number_column(),
    member_column("member_id"),
    Column("kind", String(16), nullable=False),
    Column("version", String(32), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "member_id", "kind"),
    **NUMBERED,
)

blocks = Table(
    "blocks",
    metadata,
    member_column("blocker_id", primary_key=True),
    member_column("blocked_id", primary_key=True),
    Column("at", Utc, nullable=False),
    Index(None, "blocked_id"),
    **OPTIONS,
)

partings = Table(
    "partings",
    metadata,
    member_column("member_id", primary_key=True),
    Column("account", String(64), primary_key=True),  # see `db.accounts`; it erased itself and may not meet the member again
    Column("parted_by_member", Boolean, nullable=False),  # False: the account ended it
    Column("at", Utc, nullable=False),
    Index(None, "account"),
    **OPTIONS,
)

reports = Table(
    "reports",
    metadata,
    number_column(),
    member_column("reporter_id", nullable=True),  # NULL: the reporter's account is erased, the report still counts
    member_column("reported_id", nullable=True),  # NULL: erased while the report was open
    Column("pair_id", Id),
    Column("reason", String(500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", Utc),
    Column("created_at", Utc, nullable=False),
    Index(None, "state"),
    Index(None, "reporter_id"),
    Index(None, "reported_id"),
    **NUMBERED,
)

reviews = Table(
    "reviews",
    metadata,
    number_column(),
    member_column("member_id"),
    Column("kind", String(16), nullable=False),
    Column("photo_id", Id, ForeignKey("photos.id")),
    Column("state", String(16), nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", Utc),
    Column("created_at", Utc, nullable=False),
    Column("note", Blob),  # an appeal's words, or details
    Index(None, "state"),
    Index(None, "member_id"),
    Index(None, "photo_id"),
    **NUMBERED,
)

audit = Table(
    "audit",
    metadata,
    number_column(),
    Column("actor", String(32), nullable=False),  # a Telegram id, "system" or, once erased, "erased:…"
    Column("action", String(64), nullable=False),
    Column("subject", String(64), nullable=False),  # "member:12", "report:3", …
    Column("detail", JSON, nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "actor"),
    Index(None, "subject"),
    Index(None, "at"),
    **NUMBERED,
)

updates = Table(
    "updates",
    metadata,
    # What Telegram handed over is written down here before it is acknowledged; `payload` goes once it is done.
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", BigInteger),  # the Telegram account that it is from, NULL where it is from none
    Column("at", Utc, nullable=False),
    Column("payload", Blob),
    Column("done_at", Utc),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("owner", String(64)),
    Column("leased_until", Utc),
    Index(None, "done_at", "person", "update_id", sqlite_where=text("done_at IS NULL")),  # nearly all are done at once
    Index(None, "person"),
    **OPTIONS,
)

evidence = Table(
    "evidence",
    metadata,
    number_column(),
    Column("report_id", Id, nullable=False),  # no foreign key: what was reported is looked at though the member is gone
    Column("at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("data", Blob, nullable=False),
    Index(None, "report_id"),
    Index(None, "expires_at"),
    **NUMBERED,
)

exhibits = Table(
    "exhibits",
    metadata,
    number_column(),
    Column("telegram_id", BigInteger, nullable=False),  # the admin's chat; no foreign key: also of whoever is no member any more
    Column("outbox_id", Id, nullable=False),  # no foreign key: it outlives the row that carried it
    Column("message_id", BigInteger),  # NULL until it was sent
    Column("shows", String(32), nullable=False),  # "report.3", "review.5", "member.12"
    Column("at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Index(None, "outbox_id"),
    Index(None, "shows"),
    Index(None, "due_at"),
    **NUMBERED,
)

ban_marks = Table(
    "ban_marks",
    metadata,
    number_column(),
    member_column("member_id", nullable=True),  # NULL: the account is erased, the ban goes on
    Column("kind", String(64), nullable=False),  # "face:<version>" or "phash"
    Column("reason", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("lifted_at", Utc),
    Column("data", Blob, nullable=False),
    Index(None, "member_id"),
    Index(None, "kind"),
    Index(None, "expires_at"),
    **NUMBERED,
)

verifications = Table(
    "verifications",
    metadata,
    number_column(),
    member_column("member_id"),
    Column("challenge", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("detail", JSON, nullable=False),  # figures, never a picture
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("decided_at", Utc),
    Index(None, "member_id"),
    Index(None, "created_at"),
    **NUMBERED,
)

nudges = Table(
    "nudges",
    metadata,
    member_column("member_id", primary_key=True),
    Column("pair_id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("at", Utc, nullable=False),
    Index(None, "pair_id"),
    **OPTIONS,
)

sealing = Table(
    "sealing",
    metadata,
    Column("name", String(64), primary_key=True),  # "database": under which name the vault has this database's keys; …
    Column("value", String(190), nullable=False),
    **OPTIONS,
)
