"""What admins decide about members, each with one tap; once, whoever presses first, and on record.

Only what cannot be taken back asks again: erasing the account of somebody who is under 18.
"""

from __future__ import annotations

from typing import Final

from bot import outbox
from bot.context import Context
from bot.keyboards import button
from bot.render import render
from bot.replies import Clear, Notice, Replies, Say, Word, word
from bot.usecases import appeals, bans, evidence, freezing, hiding, moderation, onboarding, privacy, verification
from bot.usecases import safety as safety_usecases
from bot.usecases.admin import find, gone, note
from db import accounts, audit, members, photos, safety
from db import evidence as kept
from db import moderation as cases
from db import outbox as lanes
from db.records import Member, Report, Review, ReviewKind
from db.session import Connection

STATES: Final = {"dismiss": "dismissed", "warn": "warned", "hide": "hidden", "freeze": "frozen", "uphold": "upheld"}
"""What a report becomes by each verb."""
OF_AGE: Final[tuple[ReviewKind, ...]] = ("underage", "minor", "photo")
"""Cases in which an admin can see that somebody is under 18, whatever was asked."""
ABOUT_ACCOUNT: Final[tuple[ReviewKind, ...]] = ("hidden", "underage", "lookalike", "appeal")


def decide_report(connection: Connection, context: Context, admin: Member, report_id: int, do: str) -> Replies:
    """Dismiss a report, or warn, hide, freeze or ban (`uphold`) whom it is about."""
    report = safety.report_by_id(connection, report_id)
    note(connection, context, admin, f"report.{STATES[do]}", f"report:{report_id}", moderation.about(report))
    person = None if report is None or report.reported_id is None else members.by_id(connection, report.reported_id)
    if person is not None and person.telegram_id in context.admins and do != "dismiss":
        return [Notice(word("admin.not_admins"), alert=True)]
    if report is None or not safety.close_report(connection, report_id, admin.telegram_id, STATES[do], context.now):
        return gone(connection, context, admin)
    if do == "dismiss":
        # Nobody can appeal against nothing: what it rested on goes at once.
        kept.forget(connection, report_id)
    else:
        _carry_out(connection, context, admin, report, person, do)
        evidence.decided(connection, context, report_id)  # last: a ban may rest on what goes with it
    done = word(f"admin.done.{do}")
    return [Notice(done), Clear(), _record("report", report_id, done), *moderation.queue(connection, context, admin)]


def decide_review(connection: Connection, context: Context, admin: Member, review_id: int, *, approved: bool) -> Replies:
    """Approve or refuse; the member is told in their language and goes on from where they were."""
    review = safety.review_by_id(connection, review_id)
    if review is not None and review.kind == "underage" and not approved:
        return ask_erase(connection, context, admin, review_id)
    note(connection, context, admin, "review.approved" if approved else "review.refused", f"review:{review_id}", moderation.about(review))
    # A yes to a video counts only for the photos that it was compared with.
    why = verification.outdated(connection, review) if approved and review is not None and review.kind == "verify" else None
    approved = approved and why is None
    if review is None or not safety.decide_review(connection, review_id, admin.telegram_id, approved, context.now):
        return gone(connection, context, admin)
    member = members.by_id(connection, review.member_id)
    if member is None:
        return gone(connection, context, admin)
    if review.kind == "verify":
        told = verification.decided(connection, context, member, approved=approved, why=why)
        moderation.tell(connection, context, member.id, told, f"review:{review.id}")
    elif review.kind in ABOUT_ACCOUNT:
        _about_account(connection, context, admin, member, review, approved=approved)
    else:
        _about_photo(connection, context, member, review, approved=approved)
    detail = {"approved": approved, **({} if why is None else {"outdated": why})}
    audit.add(connection, admin.telegram_id, "review.decided", audit.member(member.id), context.now, detail)
    said = word("admin.approved" if approved else "admin.refused") if why is None else word(f"admin.verify_outdated.{why}")
    after = moderation.queue(connection, context, admin)
    return [Notice(said, alert=why is not None), Clear(), _record("review", review_id, said), *after]


def ask_erase(connection: Connection, context: Context, admin: Member, review_id: int) -> Replies:
    """The member is under 18: asked once more, since nothing brings the account back."""
    review = safety.review_by_id(connection, review_id)
    note(connection, context, admin, "review.asked", f"review:{review_id}", moderation.about(review))
    if review is None or review.kind not in OF_AGE or review.state != "open":
        return gone(connection, context, admin)
    rows = ((button("admin.erase_yes", "erase_yes", review_id),), (button("admin.back", "reports"),))
    return [Say(word("admin.erase_ask", id=review.member_id), rows)]


def erase_minor(connection: Connection, context: Context, admin: Member, review_id: int) -> Replies:
    """Confirmed: the member is under 18, and everything of theirs goes."""
    review = safety.review_by_id(connection, review_id)
    note(connection, context, admin, "underage.erased", f"review:{review_id}")
    member = None if review is None or review.kind not in OF_AGE else members.by_id(connection, review.member_id)
    # The open case decides, whatever the status is by now: else it would be used up, and nobody erased.
    if member is None or not safety.decide_review(connection, review_id, admin.telegram_id, False, context.now):
        return gone(connection, context, admin)
    for report_id in cases.close_about(connection, member.id, admin.telegram_id, "upheld", context.now):
        evidence.decided(connection, context, report_id)
    _erase(connection, context, member)
    erased = word("admin.erased")
    return [Notice(erased), Clear(), _record("review", review_id, erased), *moderation.queue(connection, context, admin)]


def ban_command(connection: Connection, context: Context, admin: Member, who: str) -> Replies:
    """/ban 1234 (Telegram id) or /ban #12 (member)."""
    person = find(connection, who)
    # Also what is only looked up is on record: whether an account is a member, and banned.
    note(connection, context, admin, "ban.asked", "nobody" if person is None else audit.member(person.id))
    if person is None:
        return [Say(word("admin.who"))]
    if person.telegram_id in context.admins:
        return [Say(word("admin.not_admins"))]
    if person.status == "banned":
        return [Say(word("admin.banned_already", id=person.id))]
    ended = ban(connection, context, admin, person, "command")
    note(connection, context, admin, "ban", audit.member(person.id), {"chats": ended})
    return [Say(word("admin.banned", ended, id=person.id), ((button("admin.unban", "unban", person.id),),))]


def ban(connection: Connection, context: Context, admin: Member, person: Member, reason: str) -> int:
    """Ban somebody, and with that decide all that is open about their account; how many chats ended."""
    ended = safety_usecases.shut_out(connection, context, person, reason)
    for report_id in cases.close_about(connection, person.id, admin.telegram_id, "upheld", context.now):
        evidence.decided(connection, context, report_id)
    cases.close_reviews(connection, person.id, ("hidden", "underage", "lookalike"), admin.telegram_id, "refused", context.now)
    return ended


def _record(case: str, case_id: int, said: Word) -> Say:
    """What stays in the admin's chat of a case whose card goes (`bot.clearing`): its number and what was decided, of nobody."""
    return Say(word(f"admin.record.{case}", id=case_id, what=said))


def _carry_out(connection: Connection, context: Context, admin: Member, report: Report, person: Member | None, do: str) -> None:
    reason = report.kind
    if person is None:
        if do == "uphold":
            _ban_account(connection, context, admin, report)
        return
    if person.status in ("banned", "deleted"):
        return
    if do == "uphold":
        ban(connection, context, admin, person, reason)
    elif do == "warn":
        told = word("safety.warned", what=word(f"safety.rule.{reason if reason in safety_usecases.REASONS else 'other'}"))
        outbox.notify(connection, context, person, Say(told), f"warned:{report.id}")
    elif do == "hide" and person.hidden_at is None:
        hiding.hide(connection, context, person, "admin")
    elif do == "freeze":
        freezing.freeze_and_tell(connection, context, person, "hold")


def _ban_account(connection: Connection, context: Context, admin: Member, report: Report) -> None:
    """Whoever was reported erased themselves: shut out their account, and ban them where they are back already."""
    found = evidence.account(connection, report.id)
    account = None if found is None else accounts.keyed(connection, found)
    if account is None or account in map(accounts.hasher(connection), context.admins):
        return
    safety.bury(connection, account, "banned", context.now)
    back = members.by_account(connection, account, report.created_at)
    kept_then = [] if report.kind == "minor" else evidence.marks(connection, report.id)
    bans.mark_kept(connection, context, None if back is None else back.id, kept_then, report.kind)
    if back is not None and back.status != "banned":
        ended = ban(connection, context, admin, back, report.kind)
        note(connection, context, admin, "ban", audit.member(back.id), {"chats": ended})


def _about_account(connection: Connection, context: Context, admin: Member, member: Member, review: Review, *, approved: bool) -> None:
    if review.kind == "appeal":
        appeals.decide(connection, context, member, review, granted=approved)
        return
    if not approved:
        if member.status != "banned":
            ban(connection, context, admin, member, review.kind)
        return
    if review.kind == "hidden":
        _shown_again(connection, context, admin, member)
    if review.kind == "underage":
        _of_age(connection, context, admin, review)
    if review.kind == freezing.kind_of(member.frozen_reason):
        # Another case than the one that froze them says nothing about why they are frozen.
        freezing.thaw(connection, context, members.by_id(connection, member.id) or member)


def _shown_again(connection: Connection, context: Context, admin: Member, member: Member) -> None:
    """Nothing was found: the reports are answered, save those about an age while that is a case of its own."""
    hiding.show(connection, context, member)
    asked = any(one.kind == "underage" and one.state == "open" for one in safety.reviews_of(connection, member.id))
    answered = [one for one in cases.open_about(connection, member.id) if not (asked and _about_age(one))]
    _answer(connection, context, admin, answered, "reviewed")


def _of_age(connection: Connection, context: Context, admin: Member, review: Review) -> None:
    freezing.cleared(connection, review)
    answered = [one for one in cases.open_about(connection, review.member_id) if _about_age(one)]
    _answer(connection, context, admin, answered, "dismissed")


def _about_age(report: Report) -> bool:
    return report.kind == "minor"


def _answer(connection: Connection, context: Context, admin: Member, reports: list[Report], state: str) -> None:
    """Close reports in which nothing was found, and forget what they rest on."""
    for report in reports:
        if safety.close_report(connection, report.id, admin.telegram_id, state, context.now):
            kept.forget(connection, report.id)


def _about_photo(connection: Connection, context: Context, member: Member, review: Review, *, approved: bool) -> None:
    if review.photo_id is not None and photos.by_id(connection, review.photo_id) is not None:
        (photos.approve if approved else photos.reject)(connection, review.photo_id)
    if member.status in freezing.OVER and not onboarding.asks_birth(member, review):
        # The photo is settled, the account is not: nobody is shown it, and another one would not be taken.
        return
    told = (onboarding.resume if approved else onboarding.refused)(connection, context, member)
    moderation.tell(connection, context, member.id, told, f"review:{review.id}")


def _erase(connection: Connection, context: Context, member: Member) -> None:
    """Everything of a member goes, and the account stays frozen should it come back; they are told, though they are nobody now."""
    if member.status not in freezing.OVER:
        # Erasure keeps out whom it finds frozen or banned, and nobody else.
        members.update(connection, member.id, context.now, status="frozen")
    privacy.erase(connection, context, member)
    told: Word = word("safety.erased_underage")
    call = render(Say(told), context.words, member.language)
    key = f"erased:{context.now.isoformat()}"
    lanes.put(connection, None, call.method, {"body": call.payload}, key, context.now, telegram_id=member.telegram_id)
