"""The embedded index: files, crashes, threads."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.index.columns import CHUNK, Columns, packed
from engine.index.exact import ExactIndex
from engine.index.gate import Gate
from engine.index.order import Order
from engine.index.store import LEAST, RECORD, Store, remove
from engine.index.values import MAN, WOMAN, Entry, IndexFault, Seeker
from tests.engine.index import writer
from tests.engine.index.towns import DIMS, TODAY, crowd, expected, seeker_of

ROOT = Path(__file__).resolve().parents[3]
ASKS = Seeker(9_999, WOMAN, MAN, TODAY - 30 * 365, 18, 120, today=TODAY)


def entry(row_id: int, number: float = 1.0) -> Entry:
    return Entry(row_id, MAN, WOMAN, TODAY - 30 * 365, 18, 99, vector=np.full(DIMS, number, np.float32))


def ids(index: ExactIndex) -> list[int]:
    return sorted(hit.id for hit in index.search(np.ones(DIMS, np.float32), ASKS, 10_000))


def test_rows_outlive_the_process_with_their_stamp(folder: Path) -> None:
    town = crowd(2_500, seed=3)
    index = ExactIndex(folder, DIMS).open()
    index.upsert(town)
    index.delete([5, 6])
    index.flush("seq 7")
    index.close()
    again = ExactIndex(folder, DIMS).open()
    assert (again.stamp, len(again)) == ("seq 7", 2_498)
    asks = seeker_of(town[9])
    query = np.arange(DIMS, dtype=np.float32)
    left = [one for one in town if one.id not in (5, 6)]
    assert again.search(query, asks, 30) == expected(left, query, asks, 30)
    again.upsert([entry(5)])
    assert len(again) == 2_499
    again.close()


def test_files_are_for_their_owner_alone(folder: Path) -> None:
    ExactIndex(folder, DIMS).open().close()
    index = ExactIndex(folder, DIMS).open()
    index.upsert([entry(1)])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert {file.name for file in folder.iterdir()} >= {"head.json", "vectors.f32", "records.bin"}
    index.close()


def test_a_deleted_row_is_zero_in_the_file_at_once(folder: Path) -> None:
    index = ExactIndex(folder, DIMS).open()
    index.upsert([entry(1, 0.123), entry(2, 0.456)])
    mark = np.full(DIMS, 0.123, np.float32).tobytes()
    assert mark in (folder / "vectors.f32").read_bytes()
    index.delete([1])
    assert mark not in (folder / "vectors.f32").read_bytes()
    records = np.frombuffer((folder / "records.bin").read_bytes(), RECORD)
    assert records["id"].tolist().count(2) == 1
    assert 1 not in records["id"]
    index.close()


def test_a_second_process_is_refused(folder: Path) -> None:
    first = ExactIndex(folder, DIMS).open()
    with pytest.raises(IndexFault, match="another process"):
        ExactIndex(folder, DIMS).open()
    first.close()
    ExactIndex(folder, DIMS).open().close()


def test_files_are_removed_only_where_nobody_has_them_open(folder: Path) -> None:
    assert not remove(folder)
    index = ExactIndex(folder, DIMS).open()
    assert not remove(folder)
    assert (folder / "vectors.f32").is_file()
    index.close()
    assert remove(folder)
    assert not folder.exists()


def test_a_closed_index_says_so(folder: Path) -> None:
    index = ExactIndex(folder, DIMS).open()
    index.upsert([entry(1)])
    index.close()
    for use in (lambda: ids(index), lambda: index.upsert([entry(2)]), lambda: index.delete([1]), lambda: index.flush("x")):
        with pytest.raises(IndexFault, match="closed"):
            use()


def test_other_dimensions_and_a_damaged_head_mean_starting_anew(folder: Path) -> None:
    for damage in ("dims", "words", "gone"):
        index = ExactIndex(folder, DIMS).open()
        index.upsert([entry(1)])
        index.flush("x")
        index.close()
        head = folder / "head.json"
        if damage == "words":
            head.write_text("{", encoding="utf-8")
        elif damage == "gone":
            head.unlink()
        other = ExactIndex(folder, DIMS + (damage == "dims")).open()
        assert (len(other), other.stamp) == (0, "")
        assert not (folder / "vectors.f32").read_bytes().strip(b"\0"), "nothing of the old rows is left"
        other.close()


def test_files_that_cannot_be_made_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(IndexFault, match="cannot be opened"):
        ExactIndex(tmp_path / "file" / "index", DIMS).open()


def test_in_memory_it_does_the_same_and_grows() -> None:
    index = ExactIndex(None, DIMS).open()
    index.upsert([entry(row_id) for row_id in range(1, 3 * LEAST)])
    index.flush("x")
    assert ids(index) == list(range(1, 3 * LEAST))
    index.close()


@pytest.mark.parametrize("where", ["vector", "record"])
def test_a_row_that_does_not_fit_its_checksum_is_dropped_and_zeroed(folder: Path, where: str) -> None:
    index = ExactIndex(folder, DIMS).open()
    index.upsert([entry(1), entry(2), entry(3)])
    index.flush("x")
    index.upsert([entry(3, 2.0)])  # so that the head says: not closed in order
    index.close()
    assert json.loads((folder / "head.json").read_text(encoding="utf-8"))["clean"] is False
    file, width = ("vectors.f32", DIMS * 4) if where == "vector" else ("records.bin", RECORD.itemsize)
    data = bytearray((folder / file).read_bytes())
    data[width + 9] ^= 1  # of the second row
    (folder / file).write_bytes(data)
    again = ExactIndex(folder, DIMS).open()
    assert (ids(again), again.stamp) == ([1, 3], "x")
    again.close()
    assert not any((folder / "vectors.f32").read_bytes()[DIMS * 4 : 2 * DIMS * 4])


def test_what_lies_in_a_free_row_after_a_crash_is_zeroed(folder: Path) -> None:
    store = Store(folder, DIMS)
    store.open()
    store.write([0], packed([entry(1)]), np.ones((1, DIMS), np.float32))
    store.matrix[7] = 3.0  # a kill between vector and record
    store.close()
    again = Store(folder, DIMS)
    assert again.open()["id"][:8].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert not again.matrix[1:].any()
    again.close()


@pytest.mark.parametrize("seed", range(5))
def test_kill_9_in_the_middle_never_leaves_a_wrong_vector(folder: Path, seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.index.writer", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.Random(seed).uniform(0.01, 0.15))
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    index = ExactIndex(folder, writer.DIMS).open()
    assert index.stamp == "flushed", "so the keeper repeats what came after"
    slots = np.flatnonzero(index._columns.id)
    # Whatever rows there are, each is one that was written, as a whole.
    assert (index._store.matrix[slots] == index._columns.born[slots][:, None]).all()
    assert len(slots) == len(index) > writer.ROWS // 2
    assert not index._store.matrix[index._columns.id == 0].any()
    # And after the keeper has repeated everything, all is as it should be.
    index.upsert([writer.row(row_id, 77) for row_id in range(1, writer.ROWS + 1)])
    assert len(index) == writer.ROWS
    index.close()


def test_many_search_while_one_changes(folder: Path) -> None:
    """A member has all traits and the vector of one version; nobody who was deleted is found; every search sees whole members."""
    index = ExactIndex(folder, DIMS).open()
    people = list(range(1, 801))
    index.upsert([entry(row_id) for row_id in people])
    problems: list[str] = []
    stop = threading.Event()
    gone: set[int] = set()
    searches = [0, 0, 0]

    def search(number: int) -> None:
        while not stop.is_set():
            before = set(gone)
            hits = index.search(np.ones(DIMS, np.float32), ASKS, 10_000)
            found = [hit.id for hit in hits]
            if len(found) != len(set(found)):
                problems.append("somebody twice")
            if before & set(found):
                problems.append("somebody deleted")
            if any(hit.score % DIMS for hit in hits):
                problems.append("a mixed vector")
            searches[number] += 1

    threads = [threading.Thread(target=search, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    lot = random.Random(1)
    deadline = time.monotonic() + 4
    step = 1
    while time.monotonic() < deadline or min(searches) < 20:
        step += 1
        some = lot.sample(people, 100)
        index.upsert([replace(entry(row_id, step), born=TODAY - lot.randrange(20, 60) * 365) for row_id in some if row_id not in gone])
        leaving = lot.sample([row_id for row_id in people if row_id not in gone], 1)
        if len(gone) < 300:
            index.delete(leaving)
            gone.update(leaving)
        if time.monotonic() > deadline + 30:
            break
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert min(searches) >= 20
    assert ids(index) == [row_id for row_id in people if row_id not in gone]
    index.close()


def test_a_writer_waits_for_readers_and_keeps_new_ones_out() -> None:
    gate, order = Gate(), []
    reading, written = threading.Event(), threading.Event()

    def write() -> None:
        with gate.writing():
            order.append("write")
        written.set()

    def read_late() -> None:
        with gate.reading():
            order.append("late")

    with gate.reading():
        with gate.reading():  # another reader may come as long as nobody waits to write
            reading.set()
        writer_thread = threading.Thread(target=write)
        writer_thread.start()
        time.sleep(0.05)
        late = threading.Thread(target=read_late)
        late.start()
        time.sleep(0.05)
        assert order == []
        order.append("first")
    writer_thread.join(5)
    late.join(5)
    assert order == ["first", "write", "late"]


def test_an_error_inside_the_gate_leaves_it_open() -> None:
    gate = Gate()
    for enter in (gate.reading, gate.writing, gate.reading):
        with pytest.raises(RuntimeError), enter():
            raise RuntimeError
    with gate.writing():
        pass


def test_a_request_looks_at_few_rows() -> None:
    """What makes it cheap: gender, age and cell are never looked at row by row."""
    town = [replace(one, distance_km=50) for one in crowd(5_000, seed=4)]
    columns = Columns(packed(town))
    order = Order(columns)
    assert len(order.tail) == 0
    asks = replace(seeker_of(town[0]), age_min=30, age_max=32)
    index = ExactIndex(None, DIMS).open()
    index.upsert(town)
    index.flush("")
    looked: list[int] = []
    original = Columns.accept

    def counting(self: Columns, slots: object, *rest: object) -> object:
        looked.append(len(slots))  # type: ignore[arg-type]
        return original(self, slots, *rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Columns, "accept", counting)
        remaining = index.count(asks)
    assert 0 < remaining <= looked[0] < len(town) / 10
    index.close()


def test_more_rows_than_are_looked_at_in_one_go() -> None:
    index = ExactIndex(None, DIMS).open()
    index.upsert([entry(row_id) for row_id in range(1, CHUNK + 500)])
    assert index.count(ASKS) == CHUNK + 498, "all but the seeker"
    index.close()


def test_a_distance_is_enough_from_the_first_whole_kilometre_that_reaches() -> None:
    """Seoul to Busan by tenths of a degree: 326.3 km."""
    index = ExactIndex(None, DIMS).open()
    there = replace(entry(1), latitude=35.2, longitude=129.1)
    for own, theirs, fits in ((327, 327, 1), (326, 327, 0), (327, 326, 0), (0, 327, 1), (327, 0, 1)):
        index.upsert([replace(there, distance_km=theirs)])
        assert index.count(replace(ASKS, latitude=37.6, longitude=127.0, distance_km=own)) == fits, (own, theirs)
    index.close()
