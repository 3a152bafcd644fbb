"""What is stored and how a member gets it, takes the consent back, or has everything erased."""

from __future__ import annotations

from bot import outbox as letters
from bot.context import Context
from bot.keyboards import COUPLE, button
from bot.replies import Document, Notice, Replies, Say, word
from bot.usecases import consent, export, names, withdrawal
from db import audit, erasure, members, pairs
from db.records import Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/privacy: in plain words, with buttons for every right."""
    face = bool(member.face_consent)
    rows = (
        (button("settings.face_turn_off" if face else "settings.face_turn_on", "face", choice="ask_off" if face else "ask_on"),),
        (COUPLE,),
        (button("privacy.export", "export"), button("privacy.delete", "delete", choice="ask")),
    )
    text = word(
        "privacy.text",
        face=word("settings.face_on" if face else "settings.face_off"),
        days=context.schedule.keep_answers,
        photos=word("settings.on" if member.photo_based else "settings.off"),
    )
    return [Say(text, rows)]


def face(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """Ask before the consent to face processing changes, then change it; giving it is followed by reading the photos again."""
    given = bool(member.face_consent)
    if choice == "ask_off" and given:
        return [Say(word("face.off_ask"), ((button("face.off_yes", "face", choice="off"),), (button("ask.keep", "face", choice="keep"),)))]
    if choice == "ask_on" and not given:
        return [Say(word("ask.face"), ((button("ask.face.yes", "face", choice="on"),), (button("ask.keep", "face", choice="keep"),)))]
    if choice == "off" and given:
        consent.record(connection, context, member, "face", given=False)
        return [Say(word("face.off_done"), edit=True)]
    if choice == "on" and not given:
        consent.record(connection, context, member, "face", given=True)
        return [Say(word("face.on_done"), edit=True)]
    if choice == "keep":
        return [Say(word("ask.kept"), edit=True)]
    return [Notice(word("ask.passed"))]


def give_export(connection: Connection, context: Context, member: Member) -> Replies:
    """/export: everything that is stored about the member, as a ZIP of JSON and pictures."""
    audit.add(connection, member.telegram_id, "export", audit.member(member.id), context.now)
    return [Document(export.pack(connection, context, member), "inyeon-export.zip", word("privacy.exported"))]


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
        _erase(connection, context, member)
        return [Say(word("delete.done"), edit=True)]
    return [Say(word("delete.kept"), edit=True)]


def _erase(connection: Connection, context: Context, member: Member) -> None:
    for pair in pairs.of_member(connection, member.id):
        partner = members.by_id(connection, pair.partner(member.id))
        if partner is not None:
            said = Say(word("chats.ended", name=names.partner(pair, partner.id)))
            letters.notify(connection, context, partner, said, f"ended:{pair.id}")
    withdrawal.take_back_all(connection, context, member)
    erasure.erase(connection, member.id, context.now)
