"""Newcomers are shown enough to be known: a share of the cards is theirs until they were answered often enough.

Each place of an order is a newcomer's with a fixed chance; who gets it is drawn by Thompson's rule, which is to say by their score
under log-odds drawn from what is believed of them, so that whoever is sure to be disliked does not use up the places, and those
about whom least is known are tried most.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def newcomers(shown: NDArray[np.float64], needed: int) -> NDArray[np.bool_]:
    """Who was answered about too seldom to be known.

    >>> newcomers(np.array([0.0, 19.0, 20.0]), 20).tolist()
    [True, True, False]
    """
    return np.asarray(shown < needed)


def interleaved(
    order: NDArray[np.intp], new: NDArray[np.bool_], drawn: NDArray[np.float64], slots: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """`order` with newcomers brought forward.

    Args:
        order: (n,) places of candidates, best first.
        new: (n,) by candidate, who is a newcomer.
        drawn: (n,) by candidate, the score drawn by Thompson's rule.
        slots: chance that a place of the order is a newcomer's.
        rng: decides which.

    Returns:
        The new order, and by place in it whether a newcomer was brought forward to there.

    """
    n = len(order)
    explored = np.zeros(n, dtype=bool)
    waiting = order[new[order]]
    if not len(waiting) or slots <= 0:
        return order, explored
    tried = iter(waiting[np.argsort(-drawn[waiting], kind="stable")].tolist())
    out, taken = order.tolist(), bytearray(n)
    place = 0
    for slot in np.flatnonzero(rng.random(n) < slots).tolist():
        for one in out[place:slot]:
            taken[one] = 1
        chosen = next((one for one in tried if not taken[one]), None)
        if chosen is None:
            break
        out.remove(chosen)
        out.insert(slot, chosen)
        explored[slot] = True
        place = slot
    return np.array(out, dtype=np.intp), explored
