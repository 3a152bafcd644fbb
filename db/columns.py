"""What all tables have in common: names of constraints, options, and types that both dialects share."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, Integer, LargeBinary, MetaData, TypeDecorator
from sqlalchemy.dialects import mysql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
# AUTOINCREMENT keeps SQLite from giving the id of a deleted row to a new one; InnoDB does not do so anyway.
NUMBERED: dict[str, Any] = {**OPTIONS, "sqlite_autoincrement": True}


@functools.lru_cache(maxsize=256)
def utc_text(value: dt.datetime | None) -> str | None:
    """As SQLAlchemy writes a moment into SQLite: several columns of a transaction hold the same one.

    Raises:
        ValueError: it has no zone.

    >>> utc_text(dt.datetime(2026, 1, 2, 3, 4, 5, 60, dt.UTC)), utc_text(None)
    ('2026-01-02 03:04:05.000060', None)
    """
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone: {value!r}")
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


@functools.lru_cache(maxsize=1024)
def utc_moment(text: str | None) -> dt.datetime | None:
    """What `utc_text` wrote; a member's own moments are read with each of their messages.

    >>> utc_moment(utc_text(dt.datetime(2026, 1, 2, 3, 4, 5, 60, dt.UTC)))
    datetime.datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=datetime.timezone.utc)
    """
    return None if text is None else dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


class Utc(TypeDecorator[dt.datetime]):
    """A moment: timezone-aware in Python, DATETIME(6) in UTC in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Microseconds on MySQL too, whose DATETIME has none by default."""
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name == "mysql" else DateTime())

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse naive times: they would silently mean the machine's zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Say that it is UTC."""
        return None if value is None else value.replace(tzinfo=dt.UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
Blob = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")


def number_column() -> Column[int]:
    """The primary key `id` of a numbered table."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def member_column(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """A column that names a member."""
    return Column(name, Id, ForeignKey("members.id"), nullable=nullable, primary_key=primary_key, autoincrement=False)
