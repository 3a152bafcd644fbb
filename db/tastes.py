"""Members' own weights over others' vectors, learned from their answers, sealed; of one kind a member has at most one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from db import changes, sealing, writing
from db.matching_records import StoredTaste, TasteKind
from db.matching_tables import tastes


def of(
    connection: Connection, member_ids: Iterable[int], kind: TasteKind, version: str | None = None, *, lock: bool = False
) -> dict[int, StoredTaste]:
    """The tastes of these members, by member, of one version of the vectors if given; who has none is left out.

    With `lock` they stay as they are until the transaction ends: read so what you mean to `save`.  A first answer has no row to
    lock yet; two of them at once may lose one, which a taste can bear.
    """
    found = {}
    for chunk in writing.chunks(member_ids):
        wanted = select(tastes).where(tastes.c.member_id.in_(chunk), tastes.c.kind == kind).order_by(tastes.c.member_id)
        if version is not None:
            wanted = wanted.where(tastes.c.version == version)
        rows = connection.execute(wanted.with_for_update() if lock else wanted).mappings().all()
        opened = sealing.unseal_all(connection, [(*place(row["member_id"], row["kind"], row["version"]), row["data"]) for row in rows])
        for row, data in zip(rows, opened, strict=True):
            if data is not None:
                found[row["member_id"]] = StoredTaste(**{**row, "data": data})
    return found


def save(connection: Connection, member_id: int, kind: TasteKind, version: str, n: int, data: bytes) -> None:
    """Keep a member's taste in place of the one before, whatever version that was for; `data` is float32 in little endian."""
    if len(data) % 4:
        raise ValueError(f"{len(data)} bytes are no float32s")
    sealed = sealing.seal(connection, *place(member_id, kind, version), data)
    writing.upsert(connection, tastes, [{"member_id": member_id, "kind": kind, "version": version, "n": n, "data": sealed}])
    changes.note(connection, member_id)


def forget(connection: Connection, member_id: int, kind: TasteKind | None = None) -> None:
    """Forget a member's taste, of one kind or of all."""
    own = tastes.delete().where(tastes.c.member_id == member_id)
    connection.execute(own if kind is None else own.where(tastes.c.kind == kind))
    changes.note(connection, member_id)


def place(member_id: int, kind: str, version: str) -> tuple[str, str]:
    """Scope and place of a taste; one in faces goes with the consent to read the member's own."""
    scope = sealing.face(member_id) if kind == "face" else sealing.member(member_id)
    return scope, f"taste:{kind}:{version}"
