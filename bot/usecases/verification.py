"""/verify: a member shows by a round video that they are the person of their photos, and gets the badge.

Movements drawn by lot are asked for; the video is read and forgotten (`bot.watching`).  Kept are that and when somebody passed, and
figures of the attempts.  Who fails may ask a person: then a round video goes to the admins, who compare it with the photos.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from bot import outbox
from bot.context import Context
from bot.keyboards import PHOTOS, PROFILE, SETTINGS, VERIFY, button
from bot.outbox import Letter
from bot.replies import Button, Clear, Lines, Notice, Replies, Say, word
from bot.usecases import access, detour, freezing, telling
from bot.watching import UNREAD, Watched
from db import audit, exhibits, members, photos, safety, verifications
from db.records import Member, Review, Verification
from db.session import Connection
from engine import liveness
from engine.embedding import unpacked
from engine.liveness import Pose
from engine.values import Vector

STEP: Final = "verify.video"
PERSON: Final = "verify.person"
DAY: Final = dt.timedelta(days=1)
MATCH: Final = 0.38
"""Likeness (inner product of SFace vectors) of the video to the main photo: measured in docs/adr/0039."""
KEEP: Final = freezing.SAME
"""Likeness of a new main photo to the one before, below which the badge goes."""
OTHER: Final = 0.15
"""Likeness to the main photo below which another photo clearly shows somebody else."""
GO: Final = button("verify.go", "verify_go")
AGAIN: Final = button("verify.again", "verify_go")
ASK: Final = button("verify.ask", "verify_ask")
CLOSE: Final = button("verify.close", "verify_close")
Outdated = Literal["photo", "consent"]
"""What changed since a video went to the admins, so that they compared it with something else."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An open challenge as the handler needs it."""

    id: int
    challenge: tuple[Pose, ...]
    person: bool = False
    """Whether the video is for the admins."""


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/verify: what happens and what is kept, or what is missing first."""
    if member.verified:
        return [Say(word("verify.done_already"), ((PROFILE,),))]
    missing = _missing(connection, context, member)
    if missing:
        return missing
    care = context.care
    return [Say(word("verify.intro", n=care.verify_poses, minutes=care.verify_minutes, attempts=care.verify_attempts), ((GO,), (CLOSE,)))]


def begin(connection: Connection, context: Context, member: Member) -> Replies:
    """Draw the movements and ask for them."""
    missing: Replies = [Notice(word("verify.done_short"))] if member.verified else _missing(connection, context, member)
    if missing:
        return missing
    care = context.care
    challenge = liveness.draw(secrets.SystemRandom().choice, care.verify_poses)
    until = context.now + dt.timedelta(minutes=care.verify_minutes)
    verifications.open_new(connection, member.id, list(challenge), context.now, until)
    detour.begin(connection, context, member, STEP)
    steps = Lines(tuple(word("verify.step", n=place, pose=word(f"verify.pose.{pose}")) for place, pose in enumerate(challenge, 1)))
    return [Say(word("verify.challenge", steps=steps, minutes=care.verify_minutes, seconds=care.verify_seconds), ((CLOSE,),))]


def pending(connection: Connection, member_id: int, now: dt.datetime) -> Pending | None:
    """What a round video of the member would be for now."""
    member = members.by_id(connection, member_id)
    if member is None or member.status not in access.TALKING or not member.face_consent:
        return None
    if member.step == PERSON:
        return Pending(0, (), person=True)
    found = verifications.current(connection, member_id)
    if member.step != STEP or found is None or found.state != "open" or found.expires_at <= now:
        return None
    return Pending(found.id, tuple(found.challenge))


def close(connection: Connection, context: Context, member: Member) -> Replies:
    """Not now."""
    if member.step.startswith("verify."):
        detour.end(connection, context, member)
    return [Say(word("verify.closed"), edit=True)]


def remind(connection: Connection, context: Context, member: Member) -> Replies:
    """Something else than a round video came: it goes to nobody."""
    return [Say(word("verify.round_only"), ((CLOSE,),))]


def too_late(connection: Connection, context: Context, member: Member) -> Replies:
    """The video came when nothing was asked for any longer."""
    detour.end(connection, context, member)
    return [Say(word("verify.late"), ((AGAIN,), (CLOSE,)))]


def forwarded(connection: Connection, context: Context, member: Member) -> Replies:
    """A video that was made for somebody else, or by another program."""
    return [Say(word("verify.forwarded"), ((CLOSE,),))]


def decide(connection: Connection, context: Context, member: Member, asked: Pending, watched: Watched) -> Replies:
    """A round video was read: passed, failed, or to be sent again."""
    found = verifications.by_id(connection, asked.id)
    if found is None or found.member_id != member.id or found.state != "open" or not member.face_consent:
        return too_late(connection, context, member)
    if watched.problem in UNREAD:
        return [Say(word(f"verify.problem.{watched.problem}", seconds=context.care.verify_seconds), ((CLOSE,),))]
    verifications.attempted(connection, found.id)
    likeness, other = _likeness(connection, member, watched)
    problem = _problem(connection, member, found, watched, likeness, other)
    figures = {} if watched.verdict is None else watched.verdict.figures
    detail = {**figures, "problem": problem, "likeness": None if likeness is None else round(likeness, 3), "mark": watched.mark}
    verifications.decide(connection, found.id, "failed" if problem else "passed", detail, context.now)
    member = detour.end(connection, context, member)
    if watched.maybe_minor and not _known_of_age(connection, member, watched):
        return freezing.freeze(connection, context, member, "verification")
    if problem:
        return [Say(word(f"verify.problem.{problem}"), _after(connection, context, member))]
    return _pass(connection, context, member, "video")


def ask_person(connection: Connection, context: Context, member: Member) -> Replies:
    """A member wants a person to look; only who tried, and only while no admin has it already."""
    if member.verified or not member.face_consent or not verifications.recent(connection, member.id, 1):
        return [Notice(word("verify.try_first")), Clear()]
    if _waiting(connection, member):
        return [Say(word("verify.waiting"), ((PROFILE,),))]
    detour.begin(connection, context, member, PERSON)
    return [Say(word("verify.person"), ((CLOSE,),))]


def to_person(connection: Connection, context: Context, member: Member, message_id: int) -> Replies:
    """The round video for the admins: it goes to them as it is and is kept nowhere here."""
    if member.step != PERSON or not member.face_consent:
        return too_late(connection, context, member)
    detour.end(connection, context, member)
    held = photos.of(connection, member.id)
    review = safety.open_review(connection, member.id, "verify", context.now, held[0].id if held else None)
    body = {"from_chat_id": member.telegram_id, "message_id": message_id, "protect_content": True}
    letter = Letter("copyMessage", body, exhibit=exhibits.review(review.id))
    for telegram_id in sorted(context.admins):
        admin = members.by_telegram(connection, telegram_id)
        if admin is not None and admin.reachable:
            outbox.post(connection, context, admin, letter, f"verify:{review.id}")
    telling.admins(connection, context, word("admin.new_review.verify", id=review.id, person=member.id), f"review:{review.id}")
    audit.add(connection, member.telegram_id, "verification.asked", f"review:{review.id}", context.now)
    return [Say(word("verify.sent_to_person"), ((PROFILE,),))]


def outdated(connection: Connection, review: Review) -> Outdated | None:
    """Why an admin's yes would give the badge to what nobody compared; None where it would not.

    The video was sent beside the photo of the review; by now another may be the main one, or stand beside it and show somebody else,
    and the consent to read faces may be gone.  Until the transaction ends the photos cannot change unseen (`photos_changed`).
    """
    member = members.locked(connection, review.member_id)
    if member is None:
        return None
    if not member.face_consent:
        return "consent"
    held, faces = photos.of(connection, member.id), _faces(connection, member)
    if not held or held[0].id != review.photo_id:
        return "photo"
    main = faces.get(held[0].id)
    later = [faces[photo.id] for photo in held if photo.created_at > review.created_at and photo.id in faces]
    return "photo" if main is not None and _shows_another(main, later) else None


def decided(connection: Connection, context: Context, member: Member, *, approved: bool, why: Outdated | None = None) -> Replies:
    """An admin compared the video with the photos; `why` it was not these photos, so that another video is needed."""
    if member.verified:
        return []
    if why is not None:
        return [Say(word(f"verify.person_again.{why}"), ((SETTINGS,),) if why == "consent" else ((ASK,), (CLOSE,)))]
    if not approved:
        return [Say(word("verify.person_refused"), ((PHOTOS,), (PROFILE,)))]
    return _pass(connection, context, member, "person")


def main_face(connection: Connection, member: Member) -> tuple[str, Vector] | None:
    """Version and vector of the main photo's face, to be remembered before photos change."""
    held = photos.of(connection, member.id)
    return None if not held else _faces(connection, member).get(held[0].id)


def photos_changed(connection: Connection, context: Context, member: Member, before: tuple[str, Vector] | None) -> Replies:
    """Photos came, went or changed places: the badge stays where the main photo still shows the same person.

    Where that cannot be told (no face, no consent, other models) it goes: to pass again takes a minute, and a badge on somebody else's
    photo does harm.
    """
    # An admin may be giving the badge at this moment.
    fresh = members.locked(connection, member.id)
    if fresh is None or not fresh.verified:
        return []
    held = photos.of(connection, member.id)
    faces = _faces(connection, member)
    now = faces.get(held[0].id) if held else None
    if before is None or now is None or before[0] != now[0] or float(before[1] @ now[1]) < KEEP:
        return drop(connection, context, fresh, "photo")
    others = [face for photo, face in faces.items() if photo != held[0].id]
    return drop(connection, context, fresh, "photo") if _shows_another(now, others) else []


def drop(connection: Connection, context: Context, member: Member, reason: str) -> Replies:
    """Take the badge away; what the member is told, nothing where there was none."""
    if not member.verified:
        return []
    members.update(connection, member.id, context.now, verified=False, verified_at=None)
    audit.add(connection, "system", "verification.dropped", audit.member(member.id), context.now, {"reason": reason})
    return [Say(word("verify.dropped"), ((VERIFY,),))]


def _missing(connection: Connection, context: Context, member: Member) -> Replies:
    """What must be there before a member can be verified; nothing where all is."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    if not member.face_consent:
        return [Say(word("verify.needs_consent"), ((SETTINGS,),))]
    if main_face(connection, member) is None:
        return [Say(word("verify.needs_photo"), ((PHOTOS,),))]
    if _waiting(connection, member):
        return [Say(word("verify.waiting"), ((PROFILE,),))]
    if _tried(connection, context, member) >= context.care.verify_attempts:
        return [Say(word("verify.enough", n=context.care.verify_attempts), ((ASK,), (CLOSE,)))]
    return []


def _problem(
    connection: Connection, member: Member, found: Verification, watched: Watched, likeness: float | None, other: float | None
) -> str | None:
    """Why it was not passed; None where it was."""
    if any(each.id != found.id and each.detail.get("mark") == watched.mark for each in verifications.recent(connection, member.id)):
        return "seen"
    if watched.problem is not None:
        return watched.problem
    if likeness is None or likeness < MATCH:
        return "another"
    return "photos" if other is not None and other < OTHER else None


def _known_of_age(connection: Connection, member: Member, watched: Watched) -> bool:
    """Whether an admin who looked settled it; not where a face in front of the camera is another than the one they saw."""
    if watched.embedding is None:
        return freezing.of_age(connection, member)
    return freezing.shows_whom_they_saw(connection, member, watched.embedding, watched.face_model)


def _likeness(connection: Connection, member: Member, watched: Watched) -> tuple[float | None, float | None]:
    """Likeness of the video's face to the main photo, and the least likeness to any other photo; None where none can be compared."""
    held = photos.of(connection, member.id)
    if watched.embedding is None or not held:
        return None, None
    faces = {photo: vector for photo, (model, vector) in _faces(connection, member).items() if model == watched.face_model}
    if held[0].id not in faces:
        return None, None
    others = [float(vector @ watched.embedding) for photo, vector in faces.items() if photo != held[0].id]
    return float(faces[held[0].id] @ watched.embedding), min(others) if others else None


def _faces(connection: Connection, member: Member) -> dict[int, tuple[str, Vector]]:
    """Version and vector of the face of each photo that has one."""
    if not member.face_consent:
        return {}
    stored = photos.vectors_of(connection, [member.id]).get(member.id, [])
    return {one.photo_id: (one.model_version, np.asarray(unpacked(one.data))) for one in stored if one.kind == "face"}


def _shows_another(main: tuple[str, Vector], others: Iterable[tuple[str, Vector]]) -> bool:
    """Whether one of the other photos clearly shows somebody else than the main one; only vectors of one model are compared."""
    return any(model == main[0] and float(main[1] @ face) < OTHER for model, face in others)


def _pass(connection: Connection, context: Context, member: Member, by: str) -> Replies:
    members.update(connection, member.id, context.now, verified=True, verified_at=context.now)
    audit.add(connection, "system", "verification.passed", audit.member(member.id), context.now, {"by": by})
    return [Say(word("verify.passed"), ((PROFILE, SETTINGS),))]


def _waiting(connection: Connection, member: Member) -> bool:
    return any(review.kind == "verify" and review.state == "open" for review in safety.reviews_of(connection, member.id))


def _tried(connection: Connection, context: Context, member: Member) -> int:
    """Attempts within the last 24 hours; challenges to which no video came are none."""
    return sum(each.attempts for each in verifications.recent(connection, member.id) if each.created_at > context.now - DAY)


def _after(connection: Connection, context: Context, member: Member) -> tuple[tuple[Button, ...], ...]:
    left = _tried(connection, context, member) < context.care.verify_attempts
    return ((AGAIN,), (CLOSE,)) if left else ((ASK,), (CLOSE,))
