"""The vault's own tables: wrapped keys, in a database apart from what they close, so that a backup of one is nothing without the other."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

from db.columns import NUMBERED, OPTIONS, Utc, metadata, number_column

vault_metadata = MetaData(naming_convention=metadata.naming_convention)

vaults = Table(
    "vaults",
    vault_metadata,
    Column("name", String(16), primary_key=True),  # one row, "vault"
    Column("revision", BigInteger, nullable=False),  # counts what holders of keys must hear of: destroyed and renewed ones
    Column("master", String(16), nullable=False),  # which master key wraps new keys
    **OPTIONS,
)

databases = Table(
    "databases",
    vault_metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", Utc, nullable=False),
    **OPTIONS,
)

data_keys = Table(
    "data_keys",
    vault_metadata,
    number_column(),
    Column("database", String(32), nullable=False),
    Column("scope", String(64), nullable=False),
    Column("serial", Integer, nullable=False),  # of the scope; the highest closes, all open
    Column("master", String(16), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("retired_at", Utc),
    Column("destroyed_at", Utc),
    Column("final", Boolean, nullable=False),  # destroyed, and the scope gets no key ever again
    Column("wrapped", LargeBinary(60), nullable=False),  # nonce, key, tag; zeros once it is destroyed
    UniqueConstraint("database", "scope", "serial"),
    Index(None, "master"),
    **NUMBERED,
)
