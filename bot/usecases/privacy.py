"""What is stored and how a member gets it, takes the consent back, or has everything erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from bot.context import Context
from bot.keyboards import COUPLE, PRIVACY, button, grid
from bot.replies import Document, Notice, Replies, Say, Word, word
from bot.usecases import chats, consent, export, freezing, verification, withdrawal
from db import audit, erasure, members, pairs
from db.records import Member
from db.session import Connection

SECTIONS: Final = ("data", "face", "chats", "safety", "where", "kept", "consents", "looks")
"""What /privacy tells behind a button each: a phone shows each of them without scrolling far."""
EXPORTS: Final = 3
"""Copies a day."""
DAY: Final = timedelta(days=1)
PURPOSES: Final = {
    "report": "report",
    "case": "report",
    "evidence": "report",
    "review": "review",
    "underage": "review",
    "profile": "review",
}
"""Why operators look, by what the audit log calls it; all else is a decision."""


def show(connection: Connection, context: Context, member: Member, section: str = "") -> Replies:
    """/privacy: the shortest of it, with a button for every part and every right."""
    if section in SECTIONS:
        back = ((button("privacy.back", "privacy", choice="all"),),)
        return [Say(_section(connection, context, member, section), back, edit=True)]
    face = bool(member.face_consent)
    rows = (
        *grid((button(f"privacy.button.{name}", "privacy", choice=name) for name in SECTIONS), 2),
        (button("settings.face_turn_off" if face else "settings.face_turn_on", "face", choice="ask_off" if face else "ask_on"),),
        (COUPLE,),
        (button("privacy.export", "export"), button("privacy.delete", "delete", choice="ask")),
    )
    text = word("privacy.text", face=_face(face), photos=word("settings.on" if member.photo_based else "settings.off"))
    return [Say(text, rows, edit=section == "all")]


def _face(given: bool) -> Word:
    return word("settings.face_on" if given else "settings.face_off")


def _section(connection: Connection, context: Context, member: Member, section: str) -> Word:
    if section == "consents":
        return consent.history(connection, member)
    if section == "looks":
        return _looks(connection, context, member)
    schedule, safety = context.schedule, context.safety
    return word(
        f"privacy.{section}",
        face=_face(bool(member.face_consent)),
        hours=safety.keep_content,
        messages=schedule.keep_messages,
        evidence=safety.keep_evidence,
        bans=safety.keep_bans,
        answers=schedule.keep_answers,
        outbox=schedule.keep_outbox,
        updates=schedule.keep_updates,
        jobs=schedule.keep_jobs,
        link=context.couples.link_hours,
    )


def _looks(connection: Connection, context: Context, member: Member) -> Word:
    """How often operators looked at the member or decided something about them, and why; who it was and who reported is not told."""
    found = audit.looks(connection, member.id, member.telegram_id, context.now - 365 * DAY)
    counts = dict.fromkeys(("report", "review", "decision"), 0)
    for action, times in found.items():
        counts[PURPOSES.get(action.partition(".")[0], "decision")] += times
    return word("privacy.looks", **counts)


def face(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """Ask before the consent to face processing changes, then change it; giving it is followed by reading the photos again."""
    given = bool(member.face_consent)
    if choice == "ask_off" and given:
        return [Say(word("face.off_ask"), ((button("face.off_yes", "face", choice="off"),), (button("ask.keep", "face", choice="keep"),)))]
    if choice == "ask_on" and not given:
        return [Say(word("ask.face"), ((button("ask.face.yes", "face", choice="on"),), (button("ask.keep", "face", choice="keep"),)))]
    if choice == "off" and given:
        return [Say(word("face.off_done"), edit=True), *_withdraw_face(connection, context, member)]
    if choice == "on" and not given:
        consent.record(connection, context, member, "face", given=True)
        return [Say(word("face.on_done"), edit=True)]
    if choice == "keep":
        return [Say(word("ask.kept"), edit=True)]
    return [Notice(word("ask.passed"))]


def _withdraw_face(connection: Connection, context: Context, member: Member) -> Replies:
    """All that holds the member's face goes: what was read and learned, the badge, and photos of couples with their crops."""
    member = consent.record(connection, context, member, "face", given=False)
    withdrawal.take_back_all(connection, context, member)
    return verification.drop(connection, context, member, "consent")


def answer_again(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """The answer to a consent that was asked again, since its words are new; an old button changes nothing."""
    kind, _, said = choice.partition(":")
    if kind not in consent.RENEWED or said not in ("yes", "no") or consent.due(connection, member.id) != kind:
        return [Notice(word("ask.passed"))]
    if (kind, said) == ("face", "no"):
        more = _withdraw_face(connection, context, member)
        return [Say(word("face.off_done"), edit=True), *more, *consent.ask_again(connection, context, member)]
    member = consent.record(connection, context, member, "terms" if kind == "terms" else "face", given=said == "yes")
    if (kind, said) == ("terms", "no"):
        if member.status == "active":
            members.update(connection, member.id, context.now, status="paused")
        return [Say(word("consent.terms_refused"), ((button("ask.terms.yes", "renew", choice="terms:yes"),), (PRIVACY,)), edit=True)]
    return [Say(word("consent.kept"), edit=True), *consent.ask_again(connection, context, member)]


def begin_export(connection: Connection, context: Context, member: Member, allowed: Callable[[bool], object]) -> Replies:
    """/export: everything that is stored about the member, a few times a day; `allowed` hears whether the copy may be made now."""
    since = context.now - DAY
    may = audit.count(connection, "export", audit.member(member.id), since) < EXPORTS
    allowed(may)
    if not may:
        return [Say(word("privacy.export_later", n=EXPORTS))]
    audit.add(connection, member.telegram_id, "export", audit.member(member.id), context.now)
    return [Say(word("privacy.exporting"))]


def give_export(connection: Connection, context: Context, member: Member) -> Replies:
    """The copy, in as many files as it needs; only reads."""
    made = export.parts(connection, context, member)
    names = ["inyeon-export.zip" if len(made) == 1 else f"inyeon-export-{number}-of-{len(made)}.zip" for number in range(1, len(made) + 1)]
    return [Document(data, name, word("privacy.exported")) for data, name in zip(made, names, strict=True)]


def delete(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """/delete: asks first, then erases everything; open chats end without a reason given."""
    if choice == "ask":
        return [Say(word("delete.ask"), ((button("delete.yes", "delete", choice="yes"),), (button("delete.no", "delete", choice="no"),)))]
    if choice == "yes":
        return [
            Say(
                word("delete.sure"),
                ((button("delete.now", "delete", choice="now"),), (button("delete.no", "delete", choice="no"),)),
                edit=True,
            )
        ]
    if choice == "now":
        closed = member.status in freezing.OVER
        erase(connection, context, member)
        return [Say(word("delete.done_closed" if closed else "delete.done"), edit=True)]
    return [Say(word("delete.kept"), edit=True)]


def erase(connection: Connection, context: Context, member: Member) -> None:
    """Everything of a member goes; those in open chats with them, or in a photo of a couple, learn only that it ended."""
    for pair in pairs.of_member(connection, member.id):
        chats.tell_ended(connection, context, pair, pair.partner(member.id), erased=True)
    withdrawal.take_back_all(connection, context, member)
    erasure.erase(connection, member.id, context.now)
