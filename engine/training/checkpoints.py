"""What a long computation has done so far, on disk, so that it goes on after a kill where it stood."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLAIN = "plain"

Arrays = dict[str, NDArray[Any]]
Result = tuple[Mapping[str, NDArray[Any]], Any]
"""(arrays, a value that JSON can hold)"""


class Checkpoints:
    """The stages of one run in a folder; a stage is there whole or not at all.

    The folder's name has to stand for everything that the stages' results depend on.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stage(self, name: str, make: Callable[[], Result]) -> tuple[Arrays, Any]:
        """What `make` returned, now or before the last kill.

        It is read back from disk in either case, so that both give the same to the last bit.
        """
        file = self.folder / f"{name}.npz"
        if not file.is_file():
            arrays, plain = make()
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{name}.draft"
            with draft.open("wb") as opened:
                np.savez(opened, **{PLAIN: np.array(json.dumps(plain))}, **arrays)  # type: ignore[arg-type]
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(file)
        with np.load(file, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files if key != PLAIN}, json.loads(str(stored[PLAIN]))

    def has(self, name: str) -> bool:
        """Whether a stage is done."""
        return (self.folder / f"{name}.npz").is_file()

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def prune(folder: Path, keep: int) -> None:
    """Delete all but the `keep` newest runs below `folder`."""
    runs = sorted((one for one in folder.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime) if folder.is_dir() else []
    for one in runs[: len(runs) - keep]:
        shutil.rmtree(one, ignore_errors=True)
