"""What the local server keeps: one SQLite file and a folder of files, or memory where no folder is given."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.local.values import DISK_FILES_MAX, MEMORY_FILES_MAX, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS people (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS updates (id INTEGER PRIMARY KEY, at REAL NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (number INTEGER PRIMARY KEY, file_id TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
"""


class Store:
    """Write-through storage; `folder` None keeps everything in memory.

    Every write is committed at once: a restart, even after a kill, finds each message that was answered.  In memory nothing but
    the bytes of files is kept here: people, messages and updates are never read again.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._blobs: dict[str, bytes] = {}
        if folder is not None:
            (folder / "files").mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else str(folder / "telegram.db")
        # Start and stop may run in another thread than the event loop; the server never uses it from two at a time.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the database; the store is of no use afterwards."""
        self._db.close()

    def meta(self, key: str, default: Any = None) -> Any:
        """The JSON value kept under `key`."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_meta(self, key: str, value: object) -> None:
        """Keep a JSON value under `key`."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, _dump(value)))

    def people(self) -> Iterator[Json]:
        """All people, in the order of their ids."""
        for (value,) in self._db.execute("SELECT value FROM people ORDER BY id"):
            yield json.loads(value)

    def put_person(self, person_id: int, value: Json) -> None:
        """Keep a person."""
        if self.folder is None:
            return
        self._db.execute("INSERT OR REPLACE INTO people VALUES (?, ?)", (person_id, _dump(value)))

    def messages(self) -> Iterator[Json]:
        """All messages, oldest first."""
        for (value,) in self._db.execute("SELECT value FROM messages ORDER BY id"):
            yield json.loads(value)

    def put_message(self, message_id: int, chat: int, value: Json) -> None:
        """Keep a message, new or changed."""
        if self.folder is None:
            return
        self._db.execute("INSERT OR REPLACE INTO messages VALUES (?, ?, ?)", (message_id, chat, _dump(value)))

    def drop_message(self, message_id: int) -> None:
        """Forget a message."""
        if self.folder is None:
            return
        self._db.execute("DELETE FROM messages WHERE id = ?", (message_id,))

    def updates(self) -> Iterator[tuple[int, float, Json]]:
        """Updates that were not confirmed yet: id, time (seconds), update."""
        for number, at, value in self._db.execute("SELECT id, at, value FROM updates ORDER BY id"):
            yield number, at, json.loads(value)

    def put_update(self, number: int, at: float, value: Json) -> None:
        """Keep an update until it is confirmed."""
        if self.folder is None:
            return
        self._db.execute("INSERT INTO updates VALUES (?, ?, ?)", (number, at, _dump(value)))

    def drop_updates(self, before: int) -> None:
        """Forget the updates with ids below `before`."""
        if self.folder is None:
            return
        self._db.execute("DELETE FROM updates WHERE id < ?", (before,))

    def drop_update(self, number: int) -> None:
        """Forget one update."""
        if self.folder is None:
            return
        self._db.execute("DELETE FROM updates WHERE id = ?", (number,))

    def files(self) -> Iterator[tuple[int, Json]]:
        """All files with their numbers, oldest first."""
        for number, value in self._db.execute("SELECT number, value FROM files ORDER BY number"):
            yield number, json.loads(value)

    def put_file(self, number: int, file_id: str, value: Json) -> None:
        """Keep what is known about a file."""
        if self.folder is None:
            return
        self._db.execute("INSERT INTO files VALUES (?, ?, ?)", (number, file_id, _dump(value)))

    def drop_file(self, number: int, path: str) -> None:
        """Forget a file and its bytes."""
        self._db.execute("DELETE FROM files WHERE number = ?", (number,))
        self._blobs.pop(path, None)
        if self.folder is not None:
            (self.folder / "files" / path).unlink(missing_ok=True)

    @property
    def files_max(self) -> int:
        """Bytes of files that are kept before the oldest are forgotten."""
        return MEMORY_FILES_MAX if self.folder is None else DISK_FILES_MAX

    def write(self, path: str, data: bytes) -> None:
        """Keep the bytes of a file; `path` is one that the server made, never one that a client named."""
        if self.folder is None:
            self._blobs[path] = data
            return
        target = self.folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file that `write` kept."""
        if self.folder is None:
            return self._blobs.get(path)
        target = self.folder / "files" / path
        return target.read_bytes() if target.is_file() else None

    def place(self, path: str) -> Path | None:
        """Where a file lies on disk; None in memory."""
        return None if self.folder is None else self.folder / "files" / path


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
