"""An appeal against a ban or a freeze: once for each decision, in the member's own words, decided by an admin, answered either way.

The words are sealed under the member's key and wiped with the answer.  Whoever was turned away as too young has a way of their own
(`onboarding.appeal`).
"""

from __future__ import annotations

from typing import Final

from bot import answers, outbox
from bot.context import Context
from bot.keyboards import APPEAL, RESUME, button
from bot.replies import Clear, Notice, Replies, Say, word
from bot.usecases import bans, detour, freezing, hiding, onboarding, telling
from db import audit, members, moderation, photos, safety
from db.records import Member, Review, Status
from db.session import Connection

STEP: Final = "edit.appeal"
LIMIT: Final = 1000
STOPPED: Final = frozenset({"banned", "frozen"})


def stopped(connection: Connection, context: Context, member: Member) -> Replies:
    """Somebody who is banned or frozen wrote: what the matter is, and what they can do."""
    if member.step == STEP:
        return [Say(word("safety.appeal_words_only", n=LIMIT))]
    if member.status == "banned" and member.step == onboarding.UNDERAGE:
        return onboarding.come_of_age(connection, context, member)
    said = "frozen" if member.status == "frozen" else "banned"
    if appealed(connection, member):
        return [Say(word(f"access.{said}_appealed"), plain_keyboard=True)]
    return [Say(word(f"access.{said}"), ((APPEAL,),))]


def stopped_pressed(connection: Connection, context: Context, member: Member) -> Replies:
    """They pressed a button of a feature."""
    return [Notice(word("access.stopped_short"))]


def ask(connection: Connection, context: Context, member: Member) -> Replies:
    """The button: ask for their words, once a decision."""
    if member.status not in STOPPED:
        return [Notice(word("ask.passed")), Clear()]
    if appealed(connection, member):
        return [Notice(word("safety.appealed_already"), alert=True), Clear()]
    detour.begin(connection, context, member, STEP)
    return [Say(word("safety.appeal_ask", n=LIMIT), ((button("ask.cancel", "appeal_no"),),))]


def cancel(connection: Connection, context: Context, member: Member) -> Replies:
    """Not now; the appeal stays theirs."""
    if member.status not in STOPPED:
        return [Notice(word("ask.passed")), Clear()]
    detour.end(connection, context, member)
    return [Say(word("safety.appeal_kept"), ((APPEAL,),), edit=True)]


def receive(connection: Connection, context: Context, member: Member, text: str) -> Replies:
    """Their words."""
    if member.status not in STOPPED or member.step != STEP:
        return stopped(connection, context, member)
    words = answers.clean(text).strip()
    if not words or len(words) > LIMIT:
        return [Say(word("safety.appeal_words_only", n=LIMIT))]
    detour.end(connection, context, member)
    if appealed(connection, member):
        return [Say(word("safety.appealed_already"))]
    review = safety.open_review(connection, member.id, "appeal", context.now)
    safety.set_note(connection, review.id, {"said": words, "against": member.status, "reason": member.frozen_reason})
    audit.add(connection, member.telegram_id, "appeal.filed", f"review:{review.id}", context.now, {"against": member.status})
    telling.admins(connection, context, word("admin.new_review.appeal", id=review.id, person=member.id), f"review:{review.id}")
    return [Say(word("safety.appealed"))]


def appealed(connection: Connection, member: Member) -> bool:
    """Whether this decision was appealed already; a new decision puts earlier appeals "over"."""
    return any(one.kind == "appeal" and one.state in ("open", "refused") for one in safety.reviews_of(connection, member.id))


def decide(connection: Connection, context: Context, member: Member, review: Review, *, granted: bool) -> None:
    """What follows from an admin's decision; the caller noted it."""
    safety.wipe_note(connection, review.id)
    if not granted:
        outbox.notify(connection, context, member, Say(word("safety.appeal_refused")), f"review:{review.id}:refused")
        return
    if member.status == "frozen":
        _unfreeze(connection, context, member, review.decided_by or 0)
    elif member.status == "banned":
        readmit(connection, context, member)


def _unfreeze(connection: Connection, context: Context, member: Member, decided_by: int) -> None:
    """What the freeze asked is answered; what was asked besides stays a case of its own, or nobody would ever answer it."""
    asked = freezing.kind_of(member.frozen_reason)
    for review in safety.reviews_of(connection, member.id):
        if review.state == "open" and review.kind == asked:
            freezing.cleared(connection, review)
    moderation.close_reviews(connection, member.id, (asked,), decided_by, "approved", context.now)
    if asked == "hidden":
        # A hold and hiding share one case: with it nothing would be left that shows them again.
        hiding.show(connection, context, member)
    freezing.thaw(connection, context, member)


def readmit(connection: Connection, context: Context, member: Member) -> None:
    """A ban is taken back: in again, shown to nobody until they want to be, and no photo of theirs is a mark any more."""
    complete = member.birth_date is not None and member.seeks is not None and bool(photos.usable(connection, member.id))
    status: Status = "paused" if complete else "onboarding"
    safety.unban(connection, member.id, context.now, status)
    members.update(connection, member.id, context.now, hidden_at=None, frozen_reason=None)
    members.set_step(connection, member.id, "", {}, context.now)
    bans.lift(connection, context, member)
    moderation.forget_appeals(connection, member.id, context.now)
    told = Say(word("safety.unbanned"), ((RESUME,),)) if complete else Say(word("safety.unbanned_incomplete"))
    outbox.notify(connection, context, member, told, f"unbanned:{context.now.isoformat()}")
