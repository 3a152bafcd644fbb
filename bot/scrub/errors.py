"""Why a file cannot be made neutral."""

from __future__ import annotations


class UnsureError(Exception):
    """The file is broken, or holds something whose meaning is not known here; never leaves `bot.scrub`."""


def demand(condition: object, what: str) -> None:
    """`condition` holds.

    Raises:
        UnsureError: it does not.

    """
    if not condition:
        raise UnsureError(what)
