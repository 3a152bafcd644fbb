"""Going through all that lies sealed and closing it as it should lie now: with the current key of its scope, or not at all.

One pass serves three ends: rows from before there were seals are closed, after a rotation rows are closed with the new keys, and
before a step back to an older version everything is opened.  It goes in small transactions, each of which reads and writes its
rows under their locks and changes nothing that lies well already: it may be killed anywhere and started again, beside a running
product.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, select

from db import bans, couples, evidence, marks, messages, outbox, photos, safety, sealing, seals, tastes, updates, uploads
from db import tables as t
from db.corpus_tables import couple_people, couple_uploads
from db.corpus_tables import couples as couple_table
from db.errors import KeyGone
from db.matching_tables import tastes as taste_table
from db.session import Database
from db.waiting import WAITS

DONE = "done"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and the place that it is closed for.

    Of a JSON object only the entry `entry` is closed so, or where that is "" the whole but for the entry `apart`.  What is `passing`
    lives for hours under a key of the day, which is not renewed.
    """

    column: str
    scope: str
    place: str
    entry: str = ""
    apart: str = ""
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A table with closed cells, gone through by `key` in pages of `size` keys."""

    table: Table
    key: Column[int]
    size: int
    cells: Callable[[Row], Iterator[Cell]]
    owner: Column[int] | None = None
    also: tuple[Table, Any] | None = None  # what is joined, and on what
    extra: tuple[Column[Any], ...] = ()
    which: ColumnElement[bool] | None = None  # of the rows that have anything closed, where most have not
    mixed: bool = False  # without an owner, yet closed with keys of members

    @property
    def name(self) -> str:
        """The mark that says how far older rows are closed."""
        return f"sealed:{self.table.name}"


def step(connection: Connection, site: Site, after: int, member_id: int | None, *, plain: bool, remember: bool) -> tuple[int | None, int]:
    """Go through the next page: the last key of it (None: there is no more) and how many rows changed."""
    columns = [*site.table.c, *site.extra]
    source: Any = site.table if site.also is None else site.table.join(*site.also)
    which = [site.key > after]
    if member_id is not None and site.owner is not None:
        which.append(site.owner == member_id)
    if site.which is not None:
        which.append(site.which)
    keys = list(connection.scalars(select(site.key).select_from(source).where(*which).distinct().order_by(site.key).limit(site.size)))
    changed = 0
    if keys:
        rows = connection.execute(select(*columns).select_from(source).where(site.key.in_(keys)).with_for_update()).mappings().all()
        for row in rows:
            values = _values(connection, dict(row), site, plain=plain, passing=remember or plain)
            if values:
                own = [column == row[column.name] for column in site.table.primary_key.columns]
                connection.execute(site.table.update().where(*own).values(**values))
                changed += 1
    last = keys[-1] if keys else None
    if remember:
        marks.put(connection, site.name, DONE if last is None else str(last))
    return last, changed


def run(
    database: Database,
    *,
    member_id: int | None = None,
    plain: bool = False,
    remember: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Go through everything, or what is closed with keys of one member; how many rows changed.

    With `remember` it goes on where it was interrupted, and does nothing once it came to the end.
    """
    changed = 0
    for site in SITES:
        if member_id is not None and site.owner is None and not site.mixed:
            continue
        mark = database.read(marks.get, site.name) if remember else None
        after: int | None = None if mark == DONE else int(mark or 0)
        while after is not None and not stop():
            after, count = database.transact(step, site, after, member_id, plain=plain, remember=remember)
            changed += count
    return changed


def _values(connection: Connection, row: Row, site: Site, *, plain: bool, passing: bool) -> dict[str, Any]:
    """What of a row must be stored otherwise; what passes is left as it is unless with `passing`."""
    values: dict[str, Any] = {}
    for cell in site.cells(row):
        if cell.passing and not passing:
            continue
        stored = row[cell.column]
        if isinstance(stored, bytes):
            again = _bytes(connection, cell, stored, plain=plain)
            if again is not None:
                values[cell.column] = again
        elif isinstance(stored, dict):
            held = values.get(cell.column, dict(stored))
            again_json = _json(connection, cell, held, plain=plain)
            if again_json is not None:
                values[cell.column] = again_json
    return values


def _bytes(connection: Connection, cell: Cell, stored: bytes, *, plain: bool) -> bytes | None:
    keys = sealing.vault(connection)
    sealed = seals.is_sealed(stored)
    if keys is None or not stored or (plain and not sealed):
        return None
    try:
        if plain:
            return keys.open_one(cell.scope, cell.place, stored)
        if sealed and seals.number(stored) == keys.current_number(cell.scope):
            return None
        return keys.seal(cell.scope, cell.place, keys.open_one(cell.scope, cell.place, stored))
    except KeyGone:
        return None  # noise, which goes with its row


def _json(connection: Connection, cell: Cell, stored: dict[str, Any], *, plain: bool) -> dict[str, Any] | None:
    """A JSON object as it should be stored, None where it is so already."""
    beside = {cell.apart: stored[cell.apart]} if cell.apart in stored else {}
    inner = stored.get(cell.entry) if cell.entry else {name: value for name, value in stored.items() if name not in beside}
    if not inner:
        return None
    if isinstance(inner, dict) and set(inner) == {sealing.SEALED}:
        if plain:
            try:
                opened = sealing.unwrap(connection, cell.scope, cell.place, inner)
            except KeyGone:
                return None
            return {**stored, **opened} if cell.entry else {**beside, **opened}
        again = _bytes(connection, cell, base64.b64decode(inner[sealing.SEALED]), plain=False)
        closed = None if again is None else {sealing.SEALED: base64.b64encode(again).decode()}
    else:
        try:
            whole = {cell.entry: inner} if cell.entry else inner
            closed = None if plain else sealing.wrap(connection, cell.scope, cell.place, whole)
        except KeyGone:
            return None
    if closed is None:
        return None
    return {**stored, cell.entry: closed} if cell.entry else {**beside, **closed}


def _photos(row: Row) -> Iterator[Cell]:
    yield Cell("jpeg", *photos.place(row["id"], row["member_id"]))
    yield Cell("facts", *photos.facts_place(row["id"], row["member_id"]), apart=photos.FACE)
    yield Cell("facts", *photos.face_place(row["id"], row["member_id"]), entry=photos.FACE)


def _vectors(row: Row) -> Iterator[Cell]:
    yield Cell("data", *photos.vector_place(row["photo_id"], row["member_id"], row["kind"], row["model_version"]))


def _tastes(row: Row) -> Iterator[Cell]:
    yield Cell("data", *tastes.place(row["member_id"], row["kind"], row["version"]))


def _uploads(row: Row) -> Iterator[Cell]:
    yield Cell("jpeg", *uploads.place(row["id"]))


def _people(row: Row) -> Iterator[Cell]:
    if row["upload_id"] is not None:
        for name in (*couples.CLOSED, "facts"):
            yield Cell(name, *couples.place(row["upload_id"], row["couple_id"], row["side"], name))


def _messages(row: Row) -> Iterator[Cell]:
    yield Cell("content", *messages.place(row["pair_id"], row["sender_id"], row["sender_message_id"]))


def _outbox(row: Row) -> Iterator[Cell]:
    writer = row["payload"].get(outbox.WRITER)
    place = outbox.payload_place(row["telegram_id"], row["dedup_key"], row["created_at"], writer)
    yield Cell("payload", *place, apart=outbox.WRITER, passing=writer is None)


def _updates(row: Row) -> Iterator[Cell]:
    yield Cell("payload", *updates.place(row["update_id"], row["at"]), passing=True)


def _reviews(row: Row) -> Iterator[Cell]:
    yield Cell("note", *safety.place(row["id"], row["member_id"]))


def _evidence(row: Row) -> Iterator[Cell]:
    yield Cell("data", *evidence.place(row["report_id"]))


def _bans(row: Row) -> Iterator[Cell]:
    yield Cell("data", *bans.place(row["id"]))


SITES = (
    Site(t.photos, t.photos.c.id, 20, _photos, t.photos.c.member_id),
    Site(
        t.vectors,
        t.vectors.c.photo_id,
        100,
        _vectors,
        t.photos.c.member_id,
        (t.photos, t.photos.c.id == t.vectors.c.photo_id),
        (t.photos.c.member_id,),
    ),
    Site(taste_table, taste_table.c.member_id, 200, _tastes, taste_table.c.member_id),
    Site(couple_uploads, couple_uploads.c.id, 10, _uploads),
    Site(
        couple_people,
        couple_people.c.id,
        50,
        _people,
        None,
        (couple_table, couple_table.c.id == couple_people.c.couple_id),
        (couple_table.c.upload_id,),
    ),
    Site(t.messages, t.messages.c.id, 500, _messages, t.messages.c.sender_id),
    Site(t.outbox, t.outbox.c.id, 500, _outbox, which=WAITS, mixed=True),
    Site(t.updates, t.updates.c.update_id, 500, _updates, which=t.updates.c.payload.is_not(None)),
    Site(t.reviews, t.reviews.c.id, 100, _reviews, t.reviews.c.member_id),
    Site(t.evidence, t.evidence.c.id, 20, _evidence),
    Site(t.ban_marks, t.ban_marks.c.id, 100, _bans),
)
