"""Members for the tests."""

from __future__ import annotations

import datetime as dt
import itertools

from db import members, photos
from db.records import Member
from db.session import Connection, Database

NOW = dt.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=dt.UTC)
SEOUL = (37.5665, 126.9780)
SUWON = (37.2636, 127.0286)  # 34 km from Seoul
BUSAN = (35.1796, 129.0756)  # 325 km from Seoul

_accounts = itertools.count(1000)


def person(
    connection: Connection,
    gender: str = "woman",
    seeks: str = "everyone",
    *,
    photo: bool = True,
    account: int | None = None,
    **fields: object,
) -> Member:
    """An active member of 30 with a photo in Seoul; `account` is the Telegram account, a new one where it is None."""
    made = members.create(connection, next(_accounts) if account is None else account, "ko", NOW)
    settled = {
        "status": "active",
        "gender": gender,
        "seeks": seeks,
        "birth_date": dt.date(1996, 3, 1),
        "city": "서울",
        "latitude": SEOUL[0],
        "longitude": SEOUL[1],
        **fields,
    }
    if photo:
        photos.add(connection, made.id, b"jpeg", NOW)
    return members.update(connection, made.id, NOW, **settled)


def people(database: Database, *genders: str) -> list[Member]:
    """One member of each gender, each seeking everyone."""
    return [database.transact(person, gender) for gender in genders]
