"""What is erased leaves SQLite's log too.

Pages that a transaction overwrites stand in the log (`…-wal`) as they were before until the log begins anew, which without much
writing takes days.  So whoever erases somebody asks for it to be emptied; after the commit that is done in a thread of its own, as
soon as no reader still reads from it: neither the caller nor an event loop waits for readers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

from sqlalchemy import Connection

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 5.0

_asked: WeakSet[Connection] = WeakSet()


def ask(connection: Connection) -> None:
    """Empty the log once this transaction has committed."""
    _asked.add(connection)


def claim(connection: Connection) -> bool:
    """Whether `ask` was called in the transaction that ended on this connection; it is forgotten with that."""
    asked = connection in _asked
    _asked.discard(connection)
    return asked


class Emptier:
    """Tries to empty a log until it is empty; its thread lives only as long as there is something to do."""

    def __init__(self, attempt: Callable[[], bool]) -> None:
        """`attempt` empties the log, or says False where somebody is still in the way."""
        self._attempt = attempt
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._wanted = False

    def ask(self) -> None:
        """Empty the log soon; returns at once."""
        with self._lock:
            self._wanted = True
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._work, name="inyeon-log", daemon=True)
                self._thread.start()

    def now(self) -> None:
        """Empty the log before this returns, or soon."""
        if not self._try():
            self.ask()

    def close(self) -> None:
        """Try no longer, but once more where it is not done."""
        self._stopped.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        if self._wanted:
            self._try()

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopped.is_set():
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False  # what is erased from here on asks anew
            if not self._try():
                with self._lock:
                    self._wanted = True
                self._stopped.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _try(self) -> bool:
        try:
            return self._attempt()
        except Exception as error:  # noqa: BLE001 a disk that is full now may not be later, and nobody else would try again
            log.warning("the log of the database could not be emptied: %s", type(error).__name__)
            return False
