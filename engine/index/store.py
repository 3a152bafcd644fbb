"""Rows on disk: a matrix that is mapped into memory, and a record of 64 bytes beside each row.

    head.json    what the files are, whether they were closed in order, and the stamp; replaced as a whole
    vectors.f32  (capacity, dims) float32, mapped: searches read it where it lies
    records.bin  (capacity,) RECORD: id, what filters ask, and a CRC-32 of the record and its vector; a record of zeros is a free row
    lock         held by the one process that has the files open

**Crashes.**  A row is written vector first, then record; a kill between leaves a record whose checksum does not fit its vector.
Before the first change after a flush the head is marked as open, durably; who finds that mark checks every row, frees and zeroes
those that do not fit and the remains in free rows.  Whoever keeps the index then repeats what changed since the stamp, which `flush`
writes only after the rows are durable.  So no row ever comes back with a wrong vector, be it a kill or a power cut.

**Secrecy.**  Folder 0700, files 0600.  A row that is freed is zeroed at once, in the file too.

**A seam for sealed rows** (vectors encrypted at rest with a key of each member): everything else reads `matrix` and calls `write`,
`erase`, `flush`.  A store whose file holds sealed rows opens them into anonymous memory in `open` and seals them in `write`;
nothing above it changes.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.index.values import IndexFault

RECORD: Final = np.dtype(
    [
        ("id", "<i8"),
        ("city", "<i8"),
        ("latitude", "<f8"),
        ("longitude", "<f8"),
        ("born", "<i4"),
        ("languages", "<u4"),
        ("distance", "<u2"),
        ("age_min", "u1"),
        ("age_max", "u1"),
        ("gender", "u1"),
        ("seeks", "u1"),
        ("flags", "u1"),
        ("spare", "S13"),
        ("check", "<u4"),
    ]
)
FORMAT: Final = 1
LEAST: Final = 1024
"""Rows that a new file has room for."""
CHUNK: Final = 8192
"""Rows that are checked at a time."""
_COVERED: Final = RECORD.itemsize - 4


def check(record: bytes, vector: memoryview) -> int:
    """The checksum that belongs into a record."""
    return zlib.crc32(vector, zlib.crc32(record[:_COVERED]))


def remove(folder: Path) -> bool:
    """Delete an index's files; False where there are none, or where a process has them open."""
    if not folder.is_dir():
        return False
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _allocate(number: int, size: int) -> None:
    """Make a file longer; not sparse: a full disk must be an error here, not a signal when a mapped page is written."""
    allocate = getattr(os, "posix_fallocate", None)
    if allocate is None:  # macOS has none: a sparse file is the best that can be had
        os.ftruncate(number, size)
    else:
        allocate(number, 0, size)


class Store:
    """The files of one index, or as much memory where `folder` is None.

    The constructor only stores; `open` makes `matrix` and returns the records.  Not locked: the index sees to that.
    """

    def __init__(self, folder: Path | None, dims: int) -> None:
        self.folder = folder
        self.dims = dims
        self.stamp = ""
        self.matrix: NDArray[np.float32] = np.empty((0, dims), np.float32)
        self._clean = True
        self._files: list[int] = []
        self._map: mmap.mmap | None = None
        self._vectors = self._records = self._lock = -1

    def open(self) -> NDArray[np.void]:
        """The records of all rows, (capacity,) RECORD, those of free rows zero.

        Raises:
            IndexFault: another process has the files open, or they cannot be made.

        """
        try:
            return self._open()
        except OSError as error:
            self.close()
            raise IndexFault(f"the index in {self.folder} cannot be opened: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> NDArray[np.void]:
        if self.folder is None:
            self._vectors, self._records = (os.memfd_create(name, os.MFD_CLOEXEC) for name in ("inyeon-vectors", "inyeon-records"))
            self._files = [self._vectors, self._records]
        else:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            self._lock, self._vectors, self._records = (self._file(name) for name in ("lock", "vectors.f32", "records.bin"))
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise IndexFault(f"another process uses the index in {self.folder}") from None
        trusted = self._read_head()
        size = os.fstat(self._records).st_size // RECORD.itemsize
        if not trusted or os.fstat(self._vectors).st_size < size * self.dims * 4:
            self._truncate()
            size = 0
        self._remap(max(size, LEAST))
        records = np.zeros(len(self.matrix), RECORD)
        os.preadv(self._records, [records.view(np.uint8).data], 0)
        if not self._clean:
            self._sweep(records)
        return records

    def _file(self, name: str) -> int:
        assert self.folder is not None  # noqa: S101 files are in a folder
        number = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._files.append(number)
        os.fchmod(number, 0o600)
        return number

    def _read_head(self) -> bool:
        """Whether the files are of this format and these dimensions."""
        if self.folder is None:
            return True
        try:
            head = json.loads((self.folder / "head.json").read_text(encoding="utf-8"))
            fits = (head["format"], head["dims"]) == (FORMAT, self.dims)
            self._clean, self.stamp = bool(head["clean"]), str(head["stamp"])
        except (OSError, ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            self._clean, self.stamp = True, ""
        return fits

    def _write_head(self) -> None:
        if self.folder is None:
            return
        draft = self.folder / "head.new"
        head = {"format": FORMAT, "dims": self.dims, "clean": self._clean, "stamp": self.stamp}
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(head, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / "head.json")
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _remap(self, rows: int) -> None:
        """Room for `rows`; what is there stays."""
        for number, size in ((self._vectors, self.dims * 4), (self._records, RECORD.itemsize)):
            if os.fstat(number).st_size < rows * size:
                if self.folder is None:
                    os.ftruncate(number, rows * size)
                else:
                    _allocate(number, rows * size)
        self._unmap()
        self._map = mmap.mmap(self._vectors, rows * self.dims * 4)
        self.matrix = np.frombuffer(self._map, np.float32).reshape(rows, self.dims)

    def _unmap(self) -> None:
        self.matrix = np.empty((0, self.dims), np.float32)
        self._map = None  # unmapped with the last array that looks into it

    def _truncate(self) -> None:
        for number in (self._vectors, self._records):
            os.ftruncate(number, 0)

    def _sweep(self, records: NDArray[np.void]) -> None:
        """Free every row whose checksum does not fit, and zero what lies in free rows."""
        raw, rows = records.view(np.uint8).data, self.matrix.reshape(-1).view(np.uint8).data
        size, width = RECORD.itemsize, self.dims * 4
        broken = []
        for slot, (row_id, stated) in enumerate(zip(records["id"].tolist(), records["check"].tolist(), strict=True)):
            if row_id and stated != check(bytes(raw[slot * size : (slot + 1) * size]), rows[slot * width : (slot + 1) * width]):
                broken.append(slot)
        records[broken] = np.zeros((), RECORD)
        for slot in broken:
            os.pwrite(self._records, bytes(size), slot * size)
        for start in range(0, len(records), CHUNK):
            part = self.matrix[start : start + CHUNK]
            part[(records["id"][start : start + CHUNK] == 0) & part.any(axis=1)] = 0.0
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)  # unmaps what was only looked at; the file keeps it

    def reserve(self, rows: int) -> int:
        """Make room for `rows` rows at least; the capacity then.

        Raises:
            IndexFault: the disk is full; nothing changed.

        """
        if rows > len(self.matrix):
            try:
                self._remap(max(rows, len(self.matrix) + max(LEAST, len(self.matrix) // 8)))
            except OSError as error:
                raise IndexFault(f"no room for {rows:,} rows of the index: {error.strerror}") from error
        return len(self.matrix)

    def write(self, slots: Sequence[int], records: NDArray[np.void], vectors: NDArray[np.float32]) -> None:
        """Put rows where they belong; a kill in between leaves each as it was, as it will be, or free."""
        self._touch()
        size = RECORD.itemsize
        for slot, record, vector in zip(slots, records, vectors, strict=True):
            record["check"] = check(record.tobytes(), vector.data.cast("B"))
            self.matrix[slot] = vector
            os.pwrite(self._records, record.tobytes(), slot * size)

    def erase(self, slots: Sequence[int]) -> None:
        """Zero rows."""
        self._touch()
        empty = bytes(RECORD.itemsize)
        for slot in slots:
            self.matrix[slot] = 0.0
            os.pwrite(self._records, empty, slot * len(empty))

    def _touch(self) -> None:
        if self._clean:
            self._clean = False
            self._write_head()

    def clear(self) -> None:
        """No rows, no stamp; the files give their room back."""
        self.stamp, self._clean = "", False
        self._write_head()
        self._unmap()
        self._truncate()
        self._remap(LEAST)

    def flush(self, stamp: str) -> None:
        """Rows first, then the head that vouches for them."""
        if self.folder is not None and not self._clean and self._map is not None:
            self._map.flush()
            os.fsync(self._records)
        if not self._clean or stamp != self.stamp:
            self._clean, self.stamp = True, stamp
            self._write_head()

    def close(self) -> None:
        """Let go of files and memory."""
        self._unmap()
        for number in self._files:
            os.close(number)
        self._files = []
