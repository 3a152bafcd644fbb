"""The day's suggestion: once a day an active member is shown somebody whom they have not seen yet; nothing is said where nobody is left.

Whoever paused has opted out.  The card is the same as in discovery, with the same buttons.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from bot import outbox
from bot.context import Context
from bot.replies import word
from bot.usecases import discover
from db import exposures, members
from db.records import Member
from db.session import Connection

POOL: Final = discover.POOL


class AlreadyTold(Exception):
    """The member has had the suggestion of this day."""


def suggest(connection: Connection, context: Context, member: Member, day: dt.date) -> bool:
    """Queue the suggestion of `day` for a member; whether there was anybody to suggest.

    Raises:
        AlreadyTold: they had it; the caller's transaction, which noted a showing, must not be committed.

    """
    if member.status != "active" or not member.reachable or member.demo:
        return False
    ranked = discover.rank(connection, context, member, members.candidates(connection, member, context.now, POOL))
    fresh = next((one for one in ranked if not exposures.was_shown(connection, member.id, one.member.id)), None)
    if fresh is None:
        return False
    card = discover.card(connection, context, member, fresh, said=word("steering.daily"))
    if not outbox.notify(connection, context, member, card, f"daily:{day.isoformat()}"):
        raise AlreadyTold
    return True
