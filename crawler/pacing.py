"""How often a host is asked: one request at a time, with a pause between two, and longer ones where the host wants them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from crawler.errors import Throttled


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, so that tests need not wait; seconds."""

    monotonic: Callable[[], float] = time.monotonic
    """For durations."""
    now: Callable[[], float] = time.time
    """Since 1970, UTC."""
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class _Lane:
    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    interval: float = 0.0


class Pacer:
    """Gives out turns, one a host at a time."""

    def __init__(self, interval: float, patience: float, clock: Clock) -> None:
        """`interval`: seconds between two requests; `patience`: the longest wait in seconds that is borne."""
        self.interval = interval
        self.patience = patience
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._guard = threading.Lock()

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait until `host` may be asked and keep everybody else from asking it meanwhile.

        Raises:
            Throttled: that would take longer than `patience`.

        """
        lane = self._lane(host)
        with lane.lock:
            wait = lane.free_at - self._clock.monotonic()
            # Our own pause between two requests is no reason to give up, however little patience there is.
            if wait > max(self.patience, self.interval):
                raise Throttled(f"{host} asked for a pause: go on in {wait:.0f} seconds", wait)
            if wait > 0:
                self._clock.sleep(wait)
            try:
                yield
            finally:
                self.hold(host, max(self.interval, lane.interval))

    def hold(self, host: str, seconds: float) -> None:
        """Nobody asks `host` for so long."""
        lane = self._lane(host)
        lane.free_at = max(lane.free_at, self._clock.monotonic() + seconds)

    def slow(self, host: str, interval: float) -> None:
        """Keep at least `interval` seconds between two requests to `host` from now on."""
        self._lane(host).interval = max(interval, 0.0)

    def _lane(self, host: str) -> _Lane:
        with self._guard:
            return self._lanes.setdefault(host, _Lane())
