"""The tables of what is learned about who likes whom, and the log of changes that searching follows.

The habits of `db.tables` hold here too.  `judgements` and `member_changes` are logs: their numbers are given out in the order of
commits (`db.logs`), so that a reader who goes on behind the last number misses nothing.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Double, Index, Integer, String, Table

from db.columns import NUMBERED, OPTIONS, Blob, Id, Utc, member_column, metadata, number_column

impressions = Table(
    "impressions",
    metadata,
    number_column(),
    member_column("viewer_id"),
    member_column("shown_id"),
    Column("at", Utc, nullable=False),
    Column("place", String(16), nullable=False),
    Column("p_out", Double),  # the chance that the viewer likes whom they are shown, as it was believed then
    Column("p_back", Double),
    Column("score", Double),
    Column("explored", Boolean, nullable=False),
    Column("model", String(64), nullable=False),
    Column("features", Blob),  # float32, little endian; NULL once it is old
    Index(None, "shown_id", "at"),
    Index(None, "viewer_id", "at"),
    Index(None, "at"),
    **NUMBERED,
)

judgements = Table(
    "judgements",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("impression_id", Id),  # no foreign key: both go with either member
    member_column("viewer_id"),
    member_column("shown_id"),
    Column("at", Utc, nullable=False),
    Column("liked", Boolean, nullable=False),
    Column("p", Double),
    Column("model", String(64), nullable=False),
    Column("features", Blob),
    Index(None, "viewer_id"),
    Index(None, "shown_id"),
    Index(None, "at"),
    **OPTIONS,
)

standings = Table(
    "standings",
    metadata,
    member_column("member_id", primary_key=True),
    Column("shown", BigInteger, nullable=False),
    Column("liked", BigInteger, nullable=False),
    Column("expected", Double, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("given_liked", BigInteger, nullable=False),
    Column("given_expected", Double, nullable=False),
    **OPTIONS,
)

tastes = Table(
    "tastes",
    metadata,
    member_column("member_id", primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("version", String(64), nullable=False),  # of the vectors that the weights are for
    Column("n", Integer, nullable=False),
    Column("data", Blob, nullable=False),  # float32, little endian
    **OPTIONS,
)

matching_state = Table(
    "matching_state",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cursor", BigInteger, nullable=False),  # the last judgement that is folded in
    Column("version", String(64), nullable=False),
    Column("updated_at", Utc),  # NULL: nothing was ever kept
    Column("data", Blob, nullable=False),
    **OPTIONS,
)

daily_picks = Table(
    "daily_picks",
    metadata,
    Column("day", Date, primary_key=True),
    member_column("member_id", primary_key=True),
    member_column("other_id"),
    Index(None, "member_id"),
    Index(None, "other_id"),
    **OPTIONS,
)

member_changes = Table(
    "member_changes",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("member_id", Id, nullable=False),  # no foreign key: that a member is gone is a change too
    Column("at", Utc, nullable=False),
    Index(None, "member_id"),
    Index(None, "at"),
    **OPTIONS,
)

log_ends = Table(
    "log_ends",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("last", BigInteger, nullable=False),  # the newest number given out
    Column("forgotten", BigInteger, nullable=False),  # rows up to this number were deleted for their age
    **OPTIONS,
)
