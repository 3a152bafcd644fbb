"""Why somebody is shown, in plain words on the card, and the figures behind it on request.

Everything said here is about the two types and the couples that were observed with them, about the member's own answers, and about what the
card shows anyway.  Nobody is told another's private numbers: how others answered about a person, whether somebody skipped the
member, and how likely they are to like the member back; so neither a score nor a chance is told (docs/adr/0033).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from bot import cities
from bot.context import Context
from bot.replies import Lines, Named, Word, word
from bot.usecases.ranking import Place
from db import photos
from db.records import Member, TypeKind
from db.session import Connection
from engine.affinity import PartnerType
from engine.fashion import KOREAN
from engine.matching.features import PHOTOS, PLACE
from engine.matching.ranking import Ranked
from engine.types import TypeInfo

KINDS: Final[tuple[TypeKind, ...]] = ("face", "fashion")
NEAR: Final = (10, 25, 50, 100, 200, 500)
"""Kilometres in whose terms a distance is told; coordinates are no finer than about 10 km."""
ALIKE: Final = 1.1
"""Lift of the resemblance prior from which two types are called alike."""
TELLING: Final = 0.15
"""Log-odds from which on a member's own taste is a reason, or speaks against somebody."""
ANSWERS: Final = 5
"""Answers from which on a taste is spoken of."""
NEAR_YEARS: Final = 2
NEW_DAYS: Final = 7
MOST: Final = 4
"""Reasons on a card; a caption has 1024 UTF-16 units."""

Said = Literal["for", "against", "little"]


@dataclass(frozen=True, slots=True)
class Both:
    """The two types of one kind, and what couples say about them; `of` couples had the viewer's type."""

    kind: TypeKind
    own: TypeInfo
    partner: PartnerType
    of: int

    @property
    def told(self) -> Literal["more", "prior", "no"]:
        """Whether it is a reason: seen together more often than by chance, or assumed to be."""
        if self.partner.evidence == "observed":
            return "more" if self.partner.interval[0] > 1 else "no"
        return "prior" if self.partner.lift > ALIKE else "no"


def seen(context: Context, ranked: Ranked) -> list[Both]:
    """What couples say of two people's types, face first; kinds that one of them lacks, or keeps out, are left out."""
    found = []
    for part in ranked.parts:
        if part.partner is None:
            continue
        theirs = part.partner.type
        mine = (context.pack.by_id[one] for one in ranked.viewer.types if one in context.pack.by_id)
        own = next((info for info in mine if info.kind == theirs.kind), None)
        if own is not None:
            row = (partner for (one, _), partner in ranked.table.partners.items() if one == own.id)
            of = sum(partner.couples for partner in row if partner.type.group == theirs.group)
            found.append(Both(theirs.kind, own, part.partner, of))
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def liking(ranked: Ranked) -> dict[TypeKind, Said]:
    """What the member's own answers say of somebody's look and clothes; kinds about which nothing was answered are left out."""
    taste = ranked.viewer.taste
    answers: dict[TypeKind, int] = {"face": taste.face_n, "fashion": taste.fashion_n}
    found: dict[TypeKind, Said] = {}
    for kind, n in answers.items():
        part = float(ranked.contributions[PLACE[f"taste_{kind}"]])
        if n:
            found[kind] = "little" if n < ANSWERS or abs(part) < TELLING else "for" if part > 0 else "against"
    return found


def lines(told: list[Word]) -> list[Word]:
    """Reasons as they stand on a card; empty where there is none to tell."""
    return [word("reason.title"), *(word("reason.line", reason=one) for one in told)] if told else []


def found(connection: Connection, context: Context, member: Member, place: Place) -> list[Word]:
    """The reasons for a person, the strongest kind of evidence first."""
    other, both = place.candidate.member, seen(context, place.ranked)
    told = [_observed(one, other) for one in both if one.told == "more"]
    liked = [kind for kind, said in liking(place.ranked).items() if said == "for"]
    if liked:
        told.append(word(f"reason.taste.{'both' if len(liked) > 1 else liked[0]}"))
    alike = [one.kind for one in both if one.told == "prior"]
    if alike:
        told.append(word(f"reason.prior.{'both' if len(alike) > 1 else alike[0]}"))
    worn = wear(connection, member, other)
    if worn:
        told.append(word("reason.wear", garments=worn))
    return told + _plain(context, member, other)


def evidence(connection: Connection, context: Context, member: Member, place: Place) -> Word:
    """The figures behind a card: couples, lifts with intervals, what the chances rest on."""
    other, ranked = place.candidate.member, place.ranked
    found: list[object] = [word("evidence.title")]
    found += [_figures(one) for one in seen(context, ranked)]
    if not any(ranked.features[PLACE[name]] for name in PHOTOS):
        found.append(word("evidence.nothing_seen"))
    said = set(liking(ranked).values())
    if said:
        how = "for" if "for" in said else "against" if "against" in said else "little"
        found.append(word(f"evidence.taste.{how}", max(ranked.viewer.taste.face_n, ranked.viewer.taste.fashion_n)))
    worn = wear(connection, member, other)
    if worn:
        found.append(word("evidence.wear", garments=worn))
    apart = years_apart(context, member, other)
    if apart is not None:
        found.append(word("evidence.age", years=word("reason.years", apart) if apart else word("reason.same_age_short")))
    far = distance(member, other)
    if far is not None:
        found.append(word("evidence.distance", distance=far))
    return word("evidence.card", lines=Lines((*found, "", word("evidence.rest"), "", word("evidence.scores"))))


def distance(member: Member, other: Member) -> Word | None:
    """How far apart two members are, in coarse words; None where one of them has no coordinates."""
    km = _km(member, other)
    if km is None:
        return None
    within = next((limit for limit in NEAR if km <= limit), None)
    return word("discover.beyond", km=NEAR[-1]) if within is None else word("discover.within", km=within)


def years_apart(context: Context, member: Member, other: Member) -> int | None:
    """Difference of two ages in whole years."""
    mine, theirs = member.age(context.now), other.age(context.now)
    return None if mine is None or theirs is None else abs(mine - theirs)


def wear(connection: Connection, member: Member, other: Member) -> tuple[Named, ...]:
    """Garments that both wear on their first photos; none where one of the two keeps photos out of recommendation."""
    if not (member.photo_based and other.photo_based):
        return ()
    mine, theirs = _worn(connection, member.id), _worn(connection, other.id)
    return tuple(Named(KOREAN.get(label, label), label) for label in theirs if label in mine)


def _worn(connection: Connection, member_id: int) -> list[str]:
    held = photos.of(connection, member_id, "approved")
    return list(dict.fromkeys(str(item.get("label", "")) for item in held[0].facts.get("garments", ()))) if held else []


def _plain(context: Context, member: Member, other: Member) -> list[Word]:
    """What needs no photo: age, place, a newcomer."""
    found = []
    apart = years_apart(context, member, other)
    if apart == 0:
        found.append(word("reason.same_age"))
    elif apart is not None and apart <= NEAR_YEARS:
        found.append(word("reason.near_age", years=word("reason.years", apart)))
    km = _km(member, other)
    if km is not None and km <= NEAR[0]:
        found.append(word("reason.near"))
    if not other.demo and (context.now - other.created_at).days < NEW_DAYS:
        found.append(word("reason.new"))
    return found


def _observed(one: Both, other: Member) -> Word:
    low, high = one.partner.interval
    values = {"theirs": word(f"reason.theirs.{other.gender or 'other'}"), "couples": f"{one.partner.couples:,}", "of": f"{one.of:,}"}
    return Word(f"reason.observed.{one.kind}", {**values, "low": f"{low:.1f}", "high": f"{high:.1f}"}, one.of)


def _figures(one: Both) -> Word:
    """Types, couples, lift and interval of one kind."""
    low, high = one.partner.interval
    values: dict[str, object] = {
        "kind": word(f"evidence.kind.{one.kind}"),
        "own": Named(one.own.name_ko, one.own.name),
        "other": Named(one.partner.type.name_ko, one.partner.type.name),
        "lift": f"{one.partner.lift:.2f}",
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
    }
    if one.partner.evidence == "prior" and not one.of:
        return Word("evidence.prior_none", values)
    values["of"] = f"{one.of:,}"
    if one.partner.evidence == "prior":
        return Word("evidence.prior", values, one.of)
    values["couples"] = f"{one.partner.couples:,}"
    return Word("evidence.even" if low <= 1 <= high else "evidence.observed", values, one.of)


def _km(member: Member, other: Member) -> float | None:
    if member.latitude is None or member.longitude is None or other.latitude is None or other.longitude is None:
        return None
    return cities.distance_km(member.latitude, member.longitude, other.latitude, other.longitude)
