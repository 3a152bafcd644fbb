"""What a report rests on, kept as it was at that moment, because messages and profiles change and go.

At the report, in its transaction: the last messages of the two that reached the other (what is still kept of them), the texts of both
profiles, the ids of the reported member's photos, and the hash of their account, so that a decision still reaches them after /delete.
Sealed under the report's own key; destroyed with it `safety.keep_evidence` days after the decision, `LONGEST` days after the report
in any case.
Shown to admins only, by a tap of its own that is audited; texts first, pictures by one more tap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.context import Context
from bot.replies import Lines, Word, word
from db import accounts, messages, photos
from db import evidence as kept
from db.records import Evidence, Member, Message, Report
from db.session import Connection

LONGEST: Final = 180
"""Days after the report that its evidence is kept at most, whether anybody decided or not."""
LINE: Final = 300
"""Characters of one message that are shown; the rest is there but not needed to judge."""
PAGE: Final = 10


def keep(connection: Connection, context: Context, report: Report, reporter: Member, reported: Member) -> None:
    """Copy what happened; of a report that was filed again, what is new."""
    earlier = kept.of(connection, report.id)
    if earlier:
        _add(connection, context, report, earlier)
        return
    data = {
        "account": accounts.hashed(connection, reported.telegram_id),
        "reported": _profile(connection, context, reported),
        "reporter": _profile(connection, context, reporter),
        "messages": _messages(connection, context, report),
    }
    kept.add(connection, report.id, data, context.now, context.now + dt.timedelta(days=LONGEST))


def decided(connection: Connection, context: Context, report_id: int) -> None:
    """The report was decided: what it rests on stays only as long as the decision may be questioned."""
    kept.expire(connection, report_id, context.now + dt.timedelta(days=context.safety.keep_evidence))


def of(connection: Connection, report_id: int) -> Mapping[str, Any] | None:
    """What is kept of a report, None where it is gone: as it was first filed, with what was said until it was filed again."""
    found = kept.of(connection, report_id)
    said = [one for row in found for one in row.data.get("messages") or ()]
    return {**found[0].data, "messages": sorted(said, key=lambda one: str(one.get("at", "")))} if found else None


def account(connection: Connection, report_id: int) -> str | None:
    """The hash of the reported account, for whoever erased themselves before the decision."""
    data = of(connection, report_id)
    return None if data is None else str(data.get("account") or "") or None


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
        "photos": len((data.get("reported") or {}).get("photos") or ()),
        "lines": Lines(tuple(lines)) if lines else word("admin.evidence.none"),
        "page": page + 1,
        "pages": pages,
    }
    return Word("admin.evidence", values), pages


def photo_ids(data: Mapping[str, Any]) -> list[int]:
    """The photos that the reported member showed then."""
    return [int(one) for one in (data.get("reported") or {}).get("photos") or ()]


def _add(connection: Connection, context: Context, report: Report, earlier: Sequence[Evidence]) -> None:
    """Keep what is not kept yet: however often it is filed again, once more as much at most, and no longer than the rest."""
    before = [list(row.data.get("messages") or ()) for row in earlier]
    known = {_said(one) for said in before for one in said}
    room = context.safety.evidence_messages - sum(len(said) for said in before[1:])
    fresh = [one for one in _messages(connection, context, report) if _said(one) not in known]
    if fresh and room > 0:
        kept.add(connection, report.id, {"messages": fresh[-room:]}, context.now, earlier[0].expires_at)


def _said(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (*(one.get(name) for name in ("by", "at", "kind", "text", "file_id")), bool(one.get("refused")))


def _profile(connection: Connection, context: Context, member: Member) -> dict[str, Any]:
    return {
        "age": member.age(context.now),
        "about": member.about,
        "city": member.city,
        "photos": [photo.id for photo in photos.of(connection, member.id)],
    }


def _messages(connection: Connection, context: Context, report: Report) -> list[dict[str, Any]]:
    if report.pair_id is None or not context.safety.evidence_messages or not context.safety.keep_content:
        return []
    since = context.now - dt.timedelta(hours=context.safety.keep_content)
    found = []
    for message, said in messages.recent(connection, report.pair_id, since, context.safety.evidence_messages, heard=True):
        found += _versions(message, said if isinstance(said, Mapping) else {}, report.reported_id)
    return found


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
