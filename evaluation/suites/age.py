"""Estimated age of adults: how far off, whether the 80 % range holds, and which way it leans by age."""

from __future__ import annotations

import numpy as np

from evaluation.context import Context
from evaluation.metrics import bootstrap, wilson
from evaluation.plots import drawing
from evaluation.report import Row, Section
from evaluation.suites.adults import ADULT, people

BOUND = 5.5
BANDS = ((18, 24), (25, 34), (35, 44), (45, 60))


def run(context: Context) -> Section:
    """Mean absolute error, coverage, bias by band."""
    adults = [(person.age, person.seen.face) for person in people(context, *ADULT) if person.seen.face]
    if not adults:
        return Section("age", "Age of adults", (Row("mean absolute error", None, 0, bound=BOUND, note="no face found"),))
    truth = np.array([age for age, _ in adults])
    estimate = np.array([face.age for _, face in adults])
    ranges = np.array([face.age_range for _, face in adults])
    errors = np.abs(estimate - truth)
    inside = (ranges[:, 0] <= truth) & (truth <= ranges[:, 1])
    covered = int(inside.sum())
    best_constant = float(np.abs(truth - np.median(truth)).mean())
    found = [
        Row(
            f"mean absolute error, {ADULT[0]}–{ADULT[1]}",
            float(errors.mean()),
            len(truth),
            "years",
            "lower",
            BOUND,
            bootstrap(errors),
            best_constant,
            f"always {np.median(truth):.0f}",
        ),
        Row(
            "share inside the 80 % range",
            covered / len(truth),
            len(truth),
            bound=0.75,
            interval=wilson(covered, len(truth)),
            baseline=0.8,
            baseline_name="what the range claims",
        ),
        Row("mean width of the 80 % range", float((ranges[:, 1] - ranges[:, 0]).mean()), len(truth), "years", "lower"),
    ]
    for low, high in BANDS:
        band = (truth >= low) & (truth <= high)
        if band.any():
            bias = estimate[band] - truth[band]
            found.append(
                Row(
                    f"bias, {low}–{high}",
                    float(bias.mean()),
                    int(band.sum()),
                    "years",
                    interval=bootstrap(bias),
                    note=f"mean absolute error {errors[band].mean():.1f}, inside the range {inside[band].mean():.2f}",
                )
            )
    with drawing(context.results / "age.png", "Estimated over labelled age", "labelled age", "estimated age") as axes:
        axes.scatter(truth, estimate, s=6, alpha=0.3, label="a photo")
        axes.plot(ADULT, ADULT, color="grey", linestyle=":", label="true")
    return Section("age", "Age of adults", tuple(found), ("age.png",), ("Bias above 0: estimated too old.",))
