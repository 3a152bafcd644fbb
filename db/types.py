"""Face and fashion types: the pack's list, and who was given which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from db import changes, writing
from db.records import MemberType, TypeKind, TypeRow
from db.tables import member_types, types

COLUMNS = (types.c.id, types.c.group, types.c.kind, types.c.gender, types.c.name, types.c.name_ko)


def sync(connection: Connection, infos: Sequence[TypeRow], version: str, now: dt.datetime) -> None:
    """Make `infos` the current types; older ones stay for the members who have them, but are no longer current."""
    connection.execute(types.update().where(types.c.current.is_(True)).values(current=False))
    rows = [
        {
            "id": info.id,
            "group": info.group,
            "kind": info.kind,
            "gender": info.gender,
            "name": info.name,
            "name_ko": info.name_ko,
            "version": version,
            "current": True,
            "updated_at": now,
        }
        for info in infos
    ]
    writing.upsert(connection, types, rows)


def current(connection: Connection) -> list[TypeRow]:
    """The types of the newest pack."""
    rows = connection.execute(select(*COLUMNS).where(types.c.current.is_(True)).order_by(types.c.id))
    return [TypeRow(**row) for row in rows.mappings()]


def assign(
    connection: Connection, member_id: int, kind: TypeKind, type_id: str, confidence: float, model_version: str, now: dt.datetime
) -> None:
    """Give a member a type in place of the one of the same kind."""
    row = {
        "member_id": member_id,
        "kind": kind,
        "type_id": type_id,
        "confidence": confidence,
        "model_version": model_version,
        "assigned_at": now,
    }
    writing.upsert(connection, member_types, [row])
    changes.note(connection, member_id)


def of_member(connection: Connection, member_id: int) -> dict[TypeKind, MemberType]:
    """A member's types by kind."""
    return of_members(connection, [member_id]).get(member_id, {})


def of_members(connection: Connection, member_ids: Iterable[int]) -> dict[int, dict[TypeKind, MemberType]]:
    """The types of several members, by member and kind; members without types are left out."""
    found: dict[int, dict[TypeKind, MemberType]] = {}
    for row in connection.execute(select(member_types).where(member_types.c.member_id.in_(list(member_ids)))).mappings():
        found.setdefault(row["member_id"], {})[row["kind"]] = MemberType(**row)
    return found


def clear(connection: Connection, member_id: int, kind: TypeKind) -> None:
    """Take a member's type of one kind away."""
    connection.execute(member_types.delete().where(member_types.c.member_id == member_id, member_types.c.kind == kind))
    changes.note(connection, member_id)
