"""An answer is kept, with all that follows from it, whether it is given in onboarding or changed later.

Types are those of a gender, so another gender means other types: photos may have been read long before (one question back).
"""

from __future__ import annotations

from typing import Final, cast

from bot import answers, cities
from bot.answers import Refusal
from bot.context import Context
from bot.replies import Word, word
from bot.usecases import questions, types
from db import members
from db.records import Gender, Member, Seeks
from db.session import Connection


def store(connection: Connection, context: Context, member: Member, field: str, value: str) -> Word | None:
    """Store a chosen or typed answer; None when it was taken, else the sentence that says what is wrong with it."""
    taken = _STORES[field](connection, context, member, value)
    return word(f"wrong.{field}.{taken.value}") if isinstance(taken, Refusal) else None


def store_place(connection: Connection, context: Context, member: Member, latitude: float, longitude: float) -> None:
    """Store a shared location, coarse, and the nearest known city."""
    near = cities.nearest(latitude, longitude)
    members.update(
        connection,
        member.id,
        context.now,
        city=None if near is None else near.name,
        latitude=cities.coarse(latitude),
        longitude=cities.coarse(longitude),
    )


def _store_gender(connection: Connection, context: Context, member: Member, value: str) -> Refusal | None:
    if value not in questions.GENDERS:
        return Refusal.FORMAT
    types.retype(connection, context, members.update(connection, member.id, context.now, gender=cast("Gender", value)))
    return None


def _store_seeks(connection: Connection, context: Context, member: Member, value: str) -> Refusal | None:
    if value not in questions.SEEKS:
        return Refusal.FORMAT
    members.update(connection, member.id, context.now, seeks=cast("Seeks", value))
    return None


def _store_city(connection: Connection, context: Context, member: Member, value: str) -> Refusal | None:
    typed = answers.line(value, answers.CITY_LIMIT)
    if isinstance(typed, Refusal):
        return typed
    if not any(sign.isalpha() for sign in typed):
        return Refusal.FORMAT
    known = cities.find(typed)
    place = {"latitude": None, "longitude": None} if known is None else {"latitude": known.latitude, "longitude": known.longitude}
    members.update(connection, member.id, context.now, city=typed if known is None else known.name, **place)
    return None


def _store_distance(connection: Connection, context: Context, member: Member, value: str) -> Refusal | None:
    digits = value.casefold().replace("km", "").replace("킬로미터", "").replace("킬로", "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5):
        return Refusal.FORMAT
    if int(digits) > 20_000:
        return Refusal.RANGE
    members.update(connection, member.id, context.now, distance_km=int(digits))
    return None


def _store_ages(connection: Connection, context: Context, member: Member, value: str) -> Refusal | None:
    chosen = answers.ages(value)
    if isinstance(chosen, Refusal):
        return chosen
    members.update(connection, member.id, context.now, age_min=chosen[0], age_max=chosen[1])
    return None


def _store_about(connection: Connection, context: Context, member: Member, value: str) -> Refusal | None:
    said = answers.about(value)
    if isinstance(said, Refusal):
        return said
    members.update(connection, member.id, context.now, about=said)
    return None


_STORES: Final = {
    "gender": _store_gender,
    "seeks": _store_seeks,
    "city": _store_city,
    "distance": _store_distance,
    "ages": _store_ages,
    "about": _store_about,
}
