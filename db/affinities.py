"""How many couples have which two types, by version: a summary that is true at every commit.

What counts is a couple, not a picture of it: pictures with the same two identities are one couple, and of these the one with
the smallest couple id that has both types speaks for it.  Excluded couples do not count.  Whoever changes what counts does so
within `changing`, which compares what the touched couples contribute before and after and writes the difference.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select, union_all
from sqlalchemy.dialects import mysql, sqlite

from db import writing
from db.corpus_records import Kind
from db.corpus_tables import affinities, couple_people, couples, person_types, typings

KINDS: Final[tuple[Kind, ...]] = ("face", "fashion")

HERE = affinities.c.version == bindparam("which")
# Two look-ups by index: asked for with OR, MariaDB reads the whole version.  Put together once: that would take as long as the look-up.
OF: Final = union_all(
    select(affinities.c.type_b, affinities.c.couples).where(HERE, affinities.c.type_a == bindparam("one")),
    select(affinities.c.type_a, affinities.c.couples).where(
        HERE, affinities.c.type_b == bindparam("one"), affinities.c.type_a != bindparam("one")
    ),
)

Cell = tuple[Kind, str, str]
"""(kind, type, other type), the two types in order."""


def counts(connection: Connection, version: str, kind: Kind | None = None) -> list[tuple[str, str, int]]:
    """(type, other type, couples) for every two types, the smaller id first, that any couple has; of one kind or of both."""
    wanted = select(affinities.c.type_a, affinities.c.type_b, affinities.c.couples).where(affinities.c.version == version)
    if kind is not None:
        wanted = wanted.where(affinities.c.kind == kind)
    return [(row.type_a, row.type_b, row.couples) for row in connection.execute(wanted.order_by(affinities.c.type_a, affinities.c.type_b))]


def of(connection: Connection, version: str, type_id: str) -> list[tuple[str, int]]:
    """(partner type, couples) for one type, the most frequent first."""
    found = connection.execute(OF, {"which": version, "one": type_id})
    return sorted(((other, number) for other, number in found), key=lambda row: (-row[1], row[0]))


def versions(connection: Connection) -> list[str]:
    """The versions under which anyone was typed."""
    return list(connection.scalars(select(typings.c.version).order_by(typings.c.version)))


def forget(connection: Connection, version: str) -> None:
    """Delete a version's typings and counts."""
    _lock(connection, [version])
    for table in (affinities, person_types, typings):
        connection.execute(table.delete().where(table.c.version == version))


def recount(connection: Connection, version: str, kind: Kind | None = None) -> list[tuple[str, str, int]]:
    """As `counts`, but counted over all couples: what the summary must equal at any time."""
    counted = _contributions(_couples(connection, version, None))
    return sorted((a, b, n) for (which, a, b), n in counted.items() if kind in (None, which))


@contextmanager
def changing(
    connection: Connection,
    couple_ids: Collection[int],
    now: dt.datetime,
    *,
    version: str | None = None,
    identities: Sequence[int] = (),
) -> Iterator[None]:
    """Bring the counts up to date with what the body does to `couple_ids`.

    Args:
        connection: in a transaction; the couples and the versions' counts stay locked until its end.
        couple_ids: the couples whose people, types or exclusion the body changes.
        now: noted with the version.
        version: the only version that the body changes; None: all that the couples were typed under.
        identities: identities that the body gives out: other couples of the same two people are counted with these.

    """
    touched = sorted(couple_ids)
    for chunk in writing.chunks(touched):
        connection.execute(select(couples.c.id).where(couples.c.id.in_(chunk)).order_by(couples.c.id).with_for_update())
    changed = _typed_under(connection, touched) if version is None else [version]
    _lock(connection, changed, now if version else None)
    company = {name: _company(connection, name, touched, identities) for name in changed}
    before = {name: _contributions(_couples(connection, name, company[name])) for name in changed}
    yield
    for name in changed:
        difference = _contributions(_couples(connection, name, company[name]))
        difference.subtract(before[name])
        _apply(connection, name, difference)


def _typed_under(connection: Connection, couple_ids: Sequence[int]) -> list[str]:
    found: set[str] = set()
    for chunk in writing.chunks(couple_ids):
        own = select(couple_people.c.id).where(couple_people.c.couple_id.in_(chunk)).scalar_subquery()
        found.update(connection.scalars(select(person_types.c.version).where(person_types.c.person_id.in_(own)).distinct()))
    return sorted(found)


def _lock(connection: Connection, names: Iterable[str], now: dt.datetime | None = None) -> None:
    """One writer a version at a time; always after the couples and in the order of the names, so that nobody waits in a circle."""
    for name in names:
        if now is not None:
            writing.upsert(connection, typings, [{"version": name, "updated_at": now}])
        else:
            connection.execute(select(typings.c.version).where(typings.c.version == name).with_for_update())


def _company(connection: Connection, version: str, couple_ids: Sequence[int], identities: Iterable[int]) -> set[int]:
    """`couple_ids`, and every couple that shares an identity with one of them, now or by `identities`."""
    known = set(identities)
    for chunk in writing.chunks(couple_ids):
        own = select(couple_people.c.id).where(couple_people.c.couple_id.in_(chunk)).scalar_subquery()
        # Asked for with a join, SQLite would read the whole version.
        wanted = select(person_types.c.identity).where(person_types.c.version == version, person_types.c.person_id.in_(own))
        known.update(identity for identity in connection.scalars(wanted) if identity is not None)
    found = set(couple_ids)
    for some in writing.chunks(sorted(known)):
        wanted = (
            select(couple_people.c.couple_id)
            .join(person_types, couple_people.c.id == person_types.c.person_id)
            .where(person_types.c.version == version, person_types.c.identity.in_(some))
        )
        found.update(connection.scalars(wanted))
    return found


Both = tuple[int | None, int | None, dict[Kind, tuple[str | None, str | None]]]
"""The two identities, and for each kind the two types."""


def _couples(connection: Connection, version: str, ids: Collection[int] | None) -> Iterator[Both]:
    """The couples `ids` (None: all) that count, by id."""
    a, b = couple_people.alias("a"), couple_people.alias("b")
    s, t = person_types.alias("s"), person_types.alias("t")
    wanted: Select[Any] = (
        select(
            couples.c.id,
            s.c.identity.label("one"),
            t.c.identity.label("two"),
            s.c.face_type.label("face_a"),
            t.c.face_type.label("face_b"),
            s.c.fashion_type.label("fashion_a"),
            t.c.fashion_type.label("fashion_b"),
        )
        .join(a, (a.c.couple_id == couples.c.id) & (a.c.side == "a"))
        .join(b, (b.c.couple_id == couples.c.id) & (b.c.side == "b"))
        .join(s, (s.c.person_id == a.c.id) & (s.c.version == version))
        .join(t, (t.c.person_id == b.c.id) & (t.c.version == version))
        .where(couples.c.excluded.is_(False))
        .order_by(couples.c.id)
    )
    pages = [wanted] if ids is None else [wanted.where(couples.c.id.in_(chunk)) for chunk in writing.chunks(sorted(ids))]
    for page in pages:
        for row in connection.execute(page):
            yield row.one, row.two, {"face": (row.face_a, row.face_b), "fashion": (row.fashion_a, row.fashion_b)}


def _contributions(found: Iterable[Both]) -> Counter[Cell]:
    """What couples, in the order of their ids, add to the counts."""
    counted: Counter[Cell] = Counter()
    spoken: set[tuple[Kind, int, int]] = set()
    for one, two, types in found:
        for kind in KINDS:
            a, b = types[kind]
            if a is None or b is None:
                continue
            if one is not None and two is not None:
                key = (kind, min(one, two), max(one, two))
                if key in spoken:
                    continue
                spoken.add(key)
            counted[kind, min(a, b), max(a, b)] += 1
    return counted


def _apply(connection: Connection, version: str, difference: Counter[Cell]) -> None:
    changes = sorted((a, b, kind, n) for (kind, a, b), n in difference.items() if n)
    more = [{"version": version, "type_a": a, "type_b": b, "kind": kind, "couples": n} for a, b, kind, n in changes if n > 0]
    fewer = [{"which": version, "one": a, "other": b, "n": -n} for a, b, kind, n in changes if n < 0]
    if more:
        if connection.dialect.name == "sqlite":
            lite = sqlite.insert(affinities)
            keys = [column.name for column in affinities.primary_key.columns]
            total = affinities.c.couples + lite.excluded.couples
            connection.execute(lite.on_conflict_do_update(index_elements=keys, set_={"couples": total}), more)
        else:
            my = mysql.insert(affinities)
            connection.execute(my.on_duplicate_key_update(couples=affinities.c.couples + my.inserted.couples), more)
    if fewer:
        here = (
            affinities.c.version == bindparam("which"),
            affinities.c.type_a == bindparam("one"),
            affinities.c.type_b == bindparam("other"),
        )
        # Not as an upsert: SQLite would check `couples >= 0` on the row that it does not insert.
        connection.execute(affinities.update().where(*here).values(couples=affinities.c.couples - bindparam("n")), fewer)
        gone = [{name: row[name] for name in ("which", "one", "other")} for row in fewer]
        connection.execute(affinities.delete().where(*here, affinities.c.couples == 0), gone)
