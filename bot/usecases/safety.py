"""Block and report, from a chat or from a card: mutual and final the one, seen by admins the other."""

from __future__ import annotations

from typing import Final

from bot import outbox
from bot.context import Context
from bot.keyboards import APPEAL, DISCOVER, MATCHES, button, grid
from bot.replies import Clear, Notice, Replies, Rows, Say, word
from bot.usecases import access, bans, chats, evidence, freezing, hiding, names, relay_ways, telling, trust, withdrawal
from db import audit, exposures, likes, members, moderation, pairs, safety
from db.records import Member, Message, Pair, Report
from db.session import Connection

REASONS: Final = ("fake", "rude", "sexual", "scam", "minor", "other")
OF_THE_OTHER: Final = frozenset({"fake", "minor", "other"})
"""Reasons under which words about an age that name nobody ("고1이에요") are about the reported member."""
STEP: Final = "edit.report"
"""Ends by itself with any command or button, as all steps of this name do."""
WORDS_LIMIT: Final = 400
WRONG: Final = 2
"""Reports about somebody's age that admins dismissed, after which this reporter's next one no longer freezes anybody by itself."""


def ask_block(connection: Connection, context: Context, member: Member, pair_id: int = 0) -> Replies:
    """/block, or its button: ask before keeping two people apart for good."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = chats.mine_ever(connection, member, pair_id) if pair_id else chats.active(connection, member)
    if pair is None:
        return chats.over() if pair_id else chats.which(connection, member, "block")
    sure = button("safety.block_yes", "block_yes", pair.partner(member.id))
    return [Say(word("safety.block_ask", name=names.partner(pair, member.id)), ((sure,), (button("chats.keep", "keep"),)))]


def block(connection: Connection, context: Context, member: Member, person_id: int) -> Replies:
    """Keep the member and a person they have met apart for good; the other learns at most that a chat ended."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    if not _met(connection, member, person_id):
        return [Notice(word("discover.passed")), Clear()]
    pair = pairs.between(connection, member.id, person_id)
    was_open = pair is not None and pair.open
    safety.block(connection, member.id, person_id, context.now)
    if pair is not None:
        moderation.silence(connection, pair.id, context.now)
        if was_open:
            chats.tell_ended(connection, context, pair, person_id)
    withdrawal.part(connection, context, member, person_id)
    return [Say(word("safety.blocked"), ((MATCHES, DISCOVER),), edit=True)]


def ask_report(connection: Connection, context: Context, member: Member, pair_id: int = 0, answers: int | None = None) -> Replies:
    """/report, or its button in a chat: ask for the reason.

    Where it answers a message (Telegram's number in the member's chat) the chat of that one is meant, whichever is open, and the message
    will be in the evidence, however much came after it.
    """
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    message = relay_ways.answer(connection, member, answers)
    pair_id = pair_id if message is None else message.pair_id
    pair = chats.mine_ever(connection, member, pair_id) if pair_id else chats.active(connection, member)
    if pair is None and pair_id:
        return chats.over()
    if pair is None:
        return (
            chats.which(connection, member, "report_pair") if pairs.of_member(connection, member.id) else [Say(word("safety.report_how"))]
        )
    return [Say(word("safety.report_ask", name=names.partner(pair, member.id)), _reasons(pair.partner(member.id), message))]


def ask_report_card(connection: Connection, context: Context, member: Member, person_id: int) -> Replies:
    """Report was pressed on a card: ask for the reason."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    if not exposures.was_shown(connection, member.id, person_id) or members.by_id(connection, person_id) is None:
        return [Notice(word("discover.passed")), Clear()]
    return [Say(word("safety.report_ask_card"), _reasons(person_id))]


def report(connection: Connection, context: Context, member: Member, person_id: int, reason: str) -> Replies:
    """A reason was chosen: the report is filed at once, with what it rests on; more words may follow.

    Behind the reason the number of the message may stand that was answered with /report.
    """
    reason, _, about = reason.partition(".")
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    person = members.by_id(connection, person_id)
    if reason not in REASONS or person is None or not _met(connection, member, person_id):
        return [Notice(word("discover.passed")), Clear()]
    refused = trust.refuse_report(connection, context, member)
    if refused is not None:
        return [Notice(refused, alert=True)]
    pair = pairs.between(connection, member.id, person_id)
    filed = safety.report(connection, member.id, person_id, reason, context.now, None if pair is None else pair.id)
    evidence.keep(connection, context, filed, member, person, int(about) if about.isdecimal() else None)
    if pair is None:
        likes.mark(connection, member.id, person_id, False, context.now)
    _tell_admins(connection, context, filed)
    _consequences(connection, context, member, person, reason)
    members.set_step(connection, member.id, STEP, {"report": filed.id, "reason": filed.kind}, context.now)
    after: Rows = ((button("safety.report_done", "report_done"),), (button("safety.block_too", "block_yes", person_id),))
    return [Say(word("safety.reported"), after, edit=True)]


def explain(connection: Connection, context: Context, member: Member, text: str) -> Replies:
    """The member adds words to the report they just filed."""
    words = " ".join(text.split())[:WORDS_LIMIT]
    if not words:
        return [Say(word("safety.report_words_only"), ((button("safety.report_done", "report_done"),),))]
    reason = str(member.draft.get("reason", "other"))
    safety.explain_report(connection, int(member.draft.get("report", 0)), member.id, f"{reason}: {words}")
    member = members.set_step(connection, member.id, "", {}, context.now)
    # The report is in and stays open, whatever the words say of the one who wrote them.
    stopped = freezing.heard(connection, context, member, text, "explained", expressly=reason in OF_THE_OTHER)
    return [Say(word("safety.explained"), () if stopped else ((DISCOVER, MATCHES),)), *stopped]


def done(connection: Connection, context: Context, member: Member) -> Replies:
    """No more words to the report."""
    if member.step == STEP:
        members.set_step(connection, member.id, "", {}, context.now)
    return [Say(word("safety.explained"), ((DISCOVER, MATCHES),), edit=True)]


def shut_out(connection: Connection, context: Context, member: Member, reason: str = "rules") -> int:
    """Ban a member: their chats end, those on the other side learn only that; returns how many chats ended.

    What they can be recognised by when they come back is kept (`bans`), and they may appeal once (`appeals`).
    """
    opened: list[Pair] = pairs.of_member(connection, member.id)
    # Whoever may not be here cannot take anything back by themselves either.
    withdrawal.take_back_all(connection, context, member)
    safety.ban(connection, member.id, context.now)
    members.update(connection, member.id, context.now, hidden_at=None, frozen_reason=None)
    members.set_step(connection, member.id, "", {}, context.now)
    moderation.forget_appeals(connection, member.id, context.now)
    bans.mark(connection, context, member, reason)
    for pair in opened:
        moderation.silence(connection, pair.id, context.now)
        chats.tell_ended(connection, context, pair, pair.partner(member.id))
    outbox.notify(connection, context, member, Say(word("safety.banned"), ((APPEAL,),)), f"banned:{context.now.isoformat()}")
    return len(opened)


def _consequences(connection: Connection, context: Context, reporter: Member, person: Member, reason: str) -> None:
    """What follows from a report before an admin looked: a minor cannot wait, and many voices weigh."""
    if reason == "minor" and _freezes(connection, context, reporter, person):
        freezing.freeze_and_tell(connection, context, person, "report")
        return
    fresh = members.by_id(connection, person.id)
    if fresh is not None:
        hiding.consider(connection, context, fresh)


def _freezes(connection: Connection, context: Context, reporter: Member, person: Member) -> bool:
    """Whether a report about an age freezes: a single one, but where an admin looked before, or its writer errs, only with others.

    Who have nothing to do with each other and all say it since then know something that the admin did not.
    """
    if not freezing.of_age(connection, person) and not _mistaken(connection, reporter):
        return True
    return hiding.weight_of(connection, context, person, "minor") >= context.safety.hide_after


def _mistaken(connection: Connection, reporter: Member) -> bool:
    true, dismissed = moderation.outcomes(connection, [reporter.id]).get(reporter.id, (0, 0))
    return dismissed >= WRONG and dismissed > true


def _met(connection: Connection, member: Member, person_id: int) -> bool:
    """Whether the member ever saw this person's card or was matched with them; ids in buttons are anybody's."""
    if person_id == member.id:
        return False
    return exposures.was_shown(connection, member.id, person_id) or pairs.between(connection, member.id, person_id) is not None


def _reasons(person_id: int, about: Message | None = None) -> Rows:
    behind = "" if about is None else f".{about.id}"
    choices = (button(f"safety.reason.{reason}", "flag", person_id, f"{reason}{behind}") for reason in REASONS)
    return (*grid(choices, 2), (button("chats.keep", "keep"),))


def _tell_admins(connection: Connection, context: Context, filed: Report) -> None:
    """Each admin who talks to this bot gets the report with what can be done about it."""
    kind = filed.kind
    audit.add(connection, "system", "report.filed", f"report:{filed.id}", context.now, {"reason": kind})
    rows: Rows = (
        (button("admin.dismiss", "dismiss", filed.id), button("admin.ban", "uphold", filed.id)),
        (button("admin.look_at", "case", filed.id), button("admin.look", "reports")),
    )
    text = word("admin.new_report", id=filed.id, person=filed.reported_id, reason=word(f"safety.reason.{kind}"))
    telling.admins(connection, context, text, f"report:{filed.id}:{kind}", rows)
