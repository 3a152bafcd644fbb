"""Photos by their paths, as commands are given them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.commands.output import progress


def missing(names: Sequence[str]) -> list[str]:
    """Those that are no files that may be read, in their order; one line on stderr says which and why.

    Nothing is opened: what comes through a pipe can be read only once.
    """
    found = {name: why for name in names if (why := _why(name))}
    if found:
        progress(f"cannot read {', '.join(f'{name} ({why})' for name, why in found.items())}: give the path of a photo")
    return [name for name in names if name in found]


def read(name: str, limit: int) -> bytes:
    """The bytes of a file, of which no more are read than show that it has more than `limit`; none where it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError):
        return b""


def _why(name: str) -> str:
    """What is wrong with a path; "" where nothing is."""
    try:
        path = Path(name)
        path.stat()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if path.is_dir():
        return "Is a directory"
    return "" if os.access(path, os.R_OK) else "Permission denied"
