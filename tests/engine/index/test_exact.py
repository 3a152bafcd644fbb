"""The embedded index: files, crashes, threads."""

from __future__ import annotations

import itertools
import os
import random
import shutil
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
from engine.index.sealed import NONCE, SealedFile, remove
from engine.index.store import LEAST, ROWS
from engine.index.values import MAN, WOMAN, Entry, IndexFault, Seeker
from tests.engine.index import writer
from tests.engine.index.conftest import KEY
from tests.engine.index.towns import DIMS, TODAY, crowd, expected, seeker_of

ROOT = Path(__file__).resolve().parents[3]
ASKS = Seeker(9_999, WOMAN, MAN, TODAY - 30 * 365, 18, 120, today=TODAY)


def entry(row_id: int, number: float = 1.0) -> Entry:
    return Entry(row_id, MAN, WOMAN, TODAY - 30 * 365, 18, 99, vector=np.full(DIMS, number, np.float32))


def ids(index: ExactIndex) -> list[int]:
    return sorted(hit.id for hit in index.search(np.ones(DIMS, np.float32), ASKS, 10_000))


def test_rows_outlive_the_process_with_their_stamp(folder: Path) -> None:
    town = crowd(2_500, seed=3)
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert(town)
    index.delete([5, 6])
    index.flush("seq 7")
    index.close()
    again = ExactIndex(folder, DIMS, KEY).open()
    assert (again.stamp, len(again)) == ("seq 7", 2_498)
    asks = seeker_of(town[9])
    query = np.arange(DIMS, dtype=np.float32)
    left = [one for one in town if one.id not in (5, 6)]
    assert again.search(query, asks, 30) == expected(left, query, asks, 30)
    again.upsert([entry(5)])
    assert len(again) == 2_499
    again.close()


def test_files_are_for_their_owner_alone(folder: Path) -> None:
    ExactIndex(folder, DIMS, KEY).open().close()
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(1)])
    index.flush("x")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert {file.name.split(".")[0] for file in folder.iterdir()} == {"head", "lock", "rows"}
    index.close()


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def rows_file(folder: Path) -> Path:
    [found] = folder.glob("rows.*")
    return found


def test_the_files_hold_nothing_that_can_be_read_without_the_key(folder: Path) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([replace(entry(row_id), vector=np.arange(DIMS, dtype=np.float32) + row_id) for row_id in range(1, 200)])
    index.flush("the stamp")
    index.close()
    kept = everything(folder)
    for plain in (np.arange(4, dtype=np.float32) + 77, np.array([77, 0], np.int64), np.array([TODAY - 30 * 365], np.int32)):
        assert plain.tobytes() not in kept
    assert b"the stamp" not in kept
    assert KEY not in kept
    for other in (bytes(32), KEY[::-1]):
        stranger = ExactIndex(folder, DIMS, other).open()
        assert (len(stranger), stranger.stamp) == (0, "")
        stranger.close()
    assert list(folder.glob("rows.*")) == [], "what no key of ours opens does not lie about"


def test_a_deleted_row_is_noise_even_to_who_has_the_key(folder: Path) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(row_id) for row_id in range(1, 3 * ROWS)])
    index.flush("x")
    file = index._store._file
    assert file is not None
    old = {block: int(place) for block, place in enumerate(file._table)}
    index.delete([1])
    index.flush("y")
    width = file.size + NONCE + 16
    data = rows_file(folder).read_bytes()
    gone = data[old[0] * width : (old[0] + 1) * width]
    assert gone[:NONCE] == bytes(NONCE)
    assert int(file._table[0]) != old[0]
    index.delete(range(1, 2 * ROWS + 2))
    index.flush("z")
    assert (file._table[:2] == -1).all(), "blocks without anybody are not kept"
    index.close()


def test_a_copy_of_older_files_is_noise_once_the_key_was_renewed(folder: Path, tmp_path: Path) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(row_id) for row_id in range(1, 100)])
    index.flush("x")
    shutil.copytree(folder, tmp_path / "copy")
    fresh = bytes(reversed(KEY))
    index.delete([7])
    index.renew(fresh, "y")
    assert len(list(folder.glob("rows.*"))) == 1
    index.upsert([entry(500)])
    index.flush("z")
    index.close()
    again = ExactIndex(folder, DIMS, fresh).open()
    assert (again.stamp, ids(again)) == ("z", sorted({*range(1, 100), 500} - {7}))
    again.close()
    copy = ExactIndex(tmp_path / "copy", DIMS, fresh).open()
    assert len(copy) == 0
    copy.close()


def test_the_files_of_older_versions_in_clear_are_deleted(folder: Path) -> None:
    folder.mkdir()
    for name in ("vectors.f32", "records.bin", "head.json"):
        (folder / name).write_bytes(b"in clear")
    ExactIndex(folder, DIMS, KEY).open().close()
    assert b"clear" not in everything(folder)


def test_without_a_key_nothing_is_written(folder: Path) -> None:
    index = ExactIndex(folder, DIMS).open()
    index.upsert([entry(1)])
    index.flush("x")
    assert (ids(index), index.stamp) == ([1], "x")
    index.close()
    assert not folder.exists()


def test_a_second_process_is_refused(folder: Path) -> None:
    first = ExactIndex(folder, DIMS, KEY).open()
    with pytest.raises(IndexFault, match="another process"):
        ExactIndex(folder, DIMS, KEY).open()
    first.close()
    ExactIndex(folder, DIMS, KEY).open().close()


def test_files_are_removed_only_where_nobody_has_them_open(folder: Path) -> None:
    assert not remove(folder)
    index = ExactIndex(folder, DIMS, KEY).open()
    index.flush("x")
    assert not remove(folder)
    assert (folder / "head").is_file()
    index.close()
    assert remove(folder)
    assert not folder.exists()


def test_a_closed_index_says_so(folder: Path) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(1)])
    index.close()
    for use in (lambda: ids(index), lambda: index.upsert([entry(2)]), lambda: index.delete([1]), lambda: index.flush("x")):
        with pytest.raises(IndexFault, match="closed"):
            use()


@pytest.mark.parametrize("damage", ["dims", "words", "gone", "row", "short"])
def test_other_dimensions_and_damage_mean_starting_anew(folder: Path, damage: str) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(1)])
    index.flush("x")
    index.close()
    head, rows = folder / "head", rows_file(folder)
    if damage == "words":
        head.write_bytes(head.read_bytes()[:-1] + b"!")
    elif damage == "gone":
        head.unlink()
    elif damage == "row":
        data = bytearray(rows.read_bytes())
        data[99] ^= 1
        rows.write_bytes(data)
    elif damage == "short":
        rows.write_bytes(rows.read_bytes()[:-1])
    other = ExactIndex(folder, DIMS + (damage == "dims"), KEY).open()
    assert (len(other), other.stamp) == (0, "")
    assert not rows.exists(), "nothing of the old rows is left"
    if damage != "dims":
        other.upsert([entry(2)])
        assert ids(other) == [2]
    other.flush("y")
    other.close()


def test_a_block_cannot_be_put_in_the_place_of_another(folder: Path) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(row_id) for row_id in range(1, 2 * ROWS + 1)])
    index.flush("x")
    index.close()
    data = rows_file(folder).read_bytes()
    half = len(data) // 2
    rows_file(folder).write_bytes(data[half:] + data[:half])
    again = ExactIndex(folder, DIMS, KEY).open()
    assert (len(again), again.stamp) == (0, "")
    again.close()


def test_a_disk_that_is_full_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(1)])
    index.flush("x")
    index.upsert([entry(2)])
    with monkeypatch.context() as patch:
        patch.setattr(SealedFile, "_write_head", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(IndexFault, match="No space left"):
            index.flush("y")
    assert index.stamp == "x"
    index.flush("z")
    index.close()
    again = ExactIndex(folder, DIMS, KEY).open()
    assert (again.stamp, ids(again)) == ("z", [1, 2])
    again.close()


def test_files_that_cannot_be_made_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(IndexFault, match="cannot be opened"):
        ExactIndex(tmp_path / "file" / "index", DIMS, KEY).open()


def test_in_memory_it_does_the_same_and_grows() -> None:
    index = ExactIndex(None, DIMS).open()
    index.upsert([entry(row_id) for row_id in range(1, 3 * LEAST)])
    index.flush("x")
    assert ids(index) == list(range(1, 3 * LEAST))
    index.close()


def test_who_is_on_disk_twice_is_repeated(folder: Path) -> None:
    """As when somebody left one block after it was sealed, and came to another before that was."""
    index = ExactIndex(folder, DIMS, KEY).open()
    index.upsert([entry(row_id) for row_id in range(1, 2 * ROWS)])
    index._store.records[2 * ROWS - 1] = index._store.records[0]
    index.flush("x")
    index.close()
    again = ExactIndex(folder, DIMS, KEY).open()
    assert ids(again) == list(range(2, 2 * ROWS))
    again.upsert([entry(1)])
    assert ids(again) == list(range(1, 2 * ROWS))
    again.close()


@pytest.mark.parametrize("seed", range(5))
def test_kill_9_in_the_middle_leaves_what_the_last_flush_held(folder: Path, seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.index.writer", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.Random(seed).uniform(0.01, 0.3))
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    index = ExactIndex(folder, writer.DIMS, KEY).open()
    twin = ExactIndex(None, writer.DIMS).open()
    twin.upsert([writer.row(row_id, 1) for row_id in range(1, writer.ROWS + 1)])
    for value in range(2, int(index.stamp) + 1):
        writer.step(twin, value)
    assert held(index) == held(twin)
    assert all(set(row) == {born} for born, row in held(index).values())
    for made in (index, twin):
        made.close()


def held(index: ExactIndex) -> dict[int, tuple[int, list[float]]]:
    """Everybody with birth date and vector."""
    columns = index._columns
    return {int(columns.id[slot]): (int(columns.born[slot]), index.matrix[slot].tolist()) for slot in np.flatnonzero(columns.id).tolist()}


def keep_flushing(index: ExactIndex, stop: threading.Event) -> None:
    for number in itertools.count():
        if stop.is_set():
            return
        index.flush(str(number))


def test_many_search_while_one_changes(folder: Path) -> None:
    """A member has all traits and the vector of one version; nobody who was deleted is found; every search sees whole members."""
    index = ExactIndex(folder, DIMS, KEY).open()
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

    threads.append(threading.Thread(target=keep_flushing, args=(index, stop)))
    threads[-1].start()
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
        if time.monotonic() > deadline + 120:
            break
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert min(searches) >= 20
    assert ids(index) == [row_id for row_id in people if row_id not in gone]
    index.flush("end")
    index.close()
    again = ExactIndex(folder, DIMS, KEY).open()
    assert ids(again) == [row_id for row_id in people if row_id not in gone]
    again.close()


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
        until = time.monotonic() + 60
        while not gate._waiting and time.monotonic() < until:
            time.sleep(0.001)
        late = threading.Thread(target=read_late)
        late.start()
        time.sleep(0.05)
        assert order == []
        order.append("first")
    writer_thread.join(60)
    late.join(60)
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
