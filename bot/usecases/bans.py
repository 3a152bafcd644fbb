"""Bans that outlive an account: by what somebody is recognised who comes back, and what happens then: an admin looks, nothing else.

At a ban the vectors of the face, the perceptual hashes of the photos and one small picture of the face are kept, sealed under a key
of their own, for `safety.keep_bans` days or until the ban is taken back.  A photo of another account that is as like as
`safety.face_match` or `safety.hash_match` say freezes that account until an admin has compared the two; "not the same person" is
remembered for that account.  Vectors are compared only where both were read by the same model, and the new one with consent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from bot import fingerprints
from bot.context import Context
from bot.replies import Replies
from bot.usecases import freezing
from db import bans as marks
from db import moderation as cases
from db import photos, safety
from db.records import BanMark, Member
from db.session import Connection
from engine.embedding import unpacked
from engine.values import Vector

PHASH: Final = marks.PHASH
CROP: Final = "crop"
FACE: Final = "face:"
"""Before the version of what read a vector."""
LOOKALIKE: Final = "lookalike"
Sign = tuple[str, bytes]
"""Kind and bytes of something by which somebody is recognised."""


@dataclass(frozen=True, slots=True)
class Match:
    """A photo is like one of somebody who was banned: `value` is a similarity (face) or a number of bits (phash)."""

    kind: Literal["face", "phash"]
    value: float
    mark: BanMark


def mark(connection: Connection, context: Context, member: Member, reason: str) -> None:
    """Keep by what a member who is banned now can be recognised."""
    _keep(connection, context, member.id, signs(connection, member), reason)


def mark_kept(connection: Connection, context: Context, member_id: int | None, kept: Iterable[Sign], reason: str) -> None:
    """The same of somebody who erased themselves before the decision, by what the report kept of them; `member_id` where they are back."""
    _keep(connection, context, member_id, [(kind, data) for kind, data in kept if not _there(connection, context, kind, data)], reason)


def signs(connection: Connection, member: Member, most: int | None = None) -> list[Sign]:
    """By what a member can be recognised: kind and bytes of vectors, hashes and one small picture, of their first `most` photos."""
    held = photos.of(connection, member.id)[:most]
    ids = {photo.id for photo in held}
    # What was read from a face under a consent that lapsed rests, here as well.
    faces = photos.vectors(connection, member.id, "face") if member.face_consent else []
    found: list[Sign] = [(f"{FACE}{one.model_version}", one.data) for one in faces if one.photo_id in ids]
    pictured = False
    for photo in held:
        stored = photos.by_id(connection, photo.id)
        hashed = None if stored is None else fingerprints.phash(stored.jpeg)
        if stored is None or hashed is None:
            continue
        found.append((PHASH, bytes.fromhex(hashed)))
        crop = None if pictured else fingerprints.face(stored.jpeg, dict(stored.facts.get("face") or {}).get("box"))
        if crop is not None:
            found.append((CROP, crop))
            pictured = True
    return found


def lift(connection: Connection, context: Context, member: Member) -> None:
    """The ban is taken back: its marks hold no longer and go with the night's cleaning.

    Where it was for being like somebody banned, that was taken back with it, and the next photo is not held for the same likeness.
    """
    if LOOKALIKE in marks.reasons(connection, member.id):
        cases.overturn(connection, member.id, LOOKALIKE, context.now)
    marks.lift(connection, member.id, context.now)


def look(
    connection: Connection, context: Context, member: Member, photo_id: int, face: Vector | None = None, face_model: str = ""
) -> Replies:
    """A member has a new photo: freeze them where it is like one of somebody banned; what they are told, mostly nothing."""
    found = find(connection, context, member, photo_id, face, face_model)
    if found is None:
        return []
    detail = {"mark": found.mark.id, "kind": found.kind, "value": round(found.value, 3), "ban": found.mark.at.isoformat()}
    return freezing.freeze(connection, context, member, "lookalike", photo_id=photo_id, detail=detail)


def find(connection: Connection, context: Context, member: Member, photo_id: int, face: Vector | None, face_model: str) -> Match | None:
    """The mark that a photo is most like, if it is like enough and an admin has not said that these are two people."""
    others = set(_forgiven(connection, member))
    if face is not None and face_model:
        held = _held(connection, context, member, f"{FACE}{face_model}", others)
        if held:
            likeness = np.stack([unpacked(one.data) for one in held]) @ face
            best = int(np.argmax(likeness))
            if float(likeness[best]) >= context.safety.face_match:
                return Match("face", float(likeness[best]), held[best])
    held = _held(connection, context, member, PHASH, others)
    stored = photos.by_id(connection, photo_id) if held else None
    hashed = None if stored is None else fingerprints.phash(stored.jpeg)
    if hashed is None:
        return None
    nearest = min(held, key=lambda one: fingerprints.distance(one.data.hex(), hashed))
    bits = fingerprints.distance(nearest.data.hex(), hashed)
    return Match("phash", float(bits), nearest) if bits <= context.safety.hash_match else None


def picture(connection: Connection, context: Context, banned_at: str) -> bytes | None:
    """The small picture that was kept at the ban of that moment, for the admin who compares; None where it is gone."""
    return next((one.data for one in marks.current(connection, CROP, context.now) if one.at.isoformat() == banned_at), None)


def _keep(connection: Connection, context: Context, member_id: int | None, found: Iterable[Sign], reason: str) -> None:
    until = context.now + dt.timedelta(days=context.safety.keep_bans)
    for kind, data in found:
        marks.add(connection, member_id, kind, data, reason[:32], context.now, until)


def _there(connection: Connection, context: Context, kind: str, data: bytes) -> bool:
    """Whether the same is a mark already: several reports about one person may be decided one after the other."""
    return any(one.data == data for one in marks.current(connection, kind, context.now))


def _held(connection: Connection, context: Context, member: Member, kind: str, others: set[str]) -> list[BanMark]:
    found = marks.current(connection, kind, context.now)
    return [one for one in found if one.member_id != member.id and one.at.isoformat() not in others]


def _forgiven(connection: Connection, member: Member) -> list[str]:
    """The bans of which an admin said that this member is somebody else."""
    found = []
    for review in safety.reviews_of(connection, member.id):
        if review.kind == LOOKALIKE and review.state == "approved":
            note = safety.note_of(connection, review) or {}
            found.append(str(note.get("ban", "")))
    return found
