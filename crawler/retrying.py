"""Trying again: exponential backoff with full jitter, or as long as the host asks for.

The formula is that of M. Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): before try n + 1 a wait that is
drawn evenly from 0 … min(most, first · 2^(n-1)).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from crawler.answers import Passing
from crawler.errors import Throttled
from crawler.pacing import Clock

WAIT_FIRST = 1.0
WAIT_MOST = 60.0
"""Seconds: the ceiling of the first wait, which doubles with each try, and of all of them."""

R = TypeVar("R")


class Retrier:
    """Calls again what failed with `Throttled` or `Passing`."""

    def __init__(self, attempts: int, patience: float, clock: Clock, seed: int | None = None) -> None:
        """`attempts`: tries in all; `patience`: the longest pause in seconds that is waited for."""
        self.attempts = max(1, attempts)
        self.patience = patience
        self._clock = clock
        self._random = random.Random(seed)

    def call(self, function: Callable[[], R]) -> R:
        """What `function` returns.

        Raises:
            SourceError: what the last try raised; at once where the host wants a longer pause than `patience`.

        """
        retrying = Retrying(
            sleep=self._clock.sleep,
            stop=self._stop,
            wait=self._wait,
            retry=retry_if_exception_type((Throttled, Passing)),
            reraise=True,
        )
        return retrying(function)

    def _stop(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        too_long = isinstance(error, Throttled) and error.retry_after > self.patience
        return too_long or state.attempt_number >= self.attempts

    def _wait(self, state: RetryCallState) -> float:
        ceiling = min(WAIT_MOST, self.patience, WAIT_FIRST * 2.0 ** (state.attempt_number - 1))
        jittered = self._random.uniform(0.0, ceiling)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Throttled) else 0.0
        return asked + min(jittered, WAIT_FIRST) if asked > 0 else jittered
