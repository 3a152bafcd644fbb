"""When few or none are left: which filter costs most, said honestly, and buttons that make it wider; nothing widens by itself.

A button carries what the filter will be, as its label says it (`distance:50`, `ages:24-36`), and nothing else is ever set: an older
button, or one that is pressed twice, does no more than it said.  What is offered is the smallest step that lets somebody in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.context import Context
from bot.keyboards import SETTINGS, button
from bot.replies import Button, Lines, Rows, Say, Word, word
from bot.usecases.questions import ANY_AGE, ANYWHERE, DISTANCES, ages_word, distance_word
from db import members, search
from db.records import Member
from db.search import OWN, SET_BY, THEIRS
from db.session import Connection

FEW: Final = 3
"""People behind the one on the card, from which on the filters are spoken of."""
MORE_AGES: Final = 5
"""Years that a step adds at both ends."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A wider filter: `wider` is the member as they would be with it, `more` how many people more there would be."""

    name: str
    wider: Member
    more: int

    @property
    def button(self) -> Button:
        """The button that says what the filter will be and makes it so."""
        says = word(f"discover.widen_{_kind(self.name)}", **_values(self.name, self.wider))
        return button(says, "widen", choice=_choice(self.name, self.wider))


def few(connection: Connection, context: Context, member: Member) -> tuple[list[Word], Rows]:
    """What a card says where few are left behind it, and the button that would help; nothing where there are enough."""
    left = search.remaining(connection, member, context.now, FEW + 2) - 1
    if left > FEW:
        return [], ()
    cost = search.count_by_filter(connection, member, context.now)
    costliest = max((*OWN, *THEIRS), key=lambda name: cost.get(name, 0))
    lines = [word("discover.few", left) if left > 0 else word("discover.last")]
    if cost.get(costliest):
        lines.append(word("discover.costliest", filter=word(f"discover.by.{costliest}", n=f"{cost[costliest]:,}")))
    offers = _most_helpful(connection, context, member, cost)
    return [*lines, *_said_together(offers)], _rows(offers)


def nobody(connection: Connection, context: Context, member: Member) -> Say:
    """That there is nobody left, what each filter costs, and buttons that change it."""
    cost = search.count_by_filter(connection, member, context.now)
    offers = _alone(connection, context, member, [name for name in OWN if cost.get(name)])
    lines: list[object] = [word("discover.nobody"), ""]
    lines += [word(f"discover.cost.{offer.name}", offer.more) for offer in offers]
    lines += [word(f"discover.cost.{name}", cost[name]) for name in THEIRS if cost.get(name)]
    if not offers:
        offers = _together(connection, context, member)
        lines += _said_together(offers)
    if not offers:
        lines.append(word("discover.nobody_wait"))
    return Say(word("discover.card", lines=Lines(tuple(lines))), (*_rows(sorted(offers, key=lambda one: -one.more)), (SETTINGS,)))


def held(connection: Connection, context: Context, member: Member) -> Say:
    """That those who are left were shown to many lately, and that there is more tomorrow."""
    cost = search.count_by_filter(connection, member, context.now)
    offers = _most_helpful(connection, context, member, cost)
    together = _said_together(offers)
    said = word("discover.card", lines=Lines((word("discover.capped"), "", *together))) if together else word("discover.capped")
    return Say(said, (*_rows(offers), (SETTINGS,)))


def widen(connection: Connection, context: Context, member: Member, what: str) -> Word | None:
    """Make a filter as wide as the button said and say how it is now.

    None where that is not wider than now, no step that is ever offered, or no such filter: pressed twice, old or forged.
    """
    for name in OWN:
        for wider in steps(member, name):
            if what == _choice(name, wider):
                members.update(connection, member.id, context.now, **_settings(name, wider))
                return word(f"discover.widened_{_kind(name)}", **_values(name, wider))
    return None


def steps(member: Member, name: str) -> tuple[Member, ...]:
    """The member with one of `OWN` wider and wider, up to where it leaves nobody out; empty where it is so already."""
    if name == "distance":
        return tuple(replace(member, distance_km=km) for km in _distances(member))
    if name == "age":
        return tuple(replace(member, age_min=low, age_max=high) for low, high in _ages(member))
    if name == "language":
        return (replace(member, same_language=False),) if member.same_language else ()
    return (replace(member, verified_only=False),) if member.verified_only else ()


def _distances(member: Member) -> tuple[int, ...]:
    """Wider distances in km, 0 for anywhere; members without coordinates know only their city or anywhere."""
    if member.distance_km == ANYWHERE:
        return ()
    further = () if member.latitude is None else tuple(km for km in DISTANCES if km > member.distance_km)
    return (*further, ANYWHERE)


def _ages(member: Member) -> list[tuple[int, int]]:
    """Five years more at both ends each time, up to any age."""
    low, high = member.age_min, member.age_max
    found = []
    while low > ANY_AGE[0] or high < ANY_AGE[1]:
        low, high = min(low, max(ANY_AGE[0], low - MORE_AGES)), max(high, min(ANY_AGE[1], high + MORE_AGES))
        found.append((low, high))
    return found


def _most_helpful(connection: Connection, context: Context, member: Member, cost: Mapping[str, int]) -> list[Offer]:
    """The one of the member's own filters that costs most; where none costs anything by itself, the fewest that do together."""
    own = sorted((name for name in OWN if cost.get(name)), key=lambda name: -cost[name])[:1]
    return _alone(connection, context, member, own) or _together(connection, context, member)


def _alone(connection: Connection, context: Context, member: Member, names: Sequence[str]) -> list[Offer]:
    """For each of these filters the smallest step that lets somebody in by itself."""
    found = (_smallest(connection, context, member, name, steps(member, name)) for name in names)
    return [offer for offer in found if offer is not None]


def _together(connection: Connection, context: Context, member: Member) -> list[Offer]:
    """The fewest filters that only together let somebody in, each by the smallest step; `more` of the last one is that of all."""
    missed = search.count_together(connection, member, context.now)
    if not missed:
        return []
    names = min(missed, key=lambda one: (len(one), -missed[one], sorted(one)))
    wide = member
    for name in names:
        wide = _with(wide, name, steps(member, name)[-1])
    found: list[Offer] = []
    # One after the other: each with those before it as they are offered, and those after it without any bound.
    for name in (name for name in OWN if name in names):
        wider = [_with(wide, name, step) for step in steps(member, name)]
        offer = _smallest(connection, context, member, name, wider)
        if offer is None:
            return []
        found.append(offer)
        wide = offer.wider
    return found


def _said_together(offers: Sequence[Offer]) -> list[Word]:
    """That these filters help only together; nothing where one of them does so alone."""
    if len(offers) < 2:
        return []
    filters = tuple(word(f"discover.part_{_kind(one.name)}", **_values(one.name, one.wider)) for one in offers)
    return [word("discover.together", offers[-1].more, filters=filters)]


def _smallest(connection: Connection, context: Context, member: Member, name: str, wider: Sequence[Member]) -> Offer | None:
    """The first of these that lets somebody in."""
    counts = search.count_wider(connection, member, context.now, wider)
    return next((Offer(name, one, count) for one, count in zip(wider, counts, strict=True) if count), None)


def _with(member: Member, name: str, step: Member) -> Member:
    """The member with one filter as `step` has it."""
    return replace(member, **_settings(name, step))


def _settings(name: str, member: Member) -> dict[str, Any]:
    """What a member has set for one filter."""
    return {field: getattr(member, field) for field in SET_BY[name]}


def _rows(offers: Sequence[Offer]) -> Rows:
    return tuple((offer.button,) for offer in offers)


def _kind(name: str) -> str:
    """A filter of `OWN` as keys of sentences and buttons have it."""
    return "ages" if name == "age" else name


def _choice(name: str, wider: Member) -> str:
    """What a button carries for a filter: what it will be."""
    settings = {"distance": f":{wider.distance_km}", "age": f":{wider.age_min}-{wider.age_max}"}
    return _kind(name) + settings.get(name, "")


def _values(name: str, wider: Member) -> dict[str, Word]:
    """What a sentence about a filter says of it."""
    if name == "distance":
        return {"distance": distance_word(wider.distance_km)}
    return {"ages": ages_word(wider.age_min, wider.age_max)} if name == "age" else {}
