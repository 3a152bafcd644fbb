"""Couples for the tests."""

from __future__ import annotations

import itertools
from typing import Any

from db import couples, pictures
from db.corpus_records import NewPerson, PersonGender, PictureRow
from db.session import Connection
from tests.db.people import NOW

_numbers = itertools.count(1)


def picture(source_id: str | None = None, **fields: Any) -> PictureRow:
    """An accepted picture out of a folder."""
    given = {"source": "folder", "status": "accepted", **fields}
    return PictureRow(source_id=source_id or f"p{next(_numbers)}", **given)


def someone(gender: PersonGender | None = "man") -> NewPerson:
    return NewPerson(gender, 0.9, 30.0, b"face", b"body", {"box": [1, 2, 3, 4]})


def couple(connection: Connection, a: PersonGender | None = "man", b: PersonGender | None = "woman", **fields: Any) -> tuple[int, int, int]:
    """A couple with its picture: (couple id, person a's id, person b's id)."""
    picture_id = pictures.add(connection, picture(**fields), NOW)
    assert picture_id is not None
    couple_id = couples.add(connection, picture_id, someone(a), someone(b), NOW)
    one, two = [person.id for person in couples.people(connection, 0, 10**6, pixels=False) if person.couple_id == couple_id]
    return couple_id, one, two
