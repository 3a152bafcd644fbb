"""What a member steers: language, whom they see, whether they are seen, and whether photos are read."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import PRIVACY, button
from bot.replies import Notice, Replies, Rows, Say, Word, word
from bot.usecases import questions
from db import members
from db.records import Member
from db.session import Connection


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/settings: everything with its present value."""
    return [Say(_overview(member), _buttons(member))]


def language(connection: Connection, context: Context, member: Member) -> Replies:
    """/language: choose Korean or English."""
    return [
        Say(word("settings.language"), ((button("language.ko", "language", choice="ko"), button("language.en", "language", choice="en")),))
    ]


def set_language(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """Speak this language from now on."""
    if choice not in ("ko", "en"):
        return [Notice(word("ask.passed"))]
    members.update(connection, member.id, context.now, language=choice)
    return [Say(word("settings.language_set"), edit=True, plain_keyboard=True)]


def pause(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """Be shown to nobody for a while (`on`), or again (`off`); chats go on either way."""
    if choice not in ("on", "off") or member.status not in ("active", "paused"):
        return [Notice(word("ask.passed"))]
    paused = choice == "on"
    fresh = members.update(connection, member.id, context.now, status="paused" if paused else "active")
    return [Notice(word("settings.paused" if paused else "settings.resumed")), Say(_overview(fresh), _buttons(fresh), edit=True)]


def _overview(member: Member) -> Word:
    return word(
        "settings.overview",
        language=word(f"language.{member.language}"),
        seeks=word(f"seeks.{member.seeks or 'everyone'}"),
        ages=questions.ages_word(member.age_min, member.age_max),
        distance=_distance(member),
        seen=word("settings.seen_no" if member.status == "paused" else "settings.seen_yes"),
        face=word("settings.face_on" if member.face_consent else "settings.face_off"),
    )


def _distance(member: Member) -> Word:
    if member.latitude is None and member.distance_km:
        return word("distance.same_city")
    return questions.distance_word(member.distance_km)


def _buttons(member: Member) -> Rows:
    paused, face = member.status == "paused", bool(member.face_consent)
    return (
        tuple(button(f"settings.edit.{field}", "ask", choice=field) for field in ("seeks", "ages", "distance")),
        (
            button("settings.edit.language", "language"),
            button("settings.resume" if paused else "settings.pause", "pause", choice="off" if paused else "on"),
        ),
        (button("settings.face_turn_off" if face else "settings.face_turn_on", "face", choice="ask_off" if face else "ask_on"),),
        (PRIVACY,),
    )
