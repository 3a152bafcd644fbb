"""The corpus in pages, and counts that are true at every commit."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from db import affinities, couples, pictures
from db.corpus_records import NewPerson
from db.errors import NotFound
from db.session import Connection, Database
from db.tables import metadata
from tests.db.corpus import couple, picture, someone
from tests.db.people import NOW

NUMBERS = itertools.count()


def test_people_come_in_pages_without_those_of_excluded_couples(database: Database) -> None:
    made = [database.transact(couple) for _ in range(3)]
    database.transact(couples.exclude, made[1][0], NOW)
    ids = [made[0][1], made[0][2], made[2][1], made[2][2]]
    page = database.read(couples.people, 0, 3)
    assert [person.id for person in page] == ids[:3]
    assert [person.side for person in page] == ["a", "b", "a"]
    assert (page[0].face_jpeg, page[0].body_jpeg, page[0].facts, page[0].gender) == (b"face", b"body", {"box": [1, 2, 3, 4]}, "man")
    (last,) = database.read(couples.people, ids[2], 3, pixels=False)
    assert (last.id, last.face_jpeg, last.type_version) == (ids[3], b"", None)
    database.transact(couples.exclude, made[1][0], NOW, excluded=False)
    assert len(database.read(couples.people)) == 6


def test_genders_of_a_couple(database: Database) -> None:
    for a, b in (("man", "woman"), ("woman", "man"), ("man", "man"), ("woman", "woman"), ("woman", None)):
        database.transact(couple, a, b)
    assert database.read(couples.count) == {"man_woman": 2, "man_man": 1, "woman_woman": 1, "unknown": 1}


def test_a_couple_needs_its_picture_and_each_picture_has_one(database: Database) -> None:
    with pytest.raises(NotFound):
        database.transact(couples.add, 7, someone(), someone(), NOW)
    made = database.transact(pictures.add, picture(), NOW)
    assert made is not None
    couple_id = database.transact(couples.add, made, someone(), someone(), NOW)
    assert database.read(couples.of_picture, made) == couple_id
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        database.transact(couples.add, made, someone(), someone(), NOW)
    assert database.transact(couples.remove, made, NOW)
    assert not database.transact(couples.remove, made, NOW)


def test_vectors_and_pixels_come_back(database: Database) -> None:
    made = database.transact(pictures.add, picture(), NOW)
    assert made is not None
    big = bytes(range(256)) * 400
    person = NewPerson(None, 0.5, 41.5, big, big, {}, b"\1" * 8, "sface-1", b"\2" * 8, "fashion-1")
    database.transact(couples.add, made, person, someone(None), NOW)
    one, two = database.read(couples.people)
    assert (one.face_jpeg, one.face_vector, one.face_version, one.age) == (big, b"\1" * 8, "sface-1", 41.5)
    assert (two.face_vector, two.fashion_version) == (None, None)
    database.transact(couples.set_vectors, [(two.id, b"\3" * 8, "sface-2", None, None)])
    (again,) = database.read(couples.people, one.id)
    assert (again.face_vector, again.face_version, again.fashion_vector) == (b"\3" * 8, "sface-2", None)


def test_types_are_kept_by_version(database: Database) -> None:
    _, a, b = database.transact(couple)
    _, c, d = database.transact(couple)
    database.transact(couples.retype, "v1", [(a, 1, "mf-1", "mo-1"), (b, 2, "wf-1", None)], NOW)
    database.transact(couples.retype, "v2", [(a, 9, "mf-8", None), (10**9, 3, "mf-1", "mo-1")], NOW)
    one, two, three, _ = database.read(couples.people, version="v1", pixels=False)
    assert (one.type_version, one.identity, one.face_type, one.fashion_type) == ("v1", 1, "mf-1", "mo-1")
    assert (two.face_type, two.fashion_type, three.type_version) == ("wf-1", None, None)
    assert [person.face_type for person in database.read(couples.people, version="v2")] == ["mf-8", None, None, None]
    assert [person.id for person in database.read(couples.untyped, "v1")] == [c, d]
    assert [person.id for person in database.read(couples.untyped, "v2", a, 2)] == [b, c]
    assert database.read(affinities.versions) == ["v1", "v2"]
    assert database.read(affinities.counts, "v1") == [("mf-1", "wf-1", 1)]
    database.transact(affinities.forget, "v1")
    assert database.read(affinities.versions) == ["v2"]
    assert database.read(affinities.counts, "v1") == []
    assert [person.face_type for person in database.read(couples.people, version="v1")] == [None] * 4


def test_counts_by_kind_and_of_one_type(database: Database) -> None:
    people = [database.transact(couple)[1:] for _ in range(6)]
    faces = [("mf-1", "wf-2"), ("wf-2", "mf-1"), ("mf-1", "wf-1"), ("mf-1", "mf-1"), ("mf-1", "mf-0"), (None, "wf-1")]
    rows = [
        (person, None, face, "o-1") for (a, b), (one, other) in zip(people, faces, strict=True) for person, face in ((a, one), (b, other))
    ]
    database.transact(couples.retype, "v", rows, NOW)
    face = [("mf-0", "mf-1", 1), ("mf-1", "mf-1", 1), ("mf-1", "wf-1", 1), ("mf-1", "wf-2", 2)]
    assert database.read(affinities.counts, "v", "face") == face
    assert database.read(affinities.counts, "v", "fashion") == [("o-1", "o-1", 6)]
    assert database.read(affinities.counts, "v") == [*face, ("o-1", "o-1", 6)]
    assert database.read(affinities.of, "v", "mf-1") == [("wf-2", 2), ("mf-0", 1), ("mf-1", 1), ("wf-1", 1)]
    assert database.read(affinities.of, "v", "wf-1") == [("mf-1", 1)]
    assert database.read(affinities.of, "w", "mf-1") == []


def test_one_couple_in_three_pictures_counts_once(database: Database) -> None:
    made = [database.transact(couple) for _ in range(3)]
    swapped = [(made[0][1], made[0][2]), (made[1][2], made[1][1]), (made[2][1], made[2][2])]
    rows = [row for he, she in swapped for row in ((he, 1, "mf-1", None), (she, 2, "wf-1", None))]
    database.transact(couples.retype, "v", rows, NOW)
    assert database.read(affinities.counts, "v") == [("mf-1", "wf-1", 1)]
    database.transact(couples.exclude, made[0][0], NOW)
    assert database.read(affinities.counts, "v") == [("mf-1", "wf-1", 1)]
    database.transact(couples.exclude, made[1][0], NOW)
    database.transact(couples.exclude, made[2][0], NOW)
    assert database.read(affinities.counts, "v") == []
    database.transact(couples.exclude, made[2][0], NOW, excluded=False)
    assert database.read(affinities.counts, "v") == [("mf-1", "wf-1", 1)]
    # Once it is known to be someone else, it is a couple of its own.
    database.transact(couples.retype, "v", [(made[2][2], 3, "wf-1", None)], NOW)
    database.transact(couples.exclude, made[0][0], NOW, excluded=False)
    assert database.read(affinities.counts, "v") == [("mf-1", "wf-1", 2)]


FACES = st.sampled_from([None, "mf-1", "wf-1", "wf-2"])
FASHIONS = st.sampled_from([None, "mo-1", "wo-1"])
IDENTITIES = st.one_of(st.none(), st.integers(0, 3))
PLACE = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add")),
        st.tuples(
            st.just("retype"),
            st.sampled_from(["v1", "v2"]),
            st.lists(st.tuples(st.integers(0, 11), IDENTITIES, FACES, FASHIONS), min_size=1, max_size=6, unique_by=lambda row: row[0]),
        ),
        st.tuples(st.just("exclude"), PLACE, st.booleans()),
        st.tuples(st.just("remove"), PLACE),
    ),
    max_size=10,
)


def play(connection: Connection, step: tuple[Any, ...], held: list[tuple[int, int, int, str]]) -> None:
    """One step of a random history; `held` are (couple, person, person, source id)."""
    if step[0] == "add":
        name = f"r{next(NUMBERS)}"
        held.append((*couple(connection, source_id=name), name))
    elif step[0] == "retype":
        people = [person for row in held for person in row[1:3]]
        couples.retype(connection, step[1], [(people[row[0] % len(people)], *row[1:]) for row in step[2]] if people else [], NOW)
    elif held and step[0] == "exclude":
        couples.exclude(connection, held[step[1] % len(held)][0], NOW, excluded=step[2])
    elif held:
        pictures.remove(connection, "folder", held.pop(step[1] % len(held))[3], NOW)


@settings(
    max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_the_summary_equals_a_recount_after_every_step(database: Database, steps: list[tuple[Any, ...]]) -> None:
    def history(connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            if table.name in {"affinities", "person_types", "typings", "couple_people", "couples", "pictures"}:
                connection.execute(table.delete())
        held: list[tuple[int, int, int, str]] = []
        for step in [("add",), ("add",), ("add",), *steps]:
            play(connection, step, held)
            for version in ("v1", "v2"):
                for kind in affinities.KINDS:
                    assert affinities.counts(connection, version, kind) == affinities.recount(connection, version, kind), step
        for row in held:
            pictures.remove(connection, "folder", row[3], NOW)
        assert affinities.counts(connection, "v1") == affinities.counts(connection, "v2") == []

    database.transact(history)


def test_the_summary_equals_a_recount_after_simultaneous_changes(database: Database) -> None:
    """Pages of a typing, withdrawals and exclusions from eight threads, on couples that share their identities."""
    made = [database.transact(couple, source_id=f"s{number}") for number in range(40)]
    rows = [
        (person, number % 7 + 100 * side, f"t-{(number + side) % 3}", f"o-{number % 2}")
        for number, row in enumerate(made)
        for side, person in enumerate(row[1:])
    ]

    def work(number: int) -> None:
        if number % 3 == 0:
            database.transact(couples.retype, "v", rows[number : number + 16], NOW)
        elif number % 3 == 1:
            database.transact(couples.exclude, made[number % 40][0], NOW, excluded=number % 2 == 0)
        else:
            database.transact(pictures.remove, "folder", f"s{number % 40}", NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(80)))
    summary = database.read(affinities.counts, "v")
    assert summary
    assert summary == database.read(affinities.recount, "v")
