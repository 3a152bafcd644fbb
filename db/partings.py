"""Who may not meet an account that erased itself, should it come back: a block or an ended match is final, and /delete undoes neither.

Of the account only the hash stays, with the member whom it may not meet, until that member erases themselves too.  When the account
comes back, it is a block again: whatever keeps blocked people apart then keeps these two apart.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, and_, or_, select

from db import writing
from db.tables import blocks, members, pairs, partings


def leave(connection: Connection, member_id: int, account: str) -> None:
    """A member erases themselves: note at everybody with whom it was over that it stays so.  Before their blocks and pairs go.

    Args:
        connection: of the transaction.
        member_id: who erases themselves; what was noted at them goes.
        account: the hash of their Telegram account.

    """
    for other, (parter, at) in _parted(connection, member_id).items():
        row = {"member_id": other, "account": account, "parted_by_member": parter == other, "at": at}
        writing.insert_new(connection, partings, row)
    connection.execute(partings.delete().where(partings.c.member_id == member_id))


def renew(connection: Connection, member_id: int, account: str) -> None:
    """The account is a member again: those who were kept apart from it are kept apart from the member."""
    # Whoever erases themselves just now waits, or is gone: a block must not point at nobody.
    there = (
        select(partings, members.c.id)
        .join(members, members.c.id == partings.c.member_id)
        .where(partings.c.account == account, partings.c.member_id != member_id)
        .with_for_update(of=members, read=True)
    )
    for row in connection.execute(there).all():
        sides = (row.member_id, member_id) if row.parted_by_member else (member_id, row.member_id)
        writing.insert_new(connection, blocks, {"blocker_id": sides[0], "blocked_id": sides[1], "at": row.at})
    connection.execute(partings.delete().where(partings.c.account == account))


def _parted(connection: Connection, member_id: int) -> dict[int, tuple[int, dt.datetime]]:
    """With whom it is over, who of the two ended it, and when; a block says more than the match that ended by it."""
    either = or_(pairs.c.lo == member_id, pairs.c.hi == member_id)
    found = {}
    for pair in connection.execute(select(pairs).where(and_(either, pairs.c.ended_at.is_not(None)))):
        other = pair.hi if pair.lo == member_id else pair.lo
        found[other] = (pair.ended_by if pair.ended_by is not None else other, pair.ended_at)
    either = or_(blocks.c.blocker_id == member_id, blocks.c.blocked_id == member_id)
    # Where both blocked, the member who stays did.
    for block in connection.execute(select(blocks).where(either).order_by(blocks.c.blocker_id != member_id)):
        found[block.blocked_id if block.blocker_id == member_id else block.blocker_id] = (block.blocker_id, block.at)
    return found
