"""The day's pairs: a stable matching among everybody who was active, whomever they seek.

Men, women and people who seek everyone make a general graph, in which a stable matching need not exist for any preferences.  With
one score for a pair that both go by it always does, and taking the best pair that is left until none is left finds it (pairs ranked
globally: Abraham, Leravi, Manlove & O'Malley 2007): whoever would rather have had somebody else lost them to somebody who was
better for them.

What the score is, and who takes no part because they were shown enough, is `engine.matching.ranking.Matcher.pairs`'s to say; a member's
choices are the `best` of those pairs, and the bot and the made-up town of `evaluation` go the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

Scored = tuple[int, int, float]
"""(id, other id, score): acceptable to both, in either order; the same in both."""

CHOICES: Final = 40
"""How many of a member's best are weighed; who is stable with a worse one than that is left for another day."""


def best(pairs: Iterable[Scored], most: int = CHOICES) -> list[Scored]:
    """Each first member's choices: of their pairs the `most` with the highest score, best first; equal scores go by ids.

    >>> best([(1, 2, 0.1), (1, 3, 0.9), (1, 4, 0.5), (2, 1, 0.1)], 2)
    [(1, 3, 0.9), (1, 4, 0.5), (2, 1, 0.1)]
    """
    found: list[Scored] = []
    for _, own in groupby(sorted(pairs, key=lambda pair: (pair[0], -pair[2], pair[1])), key=itemgetter(0)):
        found += islice(own, most)
    return found


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
