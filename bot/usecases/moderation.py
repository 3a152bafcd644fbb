"""The admins' queue: reports of members and questions about members and photos, one at a time, oldest first; looking is audited.

Under each case lies what can be decided with one tap (`bot.usecases.decisions`), and what can be looked at by a tap of its own: the
evidence of a report (`bot.usecases.evidence`), its pictures, the profile.  All of it is an exhibit: it goes from the admins' chats
with the case, or after two days (`bot.clearing`).
"""

from __future__ import annotations

from typing import Any, Final

from bot import outbox
from bot.context import Context
from bot.keyboards import button, grid
from bot.outbox import Letter
from bot.replies import Button, Notice, Picture, Replies, Rows, Say, Shown, Word, word
from bot.usecases import bans, evidence, presenting, trust
from bot.usecases import safety as safety_usecases
from bot.usecases.admin import gone, note
from bot.usecases.questions import place_word
from db import audit, exhibits, members, moderation, photos, safety
from db import evidence as kept
from db import types as type_queries
from db.records import Member, Photo, Report, Review
from db.session import Connection

POOL: Final = 200
PICTURES: Final = 10
QUESTIONED: Final = 3
"""Reports whose evidence can be read under an appeal, the newest."""
METHODS: Final = {
    "photo": "sendPhoto",
    "live_photo": "sendPhoto",
    "video": "sendVideo",
    "animation": "sendAnimation",
    "video_note": "sendVideoNote",
    "voice": "sendVoice",
    "document": "sendDocument",
    "audio": "sendAudio",
    "sticker": "sendSticker",
}
BLURRED: Final = frozenset({"photo", "live_photo", "video", "animation"})


def queue(connection: Connection, context: Context, admin: Member, after: str = "") -> Replies:
    """/reports: the oldest open case, or the one behind `after` (`report.3`, `review.5`)."""
    cases: list[Report | Review] = [*safety.reviews_open(connection, POOL), *safety.open_reports(connection, POOL)]
    cases.sort(key=lambda case: (case.created_at, name(case)))
    places = {name(case): place for place, case in enumerate(cases)}
    start = places.get(after, -1) + 1
    if not cases:
        note(connection, context, admin, "queue.read", "all")
        return [Say(word("admin.queue_empty"))]
    return _case(connection, context, admin, cases[start % len(cases)], len(cases))


def case(connection: Connection, context: Context, admin: Member, report_id: int) -> Replies:
    """One report, by the button under the news of it."""
    report = safety.report_by_id(connection, report_id)
    if report is None or report.state != "open":
        note(connection, context, admin, "case.read", f"report:{report_id}")
        return gone(connection, context, admin)
    return _case(connection, context, admin, report, 1)


def look(connection: Connection, context: Context, admin: Member, member_id: int) -> Replies:
    """A member's profile with all photos, and what is known of earlier reports."""
    note(connection, context, admin, "profile.read", audit.member(member_id))
    person = members.by_id(connection, member_id)
    if person is None:
        return gone(connection, context, admin)
    about = len(moderation.open_about(connection, member_id))
    true = moderation.upheld_since(connection, member_id, person.created_at)
    filed, dismissed = moderation.outcomes(connection, [member_id]).get(member_id, (0, 0))
    text = word(
        "admin.profile",
        person=_person(context, person),
        card=presenting.person(context, person, type_queries.of_member(connection, member_id)),
        level=word(f"admin.level.{trust.level(context, person)}"),
        since=f"{person.created_at:%Y-%m-%d}",
        open=about,
        true=true,
        filed=filed,
        dismissed=dismissed,
    )
    seen = exhibits.profile(member_id)
    shown: Replies = [Shown(photo.id, _place(photo), exhibit=seen) for photo in photos.of(connection, member_id)]
    return [Say(text, protect=True, exhibit=seen), *shown]


def look_evidence(connection: Connection, context: Context, admin: Member, report_id: int, page: str = "") -> Replies:
    """What a report rests on, in words."""
    report, data = safety.report_by_id(connection, report_id), evidence.of(connection, report_id)
    note(connection, context, admin, "evidence.read", f"report:{report_id}", about(report))
    if report is None or data is None:
        return [Notice(word("admin.evidence.gone"), alert=True)]
    number = int(page) if page.isdecimal() and len(page) < 4 else 0
    text, pages = evidence.told(report, data, number)
    rows: list[tuple[Button, ...]] = [(button("admin.evidence.pictures", "evidence_pics", report_id),)]
    if pages > 1:
        rows.append((button("admin.evidence.more", "evidence", report_id, str((number + 1) % pages)),))
    if report.state == "open":
        rows.append((button("admin.back_to_case", "case", report_id),))
    return [Say(text, tuple(rows), protect=True, exhibit=exhibits.report(report_id))]


def look_pictures(connection: Connection, context: Context, admin: Member, report_id: int) -> Replies:
    """The photos that the reported profile showed then, and what was sent, blurred until tapped."""
    note(connection, context, admin, "evidence.pictures", f"report:{report_id}", about(safety.report_by_id(connection, report_id)))
    data = evidence.of(connection, report_id)
    if data is None:
        return [Notice(word("admin.evidence.gone"), alert=True)]
    copies, seen = evidence.pictures(data), exhibits.report(report_id)
    shown: Replies = []
    for photo_id in [*copies, *(number for number in evidence.photo_ids(data) if number not in copies)]:
        photo = photos.by_id(connection, photo_id)
        says = _place(photo) if photo is not None else word("admin.photo", id=photo_id, status=word("admin.photo.gone"))
        if photo_id in copies:
            where = {"report": report_id, "photo": photo_id}
            shown.append(Picture(copies[photo_id], says, protect=True, exhibit=seen, kept=where))
        elif photo is not None:
            shown.append(Shown(photo.id, says, exhibit=seen))
    sent = [one for one in data.get("messages") or () if one.get("file_id") and one.get("kind") in METHODS][-PICTURES:]
    for place, one in enumerate(sent):
        letter = _again(str(one["kind"]), str(one["file_id"]), seen)
        outbox.post(connection, context, admin, letter, f"evidence:{report_id}:{place}:{context.now.isoformat()}")
    return [*shown, *([] if shown or sent else [Notice(word("admin.evidence.no_pictures"), alert=True)])]


def tell(connection: Connection, context: Context, member_id: int, replies: Replies, key: str) -> None:
    """What a use case answers, through the outbox: there is no pressed button whose message could be edited."""
    fresh = members.by_id(connection, member_id)
    if fresh is None:
        return
    for place, reply in enumerate(replies):
        queued = Say(reply.word, reply.buttons) if isinstance(reply, Say) else reply
        if isinstance(queued, Say | Shown):
            outbox.notify(connection, context, fresh, queued, f"{key}:{place}")


def about(case: Report | Review | None) -> dict[str, int | None]:
    """Whom a row of the audit log is about: members learn by it how often admins looked (/privacy)."""
    if case is None:
        return {}
    return {"member": case.reported_id if isinstance(case, Report) else case.member_id}


def name(case: Report | Review) -> str:
    """How a case is called in buttons."""
    return exhibits.report(case.id) if isinstance(case, Report) else exhibits.review(case.id)


def _case(connection: Connection, context: Context, admin: Member, case: Report | Review, of: int) -> Replies:
    person_id = case.reported_id if isinstance(case, Report) else case.member_id
    note(connection, context, admin, "case.read", name(case).replace(".", ":"), {"member": person_id})
    person = None if person_id is None else members.by_id(connection, person_id)
    if isinstance(case, Report):
        text = _report(connection, context, case, person)
    elif person is None:
        return gone(connection, context, admin)
    else:
        text = _review(connection, context, case, person)
    read = _questioned(connection, case)
    rows: Rows = (*_decisions(case, person), *read, (button(word("admin.next", n=of), "reports", choice=name(case)),))
    photo_id = None if person is None else _photo(connection, case, person)
    says = Say(text, rows, protect=True, exhibit=name(case))
    return [*_banned_face(connection, context, case), says if photo_id is None else Shown(photo_id, text, rows, exhibit=name(case))]


def _questioned(connection: Connection, case: Report | Review) -> Rows:
    """Under an appeal, what the decision rests on: the cards under which it was read are gone since."""
    if not isinstance(case, Review) or case.kind != "appeal":
        return ()
    found = kept.decided_about(connection, case.member_id, QUESTIONED)
    return tuple((button(word("admin.evidence_of", id=report_id), "evidence", report_id),) for report_id in found)


def _decisions(case: Report | Review, person: Member | None) -> Rows:
    if isinstance(case, Report):
        dismiss, ban, read = (
            button("admin.dismiss", "dismiss", case.id),
            button("admin.ban", "uphold", case.id),
            button("admin.evidence_button", "evidence", case.id),
        )
        if person is None:
            return ((dismiss, ban), (read,))
        more = (button(f"admin.{do}", do, case.id) for do in ("warn", "hide", "freeze"))
        return (*grid((dismiss, *more, ban), 2), (read, button("admin.profile_button", "look", person.id)))
    verbs = (button(f"admin.approve.{case.kind}", "approve", case.id), button(f"admin.refuse.{case.kind}", "refuse", case.id))
    # Who is clearly a child is no matter of another photo: with the underage case the same is what "refuse" says.
    child = ((button("admin.refuse.underage", "under_age", case.id),),) if case.kind in ("minor", "photo") else ()
    return ((verbs[0],), (verbs[1],), *child, (button("admin.profile_button", "look", case.member_id),))


def _report(connection: Connection, context: Context, case: Report, person: Member | None) -> Word:
    reason, said = case.kind, case.reason.partition(":")[2]
    others = 0 if person is None else len(moderation.open_about(connection, person.id)) - 1
    return word(
        "admin.report",
        id=case.id,
        person=word("admin.person_gone") if person is None else _person(context, person),
        reason=word(f"safety.reason.{reason}") if reason in safety_usecases.REASONS else reason,
        said=said.strip() or "–",
        reporter=case.reporter_id or "–",
        others=max(0, others),
    )


def _review(connection: Connection, context: Context, case: Review, person: Member) -> Word:
    photo = None if case.photo_id is None else photos.by_id(connection, case.photo_id)
    face = {} if photo is None else dict(photo.facts.get("face") or {})
    told: dict[str, Any] = dict(safety.note_of(connection, case) or {})
    reason = str(told.get("reason") or "hold")
    values: dict[str, object] = {
        "id": case.id,
        "person": _person(context, person),
        "estimate": face.get("age", "–"),
        "said": told.get("said") or "–",
        "reason": word(f"admin.sign.{reason}") if case.kind in ("underage", "hidden") else "",
        "value": told.get("value", "–"),
        "kind": word(f"admin.lookalike.{told['kind']}") if told.get("kind") in ("face", "phash") else "–",
        "weight": told.get("weight", "–"),
    }
    return Word(f"admin.review.{case.kind}", values)


def _banned_face(connection: Connection, context: Context, case: Report | Review) -> list[Picture]:
    """The picture that was kept at the ban, above the one that is like it."""
    if not isinstance(case, Review) or case.kind != "lookalike":
        return []
    told = safety.note_of(connection, case) or {}
    where = {"ban": str(told.get("ban", ""))}
    face = bans.picture(connection, context.now, where["ban"])
    return [] if face is None else [Picture(face, word("admin.lookalike.before"), protect=True, exhibit=name(case), kept=where)]


def _person(context: Context, person: Member) -> Word:
    status = word(f"admin.status.{'hidden' if person.hidden_at is not None and person.status == 'active' else person.status}")
    return word("admin.person", id=person.id, age=person.age(context.now) or "–", status=status, place=place_word(person))


def _photo(connection: Connection, case: Report | Review, person: Member) -> int | None:
    if isinstance(case, Review) and case.photo_id is not None:
        return case.photo_id
    shown: list[Photo] = photos.of(connection, person.id)
    return shown[0].id if shown else None


def _place(photo: Photo) -> Word:
    return word("admin.photo", id=photo.id, status=word(f"admin.photo.{photo.status}"))


def _again(kind: str, file_id: str, seen: str) -> Letter:
    body: dict[str, Any] = {"photo" if kind == "live_photo" else kind: file_id, "protect_content": True}
    return Letter(METHODS[kind], {**body, "has_spoiler": True} if kind in BLURRED else body, exhibit=seen)
