"""Hidden: enough people who have nothing to do with each other reported somebody; shown to nobody new until an admin looked.

What a report weighs: 1 from a known or verified member, `NEW` from a new one, and less from whoever was dismissed before, by the
rule of succession with one report found true to begin with: (1 + true) / (1 + true + dismissed).  Reporters who ever were a pair are
one voice, that of the weightier; so is one who reports again.  Friends, and accounts made for it, therefore move little: three new
accounts weigh 1.  Somebody hidden talks on in their chats and is told that their profile is being looked at, never who or how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bot.context import Context
from bot.replies import word
from bot.usecases import telling, trust
from db import audit, members, moderation, safety
from db.records import Member
from db.session import Connection

NEW: Final = 1 / 3


def consider(connection: Connection, context: Context, member: Member) -> None:
    """Hide a member where the open reports weigh enough."""
    if member.hidden_at is not None or member.status not in ("active", "paused") or member.telegram_id in context.admins:
        return
    weight = weight_of(connection, context, member)
    if weight >= context.safety.hide_after:
        hide(connection, context, member, "reports", weight)


def hide(connection: Connection, context: Context, member: Member, why: str, weight: float = 0.0) -> None:
    """Show a member to nobody new, and ask the admins."""
    members.update(connection, member.id, context.now, hidden_at=context.now)
    review = safety.open_review(connection, member.id, "hidden", context.now)
    safety.set_note(connection, review.id, {"reason": why, "weight": round(weight, 2)})
    audit.add(connection, "system", "hidden", audit.member(member.id), context.now, {"why": why, "weight": round(weight, 2)})
    telling.admins(connection, context, word("admin.new_review.hidden", id=review.id, person=member.id), f"review:{review.id}")


def show(connection: Connection, context: Context, member: Member) -> None:
    """An admin found nothing: shown again, silently, as it was hidden silently."""
    members.update(connection, member.id, context.now, hidden_at=None)


def weight_of(connection: Connection, context: Context, member: Member, reason: str = "") -> float:
    """What the open reports about a member weigh together; only those for `reason` if given."""
    about = [one for one in moderation.open_about(connection, member.id) if reason in ("", one.kind)]
    reporters = {one.reporter_id for one in about if one.reporter_id is not None}
    known = members.of(connection, reporters)
    earlier = moderation.outcomes(connection, reporters)
    weights = {
        who: (NEW if trust.level(context, one) == "new" else 1.0) * credit(*earlier.get(who, (0, 0)))
        for who, one in known.items()
        if one.status in ("active", "paused")
    }
    return voices(weights, moderation.acquainted(connection, weights))


def credit(true: int, dismissed: int) -> float:
    """How much somebody's earlier reports speak for this one.

    >>> credit(0, 0), credit(0, 1), credit(3, 1)
    (1.0, 0.5, 0.8)
    """
    return (1 + true) / (1 + true + dismissed)


def voices(weights: Mapping[int, float], acquainted: Iterable[tuple[int, int]]) -> float:
    """The weights of people together, those who know each other (over others too) counting as the weightiest of them.

    >>> voices({1: 1.0, 2: 1.0, 3: 0.5}, []), voices({1: 1.0, 2: 1.0, 3: 0.5}, [(1, 2)]), voices({1: 1.0, 2: 1.0, 3: 0.5}, [(1, 3), (2, 3)])
    (2.5, 1.5, 1.0)
    """
    group = {who: who for who in weights}

    def root(who: int) -> int:
        while group[who] != who:
            who = group[who]
        return who

    for one, other in acquainted:
        if one in group and other in group:
            group[root(one)] = root(other)
    best: dict[int, float] = {}
    for who, weight in weights.items():
        best[root(who)] = max(best.get(root(who), 0.0), weight)
    return sum(best.values())
