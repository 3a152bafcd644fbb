"""Targets that misbehave, for the tests of the watcher."""

from __future__ import annotations

import os
import time
from random import Random
from typing import Any

from fuzz.targets import Case


def misbehaving() -> Case:
    """Case 3 raises, 5 ends its process, 7 hangs."""
    numbers = iter(range(10**6))

    def make(random: Random) -> Any:
        return next(numbers)

    def run(number: Any) -> None:
        if number == 1:
            raise ZeroDivisionError("planted")
        if number == 2:
            os._exit(3)

    return Case(make, run)


def sleeping() -> Case:
    """Each case takes ten minutes."""
    return Case(lambda random: 0, lambda case: time.sleep(600))
