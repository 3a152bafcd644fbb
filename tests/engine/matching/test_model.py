"""The model as a whole: planted habits, calibration, bytes, what counts in records."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.matching import model as module
from engine.matching.features import FEATURES, PHOTOS, PLACE, without_photos
from engine.matching.lifts import Table
from engine.matching.logistic import Array, sigmoid
from engine.matching.model import LikeModel, Prediction
from engine.matching.people import GENDERS, MemberGender, Person, Record, Taste
from engine.matching.taste import Centre
from tests.engine.matching.test_calibration import ece

TRUE = {"usual": -1.6, "age_gap": -1.2, "distance": -0.6, "popularity": 1.0, "taste_face": 0.6}


def planted(gender: MemberGender) -> Array:
    weights = np.array([TRUE.get(name, 0.0) for name in FEATURES])
    weights[PLACE["older"]] = 0.8 if gender == "woman" else -0.8
    return weights


def drawn(random: np.random.Generator) -> Array:
    x = random.normal(size=len(FEATURES)) * 0.7
    x[0], x[PLACE["age_gap"]] = 1, x[PLACE["older"]] ** 2
    return x


def live(model: LikeModel, n: int, seed: int) -> tuple[Array, Array, Array]:
    """Answers by planted weights: chance before each, the answer, the gender's place."""
    random = np.random.default_rng(seed)
    p, y, g = np.zeros(n), np.zeros(n), random.integers(0, 2, n)
    for row in range(n):
        gender = GENDERS[g[row]]
        x = drawn(random)
        y[row] = random.random() < sigmoid(x @ planted(gender))
        p[row] = model.chances(x.astype(np.float32), gender).p[0]
        model.update(x.astype(np.float32), gender, bool(y[row]))
    return p, y, g


def test_planted_habits_of_each_gender_are_found_with_chances_that_hold(model: LikeModel) -> None:
    p, y, g = live(model, 6000, 1)
    woman, man, _ = model.by_gender()
    assert woman[PLACE["older"]] == pytest.approx(0.8, abs=0.3)
    assert man[PLACE["older"]] == pytest.approx(-0.8, abs=0.3)
    assert woman[PLACE["lift_face"]] == pytest.approx(0, abs=0.2)
    for code in (0, 1):
        assert ece(p[g == code], y[g == code]) < 0.03
    assert model.seen == 6000


def test_before_the_first_answer_the_stated_priors_hold(model: LikeModel, made: Any, table: Table) -> None:
    viewer = made(1, "man", np.random.default_rng(1))
    near, far = replace(viewer, id=2, gender="woman", age=viewer.age + 1), replace(viewer, id=3, gender="woman", age=viewer.age + 15)
    away = replace(near, latitude=35.1, longitude=129.0)
    known = replace(near, record=Record(50, 40, 15.0))
    p = chances(model, [viewer], [near, far, away, known], table).p
    assert p[0] > p[1]
    assert p[0] > p[2]
    assert p[3] > p[0]
    assert 0.05 < p[0] < 0.6


def chances(model: LikeModel, viewers: list[Person], shown: list[Person], table: Table) -> Prediction:
    return model.predict(model.crowd(viewers, table), model.crowd(shown, table), table)


def test_many_at_once_are_what_each_is_alone_in_both_directions(model: LikeModel, made: Any, table: Table) -> None:
    live(model, 300, 2)
    random = np.random.default_rng(3)
    viewer = replace(made(1, "man", random), taste=Taste(random.normal(size=128).astype(np.float32), None, 4, 0))
    people = [made(number, "woman" if number % 3 else "other", random) for number in range(2, 30)]
    out, back = chances(model, [viewer], people, table), chances(model, people, [viewer], table)
    for row, person in enumerate(people):
        assert chances(model, [viewer], [person], table).p[0] == pytest.approx(out.p[row], rel=1e-5)
        assert chances(model, [person], [viewer], table).p[0] == pytest.approx(back.p[row], rel=1e-5)
        assert model.chances(out.features[row], "man").p[0] == pytest.approx(out.p[row], rel=1e-4)


def test_what_records_sum_up_leaves_its_own_term_out(model: LikeModel, made: Any, table: Table) -> None:
    random = np.random.default_rng(4)
    viewer = replace(made(1, "man", random), record=Record(given=40, given_liked=36, given_expected=12.0))
    popular = replace(made(2, "woman", random), record=Record(40, 36, 12.0))
    unknown = replace(popular, record=Record())
    found, plain = chances(model, [viewer], [popular], table), chances(model, [viewer], [unknown], table)
    assert found.p[0] > plain.p[0]
    assert found.expected[0] == pytest.approx(plain.p[0], abs=0.02)
    picky = replace(viewer, record=Record())
    assert found.given_expected[0] == pytest.approx(chances(model, [picky], [popular], table).p[0], abs=0.02)


def test_without_photos_nothing_of_photos_counts(model: LikeModel, made: Any, table: Table) -> None:
    random = np.random.default_rng(5)
    viewer, shown = made(1, "man", random), made(2, "woman", random)
    viewer = replace(viewer, taste=Taste(np.ones(128, dtype=np.float32), np.ones(121, dtype=np.float32), 3, 3), ideal=shown.face)
    found = chances(model, [viewer], [shown], table).features[0]
    assert all(found[PLACE[name]] for name in PHOTOS if not name.startswith("lift"))
    bare = replace(shown, face=None, fashion=None, types=())
    assert np.array_equal(chances(model, [viewer], [bare], table).features[0], without_photos(found))


def test_people_of_whom_little_is_known_can_be_judged(model: LikeModel, table: Table) -> None:
    one, other = Person(1, "other", 18.0), Person(2, "woman", 99.0, idle_days=4000.0, types=("nf-9",))
    found = chances(model, [one], [other], table)
    assert np.isfinite(found.p).all()
    assert np.isfinite(found.variance).all()


def test_bytes_bring_back_what_was_learned(model: LikeModel, pack: Any, made: Any) -> None:
    live(model, 400, 6)
    model.observe(made(1, "woman", np.random.default_rng(6)))
    model.observe_reply(2.0, True)
    again = LikeModel.from_bytes(model.to_bytes(), Centre.start(pack))
    assert again.seen == 400
    assert again.to_bytes() == model.to_bytes()
    x = drawn(np.random.default_rng(7)).astype(np.float32)
    assert again.chances(x, "woman").p == pytest.approx(model.chances(x, "woman").p)
    live(model, 200, 8)
    live(again, 200, 8)
    assert again.by_gender() == pytest.approx(model.by_gender())


def test_bytes_of_another_version_or_damaged_ones_start_anew(model: LikeModel, pack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    live(model, 50, 9)
    data = model.to_bytes()
    centre = Centre.start(pack)
    file = io.BytesIO()
    np.savez(file, header=np.frombuffer(b'{"version": "like-1"}', dtype=np.uint8))
    for bad in (None, b"", b"nonsense", data[:100], data[:-40], b"\x80\x04N." + data, file.getvalue()):
        assert LikeModel.from_bytes(bad, centre).seen == 0
    monkeypatch.setattr(module, "VERSION", "like-2")
    fresh = LikeModel.from_bytes(data, centre)
    assert fresh.seen == 0
    assert fresh.by_gender() == pytest.approx(LikeModel(centre).by_gender())


def test_weights_outlive_another_embedding_and_its_centre_does_not(model: LikeModel, pack: Any, made: Any) -> None:
    live(model, 50, 10)
    model.observe(made(1, "woman", np.random.default_rng(6)))
    start = Centre.start(pack)
    other = Centre("another one", start.parts, start.means)
    found = LikeModel.from_bytes(model.to_bytes(), other)
    assert found.seen == 50
    assert found.centre is other


def test_features_of_an_older_version_are_passed_over(model: LikeModel) -> None:
    before = model.to_bytes()
    model.update(np.ones(len(FEATURES) - 1, dtype=np.float32), "man", True)
    model.update(np.full(len(FEATURES), np.nan, dtype=np.float32), "man", True)
    assert model.to_bytes() == before
    assert 0 < model.chances(np.zeros(3, dtype=np.float32), "man").p[0] < 1


def test_replies_are_learned_by_how_long_somebody_is_away(model: LikeModel) -> None:
    for _ in range(400):
        model.observe_reply(0.2, False)
        model.observe_reply(20.0, True)
    now, long = model.replies.chances([0.2, 20.0])
    assert now < 0.1
    assert long > 0.9
    assert model.replies.chances([5.0])[0] == pytest.approx(0.65)
