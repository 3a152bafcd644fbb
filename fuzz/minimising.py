"""Makes a finding small: takes away what is not needed to get the same one again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

TRIES: Final = 600


def smaller(case: Any, fails: Callable[[Any], bool]) -> Any:
    """The smallest input found that still fails; `fails` must be quick.

    >>> smaller(b"aaaaXaaaa", lambda data: b"X" in data)
    b'X'
    >>> smaller({"a": 1, "b": [2, 3]}, lambda found: isinstance(found, dict) and "b" in found)
    {'b': []}
    """
    tries = TRIES
    step = max(1, len(case) // 2) if isinstance(case, bytes | str) else 0
    while step and tries:
        at, shorter = 0, False
        while at < len(case) and tries:
            tries -= 1
            candidate = case[:at] + case[at + step :]
            if fails(candidate):
                case, shorter = candidate, True
            else:
                at += step
        if not shorter:
            step //= 2
    while isinstance(case, dict | list) and tries:
        candidate = next((one for one in _without_one(case) if (tries := tries - 1) >= 0 and fails(one)), None)
        if candidate is None:
            break
        case = candidate
    return case


def _without_one(document: Any) -> Any:
    """The document without one of its parts, the larger ones first."""
    keys = list(document) if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        yield (
            {name: item for name, item in document.items() if name != key}
            if isinstance(document, dict)
            else [item for place, item in enumerate(document) if place != key]
        )
    for key in keys:
        for part in _without_one(document[key]):
            made = document.copy()
            made[key] = part
            yield made
