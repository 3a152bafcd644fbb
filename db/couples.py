"""Couples and their two people: the corpus that types and affinities are learned from.

What was cut from a photo that members gave is sealed under that upload; what was collected in public is not.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from db import affinities, sealing, writing
from db.corpus_records import CouplePerson, Genders, NewPerson, Side
from db.corpus_tables import couple_people, couples, person_types, pictures
from db.errors import NotFound

PIXELS = ("face_jpeg", "body_jpeg")
CLOSED = (*PIXELS, "face_vector", "fashion_vector")
PLAIN = [column for column in couple_people.c if column.name not in PIXELS]
CORPUS = couple_people.join(couples, couples.c.id == couple_people.c.couple_id)

Typing = tuple[int, int | None, str | None, str | None]
"""(person id, identity, face type, fashion type); None where there is none."""
Vectors = tuple[int, bytes | None, str | None, bytes | None, str | None]
"""(person id, face vector, its version, fashion vector, its version)."""


def add(connection: Connection, picture_id: int, a: NewPerson, b: NewPerson, now: dt.datetime, upload_id: int | None = None) -> int:
    """Store the couple of an accepted picture, `a` being the left one; the couple's id.

    Raises:
        NotFound: there is no such picture.

    """
    picture = connection.execute(select(pictures.c.upload_id).where(pictures.c.id == picture_id)).one_or_none()
    if picture is None:
        raise NotFound(f"there is no picture {picture_id}")
    if upload_id is not None and picture.upload_id is None:
        connection.execute(pictures.update().where(pictures.c.id == picture_id).values(upload_id=upload_id))
    values: dict[str, Any] = {
        "picture_id": picture_id,
        "upload_id": picture.upload_id if upload_id is None else upload_id,
        "genders": genders(a, b),
        "excluded": False,
        "created_at": now,
    }
    couple_id = writing.insert(connection, couples, values)
    sides: tuple[tuple[Side, NewPerson], ...] = (("a", a), ("b", b))
    rows = [close(connection, values["upload_id"], _values(couple_id, side, person)) for side, person in sides]
    connection.execute(couple_people.insert(), rows)
    return couple_id


def genders(a: NewPerson, b: NewPerson) -> Genders | None:
    """What the two are, None where one of them is not known."""
    both = {a.gender, b.gender}
    if None in both:
        return None
    return "man_woman" if len(both) == 2 else "man_man" if a.gender == "man" else "woman_woman"


def of_picture(connection: Connection, picture_id: int) -> int | None:
    """The id of a picture's couple."""
    return connection.scalar(select(couples.c.id).where(couples.c.picture_id == picture_id))


def picture_of(connection: Connection, couple_id: int) -> int | None:
    """The id of a couple's picture."""
    return connection.scalar(select(couples.c.picture_id).where(couples.c.id == couple_id))


def people(
    connection: Connection, after_id: int = 0, limit: int = writing.CHUNK, *, version: str | None = None, pixels: bool = True
) -> list[CouplePerson]:
    """The corpus in pages: people whose couple is not excluded, by id, from after `after_id`.

    With `version` their types of that version come along; without `pixels` the two crops are empty.
    """
    return _page(connection, _wanted(version, pixels=pixels).where(couple_people.c.id > after_id), limit)


def pair(connection: Connection, picture_id: int) -> list[CouplePerson]:
    """The two people of a picture, the left one first, without their pixels; none where it has no couple or it is excluded."""
    return _page(connection, _wanted(None, pixels=False).where(couples.c.picture_id == picture_id), 2)


def of_upload(connection: Connection, upload_id: int) -> list[CouplePerson]:
    """The two people of a photo that members gave, the left one first; empty where it was not taken in, or was taken back."""
    wanted = select(couple_people, couples.c.upload_id).select_from(CORPUS).where(couples.c.upload_id == upload_id)
    return _page(connection, wanted.order_by(couple_people.c.side), 2)


def untyped(
    connection: Connection, version: str, after_id: int = 0, limit: int = writing.CHUNK, *, pixels: bool = True
) -> list[CouplePerson]:
    """As `people`, only those whom `version` has not typed yet (a person whom it looked at and gave no type was typed)."""
    wanted = _wanted(version, pixels=pixels).where(couple_people.c.id > after_id, person_types.c.version.is_(None))
    return _page(connection, wanted, limit)


def count(connection: Connection) -> dict[str, int]:
    """Couples that are not excluded: by genders, with "unknown" where one of the two is not known."""
    wanted = select(couples.c.genders, func.count().label("n")).where(couples.c.excluded.is_(False)).group_by(couples.c.genders)
    return {row.genders or "unknown": row.n for row in connection.execute(wanted)}


def set_vectors(connection: Connection, rows: Iterable[Vectors]) -> None:
    """Replace people's vectors, for instance by those of a newer model."""
    names = ("face_vector", "face_version", "fashion_vector", "fashion_version")
    whose = select(couple_people.c.id, couple_people.c.couple_id, couple_people.c.side, couples.c.upload_id).select_from(CORPUS)
    for chunk in writing.chunks(rows):
        there = {row.id: row for row in connection.execute(whose.where(couple_people.c.id.in_([row[0] for row in chunk])))}
        for person_id, *news in chunk:
            one = there.get(person_id)
            if one is not None:
                values: dict[str, Any] = {"couple_id": one.couple_id, "side": one.side, **dict(zip(names, news, strict=True))}
                values = close(connection, one.upload_id, values)
                connection.execute(couple_people.update().where(couple_people.c.id == person_id).values(**values))


def retype(connection: Connection, version: str, rows: Sequence[Typing], now: dt.datetime) -> None:
    """Note what `version` makes of people, in place of what it made of them before; its counts follow in this transaction.

    Other versions' typings stay as they are, so that going back to one needs no work.  People who are gone are passed over.
    """
    for chunk in writing.chunks(rows):
        _retype(connection, version, chunk, now)


def exclude(connection: Connection, couple_id: int, now: dt.datetime, *, excluded: bool = True) -> None:
    """Leave a couple out of the corpus and of every version's counts, or take it in again."""
    with affinities.changing(connection, [couple_id], now):
        connection.execute(couples.update().where(couples.c.id == couple_id).values(excluded=excluded))


def remove(connection: Connection, picture_id: int, now: dt.datetime) -> bool:
    """Delete a picture's couple, its people and their part in every version's counts; True if there was one."""
    couple_id = of_picture(connection, picture_id)
    if couple_id is None:
        return False
    own = select(couple_people.c.id).where(couple_people.c.couple_id == couple_id).scalar_subquery()
    with affinities.changing(connection, [couple_id], now):
        connection.execute(person_types.delete().where(person_types.c.person_id.in_(own)))
        connection.execute(couple_people.delete().where(couple_people.c.couple_id == couple_id))
        connection.execute(couples.delete().where(couples.c.id == couple_id))
    return True


def _retype(connection: Connection, version: str, rows: Sequence[Typing], now: dt.datetime) -> None:
    ids = [row[0] for row in rows]
    owners = connection.execute(select(couple_people.c.id, couple_people.c.couple_id).where(couple_people.c.id.in_(ids)))
    touched = {row.couple_id for row in owners}
    identities = [row[1] for row in rows if row[1] is not None]
    with affinities.changing(connection, touched, now, version=version, identities=identities):
        # Only now is it sure who is still there: the couples are locked.
        there = set(connection.scalars(select(couple_people.c.id).where(couple_people.c.id.in_(ids))))
        names = ("person_id", "identity", "face_type", "fashion_type")
        values = {row[0]: {"version": version, **dict(zip(names, row, strict=True))} for row in rows if row[0] in there}
        writing.upsert(connection, person_types, list(values.values()))


def _wanted(version: str | None, *, pixels: bool) -> Select[Any]:
    found = CORPUS
    columns: list[Any] = [couples.c.upload_id, *PLAIN, *([couple_people.c[name] for name in PIXELS] if pixels else [])]
    if version is not None:
        found = found.outerjoin(person_types, typed_under(version))
        typed = (person_types.c.identity, person_types.c.face_type, person_types.c.fashion_type)
        columns += [person_types.c.version.label("type_version"), *typed]
    return select(*columns).select_from(found).where(couples.c.excluded.is_(False)).order_by(couple_people.c.id)


def _page(connection: Connection, wanted: Select[Any], limit: int) -> list[CouplePerson]:
    empty = dict.fromkeys(PIXELS, b"")
    rows = [dict(row) for row in connection.execute(wanted.limit(limit)).mappings()]
    opened = _open(connection, rows)
    return [CouplePerson(**{**empty, **row}) for row in opened]


def typed_under(version: str) -> ColumnElement[bool]:
    """What joins somebody of the corpus to what a version of the types made of them."""
    return and_(person_types.c.person_id == couple_people.c.id, person_types.c.version == version)


def place(upload_id: int, couple_id: int, side: str, name: str) -> tuple[str, str]:
    """Scope and place of what was cut from an upload."""
    return sealing.upload(upload_id), f"person:{couple_id}:{side}:{name}"


def close(connection: Connection, upload_id: int | None, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a row of `couple_people` as they are stored; `couple_id` and `side` are among them."""
    if upload_id is None:
        return values
    closed = dict(values)
    for name in CLOSED:
        if values.get(name):
            closed[name] = sealing.seal(connection, *place(upload_id, values["couple_id"], values["side"], name), values[name])
    if values.get("facts"):
        closed["facts"] = sealing.wrap(connection, *place(upload_id, values["couple_id"], values["side"], "facts"), values["facts"])
    return closed


def _open(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `close`, without `upload_id`; who was cut from a photo that is being withdrawn is left out."""
    cells = []
    for number, row in enumerate(rows):
        upload_id = row.pop("upload_id")
        if upload_id is None:
            continue
        whole = sealing.SEALED in row["facts"]
        if whole:
            row["facts"] = base64.b64decode(row["facts"][sealing.SEALED])
        names = [name for name in (*CLOSED, *(("facts",) if whole else ())) if row.get(name)]
        cells += [(number, name, (*place(upload_id, row["couple_id"], row["side"], name), row[name])) for name in names]
    gone = set()
    for (number, name, _), data in zip(cells, sealing.unseal_all(connection, [cell[2] for cell in cells]), strict=True):
        if data is None:
            gone.add(number)
        else:
            rows[number][name] = json.loads(data) if name == "facts" else data
    return [row for number, row in enumerate(rows) if number not in gone]


def _values(couple_id: int, side: Side, person: NewPerson) -> dict[str, Any]:
    return {
        "couple_id": couple_id,
        "side": side,
        "gender": person.gender,
        "gender_confidence": person.gender_confidence,
        "age": person.age,
        "facts": dict(person.facts),
        "face_vector": person.face_vector,
        "face_version": person.face_version,
        "fashion_vector": person.fashion_vector,
        "fashion_version": person.fashion_version,
        "face_jpeg": person.face_jpeg,
        "body_jpeg": person.body_jpeg,
    }
