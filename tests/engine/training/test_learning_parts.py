"""Parts of learning: checkpoints, rows out of subjects, names that are kept, drawings of small types."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.training import grouping, naming, portrayal
from engine.training.checkpoints import Runs
from engine.training.corpus import Corpus, Subject, couples_of
from engine.training.describe import face_name, numbered
from engine.training.grouping import Bounds, axes_of, find, removing
from engine.training.learn import Learner, TooFew
from engine.training.rows import genders_of, identities_of, partners_of, rows_of
from engine.training.stages import arrays_of_recent, recent_of
from engine.training.viewing import spread
from engine.types import STARTER, TypePack
from tests.engine.training import planted


def test_two_of_one_photo_are_two_people_and_repeated_people_are_one() -> None:
    face = planted.near(planted.centres(1, 128)[0], 0.2, np.random.default_rng(0))
    other = planted.near(planted.centres(1, 128)[1], 0.2, np.random.default_rng(1))
    subjects = [
        Subject(1, 1, "man", 30, face, None),
        Subject(2, 1, "man", 30, face, None),  # alike, but on the same photo
        Subject(3, 2, "man", 31, face, None),
        Subject(4, 2, "woman", 28, other, None),
        Subject(5, 3, None, 28, other, None),
        Subject(6, 3, None, 28, None, None),
    ]
    identities = identities_of(subjects)
    assert identities[0] != identities[1]
    assert identities[2] in {identities[0], identities[1]}
    assert identities[3] == identities[4] == 4
    assert identities[5] == 6
    # Who was read as a woman once and once not at all is a woman; nobody knows of the last one.
    genders = genders_of(subjects, identities)
    assert genders[4] == "woman"
    assert genders[6] is None
    rows = rows_of("man_face", subjects, identities)
    assert rows is not None
    assert len(rows.people) == len(set(rows.people.tolist())) == 2
    assert rows_of("woman_fashion", subjects, identities) is None
    assert couples_of(subjects) == [(0, 1), (2, 3), (4, 5)]


def test_pictures_of_the_same_two_people_are_one_couple() -> None:
    subjects = [Subject(at + 1, at // 2, "man", 30, None, None) for at in range(6)]
    typings = [(1, 1, "b", None), (2, 2, "a", "x"), (3, 2, "c", None), (4, 1, "c", None), (5, 5, None, "y"), (6, 6, "a", "x")]
    assert partners_of(subjects, typings) == [("face", "a", "b"), ("fashion", "x", "y")]


def test_recent_members_survive_the_checkpoint() -> None:
    recent = list(planted.corpus(2, recent=3).recent)
    recent[1] = replace(recent[1], face=None, gender=None)
    again = recent_of(arrays_of_recent(recent))
    assert [one.gender for one in again] == [one.gender for one in recent]
    assert again[1].face is None
    np.testing.assert_array_equal(again[2].face, recent[2].face)
    assert recent_of(arrays_of_recent([])) == []


def test_what_is_removed_is_removed() -> None:
    random = np.random.default_rng(3)
    axes = random.normal(size=(12, 3)).astype(np.float32)
    projection = removing(np.concatenate([axes, axes[:, :1]], axis=1))  # one of them twice
    assert np.trace(projection) == pytest.approx(9)
    np.testing.assert_allclose(axes.T @ projection, 0, atol=1e-6)
    np.testing.assert_allclose(removing(axes_of(projection)), projection, atol=1e-6)


def test_views_are_as_far_as_what_was_seen() -> None:
    x = np.eye(6)[:3]
    near = spread(x, np.full((4, 6), 1e-6), 2, 0)
    np.testing.assert_allclose(near, np.repeat(x[:, None], 2, axis=1), atol=1e-5)
    blind = spread(np.eye(200)[:50], np.zeros((0, 200)), 4, 0)
    assert float((blind * np.eye(200)[:50][:, None]).sum(axis=2).mean()) == pytest.approx(0.9, abs=0.02)


def test_types_that_are_found_again_are_known_by_their_anchors() -> None:
    starter = TypePack.load(STARTER)
    centres = np.stack([starter.anchors[info.id] for info in starter.groups["man_fashion"].types]).astype(np.float64)
    x = np.repeat(centres, 12, axis=0) + np.random.default_rng(0).normal(size=(12 * len(centres), centres.shape[1])) * 0.02
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    k = len(centres)
    found = find("man_fashion", x, x[:, None], None, Bounds((k,), (k,), 2, 0.0), 1)
    same = naming.successors(found, starter, starter.face_model, starter.fashion_model)
    assert len(same) == k
    assert len({info.id for info in same.values()}) == k
    # Anchors of other embeddings are not looked at.
    assert naming.successors(found, starter, starter.face_model, "other") == {}


def test_of_many_people_some_decide_how_many_types_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x = np.stack([planted.near(planted.centres(1, 32)[at % 4], 0.4, random) for at in range(400)]).astype(np.float64)
    bounds = Bounds((3, 4, 5), (5,), 20, 0.02)
    whole = find("man_fashion", x, x[:, None], None, bounds, 1)
    monkeypatch.setattr(grouping, "TRIED", 120)
    some = find("man_fashion", x, x[:, None], None, bounds, 1)
    assert len(some.centroids) == len(whole.centroids) == 4
    assert len(some.labels) == 400
    assert some.figures["smallest"] == 100


def test_a_type_of_few_people_shows_no_face() -> None:
    def never() -> tuple[np.ndarray, np.ndarray]:
        raise AssertionError("no photo may be read for it")

    look = portrayal.Look(30, np.array([60.0, 12, 15]), np.ones(5), (), never)
    picture = portrayal.draw_face([look] * 5, [look] * 40, "#DCE6EE")
    assert picture.size == (512, 512)


def test_people_without_named_clothes_have_a_fashion_type_too(tmp_path: Path) -> None:
    look = portrayal.Look(30, np.array([60.0, 12, 15]), np.ones(5), (), lambda: (np.zeros((4, 4, 3), np.uint8), np.zeros((5, 2))))
    row = portrayal.fashion_row([look] * 3, [look] * 9, tmp_path / "mo-1", set())
    again = portrayal.fashion_row([look] * 3, [look] * 9, tmp_path / "mo-2", {row["name"]})
    assert row["name"] != again["name"]
    assert (tmp_path / "mo-2.png").is_file()


def test_names_do_not_run_out() -> None:
    taken: set[str] = set()
    for _ in range(40):
        taken.add(face_name(taken)[0])
    assert len(taken) == 40
    assert numbered(("A", "가"), taken)[0] == "A 2"


def test_too_few_of_one_group_are_too_few(tmp_path: Path) -> None:
    whole = planted.corpus(60)
    women = tuple(replace(one, gender="woman") for one in whole.subjects)
    for subjects in (whole.subjects[:20], women, ()):
        corpus = Corpus(tuple(subjects), whole.face_model, whole.fashion_model, planted.pixels)
        made = Learner(corpus, STARTER, planted.SETTINGS, Runs(tmp_path), now=dt.datetime.now(dt.UTC)).run()
        assert isinstance(made, TooFew)
        assert not made.gate.passed
        assert "learning.people_min" in made.message
    assert list(tmp_path.iterdir()) == []
