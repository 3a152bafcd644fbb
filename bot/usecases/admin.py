"""What admins can see and do about members: figures, bans, the audit log. Every action is audited, reading too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from bot.context import Context
from bot.keyboards import STEERING, button
from bot.replies import Button, Clear, Lines, Notice, Replies, Say, Word, word
from bot.usecases import appeals, fairness, figures
from db import activity, audit, members
from db.records import Member
from db.session import Connection

DAY: Final = timedelta(days=1)
RECENT: Final = 15
STATUSES: Final = ("active", "paused", "onboarding", "review", "frozen", "banned")
QUEUE: Final[Button] = button("admin.look", "reports")


def note(
    connection: Connection, context: Context, admin: Member, action: str, subject: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Put an admin's action into the audit log; the guard behind the router's filter.

    Raises:
        PermissionError: this is no admin, so nothing of the transaction stays.

    """
    if admin.telegram_id not in context.admins:
        raise PermissionError("not an admin")
    audit.add(connection, admin.telegram_id, action, subject, context.now, detail)


def stats(connection: Connection, context: Context, admin: Member) -> Replies:
    """/stats: members, matches, messages of the last day, what waits."""
    note(connection, context, admin, "stats.read", "all")
    found = activity.figures(connection, context.now - DAY)
    by_status = activity.members_by_status(connection)
    lines = Lines(
        tuple(word("admin.stats.status", status=word(f"admin.status.{status}"), n=by_status.get(status, 0)) for status in STATUSES)
    )
    people = word("admin.stats.members", sum(by_status.values()), demo=found["demo"], unreachable=found["unreachable"])
    values = {**found, "people": people, "lines": lines, "corpus": figures.corpus(connection, context)}
    values["fair"] = fairness.told(connection, context)
    return [Say(Word("admin.stats", values), ((QUEUE,), *STEERING))]


def recent(connection: Connection, context: Context, admin: Member) -> Replies:
    """/audit: the newest rows of the audit log."""
    rows = audit.recent(connection, RECENT)
    note(connection, context, admin, "audit.read", "all")
    lines = tuple(
        word("admin.audit.line", at=f"{row.at:%m-%d %H:%M}", actor=row.actor, action=row.action, subject=row.subject) for row in rows
    )
    return [Say(word("admin.audit", lines=Lines(lines)) if lines else word("admin.audit.none"))]


def unban(connection: Connection, context: Context, admin: Member, who: str) -> Replies:
    """/unban 1234 or /unban #12: back in, hidden until the member wants to be seen."""
    person = find(connection, who)
    note(connection, context, admin, "unban", "nobody" if person is None else audit.member(person.id))
    if person is None:
        return [Say(word("admin.who"))]
    if person.status != "banned":
        return [Say(word("admin.not_banned", id=person.id))]
    appeals.readmit(connection, context, person)
    return [Say(word("admin.unbanned", id=person.id))]


def unban_pressed(connection: Connection, context: Context, admin: Member, member_id: int) -> Replies:
    """The button that takes a ban back."""
    return [Clear(), *unban(connection, context, admin, f"#{member_id}")]


def find(connection: Connection, who: str) -> Member | None:
    """A member by Telegram id, or by `#` and the member's number."""
    plain = who.strip()
    number = plain.removeprefix("#")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return None
    return members.by_id(connection, int(number)) if plain.startswith("#") else members.by_telegram(connection, int(number))


def gone(connection: Connection, context: Context, admin: Member) -> Replies:
    """Something was decided by another admin, or is gone."""
    return [Notice(word("admin.decided_already")), Clear()]
