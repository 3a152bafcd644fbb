"""Where commands write: answers to stdout, progress to stderr."""

from __future__ import annotations

import sys


def answer(line: str) -> None:
    """A line of the command's answer."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def progress(line: str) -> None:
    """A line for who is waiting."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
