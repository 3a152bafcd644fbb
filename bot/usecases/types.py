"""The member's types: assigning them, the card that shows them, and the partner types that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from bot import cards
from bot.context import Context
from bot.keyboards import BY_PHOTOS, DISCOVER, PHOTOS, PRIVACY, PROFILE, TYPES
from bot.replies import Lines, Named, Picture, Replies, Rows, Say, Word, word
from bot.usecases import matching
from bot.usecases.presenting import KINDS
from db import members, photos
from db import types as member_types
from db.records import Member, MemberType, StoredPhoto, TypeKind
from db.session import Connection
from engine.affinity import CoupleCounts, PartnerType
from engine.embedding import unit, unpacked
from engine.types import TypeInfo
from engine.values import Gender, TypeGuess, Vector

NEXT: Final[Rows] = ((DISCOVER,), (TYPES, PROFILE))
SHOWN: Final = 3
"""How many partner types are recommended at once."""
SOUGHT: Final[Mapping[str, tuple[Gender, ...]]] = {"women": ("woman",), "men": ("man",), "everyone": ("woman", "man")}


def retype(connection: Connection, context: Context, member: Member) -> None:
    """Assign the types anew: the face type from the mean of all photos that show a face, the fashion type from the first with clothes.

    Over several photos a face type holds better (docs/types.md); clothes differ from photo to photo, and the first one is who they are.
    The groups are those of the gender that the member gave; without one of the two, the nearer type of both.  Where there are only
    vectors that the types in use must not be compared with, the type stays until the photo was read again (`bot.retyping`).
    Faces without a consent that holds are not looked at: whoever answers new words with yes is read, and typed, anew.  What the
    member does at the same moment (another photo, a consent taken back, /delete) comes before or after, never in between.
    """
    now = members.locked(connection, member.id)
    if now is None:
        return
    member = now
    gender: Gender | None = "woman" if member.gender == "woman" else "man" if member.gender == "man" else None
    for kind in KINDS:
        found = photos.vectors(connection, member.id, kind) if _may_use(member, kind) else []
        stored = [vector for vector in found if context.pack.accepts(kind, vector.model_version)]
        if not stored:
            if not found:
                member_types.clear(connection, member.id, kind)
            continue
        read = [unpacked(one.data) for one in stored]
        vector: Vector = unit(np.mean(read, axis=0)) if kind == "face" else read[0]
        guess: TypeGuess | None = (context.pack.assign_face if kind == "face" else context.pack.assign_fashion)(vector, gender)
        if guess is None:
            member_types.clear(connection, member.id, kind)
        else:
            member_types.assign(connection, member.id, kind, guess.id, guess.confidence, stored[0].model_version, context.now)


def renew(connection: Connection, context: Context, member: Member) -> None:
    """Retype a member who still has a type of another version."""
    own = member_types.of_member(connection, member.id)
    if any(given.type_id not in context.pack.by_id for given in own.values()):
        retype(connection, context, member)


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/types: the card again, and what it means."""
    if not photos.of(connection, member.id):
        return [Say(word("types.no_photo"), ((PHOTOS,),))]
    return [*card(connection, context, member, NEXT), Say(word("types.explained"), ((PRIVACY,),))]


def card(connection: Connection, context: Context, member: Member, after: Rows) -> Replies:
    """The type card and the recommended partner types, as two pictures; `after` are the buttons below the last."""
    held = photos.of(connection, member.id)
    photo = photos.by_id(connection, held[0].id) if held else None
    own = {kind: given for kind, given in member_types.of_member(connection, member.id).items() if _may_use(member, kind)}
    shown = {kind: (info, given) for kind, given in own.items() if (info := context.type_of(given.type_id)) is not None}
    if photo is None or not shown:
        return [Say(word("types.none_without_face" if not member.face_consent else "types.none"), after)]
    picture = Picture(
        _drawing(photo, shown), word("types.card", lines=Lines(tuple(_line(*shown[kind]) for kind in KINDS if kind in shown)))
    )
    if not member.photo_based:
        return [Picture(picture.image, picture.word), Say(word("types.partners_off"), ((BY_PHOTOS,), *after))]
    couples = matching.couples(connection, context)
    partners = recommended(context, member, [given.type_id for given in own.values()], couples)
    if not partners:
        return [Picture(picture.image, picture.word, after)]
    seen = any(partner.evidence == "observed" for partner in partners)
    lines = Lines(tuple(_reason(partner) for partner in partners))
    drawing = cards.PartnerCard(
        tuple(cards.Shown(_named(partner.type), partner.type.picture, kind=partner.type.kind) for partner in partners)
    )
    return [picture, Picture(drawing, word("types.partners_observed" if seen else "types.partners_prior", lines=lines), after)]


def recommended(context: Context, member: Member, own: list[str], couples: CoupleCounts | None = None) -> list[PartnerType]:
    """The partner types to show: face types first, then the best fashion type, of those whom the member seeks.

    Type ids tell women from men, so couples of two women or two men are what members who seek their own gender are judged by.
    """
    sought = SOUGHT[member.seeks or "everyone"]
    found = [partner for seeking in sought for partner in context.affinity.partners(own, seeking, couples, None)]
    found.sort(key=lambda partner: (-partner.lift, partner.type.id))
    best: dict[str, PartnerType] = {}
    for partner in found:
        best.setdefault(partner.type.id, partner)
    faces = [partner for partner in best.values() if partner.type.kind == "face"]
    fashions = [partner for partner in best.values() if partner.type.kind == "fashion"]
    chosen = faces[: SHOWN - 1] if fashions else faces[:SHOWN]
    return [*chosen, *fashions[: SHOWN - len(chosen)]]


def _may_use(member: Member, kind: TypeKind) -> bool:
    """Whether what was read of this kind may be used: stored vectors of a face outlast the consent until new words are answered."""
    return kind != "face" or bool(member.face_consent)


def _drawing(photo: StoredPhoto, shown: Mapping[TypeKind, tuple[TypeInfo, MemberType]]) -> cards.TypeCard:
    types = tuple(
        cards.Shown(_named(info), info.picture, given.confidence, _described(info), info.kind)
        for kind in KINDS
        if kind in shown
        for info, given in [shown[kind]]
    )
    face = photo.facts.get("face") or {}
    garments = tuple(cards.Garment(str(item["label"]), str(item["colour"])) for item in photo.facts.get("garments", ()))
    return cards.TypeCard(photo.jpeg, tuple(face["box"]) if "box" in face else None, types, tuple(photo.facts.get("palette", ())), garments)


def _line(info: TypeInfo, given: MemberType) -> Word:
    return word(f"types.line.{info.kind}", name=_named(info), sure=cards.sureness(given.confidence), percent=round(given.confidence * 100))


def _reason(partner: PartnerType) -> Word:
    low, high = partner.interval
    values = {"name": _named(partner.type), "lift": f"{partner.lift:.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}"}
    if partner.evidence == "observed":
        by_chance = low <= 1 <= high
        return Word(f"types.reason.observed{'_even' if by_chance else ''}", {**values, "n": f"{partner.couples:,}"}, partner.couples)
    return Word(f"types.reason.prior_{partner.type.kind}", values)


def _named(info: TypeInfo) -> Named:
    return Named(info.name_ko, info.name)


def _described(info: TypeInfo) -> Named:
    return Named(info.description_ko, info.description)
