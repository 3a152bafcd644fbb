"""Two chances into one score: both must hold, so one cold side is not made up for by a warm one.

`product` is the chance of a mutual like where the two answers are independent given what the model knows.  `harmonic` is RECON's
mean (Pizzato et al. 2010), which asks more for balance than for the sum of matches.  Both are symmetric, rise with either chance
and are 0 where one is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Combine = Callable[[ArrayLike, ArrayLike], NDArray[np.float64]]


def product(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """The chance of both.

    >>> product([0.5, 0.0], [0.5, 1.0]).tolist()
    [0.25, 0.0]
    """
    return np.asarray(p, dtype=np.float64) * np.asarray(q, dtype=np.float64)


def harmonic(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """The harmonic mean of two chances.

    >>> harmonic([0.5, 0.0, 0.2], [0.5, 0.0, 0.8]).round(2).tolist()
    [0.5, 0.0, 0.32]
    """
    one, other = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    return 2 * one * other / np.maximum(one + other, 1e-300)


COMBINERS: Final[Mapping[str, Combine]] = {"product": product, "harmonic": harmonic}
"""By the value of `ranking.combine`."""
