"""The rows of `faces_age_gender` as the suites about age, gender and minors use them (not a suite itself)."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.context import Context
from evaluation.seen import Seen

FOLDER = "faces_age_gender"
ADULT = (18, 60)
"""Ages, both included, for which age and gender are promised."""
GENDERS = {"male": "man", "female": "woman"}


@dataclass(frozen=True, slots=True)
class Person:
    """A labelled photo of one person and what the engine saw."""

    age: float
    gender: str
    group: str
    seen: Seen


def people(context: Context, youngest: float = 0, oldest: float = 200) -> list[Person]:
    """Everyone whose labelled age lies between `youngest` and `oldest`, both included, with or without a face found."""
    rows = context.labels(FOLDER)
    made = [
        Person(float(row["age"]), GENDERS.get(row["gender"], row["gender"]), row.get("ethnicity", ""), seen)
        for row, seen in zip(rows, context.seen(rows, "age and gender"), strict=True)
    ]
    return [person for person in made if youngest <= person.age <= oldest]
