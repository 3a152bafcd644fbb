"""A member's own taste: a planted one is found, liking everybody is none, centres follow the people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.fashion import DIMS
from engine.matching.logistic import sigmoid
from engine.matching.model import LikeModel
from engine.matching.people import NO_TASTE, Person, Taste
from engine.matching.taste import FASHION_DIMS, Centre, spread, step
from engine.types import TypePack


def test_fashion_vectors_have_the_length_that_the_engine_gives_them() -> None:
    assert FASHION_DIMS == DIMS


def test_a_planted_taste_is_found_and_more_answers_find_it_better() -> None:
    random = np.random.default_rng(1)
    dims = 40
    truth = random.normal(size=dims) * 1.5
    weights, found = None, []
    people = random.normal(size=(1200, dims)) * 0.85 / np.sqrt(dims)
    fresh = random.normal(size=(2000, dims)) * 0.85 / np.sqrt(dims)
    for n, face in enumerate(people.astype(np.float32)):
        p = 0.4 if weights is None else float(sigmoid(np.array([weights @ face]))[0])
        liked = bool(random.random() < sigmoid(np.array([truth @ face]))[0])
        weights = step(weights, n, "face", face, p, liked)
        if n in (30, 300, 1199):
            found.append(float(np.corrcoef(fresh @ weights, fresh @ truth)[0, 1]))
    assert found[0] > 0.2
    assert found[1] > 0.5
    assert found[2] > 0.7
    assert found == sorted(found)


def test_who_likes_everybody_gets_no_taste(model: LikeModel, made: Any) -> None:
    """With chances that say so, and vectors that are centred, the weights stay about nothing."""
    random = np.random.default_rng(2)
    people = [made(number, "woman", random) for number in range(400)]
    taste = NO_TASTE
    for person in people:
        taste = model.taste_step(taste, person, 0.97, True)
    assert taste.face is not None
    others = [made(number, "woman", random) for number in range(300)]
    rows = model.centre.centred("face", np.array([one.face for one in others]), np.zeros(300, dtype=np.intp))
    assert abs(float((rows @ taste.face).mean())) < 0.1
    assert float((rows @ taste.face).std()) < 0.15


def test_without_the_centre_liking_everybody_would_be_a_taste(model: LikeModel, made: Any) -> None:
    """The counterpart: raw vectors share a mean, along which an unexpected liking would pile up."""
    random = np.random.default_rng(2)
    people = [made(number, "woman", random) for number in range(200)]
    raw = centred = None
    for n, person in enumerate(people):
        raw = step(raw, n, "face", person.face, 0.5, True)
        middle = model.centre.centred("face", person.face[None], np.zeros(1, dtype=np.intp))[0]
        centred = step(centred, n, "face", middle, 0.5, True)
    assert raw is not None
    assert centred is not None
    faces = np.array([one.face for one in people])
    assert float((faces @ raw).mean()) > 1
    assert abs(float((model.centre.centred("face", faces, np.zeros(200, dtype=np.intp)) @ centred).mean())) < 0.5


def test_a_step_counts_only_what_was_seen(model: LikeModel, made: Any) -> None:
    person = made(1, "man", np.random.default_rng(1))
    face_only = Person(2, "man", 30.0, face=person.face)
    taste = model.taste_step(NO_TASTE, face_only, 0.3, True)
    assert (taste.face_n, taste.fashion_n, taste.fashion) == (1, 0, None)
    assert model.taste_step(taste, Person(3, "man", 30.0), 0.3, True) == taste


def test_weights_of_another_embedding_start_anew(model: LikeModel, made: Any) -> None:
    person = made(1, "man", np.random.default_rng(1))
    old = Taste(np.ones(512, dtype=np.float32), None, 5, 0)
    taste = model.taste_step(old, person, 0.3, True)
    assert taste.face is not None
    assert taste.face.shape == (128,)
    assert np.abs(taste.face).max() < 1


def test_more_answers_make_smaller_steps() -> None:
    face = np.full(4, 0.4, dtype=np.float32)
    first, late = (np.linalg.norm(step(None, n, "face", face, 0.3, True)) for n in (0, 500))
    assert late < 0.6 * first
    assert spread("face", [0, 10, 100]).tolist() == sorted(spread("face", [0, 10, 100]).tolist(), reverse=True)


def test_clothes_of_which_only_a_part_is_seen_are_centred_in_that_part(pack: TypePack) -> None:
    centre = Centre.start(pack)
    seen = np.zeros((2, FASHION_DIMS), dtype=np.float32)
    seen[0, :40] = centre.means["fashion"][0, :40]
    out = centre.centred("fashion", seen, np.zeros(2, dtype=np.intp))
    length = np.linalg.norm(centre.means["fashion"][0, :40])
    assert out[0, :40] == pytest.approx(seen[0, :40] * (1 - length), abs=1e-5)
    assert not out[1].any()
    assert not out[0, 40:].any()


def test_the_centre_follows_the_people_who_are_there(model: LikeModel) -> None:
    random = np.random.default_rng(4)
    away = random.normal(size=128)
    away /= np.linalg.norm(away)
    mean = np.zeros(128)
    before = float(np.linalg.norm(model.centre.means["face"][0] - away / np.sqrt(2)))
    for number in range(1500):
        drawn = away + random.normal(size=128) / np.sqrt(128)
        face = (drawn / np.linalg.norm(drawn)).astype(np.float32)
        mean += face / 1500
        model.observe(Person(number, "woman", 30.0, face=face))
    assert float(np.linalg.norm(model.centre.means["face"][0] - mean)) < 0.2 * before
