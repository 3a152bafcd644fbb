"""Each suite's figures on answers that were planned, so that the right figure is known."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import configuration
from evaluation.context import Context
from evaluation.registry import SUITES
from evaluation.report import Row, Section
from evaluation.seen import Seen, SeenFace
from evaluation.suites import age, files, gender, groups, identity, minors, stability

Answers = dict[str, Seen]


def face(gender: str | None = "man", age: float = 30, *, minor: bool = False, low: float = 25, high: float = 35) -> SeenFace:
    return SeenFace((0, 0, 9, 9), gender, 0.9, age, (low, high), 1.0, 1.0 if minor else 0.0, minor)


def seen(*faces: SeenFace, problem: str | None = None, crash: str | None = None, **more: object) -> Seen:
    fields = {"face_type": None, "fashion_type": None, "garments": (), "nsfw": 0.0, "took_ms": 5.0, "vectors": {}, "size": (9, 9), **more}
    return Seen(problem=problem, crash=crash, faces=faces, main=0 if faces else None, **fields)  # type: ignore[arg-type]


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str, list[dict[str, object]], list[Seen]], Context]:
    """Write a data folder with these rows, for which the engine will have given these answers."""
    answers: Answers = {}

    def look(paths: Sequence[Path], what: str) -> list[Seen]:
        assert what
        return [answers[f"{path.parent.parent.name}/{path.name}"] for path in paths]

    def add(folder: str, rows: list[dict[str, object]], given: list[Seen]) -> Context:
        images = tmp_path / "data" / folder / "images"
        images.mkdir(parents=True)
        for index, one in enumerate(given):
            (images / f"{index}.jpg").touch()
            answers[f"{folder}/{index}.jpg"] = one
        full = [{"file": f"images/{index}.jpg", **row} for index, row in enumerate(rows)]
        with (images.parent / "labels.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(full[0]))
            writer.writeheader()
            writer.writerows(full)
        return Context(configuration.load(environment={}), tmp_path / "data", tmp_path / "results", look)

    return add


def row(section: Section, name: str) -> Row:
    (found,) = [one for one in section.rows if one.name.startswith(name)]
    return found


def test_gender_counts_right_wrong_and_abstained(make: Callable[..., Context]) -> None:
    rows = [{"age": 30, "gender": "male", "ethnicity": "x"}] * 8 + [{"age": 12, "gender": "male", "ethnicity": "x"}] * 2
    given = [seen(face("man"))] * 5 + [seen(face("woman"))] + [seen(face(None))] + [seen(problem="no_face")] + [seen(face("woman"))] * 2
    section = gender.run(make("faces_age_gender", rows, given))
    assert row(section, "accuracy where it answers").value == pytest.approx(5 / 6)
    assert row(section, "accuracy where it answers").n == 6
    assert row(section, "accuracy where it answers").passed is False
    assert row(section, "share without an answer").value == pytest.approx(1 / 7)
    assert row(section, "right of all").value == pytest.approx(5 / 7)


def test_age_error_coverage_and_bias(make: Callable[..., Context]) -> None:
    rows = [{"age": value, "gender": "male"} for value in (20, 30, 50, 70)]
    given = [seen(face(age=24, low=20, high=28)), seen(face(age=30)), seen(face(age=42, low=40, high=45)), seen(face(age=10))]
    section = age.run(make("faces_age_gender", rows, given))
    assert row(section, "mean absolute error").value == pytest.approx((4 + 0 + 8) / 3)
    assert row(section, "mean absolute error").baseline == pytest.approx((10 + 0 + 20) / 3)
    assert row(section, "share inside").value == pytest.approx(2 / 3)
    assert row(section, "bias, 18–24").value == pytest.approx(4)
    assert row(section, "bias, 45–60").value == pytest.approx(-8)


def test_minors_are_counted_by_age(make: Callable[..., Context]) -> None:
    ages = [5, 15, 16, 17, 20, 25, 40, 60, 60]
    stop = [True, False, True, False, True, True, False, False, False]
    rows = [{"age": value, "gender": "female"} for value in ages]
    given = [seen(face(age=value, minor=flag), problem="minor" if flag else None) for value, flag in zip(ages, stop, strict=True)]
    section = minors.run(make("faces_age_gender", rows, given))
    assert row(section, "stopped of those under 16").value == 0.5
    assert row(section, "stopped of those under 16").passed is False
    assert row(section, "stopped of those under 16").baseline == 1.0
    assert row(section, "stopped of those of 16 and 17").value == 0.5
    assert row(section, "stopped of those of 25 and over").value == 0.25
    assert row(section, "stopped of those of 25 and over").baseline == 0.0


def test_groups_are_compared_and_small_ones_left_out(make: Callable[..., Context]) -> None:
    rows = [{"age": 30, "gender": "male", "ethnicity": name} for name in ["a"] * 40 + ["b"] * 40 + ["c"] * 5]
    given = [seen(face("woman" if index % 10 == 0 else "man", age=33)) for index in range(40)]
    given += [seen(face("woman" if index % 5 == 0 else "man", age=31)) for index in range(40)] + [seen(face("woman"))] * 5
    section = groups.run(make("faces_age_gender", rows, given))
    assert row(section, "wrong gender where answered: a").value == pytest.approx(0.1)
    assert row(section, "wrong gender where answered: gap").value == pytest.approx(0.1)
    assert row(section, "mean absolute error of age: gap").value == pytest.approx(2)
    assert not [one for one in section.rows if one.name.endswith(": c")]


def vectors(people: Sequence[int], noise: dict[str, float]) -> list[dict[str, np.ndarray]]:
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(max(people) + 1, 32))
    return [
        {name: (centres[one] + spread * generator.normal(size=32)).astype(np.float32) for name, spread in noise.items()} for one in people
    ]


def test_identity_ranks_embeddings_by_their_noise(make: Callable[..., Context]) -> None:
    people = [index // 6 for index in range(180)]
    rows = [{"identity": f"p{one}", "gender": "male", "subset": "s"} for one in people]
    made = vectors(people, {"served": 0.1, "sface": 0.5, "facenet": 1.5})
    context = make("faces_identity", rows, [seen(face(), vectors=one) for one in made])
    section = identity.run(context)
    assert row(section, "AUC, served embedding").value == pytest.approx(1.0)
    assert row(section, "AUC, served embedding").passed is True
    served, sface, facenet = (row(section, f"TAR at FAR 1e-3, {name}").value for name in ("served embedding", "SFace", "FaceNet"))
    assert served is not None
    assert sface is not None
    assert facenet is not None
    assert served >= sface > facenet
    assert row(section, "TAR at FAR 1e-4, served embedding").value is None, "16,000 pairs cannot place a threshold at 1e-4"
    assert (context.results / "identity.png").stat().st_size > 1000


def test_stability_is_one_where_types_are_kept_and_chance_is_below(make: Callable[..., Context]) -> None:
    people = [index // 6 for index in range(60)]
    rows = [{"identity": f"p{one}", "gender": "male", "subset": "s"} for one in people]
    context = make("faces_identity", rows, [seen(face(), face_type=f"t{one % 4}") for one in people])
    found = row(stability.run(context), "face type")
    assert found.value == 1.0
    assert found.baseline is not None
    assert 0.3 < found.baseline < 0.7
    assert found.passed is True


def test_stability_of_random_types_is_chance(make: Callable[..., Context]) -> None:
    people = [index // 10 for index in range(400)]
    rows = [{"identity": f"p{one}", "gender": "female", "subset": "s"} for one in people]
    kinds = np.random.default_rng(0).integers(0, 5, 400)
    found = row(stability.run(make("faces_identity", rows, [seen(face(), face_type=f"t{kind}") for kind in kinds])), "face type")
    assert found.value == pytest.approx(found.baseline, abs=0.04)


def test_a_crash_on_a_file_is_counted_and_named(make: Callable[..., Context]) -> None:
    given = [seen(face()), seen(problem="no_face"), seen(crash="ValueError: boom")]
    section = files.run(make("couples", [{"pair_label": "x"}] * 3, given))
    assert row(section, "photos on which the engine crashed").value == 1
    assert row(section, "photos on which the engine crashed").passed is False
    assert any("boom" in note for note in section.notes)
    assert "| couples | 2 | 1 |" in section.notes[0]


def test_the_registry_names_each_suite_once() -> None:
    names = [suite.name for suite in SUITES]
    assert len(set(names)) == len(names)
    modules = {path.stem for path in Path(identity.__file__).parent.glob("*.py")} - {"__init__", "adults"}
    assert modules == set(names), "a file in suites/ that the registry does not run"
