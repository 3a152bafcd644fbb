"""Are minors turned away, and how many adults with them?  The rows under 18 are used for nothing but this."""

from __future__ import annotations

import math

import numpy as np

from evaluation.context import Context
from evaluation.metrics import auc, wilson
from evaluation.plots import drawing
from evaluation.report import Row, Section
from evaluation.suites.adults import Person, people

YOUNG, STOPPED = 16, 0.90
OLD, PASSED = 25, 0.05
PLAIN = 23
"""The baseline: stop whose estimated age is below this."""


def run(context: Context) -> Section:
    """Shares stopped by age and the ROC curve with the operating point."""
    faces = [person for person in people(context) if person.seen.face]
    young = [person for person in faces if person.age < YOUNG]
    teens = [person for person in faces if YOUNG <= person.age < 18]
    between = [person for person in faces if 18 <= person.age < OLD]
    old = [person for person in faces if person.age >= OLD]
    found = [
        row("stopped of those under 16", young, STOPPED, "higher"),
        row("stopped of those of 16 and 17", teens, None, "higher"),
        row("stopped of those of 18 to 24", between, None, "lower"),
        row("stopped of those of 25 and over", old, PASSED, "lower"),
        Row(
            "not accepted of those under 16, whatever the reason",
            share([person.seen.problem is not None for person in young]),
            len(young),
            note="also where another problem of the photo comes first",
        ),
    ]
    if young and old:
        found.append(Row("AUC, under 16 against 25 and over", auc(scores(young), scores(old)), len(young) + len(old)))
        draw(context, young, old)
    missing = len(people(context)) - len(faces)
    note = (
        f"Stopped: the main face may be a minor's. {missing} photos without a face found are left out; they stop nobody wrongly accepted."
    )
    return Section("minors", "Turning minors away", tuple(found), ("minors.png",) if young and old else (), (note,))


def scores(persons: list[Person]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The engine's minor scores."""
    return np.array([person.seen.face.minor_score for person in persons if person.seen.face])


def stopped(person: Person) -> bool:
    """Whether the engine cannot exclude a minor."""
    return person.seen.face is not None and person.seen.face.maybe_minor


def plainly(person: Person) -> bool:
    """What a plain threshold on the estimated age would say."""
    return person.seen.face is not None and person.seen.face.age < PLAIN


def share(flags: list[bool]) -> float:
    """Of how many it is so; NaN of nobody."""
    return sum(flags) / len(flags) if flags else math.nan


def row(name: str, persons: list[Person], bound: float | None, better: str) -> Row:
    """The share stopped beside that of the plain threshold."""
    return Row(
        name,
        share([stopped(person) for person in persons]),
        len(persons),
        better="higher" if better == "higher" else "lower",
        bound=bound,
        interval=wilson(sum(stopped(person) for person in persons), len(persons)) if persons else None,
        baseline=share([plainly(person) for person in persons]),
        baseline_name=f"estimated age below {PLAIN}",
    )


def draw(context: Context, young: list[Person], old: list[Person]) -> None:
    """The ROC curve of the minor score, the operating point and the baseline's."""
    positive, negative = scores(young), scores(old)
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    with drawing(context.results / "minors.png", "Turning minors away", "stopped of 25 and over", "stopped of under 16") as axes:
        axes.plot([(negative >= t).mean() for t in thresholds], [(positive >= t).mean() for t in thresholds], label="minor score")
        served = share([stopped(person) for person in old]), share([stopped(person) for person in young])
        plain = share([plainly(person) for person in old]), share([plainly(person) for person in young])
        axes.plot(*served, "o", label="as served")
        axes.plot(*plain, "x", label=f"estimated age below {PLAIN}")
        axes.axhline(STOPPED, color="grey", linestyle=":")
        axes.axvline(PASSED, color="grey", linestyle=":", label="bounds")
        axes.set_xlim(-0.01, 0.3)
        axes.set_ylim(0.6, 1.01)
