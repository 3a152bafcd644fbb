"""The admins' queue: reports of members and questions about photos, one at a time, oldest first, each decided with one tap."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot import outbox
from bot.context import Context
from bot.keyboards import button
from bot.replies import Button, Clear, Notice, Replies, Reply, Rows, Say, Shown, Word, word
from bot.usecases import onboarding
from bot.usecases import safety as safety_usecases
from bot.usecases.admin import gone, note
from bot.usecases.questions import place_word
from db import audit, members, photos, safety
from db.records import Member, Photo, Report, Review
from db.session import Connection

POOL: Final = 200


def queue(connection: Connection, context: Context, admin: Member, after: str = "") -> Replies:
    """/reports: the oldest open case, or the one behind `after` (`report.3`, `review.5`)."""
    cases: list[Report | Review] = [*safety.reviews_open(connection, POOL), *safety.open_reports(connection, POOL)]
    cases.sort(key=lambda case: (case.created_at, _name(case)))
    places = {_name(case): place for place, case in enumerate(cases)}
    start = places.get(after, -1) + 1
    if not cases:
        note(connection, context, admin, "queue.read", "all")
        return [Say(word("admin.queue_empty"))]
    case = cases[start % len(cases)]
    person_id = case.reported_id if isinstance(case, Report) else case.member_id
    note(connection, context, admin, "case.read", _name(case).replace(".", ":"), {"member": person_id})
    person = members.by_id(connection, person_id)
    if person is None:
        return gone(connection, context, admin)
    rows: Rows = (_decisions(case), (button(word("admin.next", n=len(cases)), "reports", choice=_name(case)),))
    text = _report(context, case, person) if isinstance(case, Report) else _review(connection, context, case, person)
    photo_id = _photo(connection, case, person)
    return [Shown(photo_id, text, rows) if photo_id is not None else Say(text, rows)]


def close_report(connection: Connection, context: Context, admin: Member, report_id: int, *, upheld: bool) -> Replies:
    """Dismiss a report, or uphold it and ban whom it is about."""
    report = safety.report_by_id(connection, report_id)
    note(connection, context, admin, "report.upheld" if upheld else "report.dismissed", f"report:{report_id}")
    if report is None or not safety.close_report(
        connection, report_id, admin.telegram_id, "upheld" if upheld else "dismissed", context.now
    ):
        return gone(connection, context, admin)
    if not upheld:
        return [Notice(word("admin.dismissed")), Clear(), *queue(connection, context, admin)]
    person = members.by_id(connection, report.reported_id)
    if person is not None and person.telegram_id in context.admins:
        return [Notice(word("admin.not_admins"), alert=True), Clear()]
    if person is not None and person.status != "banned":
        safety_usecases.shut_out(connection, context, person)
    return [Notice(word("admin.upheld")), Clear(), *queue(connection, context, admin)]


def decide(connection: Connection, context: Context, admin: Member, review_id: int, *, approved: bool) -> Replies:
    """Approve or refuse a photo, or an age; the member is told in their language and goes on from where they were."""
    review = safety.review_by_id(connection, review_id)
    note(connection, context, admin, "review.approved" if approved else "review.refused", f"review:{review_id}")
    if review is None or not safety.decide_review(connection, review_id, admin.telegram_id, approved, context.now):
        return gone(connection, context, admin)
    member = members.by_id(connection, review.member_id)
    if member is None:
        return gone(connection, context, admin)
    if review.photo_id is not None and photos.by_id(connection, review.photo_id) is not None:
        (photos.approve if approved else photos.reject)(connection, review.photo_id)
    told = (onboarding.resume if approved else onboarding.refused)(connection, context, member)
    _tell(connection, context, member.id, told, f"review:{review_id}")
    audit.add(connection, admin.telegram_id, "review.decided", audit.member(member.id), context.now, {"approved": approved})
    return [Notice(word("admin.approved" if approved else "admin.refused")), Clear(), *queue(connection, context, admin)]


def _tell(connection: Connection, context: Context, member_id: int, replies: Replies, key: str) -> None:
    """What a use case answers, through the outbox: there is no pressed button whose message could be edited."""
    fresh = members.by_id(connection, member_id)
    if fresh is None:
        return
    for place, reply in enumerate(replies):
        queued: Reply = replace(reply, edit=False) if isinstance(reply, Say) else reply
        if isinstance(queued, Say | Shown):
            outbox.notify(connection, context, fresh, queued, f"{key}:{place}")


def _name(case: Report | Review) -> str:
    return f"{'report' if isinstance(case, Report) else 'review'}.{case.id}"


def _decisions(case: Report | Review) -> tuple[Button, ...]:
    if isinstance(case, Report):
        return (button("admin.dismiss", "dismiss", case.id), button("admin.ban", "uphold", case.id))
    return (button("admin.approve", "approve", case.id), button("admin.refuse", "refuse", case.id))


def _report(context: Context, case: Report, person: Member) -> Word:
    reason, _, said = case.reason.partition(":")
    return word(
        "admin.report",
        id=case.id,
        person=_person(context, person),
        reason=word(f"safety.reason.{reason}") if reason in safety_usecases.REASONS else reason,
        said=said.strip() or "–",
        reporter=case.reporter_id or "–",
    )


def _review(connection: Connection, context: Context, case: Review, person: Member) -> Word:
    photo = None if case.photo_id is None else photos.by_id(connection, case.photo_id)
    face = {} if photo is None else dict(photo.facts.get("face") or {})
    return word(f"admin.review.{case.kind}", id=case.id, person=_person(context, person), estimate=face.get("age", "–"))


def _person(context: Context, person: Member) -> Word:
    status = word(f"admin.status.{person.status}")
    return word("admin.person", id=person.id, age=person.age(context.now) or "–", status=status, place=place_word(person))


def _photo(connection: Connection, case: Report | Review, person: Member) -> int | None:
    if isinstance(case, Review) and case.photo_id is not None:
        return case.photo_id
    shown: list[Photo] = photos.of(connection, person.id)
    return shown[0].id if shown else None
