"""What a member steers: languages, whom they see, whether they are seen, and what of their photos is used."""

from __future__ import annotations

from bot.context import Context
from bot.keyboards import AGAIN, BY_PHOTOS, MENU, PRIVACY, VERIFY, button, grid
from bot.replies import Button, Clear, Lines, Notice, Replies, Rows, Say, Word, word
from bot.usecases import presenting, questions
from db import members, search, tastes
from db.records import SPOKEN, Member
from db.session import Connection

BACK = button("settings.back", "settings")


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/settings: everything with its present value."""
    return [_shown(connection, member)]


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
    """Be shown to nobody for a while (`on`), or again (`off`; `AGAIN` outside of /settings); chats go on either way."""
    if choice not in ("on", "off", AGAIN) or member.status not in ("active", "paused"):
        return [Notice(word("ask.passed"))]
    paused = choice == "on"
    if choice == AGAIN:
        # Pressed on the way to somebody: the menu leads on, the settings would not.
        members.update(connection, member.id, context.now, status="active")
        return [Clear(), Say(word("settings.resumed"), MENU)]
    fresh = members.update(connection, member.id, context.now, status="paused" if paused else "active")
    return [Notice(word("settings.paused" if paused else "settings.resumed")), _shown(connection, fresh, edit=True)]


def protect(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """Keep partners from saving and forwarding what the member sends from now on (`on`), or let them (`off`)."""
    if choice not in ("on", "off"):
        return [Notice(word("ask.passed"))]
    fresh = members.update(connection, member.id, context.now, protect=choice == "on")
    return [
        Notice(word("settings.protected" if fresh.protect else "settings.unprotected"), alert=True),
        _shown(connection, fresh, edit=True),
    ]


def languages(connection: Connection, context: Context, member: Member) -> Replies:
    """Which languages the member speaks, and whether others must share one."""
    return [_languages(member)]


def speak(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """Add a language, or take it away; one is always left."""
    if choice not in SPOKEN:
        return [Notice(word("ask.passed"))]
    held = set(member.speaks)
    chosen = held - {choice} if choice in held else held | {choice}
    if not chosen:
        return [Notice(word("settings.languages_one"), alert=True)]
    fresh = members.update(connection, member.id, context.now, languages=" ".join(code for code in SPOKEN if code in chosen))
    return [_languages(fresh, edit=True)]


def same_language(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """See only people with whom a language is shared (`on`), or everybody (`off`)."""
    if choice not in ("on", "off"):
        return [Notice(word("ask.passed"))]
    return [_languages(members.update(connection, member.id, context.now, same_language=choice == "on"), edit=True)]


def by_photos(connection: Connection, context: Context, member: Member, choice: str = "") -> Replies:
    """What photo-based recommendation is; `on` and `off` switch it, from that moment on.

    Off, what was learned about the looks that the member likes is erased, and nothing read from photos is used for or about them.
    """
    if choice in ("on", "off"):
        on = choice == "on"
        fresh = members.update(connection, member.id, context.now, photo_based=on)
        if not on:
            tastes.forget(connection, member.id)
        return [Say(word("settings.photos_on" if on else "settings.photos_off"), _photo_buttons(fresh), edit=True)]
    return [Say(word("settings.photos", state=_state(member.photo_based)), _photo_buttons(member))]


def verified_only(connection: Connection, context: Context, member: Member, choice: str = "") -> Replies:
    """See only people whom the operators verified; offered where there are such, and to whom has it on."""
    if not member.verified_only and not search.anybody_verified(connection):
        return [Notice(word("settings.verified_nobody"))]
    if choice in ("on", "off"):
        member = members.update(connection, member.id, context.now, verified_only=choice == "on")
    on = member.verified_only
    switch = button("settings.photos_turn_off" if on else "settings.photos_turn_on", "verified", choice="off" if on else "on")
    return [Say(word("settings.verified", state=_state(on)), ((switch,), (BACK,)), edit=choice in ("on", "off"))]


def spoken_word(member: Member) -> tuple[Word, ...]:
    """The languages that a member speaks, in words."""
    return tuple(word(f"spoken.{code}") for code in SPOKEN if code in member.speaks)


def _shown(connection: Connection, member: Member, *, edit: bool = False) -> Say:
    verifying = member.verified_only or search.anybody_verified(connection)
    return Say(_overview(connection, member, verifying=verifying), _buttons(member, verifying=verifying), edit=edit)


def _overview(connection: Connection, member: Member, *, verifying: bool) -> Word:
    more = [word("settings.spoken_shared" if member.same_language else "settings.spoken", languages=spoken_word(member))]
    if verifying:
        more.append(word("settings.verified_only", state=_state(member.verified_only)))
    return word(
        "settings.overview",
        language=word(f"language.{member.language}"),
        seeks=word(f"seeks.{member.seeks or 'everyone'}"),
        ages=questions.ages_word(member.age_min, member.age_max),
        distance=_distance(member),
        more=Lines(tuple(more)),
        seen=word(f"settings.seen_{presenting.seen(connection, member)}"),
        photos=_state(member.photo_based),
        face=word("settings.face_on" if member.face_consent else "settings.face_off"),
    )


def _distance(member: Member) -> Word:
    if member.latitude is None and member.distance_km:
        return word("distance.same_city")
    return questions.distance_word(member.distance_km)


def _state(on: bool) -> Word:
    return word("settings.on" if on else "settings.off")


def _buttons(member: Member, *, verifying: bool) -> Rows:
    paused, face = member.status == "paused", bool(member.face_consent)
    rows: list[tuple[Button, ...]] = [
        tuple(button(f"settings.edit.{field}", "ask", choice=field) for field in ("seeks", "ages", "distance")),
        (
            button("settings.edit.language", "language"),
            button("settings.resume" if paused else "settings.pause", "pause", choice="off" if paused else "on"),
        ),
        (button("settings.edit.languages", "languages"),),
    ]
    if verifying:
        rows.append((button("settings.edit.verified", "verified"),))
    if not member.verified:
        rows.append((VERIFY,))
    rows.append((BY_PHOTOS,))
    rows.append(
        (button("settings.protect_on" if member.protect else "settings.protect_off", "protect", choice="off" if member.protect else "on"),)
    )
    rows.append((button("settings.face_turn_off" if face else "settings.face_turn_on", "face", choice="ask_off" if face else "ask_on"),))
    return (*rows, (PRIVACY,))


def _languages(member: Member, *, edit: bool = False) -> Say:
    held, shared = member.speaks, member.same_language
    choices = [
        button(word(f"settings.language_{'has' if code in held else 'not'}", language=word(f"spoken.{code}")), "speak", choice=code)
        for code in SPOKEN
    ]
    switch = button("settings.same_language_off" if shared else "settings.same_language_on", "share", choice="off" if shared else "on")
    text = word("settings.languages", languages=spoken_word(member), state=_state(shared))
    return Say(text, (*grid(choices, 2), (switch,), (BACK,)), edit=edit)


def _photo_buttons(member: Member) -> Rows:
    on = member.photo_based
    switch = button("settings.photos_turn_off" if on else "settings.photos_turn_on", "by_photos", choice="off" if on else "on")
    return ((switch,), (BACK,))
