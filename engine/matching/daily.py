"""The day's pairs: a stable matching among everybody who was active, whomever they seek.

Men, women and people who seek everyone make a general graph, in which a stable matching need not exist for any preferences.  With
one score for a pair that both go by it always does, and taking the best pair that is left until none is left finds it (pairs ranked
globally: Abraham, Leravi, Manlove & O'Malley 2007): whoever would rather have had somebody else lost them to somebody who was
better for them.
"""

from __future__ import annotations

from collections.abc import Iterable

Scored = tuple[int, int, float]
"""(id, other id, score): acceptable to both, either order, once."""


def stable(pairs: Iterable[Scored]) -> list[tuple[int, int]]:
    """Pairs (smaller id, larger id), the best first: nobody twice, and no two who would both rather have each other.

    Takes O(E log E) for E pairs.  Equal scores go by ids, so that the result does not depend on the order of `pairs`.

    >>> stable([(1, 2, 0.9), (2, 3, 0.95), (1, 4, 0.1), (3, 4, 0.5)])
    [(2, 3), (1, 4)]
    """
    taken: set[int] = set()
    chosen: list[tuple[int, int]] = []
    for _, one, other in sorted((-score, min(a, b), max(a, b)) for a, b, score in pairs):
        if one != other and one not in taken and other not in taken:
            taken.update((one, other))
            chosen.append((one, other))
    return chosen
