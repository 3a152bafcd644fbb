"""The member's own profile as others see it, and changing what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.context import Context
from bot.keyboards import PHOTOS, VERIFY, button
from bot.replies import Button, Notice, Replies, Rows, Say, Shown, word
from bot.usecases import freezing, presenting, questions, settings, storing
from bot.usecases.questions import EDIT, ask, expects
from db import members, photos
from db import types as member_types
from db.records import Member
from db.session import Connection

PROFILE_FIELDS: Final = ("about", "city", "gender")
SETTINGS_FIELDS: Final = ("seeks", "distance", "ages")
_SEEN: Final[Mapping[presenting.Seen, str]] = {
    "yes": "profile.card",
    "no": "profile.card_paused",
    "hidden": "profile.card_hidden",
    "no_photo": "profile.no_photo",
    "waiting": "profile.card_waiting",
}
"""What stands below a member's own card."""


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/profile: the card that others see, with buttons to change it."""
    held = photos.usable(connection, member.id)
    text = presenting.person(context, member, member_types.of_member(connection, member.id))
    verify: Rows = () if member.verified else ((VERIFY,),)
    edits: Rows = (tuple(_edit(field) for field in PROFILE_FIELDS), (PHOTOS,), *verify)
    if not held:
        return [Say(word("profile.no_photo", card=text), edits)]
    said = word(_SEEN[presenting.seen(connection, member)], card=text, n=len(held))
    return [Shown(held[0].id, said, edits, protect=False)]


def edit(connection: Connection, context: Context, member: Member, field: str) -> Replies:
    """Ask a question again, to change its answer."""
    if field not in (*PROFILE_FIELDS, *SETTINGS_FIELDS):
        return [Notice(word("ask.passed"))]
    member = members.set_step(connection, member.id, EDIT + field, {}, context.now)
    return ask(field, context, member, back=button("ask.cancel", "cancel", choice=field))


def press(connection: Connection, context: Context, member: Member, field: str, value: str) -> Replies:
    """A button of a question was pressed while its answer is being changed."""
    if member.step != EDIT + field or field not in (*PROFILE_FIELDS, *SETTINGS_FIELDS):
        return [Notice(word("ask.passed"))]
    if field == "about":
        members.update(connection, member.id, context.now, about="")
    else:
        wrong = storing.store(connection, context, member, field, value)
        if wrong is not None:
            return [Notice(wrong, alert=True)]
    return [questions.answered(field, context, member, value), *_saved(connection, context, member, field)]


def text(connection: Connection, context: Context, member: Member, typed: str) -> Replies:
    """Something was typed while an answer is being changed."""
    field = member.step.removeprefix(EDIT)
    if field == "photo":
        return [Say(word("wrong.photo"), ((button("photo.close", "cancel", choice="photo"),),))]
    if field not in ("about", "city", "distance", "ages"):
        return [Say(word("wrong.buttons")), *edit(connection, context, member, field)]
    stopped = freezing.heard(connection, context, member, typed, "about") if field == "about" else []
    if stopped:
        return stopped
    wrong = storing.store(connection, context, member, field, typed)
    if wrong is not None:
        return [Say(wrong), *edit(connection, context, member, field)]
    return _saved(connection, context, member, field)


def location(connection: Connection, context: Context, member: Member, latitude: float, longitude: float) -> Replies:
    """A location was shared; it is taken only while the city is being changed."""
    if not expects(member, "city"):
        return [Say(word("profile.location_unasked"), ((_edit("city"),),), plain_keyboard=True)]
    storing.store_place(connection, context, member, latitude, longitude)
    return _saved(connection, context, member, "city")


def cancel(connection: Connection, context: Context, member: Member, field: str) -> Replies:
    """Leave the answer as it was."""
    if member.step != EDIT + field:
        return [Notice(word("ask.passed"))]
    members.set_step(connection, member.id, "", {}, context.now)
    said: Replies = [Say(word("ask.kept"), edit=True)]
    if field == "city":
        said.append(Say(word("ask.city.kept"), plain_keyboard=True))
    return [*said, *_home(connection, context, member, field)]


def _saved(connection: Connection, context: Context, member: Member, field: str) -> Replies:
    fresh = members.set_step(connection, member.id, "", {}, context.now)
    said = (
        Say(word("ask.city.saved", place=questions.place_word(fresh)), plain_keyboard=True)
        if field == "city"
        else Say(word("profile.saved"))
    )
    return [said, *_home(connection, context, fresh, field)]


def _home(connection: Connection, context: Context, member: Member, field: str) -> Replies:
    return settings.show(connection, context, member) if field in SETTINGS_FIELDS else show(connection, context, member)


def _edit(field: str) -> Button:
    return button(f"profile.edit.{field}", "ask", choice=field)
