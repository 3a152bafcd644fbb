"""Error rates of the `ethnicity` groups of `faces_age_gender`, compared.  The label is used for nothing else."""

from __future__ import annotations

from collections.abc import Callable

from evaluation.context import Context
from evaluation.metrics import wilson
from evaluation.report import Row, Section
from evaluation.suites.adults import ADULT, Person, people
from evaluation.suites.gender import correct
from evaluation.suites.minors import OLD, stopped

FEWEST = 30
"""People below which a group's rate says nothing."""


def run(context: Context) -> Section:
    """Wrong gender, adults wrongly stopped, faces not found and mean age error, each by group with the widest gap."""
    adults = people(context, *ADULT)
    old = [person for person in people(context) if person.age >= OLD and person.seen.face]
    answered = [person for person in adults if person.seen.face and person.seen.face.gender]
    found = [
        *compare("wrong gender where answered", answered, lambda person: not correct(person)),
        *compare("no answer about gender", [person for person in adults if person.seen.face], unanswered),
        *compare("of 25 and over, stopped as maybe minors", old, stopped),
        *compare("no face found", adults, lambda person: person.seen.face is None),
        *ages(adults),
    ]
    note = "The gap is the highest rate less the lowest; where the groups' intervals overlap it may be chance."
    return Section("groups", "Errors compared between groups", tuple(found), (), (note,))


def unanswered(person: Person) -> bool:
    """Whether the engine abstained from a gender."""
    return person.seen.face is not None and person.seen.face.gender is None


def grouped(persons: list[Person]) -> dict[str, list[Person]]:
    """By group, those that are large enough."""
    groups: dict[str, list[Person]] = {}
    for person in persons:
        groups.setdefault(person.group, []).append(person)
    return {name: groups[name] for name in sorted(groups) if name and len(groups[name]) >= FEWEST}


def compare(what: str, persons: list[Person], wrong: Callable[[Person], bool]) -> list[Row]:
    """The rate of `wrong` by group, and the gap between the groups."""
    rates = {name: [wrong(person) for person in group] for name, group in grouped(persons).items()}
    if len(rates) < 2:
        return []
    made = [
        Row(f"{what}: {name}", sum(flags) / len(flags), len(flags), better="lower", interval=wilson(sum(flags), len(flags)))
        for name, flags in rates.items()
    ]
    shares = [sum(flags) / len(flags) for flags in rates.values()]
    return [*made, Row(f"{what}: gap", max(shares) - min(shares), len(persons), better="lower")]


def ages(persons: list[Person]) -> list[Row]:
    """Mean absolute error of the age by group, and the gap."""
    errors = {
        name: [abs(person.seen.face.age - person.age) for person in group if person.seen.face] for name, group in grouped(persons).items()
    }
    means = {name: sum(values) / len(values) for name, values in errors.items() if values}
    if len(means) < 2:
        return []
    made = [Row(f"mean absolute error of age: {name}", mean, len(errors[name]), "years", "lower") for name, mean in means.items()]
    return [*made, Row("mean absolute error of age: gap", max(means.values()) - min(means.values()), len(persons), "years", "lower")]
