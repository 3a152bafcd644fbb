"""The log of consents: every answer is kept with the version of the words that were shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, select

from db import writing
from db.records import Consent, ConsentKind
from db.tables import consents


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
