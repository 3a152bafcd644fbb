"""Blocks of rows on disk, sealed with AES-GCM: nobody reads a row, or puts one in, without the key that the caller holds.

    head           MAGIC, then sealed: JSON (format, block size, name of the rows' file, stamp), newline, the table
    rows.XXXXXXXX  places of one sealed block each: nonce (12), ciphertext, tag (16)
    lock           held by the one process that has the files open

The table says in which place each block lies (-1: in none).  A block that changed is written to a free place, and the new head is
put in place of the old one as a whole: after a kill or a power cut the files hold what the last `commit` held, and nothing has to
be checked or mended.  A place that the new head no longer names loses its nonce at once, and is noise even to who has the key;
`renew` seals everything anew under another key, so that copies of older files are noise as soon as the old key is destroyed.

Sources: NIST SP 800-38D for AES-GCM (a nonce of 96 random bits: at most 2^32 blocks under one key, see `renew`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from engine.index.values import IndexFault

MAGIC: Final = b"INYX2"
NONCE: Final = 12
TAG: Final = 16
NOWHERE: Final = -1
READ: Final = 32
"""Places that are read at a time."""
OURS: Final = frozenset({"head", "head.new", "head.json", "vectors.f32", "records.bin"})
"""Names of files of this version and of those before it, which kept rows in clear."""


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


def remove_rows(folder: Path) -> bool:
    """Delete the sealed rows alone, for an index that keeps its rows elsewhere; False where a process has them open."""
    if not (folder / "lock").exists():
        return True
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for file in _rows(folder):
            file.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _rows(folder: Path) -> list[Path]:
    """The files with rows, or about them, of this version and of those before it."""
    return [file for file in folder.iterdir() if file.name.startswith("rows.") or file.name in OURS]


class SealedFile:
    """Blocks of `size` bytes each under `folder`.

    The constructor only stores.  Not locked against threads of its own process: the index sees to that.
    """

    def __init__(self, folder: Path, key: bytes, size: int) -> None:
        self.folder, self.size = folder, size
        self.stamp = ""
        self._cipher = AESGCM(key)
        self._table = np.empty(0, np.int32)
        self._fresh: dict[int, int] = {}
        self._free: list[int] = []
        self._places = 0
        self._name = ""
        self._rows = self._lock = -1

    @property
    def blocks(self) -> int:
        """One more than the highest block there may be."""
        return len(self._table)

    def open(self) -> None:
        """Find what the last commit left; files that are of another key, size or format are deleted.

        Raises:
            IndexFault: another process has the files open.
            OSError: they cannot be made.

        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IndexFault(f"another process uses the index in {self.folder}") from None
        self._read_head()
        self._sweep()
        if self._name:
            self._rows = os.open(self.folder / self._name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        used = set(self._table[self._table != NOWHERE].tolist())
        self._places = max(used, default=-1) + 1
        self._free = [place for place in range(self._places) if place not in used]
        self._blank(self._free)  # a kill may have come between a head and this

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Every block with its bytes, in the order of the file.

        Raises:
            InvalidTag: the file is damaged.

        """
        blocks = np.flatnonzero(self._table != NOWHERE)
        blocks = blocks[np.argsort(self._table[blocks])]
        width = self.size + NONCE + TAG
        for start in range(0, len(blocks), READ):
            some = blocks[start : start + READ].tolist()
            first, last = int(self._table[some[0]]), int(self._table[some[-1]])
            if last - first < 4 * READ:  # all of them at once, with the few places between them
                data = memoryview(os.pread(self._rows, (last - first + 1) * width, first * width))
                offsets = [(int(self._table[block]) - first) * width for block in some]
                yield from ((block, self._opened(block, data[at : at + width])) for block, at in zip(some, offsets, strict=True))
            else:
                for block in some:
                    yield block, self._opened(block, memoryview(os.pread(self._rows, width, int(self._table[block]) * width)))

    def write(self, block: int, plain: bytes | None) -> None:
        """Write a block beside its old place, None for one that is empty now; it counts from the next `commit` on."""
        if not self._name:
            self._begin()
        self._release([self._fresh.pop(block, NOWHERE)])
        if plain is None:
            self._fresh[block] = NOWHERE
            return
        if not self._free:
            self._free.append(self._places)
            self._places += 1
        place = self._free.pop()
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, self._about(block))
        self._fresh[block] = place
        os.pwrite(self._rows, sealed, place * len(sealed))

    def commit(self, stamp: str) -> None:
        """What was written counts, durably; the places it was in before are noise."""
        if not self._fresh and stamp == self.stamp:
            return
        if not self._name:
            self._begin()
        table = np.full(max(len(self._table), max(self._fresh, default=-1) + 1), NOWHERE, np.int32)
        table[: len(self._table)] = self._table
        fresh = np.array(list(self._fresh.items()), np.int64).reshape(-1, 2)
        gone = table[fresh[:, 0]]
        table[fresh[:, 0]] = fresh[:, 1]
        if self._rows >= 0:
            os.fsync(self._rows)
        self._write_head(stamp, table)
        self._table, self._fresh, self.stamp = table, {}, stamp
        self._release(gone.tolist())
        self._sweep()  # after `renew`: the file of the old key

    def abandon(self) -> list[int]:
        """Forget what was written since the last commit; the blocks."""
        fresh, self._fresh = self._fresh, {}
        self._free += [place for place in fresh.values() if place != NOWHERE]
        return list(fresh)

    def renew(self, key: bytes) -> None:
        """From now on another key, in another file; write every block again, then commit."""
        self.abandon()
        self._cipher = AESGCM(key)
        self._table = np.empty(0, np.int32)
        self._begin()

    def clear(self) -> None:
        """No blocks, no stamp."""
        self.abandon()
        self._table = np.empty(0, np.int32)
        self._begin()
        self.stamp = ""
        self._write_head("", self._table)
        self._sweep()

    def close(self) -> None:
        """Let go of the files."""
        for number in (self._rows, self._lock):
            if number >= 0:
                os.close(number)
        self._rows = self._lock = -1

    def _begin(self) -> None:
        """An empty file of its own name."""
        if self._rows >= 0:
            os.close(self._rows)
        self._name, self._free, self._places = f"rows.{secrets.token_hex(4)}", [], 0
        self._rows = os.open(self.folder / self._name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def _about(self, block: int) -> bytes:
        """What a sealed block is bound to, so that none can be put in the place of another."""
        return MAGIC + f"{self._name}:{block}".encode()

    def _opened(self, block: int, sealed: memoryview) -> bytes:
        if len(sealed) != self.size + NONCE + TAG:
            raise InvalidTag
        return self._cipher.decrypt(bytes(sealed[:NONCE]), sealed[NONCE:], self._about(block))

    def _release(self, places: list[int]) -> None:
        """Places whose blocks no longer count."""
        gone = [place for place in places if place != NOWHERE]
        self._blank(gone)
        self._free += gone

    def _blank(self, places: list[int]) -> None:
        """Without its nonce a block cannot be opened by anybody."""
        width = self.size + NONCE + TAG
        for place in places:
            os.pwrite(self._rows, bytes(NONCE), place * width)

    def _read_head(self) -> None:
        """Fill in what the head says; nothing, where there is none that this key opens."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, InvalidTag):
            data = (self.folder / "head").read_bytes()
            start = len(MAGIC) + NONCE
            if not data.startswith(MAGIC):
                return
            said, _, table = self._cipher.decrypt(data[len(MAGIC) : start], data[start:], MAGIC).partition(b"\n")
            head = json.loads(said)
            if head["size"] == self.size and (self.folder / head["file"]).is_file():
                self._table = np.frombuffer(table, np.int32).copy()
                self._name, self.stamp = str(head["file"]), str(head["stamp"])

    def _write_head(self, stamp: str, table: NDArray[np.int32]) -> None:
        said = json.dumps({"size": self.size, "file": self._name, "stamp": stamp}).encode()
        nonce = secrets.token_bytes(NONCE)
        draft = self.folder / "head.new"
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(number, "wb") as file:  # noqa: PTH123 of a number
            file.write(MAGIC + nonce + self._cipher.encrypt(nonce, said + b"\n" + table.tobytes(), MAGIC))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / "head")
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _sweep(self) -> None:
        """Delete what is not of this head."""
        kept = {"head", self._name} if self._name else set()
        for file in _rows(self.folder):
            if file.name not in kept:
                file.unlink()
