"""Frozen: a sign that somebody is under 18, or like somebody who was banned; nothing happens to or from them until an admin looked.

Whoever is frozen is shown to nobody, writes to nobody and is written to by nobody, whatever the way (`access`, `db.search`,
`relay_ways.talks`).  Their chats stay open, in case they go on; partners learn the same as of anybody who cannot be reached.
Still theirs: /help, /privacy, /export, /delete and an appeal (`bot.usecases.appeals`).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from bot import ages, outbox
from bot.context import Context
from bot.keyboards import APPEAL, DISCOVER, MATCHES
from bot.replies import Replies, Rows, Say, word
from bot.usecases import detour, names, telling
from db import activity, audit, members, moderation, pairs, photos, safety
from db.records import Member, Review, ReviewKind, Status
from db.session import Connection
from engine.embedding import unpacked
from engine.values import Vector

REASONS: Final = ("photo", "words", "about", "explained", "birth", "report", "verification", "lookalike", "hold")
STEP: Final = "frozen"
MEETING: Final = ("active", "paused")
"""Who has been shown to others: a sign stops them at once."""
OVER: Final = ("frozen", "banned", "deleted")
SAME: Final = 0.3
"""Likeness (inner product of SFace vectors) from which two pictures are taken to show one person; docs/care.md has the figures."""


def freeze(
    connection: Connection,
    context: Context,
    member: Member,
    reason: str,
    *,
    photo_id: int | None = None,
    note: str = "",
    detail: dict[str, Any] | None = None,
) -> Replies:
    """Freeze a member until an admin decided; what they are told, nothing where they are frozen or banned already.

    Args:
        connection: of the use case's transaction.
        context: the surroundings.
        member: as the database has them now.
        reason: one of `REASONS`.
        photo_id: the photo that is the sign, for the admin.
        note: the member's own words that are the sign, for the admin alone.
        detail: figures for the admin alone.

    """
    if member.status in OVER or member.telegram_id in context.admins:
        return []
    draft = {"before": member.status, "step": member.step, "draft": dict(member.draft)}
    if member.active_pair_id is not None:
        activity.mark_read(connection, member.active_pair_id, member.id)  # what they saw come is not unread when they are back
    members.update(connection, member.id, context.now, status="frozen", frozen_reason=reason, active_pair_id=None)
    members.set_step(connection, member.id, STEP, draft, context.now)
    _stop_chats(connection, context, member)
    kind = kind_of(reason)
    review = safety.open_review(connection, member.id, kind, context.now, photo_id)
    safety.set_note(connection, review.id, {"reason": reason, "said": note[:400], **(detail or {})})
    audit.add(connection, "system", "frozen", audit.member(member.id), context.now, {"reason": reason, "review": review.id})
    telling.admins(connection, context, word(f"admin.new_review.{kind}", id=review.id, person=member.id), f"review:{review.id}")
    return [Say(word(f"safety.frozen.{_told(reason)}"), ((APPEAL,),))]


def kind_of(reason: str | None) -> ReviewKind:
    """The kind of case that a freeze for this reason opens, and whose answer therefore ends it.

    >>> kind_of("hold"), kind_of("lookalike"), kind_of("photo")
    ('hidden', 'lookalike', 'underage')
    """
    return "lookalike" if reason == "lookalike" else "hidden" if reason == "hold" else "underage"


def heard(connection: Connection, context: Context, member: Member, text: str, where: str = "words", *, expressly: bool = False) -> Replies:
    """Look at what a member writes: freezes them where they say that they are under 18.  No query where they don't.

    With `expressly` only where they say so of themselves by name ("저", "I").
    """
    if not text:
        return []
    said = ages.underage(text, context.now.year, expressly=expressly)
    return [] if said is None else freeze(connection, context, member, where, note=said)


def freeze_and_tell(connection: Connection, context: Context, member: Member, reason: str) -> None:
    """`freeze` a member where it is not they who wrote just now: they are told through the outbox."""
    for reply in freeze(connection, context, member, reason):
        outbox.notify(connection, context, member, reply, f"frozen:{context.now.isoformat()}")


def looked_at(connection: Connection, member: Member) -> list[Review]:
    """The cases in which an admin looked at how old this member is, and found them to be of age; oldest first.

    A birth date that an admin let somebody correct (`minor` without a photo) is none: nobody looked at anything but words, and at
    that moment there mostly is no photo yet.
    """
    return [one for one in safety.reviews_of(connection, member.id) if one.state == "approved" and _asks_for_age(one)]


def of_age(connection: Connection, member: Member) -> bool:
    """Whether an admin already found this member to be of age: then it takes more than an impression to freeze them."""
    return bool(looked_at(connection, member))


def shows_whom_they_saw(connection: Connection, member: Member, face: Vector | None, model: str) -> bool:
    """Whether a face is like one on a photo that was there when an admin last found this member to be of age.

    For as long as it is, that answer holds, since nobody grows younger; of another face nobody has said anything.
    """
    looked = [one.decided_at for one in looked_at(connection, member) if one.decided_at is not None]
    if not looked or face is None or not member.face_consent:
        return False
    then = {photo.id for photo in photos.of(connection, member.id) if photo.created_at <= max(looked)}
    kept = photos.vectors(connection, member.id, "face", model)
    return any(float(np.asarray(unpacked(one.data)) @ face) >= SAME for one in kept if one.photo_id in then)


def thaw(connection: Connection, context: Context, member: Member) -> Member:
    """An admin is sure: the member goes on from where they were, and is told."""
    if member.status != "frozen":
        return member
    member = detour.end(connection, context, member)  # an appeal that is being written keeps the draft of the freeze inside its own
    before = _before(member)
    safety.unban(connection, member.id, context.now, before)
    members.update(connection, member.id, context.now, frozen_reason=None)
    thawed = members.set_step(connection, member.id, str(member.draft.get("step", "")), dict(member.draft.get("draft") or {}), context.now)
    moderation.forget_appeals(connection, member.id, context.now)
    rows: Rows = ((MATCHES, DISCOVER),) if before == "active" else ()
    key = "safety.thawed" if before != "onboarding" else "safety.thawed_onboarding"
    outbox.notify(connection, context, thawed, Say(word(key), rows), f"thawed:{context.now.isoformat()}")
    return thawed


def cleared(connection: Connection, review: Review) -> None:
    """The sign was none: the member's words are forgotten, and the photo that waited for this answer alone is shown.

    Of a likeness it stays whose it was: by that `bans` knows that these are two people, whatever way an admin said so.
    """
    if review.kind == "lookalike":
        told = safety.note_of(connection, review) or {}
        safety.set_note(connection, review.id, {name: told[name] for name in ("ban",) if name in told})
        return
    safety.wipe_note(connection, review.id)
    if review.photo_id is not None and photos.by_id(connection, review.photo_id) is not None:
        photos.approve(connection, review.photo_id)


def _stop_chats(connection: Connection, context: Context, member: Member) -> None:
    """Nothing that waits goes out any more, and partners learn that they wait: the words for whoever cannot be reached."""
    for pair in pairs.of_member(connection, member.id):
        moderation.silence(connection, pair.id, context.now)
        partner = members.by_id(connection, pair.partner(member.id))
        if partner is not None:
            told = Say(word("relay.unreachable", name=names.partner(pair, partner.id)), ((MATCHES,),))
            outbox.notify(connection, context, partner, told, f"unreachable:{pair.id}:{context.now.isoformat()}")


def _asks_for_age(review: Review) -> bool:
    return review.kind == "underage" or (review.kind == "minor" and review.photo_id is not None)


def _before(member: Member) -> Status:
    """Active, paused or still signing up; whoever was in review starts where that would have led."""
    before = member.draft.get("before")
    return "active" if before == "active" else "paused" if before == "paused" else "onboarding"


def _told(reason: str) -> str:
    """Under which words: for a likeness nothing is said of an age, for a hold by an admin nothing of either."""
    return reason if reason in ("photo", "lookalike", "hold") else "age"
