"""The log of consents: every answer is kept with the version of the words that were shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, ScalarSelect, false, func, select, true

from db import writing
from db.records import Consent, ConsentKind
from db.tables import consents, members


def give(connection: Connection, member_id: int, kind: ConsentKind, version: str, given: bool, now: dt.datetime) -> Consent:
    """Append an answer; a withdrawal is an answer with `given` false."""
    values: dict[str, Any] = {"member_id": member_id, "kind": kind, "version": version, "given": given, "at": now}
    return Consent(id=writing.insert(connection, consents, values), **values)


def latest(connection: Connection, member_id: int, kind: ConsentKind) -> Consent | None:
    """The member's newest answer."""
    wanted = select(consents).where(consents.c.member_id == member_id, consents.c.kind == kind).order_by(consents.c.id.desc()).limit(1)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else Consent(**row)


def history(connection: Connection, member_id: int) -> list[Consent]:
    """All answers of a member, oldest first."""
    wanted = select(consents).where(consents.c.member_id == member_id).order_by(consents.c.id)
    return [Consent(**row) for row in connection.execute(wanted).mappings()]


def resting(connection: Connection, member_ids: Iterable[int]) -> set[int]:
    """Of these members those whose faces rest: they agreed, to words that have changed since, and have not answered again."""
    found: set[int] = set()
    for chunk in writing.chunks(member_ids):
        wanted = (
            select(members.c.id)
            .select_from(members)
            .join(consents, consents.c.id == _newest("face"))
            .where(members.c.id.in_(chunk), members.c.face_consent == false(), consents.c.given == true())
        )
        found.update(connection.scalars(wanted))
    return found


def outdated(connection: Connection, kind: ConsentKind, version: str, after: int, limit: int) -> list[int]:
    """Members behind id `after` whose faces are in use while their newest answer of this kind was to other words, by id.

    Demo members are nobody, and are not asked.
    """
    wanted = (
        select(members.c.id)
        .select_from(members)
        .join(consents, consents.c.id == _newest(kind))
        .where(
            members.c.id > after,
            members.c.demo == false(),
            members.c.face_consent == true(),
            consents.c.given == true(),
            consents.c.version != version,
        )
        .order_by(members.c.id)
        .limit(limit)
    )
    return list(connection.scalars(wanted))


def _newest(kind: ConsentKind) -> ScalarSelect[int]:
    """The id of the newest answer of the member of the query around it."""
    answer = consents.alias()
    return select(func.max(answer.c.id)).where(answer.c.member_id == members.c.id, answer.c.kind == kind).scalar_subquery()
