"""Members as ranking knows them (`engine.matching.people.Person`), read for hundreds at once.

Here, and nowhere else, it is decided whose photos may count: of members who switched photo-based recommendation off there are no
vectors, no types and no tastes; of those who refused face processing nothing that has to do with faces, neither their own
nor what they answered about others'.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from db import impressions, members, photos, standings, tastes
from db import types as type_queries
from db.matching_records import Standing, StoredTaste
from db.records import Member, MemberType, TypeKind
from db.records import Vector as StoredVector
from db.session import Connection
from engine.embedding import unit, unpacked
from engine.matching.people import NO_RECORD, NO_TASTE, Person, Record, Taste
from engine.types import TypePack
from engine.values import Vector

DAY = dt.timedelta(days=1)
YEAR = 365.2425


def of(connection: Connection, pack: TypePack, now: dt.datetime, window_days: float, member_ids: Iterable[int]) -> dict[int, Person]:
    """These members by id; those without gender or date of birth are left out.

    Args:
        connection: to read from.
        pack: the types in use; vectors that they must not be compared with count as none.
        now: timezone-aware.
        window_days: of `RankingSettings`, in which cards that showed a member are counted.
        member_ids: whom.

    """
    rows = members.of(connection, member_ids)
    found = [row for row in rows.values() if row.gender is not None and row.birth_date is not None]
    ids = [row.id for row in found]
    with_photos = [row.id for row in found if row.photo_based]
    vectors = photos.vectors_of(connection, with_photos)
    types = type_queries.of_members(connection, with_photos)
    faces = tastes.of(connection, with_photos, "face", pack.face_model)
    fashions = tastes.of(connection, with_photos, "fashion", pack.fashion_model)
    counts = standings.of(connection, ids)
    recent = impressions.recent_counts(connection, ids, now - window_days * DAY)
    made = {}
    for row in found:
        own = vectors.get(row.id, [])
        made[row.id] = Person(
            id=row.id,
            gender=row.gender or "other",
            age=_age(row, now),
            latitude=row.latitude,
            longitude=row.longitude,
            face=_mean(pack, own, "face") if row.face_consent is not False else None,
            fashion=_mean(pack, own, "fashion"),
            types=_types(pack, row, types.get(row.id, {})),
            taste=_taste(row, faces.get(row.id), fashions.get(row.id)),
            record=_record(counts.get(row.id)),
            idle_days=max(0.0, (now - row.last_active_at) / DAY),
            joined_days=max(0.0, (now - row.created_at) / DAY),
            recent=recent.get(row.id, 0),
        )
    return made


def usable_types(member: Member, given: Mapping[TypeKind, MemberType]) -> dict[TypeKind, MemberType]:
    """Those of a member's types that may count, and be shown, in what is recommended."""
    if not member.photo_based:
        return {}
    return {kind: one for kind, one in given.items() if kind != "face" or member.face_consent is not False}


def _types(pack: TypePack, row: Member, given: Mapping[TypeKind, MemberType]) -> tuple[str, ...]:
    return tuple(sorted(one.type_id for one in usable_types(row, given).values() if one.type_id in pack.by_id))


def _age(row: Member, now: dt.datetime) -> float:
    """Years with their fraction."""
    return 0.0 if row.birth_date is None else (now.date() - row.birth_date).days / YEAR


def _mean(pack: TypePack, stored: Sequence[StoredVector], kind: TypeKind) -> Vector | None:
    """The mean over the photos, at length 1; None where no photo has a vector that the types in use may be compared with."""
    read = [unpacked(one.data) for one in stored if one.kind == kind and pack.accepts(kind, one.model_version)]
    return unit(np.mean(read, axis=0)) if read else None


def _taste(row: Member, face: StoredTaste | None, fashion: StoredTaste | None) -> Taste:
    if row.face_consent is False:
        face = None
    if face is None and fashion is None:
        return NO_TASTE
    return Taste(
        None if face is None else unpacked(face.data),
        None if fashion is None else unpacked(fashion.data),
        0 if face is None else face.n,
        0 if fashion is None else fashion.n,
    )


def _record(found: Standing | None) -> Record:
    if found is None:
        return NO_RECORD
    return Record(found.shown, found.liked, found.expected, found.given, found.given_liked, found.given_expected)
