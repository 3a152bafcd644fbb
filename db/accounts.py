"""Telegram accounts that outlive their members: known by a keyed hash, where somebody must be recognised should they come back.

Telegram's numbers are few enough to try them all, so a plain hash of one is no secret to whoever gets hold of the database.  The key
lies in the vault and is never renewed: nothing of an account is left that could be hashed anew.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from sqlalchemy import Column, Connection, Table, select

from db import sealing
from db.tables import partings, tombstones

SCOPE: Final = "system:accounts"
KEYED: Final = "k"
"""How a keyed hash begins: behind all hexadecimal digits, so that plain ones are found by a range."""
KEPT: Final[tuple[tuple[Table, Column[str]], ...]] = ((tombstones, tombstones.c.telegram_hash), (partings, partings.c.account))


def hashed(connection: Connection, telegram_id: int) -> str:
    """What is kept of an account: HMAC-SHA-256 of its hash under the vault's key, without a vault the hash; 64 characters."""
    return hasher(connection)(telegram_id)


def hasher(connection: Connection) -> Callable[[int], str]:
    """`hashed` for many accounts, with one look into the vault."""
    close = _closer(connection)
    return lambda telegram_id: close(hashlib.sha256(f"inyeon:{telegram_id}".encode()).hexdigest())


def keyed(connection: Connection, account: str) -> str:
    """The same for what may have been kept before hashes had a key."""
    return _closer(connection)(account)


def close_all(connection: Connection) -> int:
    """Key the hashes that older versions kept plain, before anybody is looked up; how many."""
    close, done = _closer(connection), 0
    for table, column in KEPT:
        plain = connection.scalars(select(column).where(column < KEYED).distinct()).all()
        for account in plain:
            if (new := close(account)) != account:
                connection.execute(table.update().where(column == account).values({column.name: new}))
                done += 1
    return done


def _closer(connection: Connection) -> Callable[[str], str]:
    vault = sealing.vault(connection)
    if vault is None:
        return lambda account: account
    key = vault.key(SCOPE)

    def close(account: str) -> str:
        if account.startswith(KEYED):
            return account
        return KEYED + hmac.new(key, account.encode(), hashlib.sha256).hexdigest()[:63]

    return close
