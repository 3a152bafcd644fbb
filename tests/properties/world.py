"""A made-up town whose members the model and the database hold alike, and what the bot showed them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bot.replies import Lines, Replies, Say, Shown, Word
from bot.usecases import types as type_usecases
from db import members, photos, types
from db.records import TypeRow
from db.session import Connection
from engine.embedding import packed
from tests.bot.meeting import WORDS, buttons, small_pack, surroundings
from tests.db.people import BUSAN, NOW, SEOUL, SUWON, person
from tests.properties.oracle import Someone

PLACES = [("서울", SEOUL), ("수원", SUWON), ("부산", BUSAN), ("서울", None), ("제주", None), (None, None)]
"""Kilometres between them are far from every distance that can be set."""
DISTANCES = (0, 50, 100, 400)
STEPS = (10, 30, 50, 100, 200)
"""Distances that buttons offer, before "anywhere"."""
FIELDS = {"distance": ("within_km",), "age": ("ages",), "language": ("only_my_languages",), "verified": ("only_verified",)}
TYPE_NAMES = [name for info in small_pack().types for name in (info.name, info.name_ko)]

births = (dt.date(1995, 11, 23), dt.date(1988, 5, 5), dt.date(2008, 11, 24))
"""The first has a birthday in two days, the last one becomes 18 in three."""


def usually(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Four times in five the same, so that people fit often enough for stories to get somewhere."""
    return st.integers(0, 4).flatmap(lambda dice: st.just(usual) if dice else st.sampled_from(others))


@st.composite
def someones(draw: st.DrawFn) -> Someone:
    """Somebody with filters of all kinds."""
    city, place = draw(usually(*PLACES))
    return Someone(
        gender=draw(st.sampled_from(["woman", "man", "woman", "man", "other"])),
        seeks=draw(usually("everyone", "women", "men")),
        born=draw(usually(dt.date(1996, 3, 1), *births)),
        ages=draw(usually((18, 99), (25, 40), (31, 40), (36, 60))),
        place=place,
        city=city,
        within_km=draw(st.sampled_from(DISTANCES)),
        speaks=set(draw(usually(("en", "ko"), ("ko",), ("en",), ("fr",)))),
        only_my_languages=draw(usually(False, True)),
        verified=draw(st.booleans()),
        only_verified=draw(usually(False, True)),
        by_photos=draw(usually(True, False)),
        face=draw(usually(True, False)),
    )


def settle(connection: Connection, drawn: Someone, number: int) -> int:
    """Make a member of somebody, with a photo; their id, and the photo's noted in `drawn`."""
    made = person(connection, drawn.gender, drawn.seeks, photo=False, about=f"word{number}")
    changed = members.update(connection, made.id, NOW, **columns(drawn), face_consent=drawn.face)
    if drawn.place is not None:
        drawn.place = (changed.latitude or 0.0, changed.longitude or 0.0)
    types.sync(connection, [TypeRow(i.id, i.group, i.kind, i.gender, i.name, i.name_ko) for i in small_pack().types], "test-1", NOW)
    for place in range(1 + number % 3):
        add_photo(connection, made.id, drawn, number + place)
    return made.id


def columns(drawn: Someone) -> dict[str, Any]:
    """What the database holds of somebody."""
    latitude, longitude = drawn.place or (None, None)
    return {
        "gender": drawn.gender,
        "seeks": drawn.seeks,
        "birth_date": drawn.born,
        "age_min": drawn.ages[0],
        "age_max": drawn.ages[1],
        "latitude": latitude,
        "longitude": longitude,
        "city": drawn.city,
        "distance_km": drawn.within_km,
        "languages": " ".join(sorted(drawn.speaks)),
        "same_language": drawn.only_my_languages,
        "verified": drawn.verified,
        "verified_only": drawn.only_verified,
        "status": drawn.status,
        "reachable": drawn.reachable,
        "photo_based": drawn.by_photos,
    }


def add_photo(connection: Connection, member_id: int, drawn: Someone, number: int) -> None:
    """A photo of somebody, read as the engine would have read it."""
    facts = {"garments": [{"region": "upper", "label": "sweater", "score": 0.9, "colour": "#CDB694"}]}
    photo = photos.add(connection, member_id, b"jpeg", NOW, facts=facts)
    drawn.photos[photo.id] = "approved"
    vector = np.eye(4, dtype=np.float32)[number % 3]
    if drawn.face:
        photos.add_vector(connection, photo.id, "face", "face-test", "test", packed(vector), 4)
    photos.add_vector(connection, photo.id, "fashion", "f", "test", packed(np.concatenate([vector, vector])), 8)
    found = members.by_id(connection, member_id)
    if found is not None:
        type_usecases.retype(connection, surroundings(), found)


def words_in(value: object) -> Iterator[Word]:
    """All words within a reply or a value, those within others too."""
    if isinstance(value, Word):
        yield value
        yield from words_in(list(value.values.values()))
    elif isinstance(value, Lines):
        yield from words_in(list(value.items))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from words_in(one)
    elif isinstance(inner := getattr(value, "word", None), Word):
        yield from words_in(inner)


def shown_photos(replies: Replies) -> list[int]:
    """The stored photos among replies."""
    return [reply.photo_id for reply in replies if isinstance(reply, Shown)]


def cards(replies: Replies) -> list[tuple[int, int, Shown]]:
    """Who can be liked with which photo, and the card."""
    return [
        (button.press.to, reply.photo_id, reply)
        for reply in replies
        if isinstance(reply, Shown)
        for button in buttons(reply)
        if button.press.do == "like"
    ]


def widenings(replies: Replies) -> set[str]:
    """What filters buttons offer: `distance:50`, `ages:24-36`, `language`, `verified`."""
    return {
        button.press.choice
        for reply in replies
        if isinstance(reply, Say | Shown)
        for button in buttons(reply)
        if button.press.do == "widen"
    }


def wider(one: Someone, name: str) -> dict[str, Someone]:
    """What a filter of one's own can be made by a button, the smallest step first: by what the button carries, the person then."""
    if name == "distance":
        further = [km for km in STEPS if km > one.within_km] if one.place else []
        return {f"distance:{km}": dataclasses.replace(one, within_km=km) for km in ([*further, 0] if one.within_km else [])}
    if name == "age":
        low, high = one.ages
        ladder = dict.fromkeys((max(18, low - years), min(99, high + years)) for years in range(5, 90, 5))
        return {f"ages:{ages[0]}-{ages[1]}": dataclasses.replace(one, ages=ages) for ages in ladder if ages != one.ages}
    if name == "language":
        return {"language": dataclasses.replace(one, only_my_languages=False)} if one.only_my_languages else {}
    return {"verified": dataclasses.replace(one, only_verified=False)} if one.only_verified else {}


def said(replies: Replies) -> str:
    """Everything that replies say, in both languages, as it is rendered."""
    return "\n".join(WORDS.text(reply.word, language) for reply in replies if hasattr(reply, "word") for language in ("ko", "en"))


def differences(drawn: Someone, row: Any) -> list[str]:
    """In what the database's member is not as the model has it."""
    held = {**columns(drawn), "languages": sorted(drawn.speaks)}
    found = {**dataclasses.asdict(row), "languages": sorted(row.speaks)}
    return [f"{name}: {found[name]!r} instead of {value!r}" for name, value in held.items() if found[name] != value]
