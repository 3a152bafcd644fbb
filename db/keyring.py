"""What is done in the vault: one function a step, on a connection to the vault's own database.

A key is 32 random bytes, wrapped by a master key and bound to its database, scope and number.  Whoever makes, renews or destroys
one locks the vault's row first, so that all of it happens one after the other.  Destroying overwrites the wrapped key; its row
stays as the note that it happened, by which an erasure that was interrupted, or undone by an old backup, is completed.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Integer, Row, cast, func, select

from db import writing
from db.errors import KeyGone, VaultError
from db.masters import Masters
from db.vault_tables import data_keys, databases, vaults

BYTES = 32
NONCE = 12
NAME = "vault"
ZEROS = bytes(NONCE + BYTES + 16)
LIVE = data_keys.c.destroyed_at.is_(None)


@dataclass(frozen=True, slots=True)
class Head:
    """The vault's row."""

    revision: int
    master: str


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key as it lies in the vault."""

    id: int
    scope: str
    serial: int
    master: str
    wrapped: bytes


def head(connection: Connection, *, lock: bool = False) -> Head | None:
    """The vault's row, None in a vault that was just made; with `lock` nobody else changes the vault meanwhile."""
    wanted = select(vaults.c.revision, vaults.c.master).where(vaults.c.name == NAME)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    return None if row is None else Head(*row)


def begin(connection: Connection, master: str) -> Head:
    """Make the vault's row, unless another process was quicker."""
    writing.lock_or_insert(connection, vaults, {"name": NAME, "revision": 0, "master": master})
    made = head(connection, lock=True)
    if made is None:
        raise LookupError("the vault's row vanished")
    return made


def register(connection: Connection, now: dt.datetime) -> str:
    """A name for a database whose keys will be here."""
    name = secrets.token_hex(16)
    connection.execute(databases.insert().values(id=name, created_at=now))
    return name


def knows(connection: Connection, database: str) -> bool:
    """Whether a database has its keys here."""
    return connection.scalar(select(databases.c.id).where(databases.c.id == database)) is not None


def masters_used(connection: Connection) -> set[str]:
    """By which master keys the keys here are wrapped."""
    return set(connection.scalars(select(data_keys.c.master).where(LIVE).distinct()))


def by_number(connection: Connection, database: str, numbers: Iterable[int]) -> list[Wrapped]:
    """These keys; who is destroyed, or another database's, is left out."""
    found = []
    for chunk in writing.chunks(numbers):
        wanted = select(data_keys).where(data_keys.c.id.in_(chunk), data_keys.c.database == database, LIVE)
        found += [_wrapped(row) for row in connection.execute(wanted)]
    return found


def current(connection: Connection, database: str, scope: str) -> Wrapped | None:
    """The key that closes what is new in a scope.

    Raises:
        KeyGone: it was destroyed for good.

    """
    wanted = select(data_keys).where(data_keys.c.database == database, data_keys.c.scope == scope)
    row = connection.execute(wanted.order_by(data_keys.c.serial.desc()).limit(1)).one_or_none()
    if row is not None and row.final:
        raise KeyGone(f"the key of {scope} was destroyed for good")
    return None if row is None or row.destroyed_at is not None else _wrapped(row)


def make(connection: Connection, database: str, scope: str, masters: Masters, now: dt.datetime, *, renew: bool = False) -> Wrapped:
    """The current key of a scope, made where there is none; with `renew` a new one in any case, and the older ones only open.

    Raises:
        KeyGone: the scope gets none any more.
        VaultError: the master key in use is not among `masters`.

    """
    found = head(connection, lock=True)
    if found is None or found.master not in masters:
        raise VaultError("the master key that wraps new keys is missing: put back the newest backup of it")
    there = current(connection, database, scope)
    if there is not None and not renew:
        return there
    own = (data_keys.c.database == database, data_keys.c.scope == scope)
    last = connection.scalar(select(func.max(data_keys.c.serial)).where(*own)) or 0
    if there is not None:
        connection.execute(data_keys.update().where(*own, data_keys.c.retired_at.is_(None)).values(retired_at=now))
        _tell(connection)
    values: dict[str, Any] = {
        "database": database,
        "scope": scope,
        "serial": last + 1,
        "master": found.master,
        "created_at": now,
        "retired_at": None,
        "destroyed_at": None,
        "final": False,
        "wrapped": wrap(masters[found.master], database, scope, last + 1, secrets.token_bytes(BYTES)),
    }
    return Wrapped(writing.insert(connection, data_keys, values), scope, last + 1, found.master, values["wrapped"])


def destroy(connection: Connection, database: str, scopes: Collection[str], now: dt.datetime, *, final: bool) -> None:
    """Overwrite all keys of these scopes; with `final` they get none ever again."""
    head(connection, lock=True)
    own = (data_keys.c.database == database, data_keys.c.scope.in_(scopes))
    gone = {"wrapped": ZEROS, "destroyed_at": now}
    connection.execute(data_keys.update().where(*own, LIVE).values(**gone))
    if final:
        connection.execute(data_keys.update().where(*own).values(final=True))
        there = set(connection.scalars(select(data_keys.c.scope).where(*own).distinct()))
        rows = [
            {"database": database, "scope": scope, "serial": 1, "master": "", "created_at": now, "retired_at": None, "final": True, **gone}
            for scope in scopes
            if scope not in there
        ]
        if rows:
            connection.execute(data_keys.insert(), rows)
    _tell(connection)


def destroy_numbers(connection: Connection, numbers: Collection[int], now: dt.datetime) -> None:
    """Overwrite keys that closed what a newer one of their scope has closed since."""
    head(connection, lock=True)
    for chunk in writing.chunks(numbers):
        retired = (data_keys.c.id.in_(chunk), data_keys.c.retired_at.is_not(None))
        connection.execute(data_keys.update().where(*retired).values(wrapped=ZEROS, destroyed_at=now))
    _tell(connection)


def forget(connection: Connection, database: str, scopes: Collection[str]) -> None:
    """Delete the notes of destroyed keys whose scopes never come back (`sealing.day`)."""
    own = (data_keys.c.database == database, data_keys.c.scope.in_(scopes), data_keys.c.destroyed_at.is_not(None))
    connection.execute(data_keys.delete().where(*own))


def scopes(connection: Connection, database: str, start: str, *, live: bool = True) -> list[str]:
    """Scopes that begin with `start` and have a key, or (not `live`) whose key was destroyed for good."""
    which = LIVE if live else data_keys.c.final.is_(True)
    wanted = select(data_keys.c.scope).where(data_keys.c.database == database, data_keys.c.scope.startswith(start, autoescape=True), which)
    return list(connection.scalars(wanted.distinct().order_by(data_keys.c.scope)))


def highest(connection: Connection, database: str, start: str) -> int:
    """The highest number that a scope `start` + number ever had a key under, 0 where there is none."""
    number = cast(func.substr(data_keys.c.scope, len(start) + 1), Integer)
    # A range, since SQLite reads a whole index for a LIKE: 0.7 s instead of 2 with a million members, and none for the others.  Digits
    # come before letters in every collation.
    own = (data_keys.c.database == database, data_keys.c.scope >= f"{start}0", data_keys.c.scope < f"{start}a")
    return int(connection.scalar(select(func.max(number)).where(*own)) or 0)


def retired(connection: Connection, database: str) -> dict[int, str]:
    """Keys that a newer one of their scope has replaced and that still open: the scope by the number."""
    replaced = (data_keys.c.database == database, LIVE, data_keys.c.retired_at.is_not(None))
    return {row.id: row.scope for row in connection.execute(select(data_keys.c.id, data_keys.c.scope).where(*replaced))}


def use_master(connection: Connection, master: str) -> None:
    """Let this master key wrap new keys from now on."""
    head(connection, lock=True)
    connection.execute(vaults.update().where(vaults.c.name == NAME).values(master=master))


def rewrap(connection: Connection, masters: Masters, limit: int = 500) -> int:
    """Wrap up to `limit` keys of older master keys anew; how many: call again until it is 0."""
    found = head(connection, lock=True)
    if found is None:
        return 0
    wanted = select(data_keys).where(LIVE, data_keys.c.master != found.master).order_by(data_keys.c.id).limit(limit)
    rows = connection.execute(wanted).all()
    for row in rows:
        key = unwrap(masters, row.database, _wrapped(row))
        again = wrap(masters[found.master], row.database, row.scope, row.serial, key)
        connection.execute(data_keys.update().where(data_keys.c.id == row.id).values(master=found.master, wrapped=again))
    return len(rows)


def wrap(master: AESGCM, database: str, scope: str, serial: int, key: bytes) -> bytes:
    """A key closed by a master key, for this place in this vault only."""
    nonce = os.urandom(NONCE)
    return nonce + master.encrypt(nonce, key, _bound(database, scope, serial))


def unwrap(masters: Masters, database: str, row: Wrapped) -> bytes:
    """The key itself.

    Raises:
        VaultError: its master key is missing, or the vault was tampered with.

    """
    master = masters.get(row.master)
    if master is None:
        raise VaultError(f"the master key {row.master}, which wraps the key of {row.scope}, is missing: put back its backup")
    try:
        return master.decrypt(row.wrapped[:NONCE], row.wrapped[NONCE:], _bound(database, row.scope, row.serial))
    except InvalidTag:
        raise VaultError(f"the key of {row.scope} in the vault is damaged: put back the vault's backup") from None


def _tell(connection: Connection) -> None:
    connection.execute(vaults.update().where(vaults.c.name == NAME).values(revision=vaults.c.revision + 1))


def _bound(database: str, scope: str, serial: int) -> bytes:
    return f"{database}|{scope}|{serial}".encode()


def _wrapped(row: Row[Any]) -> Wrapped:
    return Wrapped(row.id, row.scope, row.serial, row.master, row.wrapped)
