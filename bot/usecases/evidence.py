"""What a report rests on, kept as it was at that moment, because messages and profiles change and go.

At the report, in its transaction: messages of the two that reached the other (what is still kept of them), the texts of both profiles,
small copies of the photos that the reported member showed, and the hash of their account, by which a decision reaches them after /delete;
until the decision also by what a new account of theirs could be recognised (`bans`).
Of many messages those are taken that say something, most of them the reported member's: a flood pushes nothing out.
Sealed under the report's own key; destroyed with it `safety.keep_evidence` days after the decision, `LONGEST` days after the report
in any case.
Shown to admins only, by a tap of its own that is audited; texts first, pictures by one more tap.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from bot.context import Context
from bot.replies import Lines, Word, word
from bot.usecases import bans
from db import accounts, messages, pairs, photos
from db import evidence as kept
from db.records import Evidence, Member, Message, Report
from db.session import Connection
from engine.images import decode, encode_jpeg
from engine.settings import EngineSettings
from engine.values import Problem

LONGEST: Final = 180
"""Days after the report that its evidence is kept at most, whether anybody decided or not."""
LINE: Final = 300
"""Characters of one message that are shown; the rest is there but not needed to judge."""
PAGE: Final = 10
COPIES: Final = 6
"""Photos of which a copy is kept with one filing, at most: below 0.5 MB each even where it is noise, far from what a row may hold."""
LOOKED_THROUGH: Final = 1000
"""Messages of each of the two among which those are sought that are kept: half an hour of writing as fast as the bot allows."""
_COPY: Final = EngineSettings(longest_side=640)
_WORDS: Final = re.compile(r"[^\W\d_]{2}|\d{3}")

Said = tuple[Message, list[dict[str, Any]]]
"""A message and its versions, as they are kept."""


def keep(connection: Connection, context: Context, report: Report, reporter: Member, reported: Member, about: int | None = None) -> None:
    """Copy what happened; of a report that was filed again, what is new.

    Args:
        connection: of the transaction in which the report is filed.
        context: the surroundings.
        report: as it was filed.
        reporter: who reports.
        reported: whom.
        about: our id of the message that was answered with /report, which is kept whatever came after it.

    """
    earlier = kept.of(connection, report.id)
    if earlier:
        _add(connection, context, report, reported, earlier, about)
        return
    data = {
        "account": accounts.hashed(connection, reported.telegram_id),
        "reported": _profile(connection, context, reported),
        "reporter": _profile(connection, context, reporter),
        "messages": _messages(connection, context, report, about, context.safety.evidence_messages),
        "pictures": _pictures(connection, reported, ()),
        kept.MARKS: _marks(connection, report, reported),
    }
    kept.add(connection, report.id, data, context.now, context.now + dt.timedelta(days=LONGEST))


def decided(connection: Connection, context: Context, report_id: int) -> None:
    """The report was decided: what it rests on stays only as long as the decision may be questioned."""
    kept.forget_marks(connection, [report_id])  # they serve a ban, and that is made or not by now
    kept.expire(connection, report_id, context.now + dt.timedelta(days=context.safety.keep_evidence))


def of(connection: Connection, report_id: int) -> Mapping[str, Any] | None:
    """What is kept of a report, None where it is gone: as it was first filed, with what was said until it was filed again."""
    found = kept.of(connection, report_id)
    said, copies = ([one for row in found for one in row.data.get(name) or ()] for name in ("messages", "pictures"))
    said.sort(key=lambda one: str(one.get("at", "")))
    return {**found[0].data, "messages": said, "pictures": copies} if found else None


def account(connection: Connection, report_id: int) -> str | None:
    """The hash of the reported account, for whoever erased themselves before the decision."""
    data = of(connection, report_id)
    return None if data is None else str(data.get("account") or "") or None


def marks(connection: Connection, report_id: int) -> list[bans.Sign]:
    """By what the reported member could be recognised at the report, for a ban after they erased themselves."""
    data = of(connection, report_id) or {}
    return [(str(kind), base64.b64decode(str(value))) for kind, value in data.get(kept.MARKS) or ()]


def told(report: Report, data: Mapping[str, Any], page: int = 0) -> tuple[Word, int]:
    """A page of it in words, and how many pages there are: newest last, who, when, what kind, what text."""
    said = list(data.get("messages") or ())
    pages = max(1, -(-len(said) // PAGE))
    page = min(max(0, page), pages - 1)
    lines: list[object] = [_line(one) for one in said[page * PAGE : (page + 1) * PAGE]]
    values = {
        "id": report.id,
        "about": (data.get("reported") or {}).get("about") or "–",
        "age": (data.get("reported") or {}).get("age") or "–",
        "photos": len({*photo_ids(data), *(int(one["photo"]) for one in data.get("pictures") or ())}),
        "lines": Lines(tuple(lines)) if lines else word("admin.evidence.none"),
        "page": page + 1,
        "pages": pages,
    }
    return Word("admin.evidence", values), pages


def photo_ids(data: Mapping[str, Any]) -> list[int]:
    """The photos that the reported member showed then."""
    return [int(one) for one in (data.get("reported") or {}).get("photos") or ()]


def pictures(data: Mapping[str, Any]) -> dict[int, bytes]:
    """The copies that were kept of them, JPEG, by the number of the photo; evidence from before November 2026 has none."""
    return {int(one["photo"]): base64.b64decode(one["jpeg"]) for one in data.get("pictures") or ()}


def _add(
    connection: Connection, context: Context, report: Report, reported: Member, earlier: Sequence[Evidence], about: int | None
) -> None:
    """Keep what is not kept yet: however often it is filed again, once more as much at most, and no longer than the rest."""
    before = [list(row.data.get("messages") or ()) for row in earlier]
    room = context.safety.evidence_messages - sum(len(said) for said in before[1:])
    fresh = _messages(connection, context, report, about, room, {_said(one) for said in before for one in said})
    copies = [[int(one["photo"]) for one in row.data.get("pictures") or ()] for row in earlier]
    seen = {number for numbers in copies for number in numbers}
    new = _pictures(connection, reported, seen)[: COPIES - sum(len(numbers) for numbers in copies[1:])]
    if fresh or new:
        kept.add(connection, report.id, {"messages": fresh, "pictures": new}, context.now, earlier[0].expires_at)


def _said(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (*(one.get(name) for name in ("by", "at", "kind", "text", "file_id")), bool(one.get("refused")))


def _profile(connection: Connection, context: Context, member: Member) -> dict[str, Any]:
    return {
        "age": member.age(context.now),
        "about": member.about,
        "city": member.city,
        "photos": [photo.id for photo in photos.of(connection, member.id)],
    }


def _marks(connection: Connection, report: Report, member: Member) -> list[tuple[str, str]]:
    """Of the main photo, as JSON can hold it; of somebody who may be a child nothing, and of a face nothing without the consent."""
    if report.kind == "minor":
        return []
    found = bans.signs(connection, member, 1)
    return [(kind, base64.b64encode(data).decode()) for kind, data in found if kind == bans.PHASH or member.face_consent]


def _pictures(connection: Connection, member: Member, known: Collection[int]) -> list[dict[str, Any]]:
    """Small copies of the photos that others see, in their order: the photos themselves may be gone a minute later."""
    found = []
    for photo in [one for one in photos.of(connection, member.id, "approved") if one.id not in known][:COPIES]:
        stored = photos.by_id(connection, photo.id)
        read = None if stored is None else decode(stored.jpeg, _COPY)
        if read is not None and not isinstance(read, Problem):
            found.append({"photo": photo.id, "jpeg": base64.b64encode(encode_jpeg(read.image, 75)).decode("ascii")})
    return found


def _messages(
    connection: Connection,
    context: Context,
    report: Report,
    about: int | None,
    room: int,
    known: Collection[tuple[object, ...]] = (),
) -> list[dict[str, Any]]:
    """What was said in at most `room` messages that are not `known`, oldest first; one that was answered with /report is among them."""
    pair = None if report.pair_id is None else pairs.by_id(connection, report.pair_id)
    if pair is None or report.reported_id is None or room < 1 or not context.safety.keep_content:
        return []
    since = context.now - dt.timedelta(hours=context.safety.keep_content)
    of_both = []
    for sender_id in (report.reported_id, pair.partner(report.reported_id)):
        said = messages.recent(connection, pair.id, since, LOOKED_THROUGH, heard=True, sender_id=sender_id)
        each = [(one, _versions(one, content if isinstance(content, Mapping) else {}, report.reported_id)) for one, content in said]
        fresh = [(one, [version for version in versions if _said(version) not in known]) for one, versions in each]
        of_both.append(_telling([one for one in fresh if one[1]], about))
    theirs, own = of_both
    # A third is the reporter's, for what was answered; what one of them does not fill is the other's.
    few = min(len(own), max(room // 3, room - len(theirs)))
    chosen = sorted([*theirs[: room - few], *own[:few]], key=lambda one: one[0].id)
    return [version for _, versions in chosen for version in versions]


def _telling(said: Sequence[Said], about: int | None) -> list[Said]:
    """One member's messages, those first that a report needs.

    The one it is about; by turns the newest and the longest of those with words or a file that are no repetition, since many short ones
    would push out what was said before them; then the others, newest first.
    """
    newest, heard = [], set[tuple[object, ...]]()
    for one in reversed(said):
        what = {tuple(version.get(name) for name in ("kind", "text", "file_id")) for version in one[1]}
        says = any(version["file_id"] or _WORDS.search(version["text"]) for version in one[1]) and not what <= heard
        heard |= what
        newest.append((says, one))
    telling = [one for says, one in newest if says]
    longest = sorted(telling, key=lambda one: -max(len(version["text"]) for version in one[1]))
    turns = [one for both in zip(telling, longest, strict=True) for one in both]
    first = [one for _, one in newest if one[0].id == about]
    return list({one[0].id: one for one in (*first, *turns, *(one for _, one in newest))}.values())


def _versions(message: Message, content: Mapping[str, Any], reported_id: int | None) -> list[dict[str, Any]]:
    """What a message said, oldest first: what was edited away, then what stands there; last what an edit tried and was refused."""
    said = [one if isinstance(one, Mapping) else {"text": one} for one in content.get("before") or ()]  # once they were words alone
    return [
        {
            "by": "reported" if message.sender_id == reported_id else "reporter",
            "at": message.created_at.isoformat(timespec="minutes"),
            "kind": one.get("kind") or message.kind,
            "text": str(one.get("text") or ""),
            "file_id": one.get("file_id"),
            "deleted": message.deleted_at is not None,
            "edited": place < len(said),
            "refused": place > len(said),
        }
        for place, one in enumerate([*said, content, *(content.get("tried") or ())])
    ]


def _line(one: Mapping[str, Any]) -> Word:
    text = str(one.get("text") or "")
    return word(
        "admin.evidence.line",
        who=word(f"admin.evidence.{one.get('by', 'reporter')}"),
        at=str(one.get("at", ""))[5:16].replace("T", " "),
        kind="" if one.get("kind") == "text" else f"[{one.get('kind')}] ",
        text=text if len(text) <= LINE else text[: LINE - 1] + "…",
        edited=word("admin.evidence.edited") if one.get("edited") else word("admin.evidence.refused") if one.get("refused") else "",
        deleted=word("admin.evidence.deleted") if one.get("deleted") else "",
    )
