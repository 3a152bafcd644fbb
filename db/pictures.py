"""Pictures that were looked at: provenance, hashes and what became of each.  A picture is looked at once, whatever the outcome."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, func, or_, select

from db import couples, sealing, writing
from db.corpus_records import Picture, PictureRow, PictureStatus
from db.corpus_tables import couple_uploads, pictures

PIECES = ("phash_a", "phash_b", "phash_c", "phash_d")
PIECE_BITS = 16
FARTHEST = 11
"""The largest distance that `near` looks for: beyond it the pieces would have to be tried with three wrong bits, 2,788 lookups."""
LONGEST_ID = 190
LONGEST_TEXT = 15_000
"""Characters of a text that fit into a TEXT column of MySQL whatever they are."""
COLUMNS = [column for column in pictures.c if column.name not in PIECES]
ONCE_SEEN: tuple[PictureStatus, ...] = ("accepted", "removed")


def known(connection: Connection, source: str, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that were looked at, or asked to be left alone, already."""
    found: set[str] = set()
    for chunk in writing.chunks(ids):
        found.update(connection.scalars(select(pictures.c.source_id).where(pictures.c.source == source, pictures.c.source_id.in_(chunk))))
    return found


def add(connection: Connection, row: PictureRow, now: dt.datetime) -> int | None:
    """Note a picture; its id, or None where its source and id were there already (nothing is changed then).

    Raises:
        ValueError: the id within the source is empty or too long to be kept whole: cut off, it could be another picture's.

    """
    if not 0 < len(row.source_id) <= LONGEST_ID:
        raise ValueError(f"an id of {len(row.source_id)} characters in source {row.source}: 1 to {LONGEST_ID} can be kept")
    values = _values(row, now)
    if not writing.insert_new(connection, pictures, values):
        return None
    where = (pictures.c.source == row.source, pictures.c.source_id == row.source_id)
    return int(connection.scalars(select(pictures.c.id).where(*where)).one())


def by_id(connection: Connection, picture_id: int) -> Picture | None:
    """A picture."""
    return _one(connection, pictures.c.id == picture_id)


def by_source(connection: Connection, source: str, source_id: str) -> Picture | None:
    """The picture that a source knows under an id."""
    return _one(connection, pictures.c.source == source, pictures.c.source_id == source_id)


def same(connection: Connection, sha256: str, among: Collection[PictureStatus] = ONCE_SEEN) -> int | None:
    """The id of the oldest picture of the very same bytes."""
    where = (pictures.c.sha256 == sha256, pictures.c.status.in_(among))
    found: int | None = connection.scalar(select(func.min(pictures.c.id)).where(*where))
    return found


def near(connection: Connection, phash: str, distance: int, among: Collection[PictureStatus] = ONCE_SEEN) -> list[int]:
    """The ids of pictures whose perceptual hash differs in at most `distance` bits, the nearest first, the oldest of equally near ones.

    Of two hashes that differ in d bits one of the four pieces differs in at most d // 4: all such pieces are looked up by index
    (68 for d < 8), and what they bring, about a thousandth of all pictures then, is compared bit by bit.

    Args:
        connection: where to look.
        phash: 16 hexadecimal characters.
        distance: at most FARTHEST.
        among: which pictures count; rejected ones do not, since the same picture may be there in a better copy.

    Raises:
        ValueError: `distance` is out of range, or `phash` no hash.

    """
    if not 0 <= distance <= FARTHEST:
        raise ValueError(f"a distance of {distance}: at most {FARTHEST} bits can be looked up")
    wanted = int(phash, 16)
    pieces = [
        pictures.c[name].in_(list(_within(piece, distance // len(PIECES)))) for name, piece in zip(PIECES, _pieces(phash), strict=True)
    ]
    rows = connection.execute(select(pictures.c.id, pictures.c.phash).where(or_(*pieces), pictures.c.status.in_(among)))
    found = sorted(((int(row.phash, 16) ^ wanted).bit_count(), row.id) for row in rows)
    return [picture_id for bits, picture_id in found if bits <= distance]


def set_status(connection: Connection, picture_id: int, status: PictureStatus, reason: str, now: dt.datetime) -> None:
    """Note what became of a picture that was looked at again; the caller removes the couple if there was one."""
    connection.execute(pictures.update().where(pictures.c.id == picture_id).values(status=status, reason=reason, checked_at=now))


def remove(connection: Connection, source: str, source_id: str, now: dt.datetime) -> bool:
    """Erase what a picture left: its couple, the two people, their part in the counts, and its provenance; True if it was there.

    What stays is a row that says "removed" with the hashes, so that neither this address nor a copy is taken again.  Where the
    picture was a copy of another, that one is removed too, and with it all its copies: it shows the same people.
    """
    row = connection.execute(
        select(pictures.c.id, pictures.c.duplicate_of, pictures.c.status).where(
            pictures.c.source == source, pictures.c.source_id == source_id
        )
    ).one_or_none()
    if row is None:
        add(connection, PictureRow(source, source_id, "removed", licence=""), now)
        return False
    origin = row.duplicate_of or row.id
    ids = list(connection.scalars(select(pictures.c.id).where(or_(pictures.c.id.in_((row.id, origin)), pictures.c.duplicate_of == origin))))
    for picture_id in ids:
        couples.remove(connection, picture_id, now)
    given = select(pictures.c.upload_id).where(pictures.c.id.in_(ids), pictures.c.upload_id.is_not(None))
    for upload_id in list(connection.scalars(given)):
        # Those who gave it must not read that it is still learned from.
        in_use = (couple_uploads.c.id == upload_id, couple_uploads.c.state == "ingested")
        connection.execute(couple_uploads.update().where(*in_use).values(state="withdrawn", reason="removed"))
        sealing.destroy(connection, [sealing.upload(upload_id)])
    blank: dict[str, Any] = {"url": "", "page": "", "licence": "", "author": "", "caption": "", "tags": [], "reason": "", "upload_id": None}
    connection.execute(pictures.update().where(pictures.c.id.in_(ids)).values(status="removed", checked_at=now, **blank))
    return bool(row.status != "removed")


def erase(connection: Connection, picture_id: int, now: dt.datetime) -> None:
    """Delete a picture, its couple and its hashes, without a trace: for members' own uploads, which nobody collects again.

    Where it is a copy of a picture that was collected, that one is removed: it shows the same people.
    """
    picture = by_id(connection, picture_id)
    if picture is not None and picture.duplicate_of is not None:
        origin = by_id(connection, picture.duplicate_of)
        if origin is not None:
            remove(connection, origin.source, origin.source_id, now)
    couples.remove(connection, picture_id, now)
    connection.execute(pictures.delete().where(pictures.c.id == picture_id))


def figures(connection: Connection, source: str | None = None) -> dict[str, dict[str, int]]:
    """How many pictures have which status and, within it, which reason."""
    wanted = select(pictures.c.status, pictures.c.reason, func.count().label("n")).group_by(pictures.c.status, pictures.c.reason)
    if source is not None:
        wanted = wanted.where(pictures.c.source == source)
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.status, {})[row.reason] = row.n
    return found


def _one(connection: Connection, *where: Any) -> Picture | None:
    row = connection.execute(select(*COLUMNS).where(*where)).mappings().one_or_none()
    return None if row is None else Picture(**{**row, "tags": tuple(row["tags"])})


def _values(row: PictureRow, now: dt.datetime) -> dict[str, Any]:
    pieces: Iterable[int | None] = (None,) * len(PIECES) if row.phash is None else _pieces(row.phash)
    return {
        "source": row.source,
        "source_id": row.source_id,
        "url": row.url[:LONGEST_TEXT],
        "page": row.page[:LONGEST_TEXT],
        "licence": row.licence[:190],
        "author": row.author[:LONGEST_TEXT],
        "tags": list(row.tags),
        "caption": row.caption[:LONGEST_TEXT],
        "sha256": row.sha256,
        "phash": row.phash,
        "width": row.width,
        "height": row.height,
        "status": row.status,
        "reason": row.reason,
        "duplicate_of": row.duplicate_of,
        "upload_id": row.upload_id,
        "collected_at": now,
        "checked_at": now,
        **dict(zip(PIECES, pieces, strict=True)),
    }


def _pieces(phash: str) -> tuple[int, ...]:
    """The four pieces of a hash, highest bits first.

    >>> _pieces("0001000200030fff")
    (1, 2, 3, 4095)
    """
    if len(phash) != 16:
        raise ValueError(f"{phash!r} is no hash of 16 hexadecimal characters")
    return tuple(int(phash[start : start + 4], 16) for start in range(0, 16, 4))


def _within(piece: int, bits: int) -> Iterator[int]:
    """All 16-bit numbers that differ from `piece` in at most `bits` bits.

    >>> len(set(_within(0, 1))), len(set(_within(12345, 2)))
    (17, 137)
    """
    for count in range(bits + 1):
        for places in combinations(range(PIECE_BITS), count):
            yield piece ^ sum(1 << place for place in places)
