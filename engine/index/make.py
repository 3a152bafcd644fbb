"""The index that the settings ask for."""

from __future__ import annotations

from pathlib import Path

from engine.index.exact import ExactIndex
from engine.index.settings import IndexSettings
from engine.index.values import Index


def make(settings: IndexSettings, folder: Path, dims: int, key: bytes | None = None) -> Index:
    """An opened index of `dims` dimensions whose files, where it has any, are under `folder`, sealed with `key`.

    Without a key the embedded index keeps nothing on disk.  Milvus keeps its files by itself, in clear.

    Raises:
        IndexFault: it cannot be had; the message says what to do.

    """
    if settings.backend == "milvus":
        from engine.index.milvus import MilvusIndex  # noqa: PLC0415 only who chose it pays for it

        return MilvusIndex(settings.uri or str(folder / "milvus.db"), settings.token, dims).open()
    return ExactIndex(folder, dims, key).open()
