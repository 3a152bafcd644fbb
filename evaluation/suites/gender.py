"""Gender of adults, with abstention as served and, where the engine abstains, counting as wrong."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evaluation.context import Context
from evaluation.metrics import wilson
from evaluation.plots import drawing
from evaluation.report import Row, Section
from evaluation.suites.adults import ADULT, GENDERS, Person, people

BOUND = 0.95


def run(context: Context) -> Section:
    """Accuracy on UTKFace adults, and on the two other folders that state a gender where they are there."""
    adults = [person for person in people(context, *ADULT) if person.seen.face]
    found = rows_of(f"adults {ADULT[0]}–{ADULT[1]}", adults, BOUND)
    for folder, title in (("portraits_ai", "AI portraits"), ("faces_identity", "faces_identity")):
        if (context.data / folder / "labels.csv").is_file():
            labels = context.labels(folder)
            seen = context.seen(labels, folder)
            others = [Person(0, GENDERS[row["gender"]], "", one) for row, one in zip(labels, seen, strict=True) if one.face]
            found += rows_of(title, others, None)
    draw(context, adults)
    return Section("gender", "Gender of adults", tuple(found), ("gender.png",), ("Photos without a face found are left out.",))


def rows_of(title: str, persons: list[Person], bound: float | None) -> list[Row]:
    """Accuracy among the decided, share decided, and accuracy with every abstention counted as wrong."""
    decided = [person for person in persons if person.seen.face and person.seen.face.gender]
    right = sum(correct(person) for person in decided)
    if not decided:
        return [Row(f"accuracy, {title}", None, len(persons), bound=bound, note="no face found")]
    most, count = Counter(person.gender for person in persons).most_common(1)[0]
    return [
        Row(
            f"accuracy where it answers, {title}",
            right / len(decided),
            len(decided),
            bound=bound,
            interval=wilson(right, len(decided)),
            baseline=count / len(persons),
            baseline_name=f"always {most}",
        ),
        Row(f"share without an answer, {title}", 1 - len(decided) / len(persons), len(persons), better="lower"),
        Row(f"right of all, no answer counted as wrong, {title}", right / len(persons), len(persons), interval=wilson(right, len(persons))),
    ]


def correct(person: Person) -> bool:
    """Whether the main face's gender is the labelled one."""
    return person.seen.face is not None and person.seen.face.gender == person.gender


def draw(context: Context, persons: list[Person]) -> None:
    """Accuracy over the share that is answered, the surest first."""
    decided = sorted(
        ((person.seen.face.gender_confidence, correct(person)) for person in persons if person.seen.face and person.seen.face.gender),
        reverse=True,
    )
    with drawing(context.results / "gender.png", "Gender of adults: the surest first", "share answered", "accuracy") as axes:
        if decided:
            count = np.arange(1, len(decided) + 1)
            axes.plot(count / len(persons), np.cumsum([right for _, right in decided]) / count, label="as served")
        axes.axhline(BOUND, color="grey", linestyle=":", label="bound")
        axes.set_ylim(0.9, 1.002)
