"""The keys that close what is personal in one database: kept wrapped in a database of their own, and for minutes in memory.

Envelope encryption: each scope ("member:12") has a random key, wrapped by a master key that lies elsewhere.  Destroying the
scope's key turns into noise all that it closed, in the database, its copies and its backups.  Keys in memory are few, live for
`privacy.key_minutes` and are dropped when a key is destroyed or renewed: here at once, in other processes within HEAR_SECONDS,
after which each asks the vault whether anything changed before it uses a key that it remembers.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, inspect

from db import keyring, masters, seals
from db.errors import DatabaseError, KeyGone, VaultError
from db.settings import PrivacySettings
from db.vault_tables import vault_metadata

if TYPE_CHECKING:
    from db.session import Database

log = logging.getLogger(__name__)

HEAR_SECONDS = 5.0
HELD = 10_000
"""How many keys are held in memory at most (about 1 kB each)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key in memory; `until` is when it must be fetched again, on the monotonic clock."""

    number: int
    scope: str
    until: float
    cipher: AESGCM = field(repr=False)


class Vault:
    """The keys of one database.  `open` first; then everything may be called from any thread."""

    def __init__(self, store: Database, settings: PrivacySettings) -> None:
        self.settings = settings
        self.store = store
        self.database = ""
        self._masters: masters.Masters = {}
        self._lock = threading.Lock()
        self._keys: dict[int, Key] = {}
        self._scopes: dict[str, Key] = {}
        self._epoch = 0  # counts how often what is held was dropped
        self._revision = -1
        self._heard = 0.0

    def open(self, database: str | None) -> str:
        """Open the vault of a database that is known to it as `database` (None: of one that has no keys yet); its name here.

        Raises:
            VaultError: the vault or the master key is lost, or is another's; nothing is made then.
            Unavailable: the vault's server cannot be reached.

        """
        self._open_store(may_make=database is None)
        found = self.store.read(keyring.head)
        self._masters = masters.load(self.settings)
        if not self._masters:
            if found is not None or database is not None:
                raise VaultError(f"the master key {self._master_name()} is missing: put back its backup, a new one opens nothing")
            self._masters = masters.make(self.settings)
        if found is None:
            if database is not None:
                raise VaultError(f"the vault {self._name()} is empty, but the database has its keys in one: put back the vault's backup")
            found = self.store.transact(keyring.begin, next(reversed(self._masters)))
        missing = ({found.master} | self.store.read(keyring.masters_used)) - set(self._masters)
        if missing:
            raise VaultError(
                f"the master key {self._master_name()} does not open the vault ({min(missing)} is missing): put back the right one's backup"
            )
        if database is None:
            database = self.store.transact(keyring.register, _now())
        elif not self.store.read(keyring.knows, database):
            raise VaultError(f"the vault {self._name()} is another database's: put back the backup of this one's, or set privacy.vault_url")
        self.database, self._revision, self._heard = database, found.revision, time.monotonic()
        return database

    def close(self) -> None:
        """Forget all keys and close the vault's database."""
        self._drop()
        self._masters = {}
        self.store.close()

    def seal(self, scope: str, place: str, data: bytes) -> bytes:
        """`data`, closed with the scope's current key, which is made where there is none.

        Raises:
            KeyGone: the scope gets no key any more.

        """
        key = self._current(scope)
        return seals.close(key.cipher, key.number, self._bound(scope, place), data)

    def open_one(self, scope: str, place: str, data: bytes) -> bytes:
        """What a seal holds; bytes that are no seal as they are.

        Raises:
            KeyGone: its key was destroyed.
            Tampered: it was changed, or is from elsewhere.

        """
        (found,) = self.open_all([(scope, place, data)])
        if found is None:
            raise KeyGone(f"the key of {scope} was destroyed, and what it closed is noise")
        return found

    def open_all(self, rows: Sequence[tuple[str, str, bytes]]) -> list[bytes | None]:
        """What these seals, given as (scope, place, data), hold; None where the key is gone."""
        # Hundreds of vectors come at once: nothing here is done more than once for each.
        numbers = [seals.number(data) if seals.is_sealed(data) else 0 for _, _, data in rows]
        held = self._held({*numbers} - {0})
        found: list[bytes | None] = []
        for (scope, place, data), number in zip(rows, numbers, strict=True):
            if not number:
                found.append(data)
                continue
            key = held.get(number)
            found.append(None if key is None else seals.open_(key.cipher, self._bound(scope, place), data))
        return found

    def key(self, scope: str) -> bytes:
        """The 32 bytes of a scope's current key, for files of ours outside of the database; raises as `seal`."""
        self._current(scope)  # made where there is none
        row = self.store.read(keyring.current, self.database, scope)
        if row is None:
            raise KeyGone(f"the key of {scope} was destroyed")
        return keyring.unwrap(self._masters_now(), self.database, row)

    def current_number(self, scope: str) -> int:
        """The number of the key that closes what is new in a scope; raises as `seal`."""
        return self._current(scope).number

    def destroy(self, scopes: Collection[str], *, final: bool = False) -> None:
        """Destroy all keys of these scopes, on the disk before this returns; with `final` they get none ever again."""
        self.store.transact(keyring.destroy, self.database, list(scopes), _now(), final=final)
        self._settle()

    def forget(self, scopes: Collection[str]) -> None:
        """Destroy the keys of scopes that never come back, and the note of them."""
        self.destroy(scopes, final=False)
        self.store.transact(keyring.forget, self.database, list(scopes))

    def renew(self, scope: str) -> None:
        """Close with a new key from now on what is new in this scope; the old ones still open."""
        self.store.transact(keyring.make, self.database, scope, self._masters_now(), _now(), renew=True)
        self._drop()

    def retired(self) -> dict[int, str]:
        """Keys that newer ones have replaced and that still open: the scope by the number."""
        return self.store.read(keyring.retired, self.database)

    def destroy_retired(self, numbers: Collection[int]) -> None:
        """Destroy replaced keys: nothing may be closed with them any more."""
        self.store.transact(keyring.destroy_numbers, list(numbers), _now())
        self._settle()

    def scopes(self, start: str = "", *, destroyed: bool = False) -> list[str]:
        """Scopes that begin so and have a key, or whose key was destroyed for good."""
        return self.store.read(keyring.scopes, self.database, start, live=not destroyed)

    def highest(self, start: str) -> int:
        """The highest number of which there ever was a key of `start` + number, 0 where there is none."""
        return self.store.read(keyring.highest, self.database, start)

    def rotate_master(self) -> tuple[int, str]:
        """Wrap all keys by the newest master key, which is made unless one waits already; how many were wrapped, by which.

        It may be interrupted anywhere and called again: at every moment each key is wrapped by a master key that is in the file.
        """
        head = self.store.read(keyring.head)
        self._masters = masters.load(self.settings)
        newest = next(reversed(self._masters))
        unfinished = head is not None and self.store.read(keyring.masters_used) - {head.master}
        if head is not None and newest == head.master and not unfinished:
            self._masters = masters.add(self.settings)
            newest = next(reversed(self._masters))
        self.store.transact(keyring.use_master, newest)
        wrapped = 0
        while count := self.store.transact(keyring.rewrap, self._masters):
            wrapped += count
        self._settle()
        return wrapped, newest

    def forget_masters(self) -> int:
        """Remove from the file the master keys by which nothing is wrapped any more; how many went.

        Raises:
            VaultError: something still is: rotate first.

        """
        head = self.store.read(keyring.head)
        used = self.store.read(keyring.masters_used)
        if head is None or used - {head.master}:
            raise VaultError("older master keys are still in use: run `python -m db rotate-master` first")
        return masters.keep(self.settings, head.master)

    def _current(self, scope: str) -> Key:
        self._listen()
        key = self._scopes.get(scope)
        if key is not None and key.until > time.monotonic():
            return key
        epoch = self._epoch
        row = self.store.read(keyring.current, self.database, scope)
        if row is None:
            row = self.store.transact(keyring.make, self.database, scope, self._masters_now(), _now())
        key = self._remember([row], epoch)[0]
        with self._lock:
            if epoch == self._epoch:
                self._scopes[scope] = key
        return key

    def _held(self, numbers: Collection[int]) -> dict[int, Key]:
        """These keys, from memory or from the vault; who is destroyed is left out."""
        if not numbers:
            return {}
        self._listen()
        now = time.monotonic()
        found = {number: key for number in numbers if (key := self._keys.get(number)) is not None and key.until > now}
        missing = [number for number in numbers if number not in found]
        if missing:
            epoch = self._epoch
            rows = self.store.read(keyring.by_number, self.database, missing)
            found.update((key.number, key) for key in self._remember(rows, epoch))
        return found

    def _remember(self, rows: Sequence[keyring.Wrapped], epoch: int) -> list[Key]:
        if any(row.master not in self._masters for row in rows):
            self._masters = masters.load(self.settings)  # another process has made a new one since
        until = time.monotonic() + 60 * self.settings.key_minutes
        made = [Key(row.id, row.scope, until, AESGCM(keyring.unwrap(self._masters, self.database, row))) for row in rows]
        with self._lock:
            # What was read before a key was destroyed must not be put back behind it.
            if epoch == self._epoch:
                if len(self._keys) + len(made) > HELD:
                    self._keys.clear()
                    self._scopes.clear()
                self._keys.update((key.number, key) for key in made)
        return made

    def _listen(self) -> None:
        """Drop what is held if another process has destroyed or renewed a key; asked every few seconds."""
        now = time.monotonic()
        if now - self._heard < HEAR_SECONDS:
            return
        self._heard = now
        try:
            head = self.store.read(keyring.head)
        except DatabaseError as error:
            log.warning("the vault does not answer: %s", error)  # keys that are held go on for their time
            return
        if head is not None and head.revision != self._revision:
            self._drop()
            self._revision = head.revision

    def _drop(self) -> None:
        with self._lock:
            self._epoch += 1
            self._keys.clear()
            self._scopes.clear()

    def _settle(self) -> None:
        """After keys were overwritten: leave no copy of them behind in memory or in SQLite's log."""
        self._drop()
        self.store.checkpoint()

    def _masters_now(self) -> masters.Masters:
        """The master keys with the one that is in use by now."""
        head = self.store.read(keyring.head)
        if head is not None and head.master not in self._masters:
            self._masters = masters.load(self.settings)
        return self._masters

    def _bound(self, scope: str, place: str) -> bytes:
        return f"{self.database}|{scope}|{place}".encode()

    def _open_store(self, *, may_make: bool) -> None:
        """Open the vault's own database, whose file only we may read."""
        file = Path(self.store.url.database or "") if self.store.embedded else None
        if file is not None and not file.exists():
            if not may_make:
                raise VaultError(f"the vault {self._name()} is missing: put back its backup, no other one opens the database")
            try:
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            except OSError as error:
                raise VaultError(f"the vault {file} cannot be made: {error.strerror}") from None
        self.store.open(upgrade=False)
        if not self.store.read(_has_tables):
            if not may_make:
                raise VaultError(f"the vault {self._name()} is empty, but the database has its keys in one: put back the vault's backup")
            self.store.exclusively(vault_metadata.create_all)

    def _name(self) -> str:
        return self.store.url.render_as_string() if not self.store.embedded else str(self.store.url.database)

    def _master_name(self) -> str:
        return "in privacy.master_key" if self.settings.master_key else self.settings.master_key_file


def _has_tables(connection: Connection) -> bool:
    return inspect(connection).has_table("data_keys")


def _now() -> dt.datetime:
    # When a key was made is of no use case's time, and must not depend on one.
    return dt.datetime.now(dt.UTC)
