"""What keys need from time to time: older rows closed, interrupted erasures completed, keys of the day destroyed, all renewed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from sqlalchemy import Connection, func, select, text

from db import accounts, erasure, marks, resealing, sealing, writing
from db.errors import NotFound, VaultError
from db.session import Database
from db.tables import members, outbox, updates
from db.vault import HEAR_SECONDS, Vault
from db.waiting import WAITS, given_up

DAYS = 2
"""How long the keys of what only passes through are kept at least."""
PASSING = ("updates", "outbox")
_USED = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_RAISE = text("UPDATE sqlite_sequence SET seq = :seq WHERE name = :name")
_BEGIN = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
_NEXT = text("SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :name")
_MOVE = {
    "members": text("ALTER TABLE members AUTO_INCREMENT = :number"),
    "couple_uploads": text("ALTER TABLE couple_uploads AUTO_INCREMENT = :number"),
    "reports": text("ALTER TABLE reports AUTO_INCREMENT = :number"),
}
RENEWED = ("member:", "upload:", "report:", "system:bans")
NUMBERED = {"members": "member:", "couple_uploads": "upload:", "reports": "report:"}
"""Tables whose numbers name keys, and how such a key's name begins."""
WAIT = 3 * HEAR_SECONDS
"""Seconds until surely no process closes anything with a key that was replaced."""


def look_after(database: Database, now: dt.datetime, stop: Callable[[], bool] = lambda: False) -> dict[str, int]:
    """At the start of the product and then daily: what was done, by kind."""
    if database.vault is None:
        return {}
    erased, sealed = complete(database, now), resealing.run(database, remember=True, stop=stop)
    if sealed:
        database.checkpoint()  # SQLite's log still holds the pages as they were
    return {"erasures": erased, "sealed": sealed, "days": forget_days(database, now)}


def step_over(database: Database) -> int:
    """Let no row be made under a number that once had a key; of how many tables the next number moved.

    After an older copy of the database was put back it would give out numbers again whose keys are destroyed for good: a newcomer
    would be taken for whoever had the number before, and be erased.  Before anything is written.
    """
    if database.vault is None:
        return 0
    moved = 0
    for table, start in NUMBERED.items():
        highest = database.vault.highest(start)
        if highest and database.read(_next_number, table) <= highest:
            database.transact(_set_next_number, table, highest + 1)
            moved += 1
    return moved


def close_accounts(database: Database) -> int:
    """Key the hashes of accounts that older versions kept plain; how many.  Before anybody is looked up by them."""
    return 0 if database.vault is None else database.transact(accounts.close_all)


def complete(database: Database, now: dt.datetime) -> int:
    """Erase members whose key was destroyed: an erasure was cut off in between, or an old backup was put back; how many."""
    gone = [int(scope.split(":")[1]) for scope in _vault(database).scopes("member:", destroyed=True) if scope.count(":") == 1]
    done = 0
    for chunk in writing.chunks(gone):
        for member_id in database.read(_present, chunk):
            try:
                database.transact(erasure.erase, member_id, now)
            except NotFound:  # another process was quicker
                continue
            done += 1
    return done


def forget_days(database: Database, now: dt.datetime) -> int:
    """Destroy the keys of days from which nothing waits any more (`sealing.day`); how many."""
    vault = _vault(database)
    oldest = database.read(_oldest)
    old = []
    for kind in PASSING:
        waits = oldest[kind]
        first = min(now - dt.timedelta(days=DAYS), now if waits is None else waits).date().isoformat()
        old += [scope for scope in vault.scopes(f"{kind}:") if scope.partition(":")[2] < first]
    if old:
        vault.forget(old)
    return len(old)


def rotate_keys(database: Database, member_id: int | None = None, wait: float = WAIT) -> int:
    """Give every scope, or those of a member, a new key and close everything with it; how many old keys were destroyed.

    It may be killed anywhere: old keys are destroyed only once a whole pass has found nothing that they close, so calling it again
    goes on.  Keys of what passes through within days are left to `forget_days`.
    """
    vault = _vault(database)
    if member_id is None:
        scopes = [scope for start in RENEWED for scope in vault.scopes(start)]
    else:
        scopes = [scope for scope in vault.scopes(sealing.member(member_id)) if _is_of(scope, member_id)]
    destroyed = finish_rotation(database, member_id, wait=wait) if vault.retired() else 0
    for scope in scopes:
        vault.renew(scope)
    return destroyed + finish_rotation(database, member_id, wait=wait)


def finish_rotation(database: Database, member_id: int | None = None, wait: float = WAIT) -> int:
    """Close with the new keys what lies closed with replaced ones, and destroy these."""
    vault = _vault(database)
    numbers = [number for number, scope in vault.retired().items() if member_id is None or _is_of(scope, member_id)]
    time.sleep(wait)
    while resealing.run(database, member_id=member_id):
        pass
    if numbers:
        vault.destroy_retired(numbers)
    return len(numbers)


def unseal(database: Database) -> int:
    """Store everything openly again and take the database out of its vault: for a step back to a version without seals.

    Only while nothing else uses the database.  What only passes through is dropped: updates and rows of the outbox that wait.

    Raises:
        VaultError: rows were closed meanwhile: something else uses the database.

    """
    changed = resealing.run(database, plain=True)
    if resealing.run(database, plain=True):
        raise VaultError("rows were closed meanwhile: stop everything else that uses the database, then repeat")
    database.transact(_leave)
    return changed


def _is_of(scope: str, member_id: int) -> bool:
    return scope in (sealing.member(member_id), sealing.face(member_id))


def _next_number(connection: Connection, table: str) -> int:
    if connection.dialect.name == "sqlite":
        return int(connection.scalar(_USED, {"name": table}) or 0) + 1
    return int(connection.scalar(_NEXT, {"name": table}) or 1)


def _set_next_number(connection: Connection, table: str, number: int) -> None:
    if connection.dialect.name != "sqlite":
        connection.execute(_MOVE[table], {"number": number})
        return
    values = {"name": table, "seq": number - 1}
    if connection.execute(_RAISE, values).rowcount == 0:
        connection.execute(_BEGIN, values)


def _leave(connection: Connection) -> None:
    connection.execute(updates.update().values(payload=None))
    connection.execute(outbox.update().where(WAITS).values(**given_up("unsealed", outbox.c.created_at)))
    marks.clear(connection)


def _present(connection: Connection, ids: list[int]) -> list[int]:
    return list(connection.scalars(select(members.c.id).where(members.c.id.in_(ids)).order_by(members.c.id)))


def _oldest(connection: Connection) -> dict[str, dt.datetime | None]:
    """When the oldest thing came that still waits, by kind."""
    waits = select(func.min(updates.c.at)).where(updates.c.done_at.is_(None))
    leaves = select(func.min(outbox.c.created_at)).where(WAITS)
    return {"updates": connection.scalar(waits), "outbox": connection.scalar(leaves)}


def _vault(database: Database) -> Vault:
    if database.vault is None:
        raise RuntimeError("the database was opened without a vault")
    return database.vault
