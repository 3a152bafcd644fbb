"""Block and report, from a chat or from a card: mutual and final the one, seen by admins the other."""

from __future__ import annotations

from typing import Final

from bot import outbox
from bot.context import Context
from bot.keyboards import DISCOVER, MATCHES, button, grid
from bot.replies import Clear, Notice, Replies, Rows, Say, word
from bot.usecases import access, chats, names, withdrawal
from db import audit, exposures, likes, members, pairs, safety
from db.records import Member, Pair, Report
from db.session import Connection

REASONS: Final = ("fake", "rude", "sexual", "scam", "minor", "other")
STEP: Final = "edit.report"
"""Ends by itself with any command or button, as all steps of this name do."""
WORDS_LIMIT: Final = 400


def ask_block(connection: Connection, context: Context, member: Member, pair_id: int = 0) -> Replies:
    """/block, or its button: ask before keeping two people apart for good."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = chats.mine(connection, member, pair_id) if pair_id else chats.active(connection, member)
    if pair is None:
        return chats.which(connection, member, "block")
    sure = button("safety.block_yes", "block_yes", pair.partner(member.id))
    return [Say(word("safety.block_ask", name=names.partner(pair, member.id)), ((sure,), (button("chats.keep", "keep"),)))]


def block(connection: Connection, context: Context, member: Member, person_id: int) -> Replies:
    """Keep the member and a person they have met apart for good; the other learns at most that a chat ended."""
    if not _met(connection, member, person_id):
        return [Notice(word("discover.passed")), Clear()]
    pair = pairs.between(connection, member.id, person_id)
    was_open = pair is not None and pair.open
    safety.block(connection, member.id, person_id, context.now)
    if pair is not None and was_open:
        chats.tell_ended(connection, context, pair, person_id)
    return [Say(word("safety.blocked"), ((MATCHES, DISCOVER),), edit=True)]


def ask_report(connection: Connection, context: Context, member: Member, pair_id: int = 0) -> Replies:
    """/report, or its button in a chat: ask for the reason."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = chats.mine_ever(connection, member, pair_id) if pair_id else chats.active(connection, member)
    if pair is None:
        return (
            chats.which(connection, member, "report_pair") if pairs.of_member(connection, member.id) else [Say(word("safety.report_how"))]
        )
    return [Say(word("safety.report_ask", name=names.partner(pair, member.id)), _reasons(pair.partner(member.id)))]


def ask_report_card(connection: Connection, context: Context, member: Member, person_id: int) -> Replies:
    """Report was pressed on a card: ask for the reason."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    if not exposures.was_shown(connection, member.id, person_id) or members.by_id(connection, person_id) is None:
        return [Notice(word("discover.passed")), Clear()]
    return [Say(word("safety.report_ask_card"), _reasons(person_id))]


def report(connection: Connection, context: Context, member: Member, person_id: int, reason: str) -> Replies:
    """A reason was chosen: the report is filed at once; more words may follow."""
    if reason not in REASONS or not _met(connection, member, person_id) or members.by_id(connection, person_id) is None:
        return [Notice(word("discover.passed")), Clear()]
    pair = pairs.between(connection, member.id, person_id)
    filed = safety.report(connection, member.id, person_id, reason, context.now, None if pair is None else pair.id)
    if pair is None:
        likes.mark(connection, member.id, person_id, False, context.now)
    _tell_admins(connection, context, filed)
    members.set_step(connection, member.id, STEP, {"report": filed.id, "reason": reason}, context.now)
    after: Rows = ((button("safety.report_done", "report_done"),), (button("safety.block_too", "block_yes", person_id),))
    return [Say(word("safety.reported"), after, edit=True)]


def explain(connection: Connection, context: Context, member: Member, text: str) -> Replies:
    """The member adds words to the report they just filed."""
    words = " ".join(text.split())[:WORDS_LIMIT]
    if not words:
        return [Say(word("safety.report_words_only"), ((button("safety.report_done", "report_done"),),))]
    reason = str(member.draft.get("reason", "other"))
    safety.explain_report(connection, int(member.draft.get("report", 0)), member.id, f"{reason}: {words}")
    members.set_step(connection, member.id, "", {}, context.now)
    return [Say(word("safety.explained"), ((DISCOVER, MATCHES),))]


def done(connection: Connection, context: Context, member: Member) -> Replies:
    """No more words to the report."""
    if member.step == STEP:
        members.set_step(connection, member.id, "", {}, context.now)
    return [Say(word("safety.explained"), ((DISCOVER, MATCHES),), edit=True)]


def shut_out(connection: Connection, context: Context, member: Member) -> int:
    """Ban a member: their chats end, those on the other side learn only that; returns how many chats ended."""
    opened: list[Pair] = pairs.of_member(connection, member.id)
    # Whoever may not be here cannot take anything back by themselves either.
    withdrawal.take_back_all(connection, context, member)
    safety.ban(connection, member.id, context.now)
    for pair in opened:
        chats.tell_ended(connection, context, pair, pair.partner(member.id))
    outbox.notify(connection, context, member, Say(word("safety.banned")), f"banned:{context.now.isoformat()}")
    return len(opened)


def _met(connection: Connection, member: Member, person_id: int) -> bool:
    """Whether the member ever saw this person's card or was matched with them; ids in buttons are anybody's."""
    if person_id == member.id:
        return False
    return exposures.was_shown(connection, member.id, person_id) or pairs.between(connection, member.id, person_id) is not None


def _reasons(person_id: int) -> Rows:
    choices = (button(f"safety.reason.{reason}", "flag", person_id, reason) for reason in REASONS)
    return (*grid(choices, 2), (button("chats.keep", "keep"),))


def _tell_admins(connection: Connection, context: Context, filed: Report) -> None:
    """Each admin who talks to this bot gets the report with what can be done about it."""
    audit.add(connection, "system", "report.filed", f"report:{filed.id}", context.now, {"reason": filed.reason.split(":")[0]})
    rows: Rows = (
        (button("admin.dismiss", "dismiss", filed.id), button("admin.ban", "uphold", filed.id)),
        (button("admin.look", "reports"),),
    )
    text = word("admin.new_report", id=filed.id, person=filed.reported_id, reason=word(f"safety.reason.{filed.reason.split(':')[0]}"))
    for telegram_id in sorted(context.admins):
        admin = members.by_telegram(connection, telegram_id)
        if admin is not None:
            outbox.notify(connection, context, admin, Say(text, rows), f"report:{filed.id}")
