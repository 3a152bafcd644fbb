"""Who holds a lease: a process of a host, so that what a dead process held is taken over at once instead of when the lease ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable


def me() -> str:
    """The name of this process: host and number, at most 64 characters."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def gone(owners: Iterable[str]) -> list[str]:
    """Those of `owners` that surely hold nothing any more: processes of this host that do not run.

    Processes of other hosts are left alone: their leases run out.  One with the number of this process came before it.

    >>> gone(["elsewhere.example:1", me()]) == [me()]
    True
    """
    host = me().rsplit(":", 1)[0]
    return [owner for owner in owners if _dead(owner, host)]


def _dead(owner: str, host: str) -> bool:
    where, _, number = owner.rpartition(":")
    if not where:
        return True  # a name from before there were such names
    if where != host or not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
