"""Multinomial regression on rows that belong to several types in part, and what is chosen for it on people left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from engine.training.clusters import Labels, Matrix, unit

INNER_FOLDS = 3
CENTRES = 0.0
"""Stands for weights that are not fitted but the mean directions of the types' people: right where k-means made the types."""
STRENGTHS = (CENTRES, 1.0, 30.0, 1000.0, 30000.0)
"""Inverse strengths of the ridge penalty that are tried, each fold choosing for itself."""
SHARPNESS = 0.1
"""Temperature of cosines before it is calibrated."""
TRIED_ROWS = 3000
"""Rows from which on the choice among `STRENGTHS` is made on a part: it does not get better by more of them."""


def folds(labels: Labels, people: NDArray[np.intp], count: int, seed: int) -> NDArray[np.intp]:
    """(people,) a fold each, so that every fold has its share of every type."""
    first = np.full(int(people.max()) + 1, -1, np.intp)
    first[people[::-1]] = labels[::-1]
    order = np.random.default_rng(seed).permutation(len(first))
    order = order[np.argsort(first[order], kind="stable")]
    fold = np.empty(len(first), np.intp)
    fold[order] = np.arange(len(first)) % count
    return fold


def strength_of(z: Matrix, labels: Labels, targets: Matrix, people: NDArray[np.intp], seed: int) -> float:
    """The one of STRENGTHS with the fewest errors on people left out, of equals that with the least log loss."""
    if len(z) > TRIED_ROWS:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(z))[:TRIED_ROWS])
        z, labels, targets = z[drawn], labels[drawn], targets[drawn]
        people = np.unique(people[drawn], return_inverse=True)[1]
    fold = folds(labels, people, INNER_FOLDS, seed)[people]
    tried = []
    for strength in STRENGTHS:
        errors, loss = 0, 0.0
        for number in range(INNER_FOLDS):
            own = fold == number
            weights, bias = regression(z[~own], targets[~own], strength)
            said = softmax(z[own] @ weights + bias)
            errors += int(np.sum(said.argmax(axis=1) != labels[own]))
            loss -= float((targets[own] * np.log(np.maximum(said, 1e-12))).sum())
        tried.append((errors, loss, strength))
    return min(tried)[2]


def regression(z: Matrix, targets: Matrix, strength: float) -> tuple[Matrix, Matrix]:
    """Weights (components, types) and bias (types,) of a multinomial regression on rows that may belong to several types in part."""
    rows, types = np.nonzero(targets > 1e-4)
    seen = np.unique(types)
    weights, bias = np.zeros((z.shape[1], targets.shape[1])), np.full(targets.shape[1], -20.0)
    if strength == CENTRES:
        weights = unit(targets.T @ z).T / SHARPNESS
        bias[seen] = 0
        return weights, bias
    if len(seen) == 1:
        bias[seen] = 0
        return weights, bias
    # The shares of one row sum to 1, so that the penalty means the same for soft and for hard targets.
    model = LogisticRegression(C=strength, solver="newton-cg", max_iter=300, tol=1e-4)
    fitted = model.fit(z[rows], types, sample_weight=targets[rows, types])
    coefficients, offsets = fitted.coef_, fitted.intercept_
    if len(seen) == 2:  # scikit-learn then gives one row for both
        coefficients, offsets = np.vstack([-coefficients, coefficients]) / 2, np.concatenate([-offsets, offsets]) / 2
    weights[:, seen], bias[seen] = coefficients.T, offsets
    return weights, bias


def best_temperature(logits: Matrix, labels: Labels) -> float:
    """The temperature under which the labels are likeliest (Guo et al. 2017).

    >>> round(best_temperature(np.array([[4.0, 0.0]] * 3 + [[4.0, 0.0]]), np.array([0, 0, 0, 1])), 1)
    3.6
    """
    choices = np.geomspace(0.05, 50, 240)
    rows = np.arange(len(labels))
    losses = [-float(np.mean(np.log(np.maximum(softmax(logits / one)[rows, labels], 1e-12)))) for one in choices]
    return float(choices[int(np.argmin(losses))])


def softmax(logits: Matrix) -> Matrix:
    """Probabilities, row by row."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)
