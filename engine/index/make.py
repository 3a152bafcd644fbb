"""The index that the settings ask for."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

from engine.index.exact import ExactIndex
from engine.index.sealed import remove_rows
from engine.index.settings import IndexSettings
from engine.index.values import Index, IndexFault

LITE: Final = "milvus.db"
"""Where milvus-lite keeps its files under the index's folder: one file or a folder, by its version."""


def make(settings: IndexSettings, folder: Path, dims: int, key: bytes | None = None) -> Index:
    """An opened index of `dims` dimensions whose files, where it has any, are under `folder`, sealed with `key`.

    Without a key the embedded index keeps nothing on disk.  Milvus keeps its files by itself, in clear.  What another backend left in
    the folder is deleted first: nobody would take out of it who leaves.

    Raises:
        IndexFault: it cannot be had; the message says what to do.

    """
    try:
        if settings.backend == "milvus":
            remove_rows(folder)
        if settings.backend != "milvus" or settings.uri:
            _remove_lite(folder / LITE)
    except OSError as error:
        raise IndexFault(f"what another index left in {folder} cannot be deleted: {error.strerror}; delete that folder") from error
    if settings.backend == "milvus":
        from engine.index.milvus import MilvusIndex  # noqa: PLC0415 only who chose it pays for it

        return MilvusIndex(settings.uri or str(folder / LITE), settings.token, dims).open()
    return ExactIndex(folder, dims, key).open()


def _remove_lite(files: Path) -> None:
    """Delete what milvus-lite left, unless a process uses it."""
    if files.is_file():
        files.unlink()
    elif files.is_dir():
        lock = os.open(files / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(files)
        except BlockingIOError:
            return
        finally:
            os.close(lock)
