"""Someone who keeps a copy of all members by following the log of changes, as an index of members does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from db import changes, photos, search, standings, tastes, types
from db.session import Connection, Database

View = dict[int, tuple[Any, ...]]


def read(connection: Connection, ids: Iterable[int]) -> View:
    """What can be followed of these members; who cannot be shown is left out."""
    rows = {row.id: row for row in search.entries_of(connection, ids)}
    vectors, assigned = photos.vectors_of(connection, rows), types.of_members(connection, rows)
    face, fashion = (tastes.of(connection, rows, "face"), tastes.of(connection, rows, "fashion"))
    counts = standings.of(connection, rows)
    shown = {number: [photo.id for photo in photos.of(connection, number, "approved")] for number in rows}
    return {
        number: (row, shown[number], vectors.get(number), assigned.get(number), face.get(number), fashion.get(number), counts.get(number))
        for number, row in rows.items()
    }


def everything(connection: Connection) -> View:
    """The same of everybody, read anew in pages."""
    found: View = {}
    last = 0
    while page := search.entries(connection, last, 3):
        found.update(read(connection, [row.id for row in page]))
        last = page[-1].id
    return found


class Follower:
    """Reads everybody once, and then only whom the log names."""

    def __init__(self, database: Database, batch: int = 2) -> None:
        self.database = database
        self.batch = batch
        self.seq = database.read(changes.last)
        self.known = database.read(everything)

    def catch_up(self) -> None:
        """Follow the log to its end."""
        while new := self.database.read(changes.after, self.seq, self.batch):
            ids = {member_id for _, member_id in new}
            fresh = self.database.read(read, ids)
            for gone in ids - set(fresh):
                self.known.pop(gone, None)
            self.known.update(fresh)
            self.seq = new[-1][0]
