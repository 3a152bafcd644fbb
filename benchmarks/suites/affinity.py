"""Reading the partner types of one type at ten million couples: the summary that the product keeps, beside counting.

The couples are a real table of as many rows as fit into PATIENCE seconds of filling (the report says how many), with types drawn by
the database; the summary is what these rows add up to, with those of older versions beside it.  Both are read through the product's
own connections, on SQLite and on a MariaDB server of the benchmark's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text

from benchmarks.context import Context
from db import affinities
from db.session import Connection, Database
from db.settings import DatabaseSettings
from engine.affinity import CoupleCounts, shrunk_lifts
from evaluation.plots import drawing
from evaluation.report import Row, Section
from tests import mariadb

COUPLES = 10_000_000
CHUNK = 500_000
PATIENCE = 150.0
"""Seconds of filling after which a database keeps the rows that it has."""
TYPES = 12
VERSION = "v20261121t120000-3fa9c1d2"
OLDER = 5
BOUND_MS = 1.0
READS = 40
COUNTINGS = 3
MADE = "CREATE TABLE bench_couples (id INTEGER NOT NULL PRIMARY KEY {numbered}, type_a VARCHAR(32) NOT NULL, type_b VARCHAR(32) NOT NULL)"
FILLED = {
    # Products of two uniform numbers: some types are several times as frequent as others.
    "sqlite": "INSERT INTO bench_couples (type_a, type_b)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {chunk})"
    " SELECT '3fa9c1-mf-' || (abs(random() % {types}) * abs(random() % 97) / 97),"
    " '3fa9c1-wf-' || (abs(random() % {types}) * abs(random() % 97) / 97) FROM n",
    "mysql": "INSERT INTO bench_couples (type_a, type_b)"
    " SELECT CONCAT('3fa9c1-mf-', FLOOR(RAND() * RAND() * {types})), CONCAT('3fa9c1-wf-', FLOOR(RAND() * RAND() * {types}))"
    " FROM seq_1_to_{chunk}",
}
SUMMED = (
    "INSERT INTO affinities (version, type_a, type_b, kind, couples)"
    " SELECT :version, type_a, type_b, 'face', COUNT(*) FROM bench_couples GROUP BY type_a, type_b"
)
COPIED = (
    "INSERT INTO affinities (version, type_a, type_b, kind, couples)"
    " SELECT :version, type_a, type_b, kind, couples FROM affinities WHERE version = :newest"
)
COUNTED = "SELECT type_b, COUNT(*) AS couples FROM bench_couples WHERE type_a = :type_id GROUP BY type_b ORDER BY couples DESC, type_b"
INDEXED = "CREATE INDEX bench_pair ON bench_couples (type_a, type_b)"


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds a read on one database."""

    couples: int
    plain: list[float]
    indexed: list[float]
    summary: list[float]
    nothing: list[float]
    """A read that asks the database for nothing: what any read costs."""
    everything: list[float]
    """All types of the version, with their shrunk lifts: what a recommendation needs."""


def run(context: Context) -> Section:
    """SQLite, then MariaDB where it is installed."""
    found: dict[str, Taken] = {"SQLite": measure(f"sqlite:///{context.work / 'couples.db'}", context.rounds)}
    missing = mariadb.missing()
    if missing is None:
        server = mariadb.Server()
        try:
            server.install()
            server.start()
            found["MariaDB"] = measure(server.url(server.make_database()), context.rounds)
        finally:
            server.remove()
    rows = [row for name, taken in found.items() for row in rows_of(name, taken)]
    if missing is not None:
        rows.append(Row("MariaDB: partner types of a type", None, 0, "ms", "lower", BOUND_MS, note=missing))
    draw(context, found)
    note = (
        f"{TYPES} × {TYPES} types, {OLDER} older versions in the same summary. Wall time of one read in one thread, through SQLAlchemy; "
        "interval: smallest and largest of the rounds' medians. MariaDB on the same machine, over TCP, with a buffer pool of 128 MB."
    )
    return Section("affinity", "Partner types at ten million couples", tuple(rows), ("affinity.png",), (note,))


def measure(url: str, rounds: int, couples: int = COUPLES) -> Taken:
    """Fill a database and read it."""
    database = Database(DatabaseSettings(url=url))
    database.open()
    try:
        filled = fill(database, couples)
        database.transact(summarise)
        wanted = database.read(busiest)
        plain = [timed(database, count, wanted) for _ in range(COUNTINGS)]
        database.transact(execute, INDEXED)
        expected = database.read(count, wanted)
        if database.read(affinities.of, VERSION, wanted) != expected:
            raise RuntimeError("the summary and the count differ")
        indexed = [timed(database, count, wanted) for _ in range(COUNTINGS)]
        summary = [middle(database, affinities.of, VERSION, wanted) for _ in range(rounds)]
        nothing = [middle(database, execute, "SELECT 1") for _ in range(rounds)]
        everything = [middle(database, lifts) for _ in range(rounds)]
        return Taken(filled, plain, indexed, summary, nothing, everything)
    finally:
        database.close()


def fill(database: Database, couples: int) -> int:
    """Insert couples, at most `couples`, for at most PATIENCE seconds; how many."""
    kind = "sqlite" if database.embedded else "mysql"
    numbered = "AUTOINCREMENT" if database.embedded else "AUTO_INCREMENT"
    database.transact(execute, MADE.format(numbered=numbered))
    started, done = time.monotonic(), 0
    while done < couples and time.monotonic() - started < PATIENCE:
        chunk = min(CHUNK, couples - done)
        database.transact(execute, FILLED[kind].format(chunk=chunk, types=TYPES))
        done += chunk
    return done


def execute(connection: Connection, statement: str) -> None:
    """Run a statement of this module."""
    connection.execute(text(statement))


def summarise(connection: Connection) -> None:
    """The summary as these couples would have left it, and older versions' beside it."""
    connection.execute(text(SUMMED), {"version": VERSION})
    for number in range(OLDER):
        connection.execute(text(COPIED), {"version": f"v2026102{number}t120000-3fa9c1d2", "newest": VERSION})


def busiest(connection: Connection) -> str:
    """The type with most couples: the dearest to count."""
    counts: dict[str, int] = {}
    for one, _, number in affinities.counts(connection, VERSION):
        counts[one] = counts.get(one, 0) + number
    return max(counts, key=lambda name: counts[name])


def count(connection: Connection, type_id: str) -> list[tuple[str, int]]:
    """What `affinities.of` answers, counted over the couples."""
    return [(row.type_b, row.couples) for row in connection.execute(text(COUNTED), {"type_id": type_id})]


def lifts(connection: Connection) -> float:
    """The whole table of the version, and its shrunk lifts; the largest."""
    counts = CoupleCounts.of(affinities.counts(connection, VERSION, "face")).pairs
    men, women = (sorted({one for one, _ in counts if f"-{group}-" in one}) for group in ("mf", "wf"))
    table = np.array([[counts.get((man, woman), 0) for woman in women] for man in men], dtype=np.float64)
    return float(shrunk_lifts(table)[0].max())


def timed(database: Database, function: Callable[..., Any], *arguments: Any) -> float:
    """Milliseconds of one read."""
    started = time.perf_counter()
    database.read(function, *arguments)
    return (time.perf_counter() - started) * 1000


def middle(database: Database, function: Callable[..., Any], *arguments: Any) -> float:
    """The median of some reads."""
    return float(np.median([timed(database, function, *arguments) for _ in range(READS)]))


def rows_of(name: str, taken: Taken) -> list[Row]:
    """The figures of one database."""
    plain, indexed, summary, nothing, everything = (
        (float(np.median(values)), (min(values), max(values)), len(values))
        for values in (taken.plain, taken.indexed, taken.summary, taken.nothing, taken.everything)
    )
    counted = f"counting {taken.couples:,} couples"

    def row(what: str, found: tuple[float, tuple[float, float], int], bound: float | None, note: str = "") -> Row:
        middle, spread, number = found
        return Row(f"{name}: {what}", middle, number, "ms", "lower", bound, spread, plain[0], f"{counted}, no index", note)

    return [
        row("partner types of a type, from the summary", summary, BOUND_MS),
        row("a read that asks for nothing", nothing, None, "the round trips and SQLAlchemy, which are in the other figures too"),
        row("counted with a covering index", indexed, None),
        row("all types of a version with their lifts", everything, None, "what a recommendation reads and works out"),
    ]


def draw(context: Context, found: dict[str, Taken]) -> None:
    """Bars on a logarithmic axis."""
    with drawing(context.results / "affinity.png", "Partner types of one type", "", "milliseconds") as axes:
        for place, (name, taken) in enumerate(found.items()):
            for index, (label, values) in enumerate(
                (("counted, no index", taken.plain), ("counted, covering index", taken.indexed), ("summary", taken.summary))
            ):
                height = float(np.median(values))
                axes.bar(place + index / 4, height, width=0.23, color=f"C{index}", label=None if place else label)
                axes.text(place + index / 4, height, f"{height:.2g}", ha="center", va="bottom", fontsize="small")
            axes.text(place + 0.25, 0.012, f"{name}\n{taken.couples:,} couples", ha="center", fontsize="small")
        axes.axhline(BOUND_MS, color="black", linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        axes.set_ylim(0.01, None)
        axes.set_xticks([])
