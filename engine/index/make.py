"""The index that the settings ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.index.exact import ExactIndex
from engine.index.values import Index


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Who proposes people, among how many; see `settings.toml` for the meaning of each key."""

    backend: str = "exact"
    members: int = 2000
    uri: str = ""
    token: str = ""


def make(settings: IndexSettings, folder: Path, dims: int) -> Index:
    """An opened index of `dims` dimensions whose files, where it has any, are under `folder`.

    Raises:
        IndexFault: it cannot be had; the message says what to do.

    """
    if settings.backend == "milvus":
        from engine.index.milvus import MilvusIndex  # noqa: PLC0415 only who chose it pays for it

        return MilvusIndex(settings.uri or str(folder / "milvus.db"), settings.token, dims).open()
    return ExactIndex(folder, dims).open()
