"""Bans that outlive an account: by what somebody is recognised who comes back, and what happens then: an admin looks, nothing else.

At a ban the vectors of the face, the perceptual hashes of the photos and one small picture of the face are kept, sealed under a key
of their own, for `safety.keep_bans` days or until the ban is taken back.  A photo of another account that is as like as
`safety.face_match` or `safety.hash_match` say freezes that account until an admin has compared the two; "not the same person" is
remembered for that account.  Who was a member before is compared once, in the background, and only asked about.  Vectors are
compared only where both were read by the same model, and the new one with consent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from bot import fingerprints
from bot.context import Context
from bot.replies import Replies, word
from bot.usecases import freezing, telling
from db import audit, jobs, members, photos, safety
from db import bans as marks
from db import moderation as cases
from db.records import BanMark, Member, Review, ReviewKind
from db.session import Connection
from engine.embedding import unpacked
from engine.values import Vector

PHASH: Final = marks.PHASH
CROP: Final = "crop"
FACE: Final = "face:"
"""Before the version of what read a vector."""
LOOKALIKE: Final[ReviewKind] = "lookalike"
JOB: Final = "bans"
"""The job that compares who is a member already with the marks of a new ban (`bot.returning`)."""
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
    return freezing.freeze(connection, context, member, "lookalike", photo_id=photo_id, detail=_detail(found))


def find(connection: Connection, context: Context, member: Member, photo_id: int, face: Vector | None, face_model: str) -> Match | None:
    """The mark that a photo is most like, if it is like enough and an admin has not said that these are two people."""
    forgiven = _forgiven(connection, safety.reviews_of(connection, member.id))

    def held(kind: str) -> list[BanMark]:
        found = marks.current(connection, kind, context.now)
        return [one for one in found if one.member_id != member.id and one.at.isoformat() not in forgiven]

    if face is not None and face_model:
        alike = _alike(context, held(f"{FACE}{face_model}"), face)
        if alike is not None:
            return alike
    hashes = held(PHASH)
    stored = photos.by_id(connection, photo_id) if hashes else None
    return None if stored is None else _copied(context, hashes, stored.jpeg)


def compare(connection: Connection, context: Context, banned_at: str, member_ids: Sequence[int]) -> list[tuple[int, int, Match]]:
    """Which of these members, who were here before the ban of that moment, are like its marks: member, photo, likeness; reads only.

    Faces with consent and by vectors of the same model; of photos without such a vector the hash.
    """
    held = marks.of_ban(connection, dt.datetime.fromisoformat(banned_at), context.now)
    known, found = members.of(connection, member_ids) if held else {}, []
    for member in [known[each] for each in member_ids if each in known]:
        if _may_be_asked(connection, context, member, held, banned_at):
            best = _most_alike(connection, context, member, held)
            found += [] if best is None else [(member.id, *best)]
    return found


def ask(connection: Connection, context: Context, banned_at: str, found: Iterable[tuple[int, int, Match]]) -> int:
    """Ask the admins whether these members are who was banned; nothing else happens to them before.  How many were asked about.

    They are compared because somebody else was banned, many at once, where a new photo is one: so chance makes more of them alike, and a
    case is all that this is worth.
    """
    asked = 0
    held = marks.of_ban(connection, dt.datetime.fromisoformat(banned_at), context.now)
    for member_id, photo_id, match in found if held else ():
        member, photo = members.by_id(connection, member_id), photos.by_id(connection, photo_id)
        if member is None or photo is None or not _may_be_asked(connection, context, member, held, banned_at):
            continue  # gone, decided or taken back since it was read
        review = safety.open_review(connection, member.id, LOOKALIKE, context.now, photo_id)
        safety.set_note(connection, review.id, _detail(match))
        audit.add(connection, "system", LOOKALIKE, audit.member(member.id), context.now, {"review": review.id})
        telling.admins(connection, context, word("admin.new_review.lookalike", id=review.id, person=member.id), f"review:{review.id}")
        asked += 1
    return asked


def picture(connection: Connection, now: dt.datetime, banned_at: str) -> bytes | None:
    """The small picture that was kept at the ban of that moment, for the admin who compares; None where it is gone."""
    return next((one.data for one in marks.current(connection, CROP, now) if one.at.isoformat() == banned_at), None)


def _keep(connection: Connection, context: Context, member_id: int | None, found: Iterable[Sign], reason: str) -> None:
    until, kept = context.now + dt.timedelta(days=context.safety.keep_bans), list(found)
    for kind, data in kept:
        marks.add(connection, member_id, kind, data, reason[:32], context.now, until)
    if kept:
        jobs.queue(connection, JOB, "schedule", {"ban": context.now.isoformat()}, context.now)


def _there(connection: Connection, context: Context, kind: str, data: bytes) -> bool:
    """Whether the same is a mark already: several reports about one person may be decided one after the other."""
    return any(one.data == data for one in marks.current(connection, kind, context.now))


def _alike(context: Context, held: list[BanMark], face: Vector) -> Match | None:
    """The mark whose face is most like this one, if it is like enough."""
    if not held:
        return None
    likeness = np.stack([unpacked(one.data) for one in held]) @ face
    best = int(np.argmax(likeness))
    return Match("face", float(likeness[best]), held[best]) if float(likeness[best]) >= context.safety.face_match else None


def _copied(context: Context, held: list[BanMark], jpeg: bytes) -> Match | None:
    """The mark whose photo this one is a copy of, if it is."""
    hashed = fingerprints.phash(jpeg) if held else None
    if hashed is None:
        return None
    nearest = min(held, key=lambda one: fingerprints.distance(one.data.hex(), hashed))
    bits = fingerprints.distance(nearest.data.hex(), hashed)
    return Match("phash", float(bits), nearest) if bits <= context.safety.hash_match else None


def _most_alike(connection: Connection, context: Context, member: Member, held: list[BanMark]) -> tuple[int, Match] | None:
    """The first photo of a member that is like one of these marks, faces before copies."""
    kinds = {one.kind for one in held}
    vectors = photos.vectors(connection, member.id, "face") if member.face_consent else []
    read = [one for one in vectors if f"{FACE}{one.model_version}" in kinds]
    for vector in read:
        same = [one for one in held if one.kind == f"{FACE}{vector.model_version}"]
        alike = _alike(context, same, np.asarray(unpacked(vector.data)))
        if alike is not None:
            return vector.photo_id, alike
    hashes, seen = [one for one in held if one.kind == PHASH], {one.photo_id for one in read}
    for photo in photos.of(connection, member.id) if hashes else ():
        stored = None if photo.id in seen else photos.by_id(connection, photo.id)
        copied = None if stored is None else _copied(context, hashes, stored.jpeg)
        if copied is not None:
            return photo.id, copied
    return None


def _may_be_asked(connection: Connection, context: Context, member: Member, held: list[BanMark], banned_at: str) -> bool:
    """Not of admins, of whom the ban is about, of whom it was asked already, or who is out."""
    if member.telegram_id in context.admins or member.status in ("banned", "deleted") or any(one.member_id == member.id for one in held):
        return False
    reviews = safety.reviews_of(connection, member.id)
    return not any(one.kind == LOOKALIKE and one.state == "open" for one in reviews) and banned_at not in _forgiven(connection, reviews)


def _detail(match: Match) -> dict[str, object]:
    """Figures for the admin, and whose ban it is."""
    return {"mark": match.mark.id, "kind": match.kind, "value": round(match.value, 3), "ban": match.mark.at.isoformat()}


def _forgiven(connection: Connection, reviews: Iterable[Review]) -> list[str]:
    """The bans of which an admin said, in one of these cases about a member, that they are somebody else."""
    found = []
    for review in reviews:
        if review.kind == LOOKALIKE and review.state == "approved":
            note = safety.note_of(connection, review) or {}
            found.append(str(note.get("ban", "")))
    return found
