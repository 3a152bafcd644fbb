"""Generated couple photos: what is planted is there, what is shuffled is not, and the pictures show who they say."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.training.montage import montage
from engine.training.synthetic import Portrait, Scene, plan, split, weight, write
from engine.values import FaceBox, Gender

FACE = FaceBox((40.0, 30.0, 40.0, 50.0), np.zeros((5, 2), np.float32), 0.9)


def person(number: int) -> Portrait:
    gender: Gender = "woman" if number % 2 else "man"
    colour = np.random.default_rng(number).integers(0, 255, 3, dtype=np.uint8)
    photo = np.broadcast_to(colour, (120, 120, 3)).copy()
    mask = np.zeros((120, 120), np.float32)
    mask[30:, 30:90] = 1
    return Portrait(f"p{number}", gender, photo, mask, FACE, bool(number // 2 % 2), bool(number // 4 % 2))


PEOPLE = [person(number) for number in range(64)]


def matching(scenes: list[Scene]) -> float:
    """Share of the couples whose faces are unlike, as planted."""
    couples = [scene.people for scene in scenes if scene.kind == "couple"]
    return float(np.mean([a.high != b.high for a, b in couples]))


def test_the_affinity_is_planted_and_shuffling_removes_it() -> None:
    # 8 / 9 at first, less as the likely couples are used up.
    assert 0.75 < matching(plan(PEOPLE, 200, 3)) < 0.92
    assert matching(plan(PEOPLE, 200, 3, shuffled=True)) == pytest.approx(0.5, abs=0.1)
    assert matching(plan(PEOPLE, 200, 3, 1.0)) == pytest.approx(0.5, abs=0.1)


def test_no_couple_comes_twice() -> None:
    couples = [frozenset(one.name for one in scene.people) for scene in plan(PEOPLE, 1200, 4) if scene.kind == "couple"]
    assert len(couples) == len(set(couples)) > 800


def test_shuffling_changes_partners_only() -> None:
    def shown(scenes: list[Scene]) -> list[str]:
        return sorted(one.name for scene in scenes if scene.kind == "couple" for one in scene.people)

    straight, shuffled = plan(PEOPLE, 400, 5), plan(PEOPLE, 400, 5, shuffled=True)
    # A person drawn with themselves is left out.
    assert len(shown(straight)) - len(shown(shuffled)) <= 8
    assert set(shown(shuffled)) <= set(shown(straight))


def test_weights_multiply() -> None:
    assert [weight(PEOPLE[0], PEOPLE[at], 4) for at in (1, 3, 5, 7)] == [4, 16, 1, 4]


def test_held_people_are_on_no_picture() -> None:
    shown, held = split(PEOPLE, 1)
    assert len(held) == round(0.2 * len(PEOPLE))
    assert not {one.name for one in shown} & {one.name for one in held}


def test_montage_is_large_enough_and_puts_people_side_by_side() -> None:
    for number in range(5):
        image = montage([(one.photo, one.mask, one.face) for one in PEOPLE[:2]], np.random.default_rng(number))
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[1] > 300
        assert image.shape[0] > 150


def test_written_pictures_are_the_same_each_time(tmp_path: Path) -> None:
    scenes = plan(PEOPLE, 12, 1)
    for folder in ("one", "two"):
        write(scenes, PEOPLE, tmp_path / folder, 1)
    files = [sorted((tmp_path / folder / "pictures").iterdir()) for folder in ("one", "two")]
    assert len(files[0]) == len(scenes)
    assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]
    with (tmp_path / "one" / "truth.csv").open(encoding="utf-8") as table:
        truth = list(csv.DictReader(table))
    assert [row["kind"] for row in truth] == [scene.kind for scene in scenes]
    assert all(one["file"] < other["file"] for one, other in pairwise(truth))
    assert {row["a"] for row in truth if row["kind"] != "couple"} <= {""}
