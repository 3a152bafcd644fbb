"""The faces of the corpus with whom they are known to be, under one version of the types."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from db import sealing, writing
from db.corpus_tables import couple_people, couple_uploads, couples, person_types
from db.couples import CORPUS, place, typed_under


@dataclass(frozen=True, slots=True)
class Faced:
    """A person of the corpus; `face` is float32 in little endian."""

    id: int
    couple_id: int
    face: bytes | None = field(repr=False)
    face_version: str | None
    senders: tuple[int, int] | None
    """The two members whose photo it is, the smaller id first; None where it is not of two members."""
    typed: bool
    """Whether the version has looked at this person."""
    identity: int | None
    face_type: str | None
    fashion_type: str | None


def missing(connection: Connection, version: str) -> bool:
    """Whether there is anybody whom `version` has not typed, or has typed without an identity."""
    wanted = select(couple_people.c.id).select_from(CORPUS.outerjoin(person_types, typed_under(version)))
    return connection.scalar(wanted.where(couples.c.excluded.is_(False), person_types.c.identity.is_(None)).limit(1)) is not None


def page(connection: Connection, version: str, after: int = 0, limit: int = writing.CHUNK) -> list[Faced]:
    """People whose couple is not excluded, by id, from behind `after`; those whose photo is being withdrawn come without a face."""
    everybody = CORPUS.outerjoin(couple_uploads, couple_uploads.c.id == couples.c.upload_id).outerjoin(person_types, typed_under(version))
    wanted = (
        select(
            couple_people.c.id,
            couple_people.c.couple_id,
            couple_people.c.side,
            couple_people.c.face_vector,
            couple_people.c.face_version,
            couples.c.upload_id,
            couple_uploads.c.sender_id,
            couple_uploads.c.partner_id,
            person_types.c.version,
            person_types.c.identity,
            person_types.c.face_type,
            person_types.c.fashion_type,
        )
        .select_from(everybody)
        .where(couples.c.excluded.is_(False), couple_people.c.id > after)
        .order_by(couple_people.c.id)
        .limit(limit)
    )
    rows = connection.execute(wanted).all()
    sealed = [at for at, row in enumerate(rows) if row.face_vector is not None and row.upload_id is not None]
    cells = [(*place(rows[at].upload_id, rows[at].couple_id, rows[at].side, "face_vector"), rows[at].face_vector) for at in sealed]
    opened = dict(zip(sealed, sealing.unseal_all(connection, cells), strict=True))
    return [
        Faced(
            row.id,
            row.couple_id,
            opened.get(at, row.face_vector),
            row.face_version,
            _senders(row.sender_id, row.partner_id),
            row.version is not None,
            row.identity,
            row.face_type,
            row.fashion_type,
        )
        for at, row in enumerate(rows)
    ]


def _senders(one: int | None, other: int | None) -> tuple[int, int] | None:
    return None if one is None or other is None else (min(one, other), max(one, other))
