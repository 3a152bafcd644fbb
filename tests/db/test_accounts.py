"""Accounts that are remembered by a hash: with a key, so that a copy of the database tells of nobody."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from db import accounts, erasure, members, safety, upkeep
from db.session import Connection, Database
from db.tables import blocks, partings, tombstones
from tests.db.people import NOW, people


def plain(telegram_id: int) -> str:
    """As older versions kept it."""
    return hashlib.sha256(f"inyeon:{telegram_id}".encode()).hexdigest()


def test_nobody_is_found_by_trying_all_numbers(database: Database) -> None:
    (member,) = people(database, "woman")
    database.transact(safety.ban, member.id, NOW)
    database.transact(erasure.erase, member.id, NOW)
    (kept,) = database.read(lambda connection: connection.scalars(select(tombstones.c.telegram_hash)).all())
    assert len(kept) == 64
    assert kept == database.read(accounts.hashed, member.telegram_id)
    assert plain(member.telegram_id)[:20] not in kept
    assert database.vault is not None
    assert kept != accounts.KEYED + hashlib.sha256(plain(member.telegram_id).encode()).hexdigest()[:63]


def test_hashes_from_before_get_their_key_and_still_tell_who_it_is(database: Database) -> None:
    (other,) = people(database, "man")
    shut, parted = 777_001, 777_002

    def as_before(connection: Connection) -> None:
        connection.execute(tombstones.insert().values(telegram_hash=plain(shut), reason="banned", at=NOW))
        row = {"member_id": other.id, "account": plain(parted), "parted_by_member": True, "at": NOW}
        connection.execute(partings.insert().values(**row))

    database.transact(as_before)
    assert upkeep.close_accounts(database) == 2
    assert upkeep.close_accounts(database) == 0
    assert database.transact(members.create, shut, "en", NOW).status == "banned"
    back = database.transact(members.create, parted, "en", NOW)
    assert database.read(lambda connection: connection.execute(select(blocks.c.blocker_id, blocks.c.blocked_id)).all()) == [
        (other.id, back.id)
    ]


def test_what_was_kept_before_is_keyed_once(database: Database) -> None:
    closed = database.read(accounts.keyed, plain(5))
    assert closed == database.read(accounts.hashed, 5)
    assert database.read(accounts.keyed, closed) == closed
