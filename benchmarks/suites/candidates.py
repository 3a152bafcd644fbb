"""The candidates of one request among a million members: filters both ways and exact inner products, beside numpy's bare floor.

The floor knows already which rows remain, and only scores them: `scores = matrix[rows] @ query` and an argpartition, in float32, over
the very matrix of the index.  Both take turns in one process; the ratio is that of the turns.  Memory and restarts are measured in
processes of their own, in which nothing else is loaded (`benchmarks.index_process`).  The town is made up: places with a few large
cities, ages, distances and who seeks whom as one would expect; neither time nor memory depends on what the vectors say.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.context import Context, ratio_row, spread_row
from benchmarks.index_process import KEY, Measured, in_a_process, leave
from engine.index.exact import ExactIndex
from engine.index.rules import days
from engine.index.values import EVERYONE, MAN, WOMAN, Entry, Hit, Seeker, Vector
from evaluation.plots import drawing
from evaluation.report import Row, Section

DIMS = 512
SIZES = (10_000, 100_000, 1_000_000)
SHARES = {"1 %": 0.01, "5 %": 0.05, "20 %": 0.2}
K = 300
PLACES = 2_000
PAGE = 20_000
TURNS = 9
"""Turns a round, of the index and of the floor."""
CHANGED = 20_000
"""Members among whom every twentieth changes."""
SEARCHES = 20
"""Requests after each of which an update and a deletion are looked for."""
BOUND, MEMORY_GB, RESTART_S = 1.5, 2.5, 5.0
TODAY = days(dt.date(2026, 11, 21))


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of turns among so many members, of which so many remained."""

    members: int
    remaining: int
    ours: list[float]
    floor: list[float]
    filters: list[float]


def run(context: Context) -> Section:
    """The three sizes, the largest one with its memory, restarts and changes."""
    town = Town()
    taken: dict[tuple[int, str], Taken] = {}
    rows: list[Row] = []
    for members in SIZES:
        folder = context.work / f"index-{members}"
        index = ExactIndex(folder, DIMS, KEY).open()
        filled = fill(index, town, members)
        for name, share in SHARES.items():
            taken[members, name] = compare(index, town.seeker(index, share), context.rounds)
        if members == SIZES[-1]:
            leave(folder, [town.seeker(index, share) for share in SHARES.values()])
            rows += changes(index, town)
            rows.append(flushing(index, town, context.rounds))
            index.close()
            rows += processes(folder, context.rounds, filled)
        else:
            index.close()
    million = [taken[SIZES[-1], name] for name in SHARES]
    first = [figure for name, one in zip(SHARES, million, strict=True) for figure in of_share(name, one)]
    draw(context.results / "candidates.png", taken)
    load = os.getloadavg()[0]
    note = (
        f"{DIMS} float32 numbers a member, the best {K}; wall time in turns with the floor, {TURNS} turns a round; load of the machine at "
        f"the end: {load:.1f} on {os.cpu_count()} processors. The floor is given the rows that remain and filters nothing. Memory is the "
        "resident set of a process that opened the index, answered and touched every row, Python and numpy included."
    )
    return Section("candidates", "Candidates among a million members", (*first, *rows), ("candidates.png",), (note,))


class Town:
    """Members by lot, and who asks."""

    def __init__(self) -> None:
        lot = self.lot = np.random.default_rng(20261121)
        self.latitude = np.round(lot.uniform(34.0, 38.5, PLACES), 1)
        self.longitude = np.round(lot.uniform(126.0, 129.5, PLACES), 1)
        size = lot.pareto(1.1, PLACES)
        self.share = size / size.sum()

    def members(self, first: int, count: int) -> list[Entry]:
        """`count` members from id `first` on."""
        lot = self.lot
        gender = lot.choice([WOMAN, MAN], count)
        own, everyone = lot.random(count) < 0.05, lot.random(count) < 0.04
        seeks = np.where(everyone, EVERYONE, np.where(own, gender, WOMAN + MAN - gender))
        years = 18 + np.minimum(lot.gamma(2.0, 6.0, count), 70)
        low = np.maximum(18, years - lot.integers(3, 20, count)).astype(int)
        high = (years + lot.integers(3, 25, count)).astype(int)
        place = lot.choice(PLACES, count, p=self.share)
        columns = (
            range(first, first + count),
            gender.tolist(),
            seeks.tolist(),
            (TODAY - years * 365.25).astype(int).tolist(),
            low.tolist(),
            high.tolist(),
            self.latitude[place].tolist(),
            self.longitude[place].tolist(),
            lot.choice([0, 0, 0, 30, 50, 100], count).tolist(),
            (place + 1).tolist(),
            lot.choice([1, 1, 1, 1, 2, 3], count).tolist(),
            (lot.random(count) < 0.05).tolist(),
            (lot.random(count) < 0.3).tolist(),
            (lot.random(count) < 0.03).tolist(),
        )
        vectors = lot.standard_normal((count, DIMS), dtype=np.float32)
        return [Entry(*traits, vector=vector) for *traits, vector in zip(*columns, vectors, strict=True)]

    def seeker(self, index: ExactIndex, share: float) -> Seeker:
        """Somebody in the largest city for whom about this share of all members remains; 500 are excluded."""
        largest = int(np.argmax(self.share))
        out = tuple(self.lot.choice(len(index), 500, replace=False).tolist())
        asks = Seeker(
            2_000_000_001, MAN, WOMAN, TODAY - 30 * 365, 18, 99, float(self.latitude[largest]), float(self.longitude[largest]),
            50, largest + 1, 1, verified=True, today=TODAY, exclude=out,
        )  # fmt: skip
        tried: list[tuple[float, int, Seeker]] = []
        # Nearby and of the own age, then farther and older, as people widen their filters.
        for km, seeks in ((20, WOMAN), (50, WOMAN), (100, WOMAN), (0, WOMAN), (0, EVERYONE)):
            for wide in (1, 2, 3, 5, 8, 12, 40):
                one = replace(asks, age_min=max(18, 30 - wide), age_max=30 + wide, distance_km=km, seeks=seeks)
                tried.append((abs(index.count(one) / len(index) - share), len(tried), one))
        return min(tried)[2]


def fill(index: ExactIndex, town: Town, members: int) -> float:
    """Put members in; seconds that the index took for it."""
    spent = 0.0
    for first in range(1, members + 1, PAGE):
        page = town.members(first, min(PAGE, members + 1 - first))
        started = time.perf_counter()
        index.upsert(page)
        spent += time.perf_counter() - started
    started = time.perf_counter()
    index.flush("filled")
    return spent + time.perf_counter() - started


def bare(matrix: NDArray[np.float32], rows: NDArray[np.int32], query: Vector, k: int) -> NDArray[np.intp]:
    """The floor: nothing but the products of rows that are known, and the best of them."""
    scores = matrix[rows] @ query
    return np.argpartition(scores, max(0, len(scores) - k))[-k:]


def compare(index: ExactIndex, seeker: Seeker, rounds: int) -> Taken:
    """Turns of the index, of the floor and of the filters alone."""
    ids, rows = index.rows(seeker)
    matrix = index.matrix
    query = np.random.default_rng(1).standard_normal(DIMS, dtype=np.float32)
    verify(index.search(query, seeker, K), matrix, rows, ids, query)
    ours: list[float] = []
    floor: list[float] = []
    filters: list[float] = []
    for _ in range(rounds):
        for work, found in (
            (lambda: index.search(query, seeker, K), ours),
            (lambda: bare(matrix, rows, query, K), floor),
            (lambda: index.count(seeker), filters),
        ):
            found.append(statistics.median(timed(work) for _ in range(TURNS)))
    return Taken(len(index), len(rows), ours, floor, filters)


def verify(hits: Sequence[Hit], matrix: NDArray[np.float32], rows: NDArray[np.int32], ids: NDArray[np.int64], query: Vector) -> None:
    """The answer is the exact one, in double precision up to rounding."""
    scores = np.concatenate([matrix[part].astype(np.float64) @ query for part in np.array_split(rows, max(1, len(rows) // 20_000))])
    best = np.sort(scores)[::-1][: len(hits)]
    if len(hits) != min(K, len(rows)) or not np.allclose([hit.score for hit in hits], best, atol=1e-3):
        raise RuntimeError("the index and the products in double precision differ")
    if not {hit.id for hit in hits} <= set(ids.tolist()):
        raise RuntimeError("somebody was found whom the filters refuse")


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def changes(index: ExactIndex, town: Town) -> list[Row]:
    """Updates and deletions, each looked for by the very next search."""
    asks = replace(town.seeker(index, 0.01), exclude=())
    query = np.random.default_rng(2).standard_normal(DIMS, dtype=np.float32)
    upserts: list[float] = []
    deletions: list[float] = []
    seen = 0
    for number in range(SEARCHES):
        one = replace(
            town.members(3_000_000_000 + number, 1)[0], gender=asks.seeks, seeks=asks.gender, born=asks.born, age_min=18, age_max=99,
            latitude=asks.latitude, longitude=asks.longitude, verified_only=False, same_language=False, vector=query * 10,
        )  # fmt: skip
        upserts.append(timed(lambda one=one: index.upsert([one])))  # type: ignore[misc]
        there = index.search(query, asks, 1)[0].id == one.id
        deletions.append(timed(lambda one=one: index.delete([one.id])))  # type: ignore[misc]
        seen += there and index.search(query, asks, 1)[0].id != one.id
    return [
        Row("changes that the very next search saw", seen / SEARCHES, SEARCHES, bound=1.0, note="one update and one deletion each"),
        spread_row("an update among a million", upserts, "ms", None),
        spread_row("a deletion among a million", deletions, "ms", None),
    ]


def flushing(index: ExactIndex, town: Town, rounds: int) -> Row:
    """What a minute's changes cost to seal and write, durably; searches go on meanwhile."""
    taken = []
    for number in range(max(3, rounds)):
        index.upsert(town.members(1 + number * CHANGED, CHANGED)[:: max(1, CHANGED // 1000)])
        taken.append(timed(lambda number=number: index.flush(f"changed {number}")))  # type: ignore[misc]
    return spread_row("sealing and writing 1,000 changed members of 1,000 blocks", taken, "ms", None)


def processes(folder: Path, rounds: int, filled: float) -> list[Row]:
    """Restarts and memory in processes of their own; the last one after a kill."""
    warm = [in_a_process(folder, "warm") for _ in range(max(3, min(rounds, 5)))]
    in_a_process(folder, "kill")
    after_kill = in_a_process(folder, "warm")

    def restart(name: str, found: Sequence[Measured], bound: float | None, note: str) -> Row:
        seconds = [one.seconds for one in found]
        return Row(
            name, statistics.median(seconds), len(seconds), "s", "lower", bound, (min(seconds), max(seconds)), filled, "filled anew", note
        )  # fmt: skip

    cpu = f"processor time {statistics.median(one.processor for one in warm):.1f} s; the file is in the page cache; imports are not counted"
    checked = f"processor time {after_kill.processor:.1f} s; what the last flush held, as after any other end"
    memory = [one.megabytes / 1000 for one in warm]
    return [
        restart("warm restart: open the sealed files, first right answer", warm, RESTART_S, cpu),
        restart("the same after kill -9 in the middle of an update", [after_kill], RESTART_S, checked),
        spread_row("memory of the process", memory, "GB", MEMORY_GB, [SIZES[-1] * DIMS * 4 / 1e9], "the vectors alone"),
    ]


def of_share(name: str, taken: Taken) -> list[Row]:
    """A filter's figures among a million."""
    share = 100 * taken.remaining / taken.members
    note = f"{taken.remaining:,} members ({share:.1f} %) remain; filters {statistics.median(taken.filters):.1f} ms of it"
    middle = statistics.median(taken.floor)
    return [
        Row(
            f"a request, {name} remain", statistics.median(taken.ours), len(taken.ours), "ms", "lower", None,
            (min(taken.ours), max(taken.ours)), middle, "numpy over the remaining rows", note,
        ),
        ratio_row(f"its ratio to the floor, {name} remain", taken.ours, taken.floor, "numpy over the remaining rows", BOUND),
    ]  # fmt: skip


def draw(path: Path, taken: dict[tuple[int, str], Taken]) -> None:
    """Milliseconds against members, the floor dashed."""
    with drawing(
        path, f"The best {K} of those who remain, {DIMS} float32 numbers each", "members", "milliseconds a request (median)"
    ) as axes:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for number, name in enumerate(SHARES):
            some = [taken[members, name] for members in SIZES]
            for label, style, values in (
                (f"{name} remain", "-o", [statistics.median(one.ours) for one in some]),
                ("its numpy floor", "--x", [statistics.median(one.floor) for one in some]),
            ):
                axes.plot(SIZES, values, style, color=f"C{number}", label=label)
