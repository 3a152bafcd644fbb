"""When few or none are left: which filter costs most, said honestly, and buttons that make it wider; nothing widens by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.context import Context
from bot.keyboards import SETTINGS, button
from bot.replies import Button, Lines, Rows, Say, Word, word
from bot.usecases.questions import ANY_AGE, ANYWHERE, DISTANCES, ages_word, distance_word
from db import members, search
from db.records import Member
from db.session import Connection

FEW: Final = 3
"""People behind the one on the card, from which on the filters are spoken of."""
MORE_AGES: Final = 5
OWN: Final = ("distance", "age", "language", "verified")
THEIRS: Final = ("their_distance", "their_age", "their_language", "their_verified")


def few(connection: Connection, context: Context, member: Member) -> tuple[list[Word], Rows]:
    """What a card says where few are left behind it, and the button that would help; nothing where there are enough."""
    left = search.remaining(connection, member, context.now, FEW + 2) - 1
    if left > FEW:
        return [], ()
    cost = search.count_by_filter(connection, member, context.now)
    costliest = max((*OWN, *THEIRS), key=lambda name: cost.get(name, 0))
    lines = [word("discover.few", left) if left > 0 else word("discover.last")]
    if not cost.get(costliest):
        return lines, ()
    lines.append(word("discover.costliest", filter=word(f"discover.by.{costliest}", n=f"{cost[costliest]:,}")))
    return lines, _buttons(member, cost)[:1]


def nobody(connection: Connection, context: Context, member: Member) -> Say:
    """That there is nobody left, what each filter costs, and buttons that change it."""
    cost = search.count_by_filter(connection, member, context.now)
    lines: list[object] = [word("discover.nobody"), ""]
    lines += [word(f"discover.cost.{name}", cost[name]) for name in (*OWN, *THEIRS) if cost.get(name)]
    if not any(cost.get(name) for name in OWN):
        lines.append(word("discover.nobody_wait"))
    return Say(word("discover.card", lines=Lines(tuple(lines))), (*_buttons(member, cost), (SETTINGS,)))


def held(connection: Connection, context: Context, member: Member) -> Say:
    """That those who are left were shown to many lately, and that there is more tomorrow."""
    cost = search.count_by_filter(connection, member, context.now)
    return Say(word("discover.capped"), (*_buttons(member, cost)[:1], (SETTINGS,)))


def widen(connection: Connection, context: Context, member: Member, what: str) -> Word | None:
    """Make a filter one step wider and say how it is now; None where there is no such filter."""
    if what == "distance":
        km = wider_distance(member)
        members.update(connection, member.id, context.now, distance_km=km)
        return word("discover.widened_distance", distance=distance_word(km))
    if what == "ages":
        low, high = wider_ages(member)
        members.update(connection, member.id, context.now, age_min=low, age_max=high)
        return word("discover.widened_ages", ages=ages_word(low, high))
    if what == "language":
        members.update(connection, member.id, context.now, same_language=False)
        return word("discover.widened_language")
    if what == "verified":
        members.update(connection, member.id, context.now, verified_only=False)
        return word("discover.widened_verified")
    return None


def wider_distance(member: Member) -> int:
    """The next wider distance in km, 0 for anywhere; members without coordinates know only their city or anywhere."""
    if member.latitude is None or member.distance_km == ANYWHERE:
        return ANYWHERE
    return next((km for km in DISTANCES if km > member.distance_km), ANYWHERE)


def wider_ages(member: Member) -> tuple[int, int]:
    """Five years more at both ends, within what is allowed at all."""
    return max(ANY_AGE[0], member.age_min - MORE_AGES), min(ANY_AGE[1], member.age_max + MORE_AGES)


def _buttons(member: Member, cost: Mapping[str, int]) -> Rows:
    """A button for each of the member's own filters that leaves somebody out, the costliest first."""
    offers: dict[str, Button] = {
        "distance": button(word("discover.widen_distance", distance=distance_word(wider_distance(member))), "widen", choice="distance"),
        "age": button(word("discover.widen_ages", ages=ages_word(*wider_ages(member))), "widen", choice="ages"),
        "language": button("discover.widen_language", "widen", choice="language"),
        "verified": button("discover.widen_verified", "widen", choice="verified"),
    }
    costly = sorted((name for name in OWN if cost.get(name)), key=lambda name: -cost[name])
    return tuple((offers[name],) for name in costly)
