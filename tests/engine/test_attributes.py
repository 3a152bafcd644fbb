from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.attributes import CHIPS, MINOR, MINOR_AGE, AttributeReader, attributes, chips, minor_score, network_input
from engine.backends.runtime import Runtime
from engine.faces import FaceDetector
from engine.types import STARTER, TypePack
from engine.values import Image


def belief(*years: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    ages = np.zeros(81)
    ages[list(years)] = 1 / len(years)
    return ages


def test_age_is_the_mean_and_the_range_holds_it() -> None:
    said = attributes(belief(30, 40), 0.99)
    assert said.age == pytest.approx(35, abs=2)
    assert said.age_range[0] < said.age < said.age_range[1]
    assert said.age_range[1] - said.age_range[0] > attributes(belief(35), 0.99).age_range[1] - attributes(belief(35), 0.99).age_range[0]


def test_gender_is_not_named_without_confidence() -> None:
    assert [attributes(belief(30), man).gender for man in (0.98, 0.55, 0.45, 0.02)] == ["man", None, None, "woman"]
    assert attributes(belief(30), 0.45).gender_confidence == pytest.approx(0.55)


def test_a_split_belief_is_not_excluded() -> None:
    """Its mean is 29, but one part in four says that this is a child."""
    assert minor_score(belief(12, 34, 35, 36), 1.0) > MINOR
    assert minor_score(belief(29), 1.0) < 0.05
    assert minor_score(belief(10), 1.0) > 0.95


def test_doubt_about_the_gender_counts_as_youth() -> None:
    assert minor_score(belief(24), 0.5) > minor_score(belief(24), 1.0)


@given(arrays(np.float64, 81, elements=st.floats(0, 1)), st.floats(0, 1))
def test_anything_gives_sensible_values(ages: np.ndarray[tuple[int, ...], np.dtype[np.float64]], man: float) -> None:
    said = attributes(ages, man)
    assert 0 <= said.age_range[0] <= said.age <= said.age_range[1]
    assert 0.5 <= said.gender_confidence <= 1
    assert 0 <= said.minor_score <= 1


def test_minors_are_stopped_from_the_stated_age() -> None:
    ages = np.full(81, 0.0)
    ages[int(MINOR_AGE) - 1] = 1.0
    assert minor_score(ages, 1.0) > MINOR
    assert minor_score(np.roll(ages, 4), 1.0) < MINOR


def test_chips_hold_the_face(engine_cache: Path, runtime: Runtime, face_photo: Image) -> None:
    (face,) = FaceDetector(engine_cache, runtime).predict(face_photo)
    made = chips(face_photo, face)
    assert made.shape == (len(CHIPS), 64, 64, 3)
    given = network_input(made)
    assert given.shape == (len(CHIPS), 3, 64, 64)
    assert np.abs(given).max() < 1
    # Plain and mirrored chips of the same cut hold the same pixels.
    assert np.array_equal(made[0][:, ::-1], made[1])


def test_blended_faces_have_the_gender_of_their_type(engine_cache: Path, runtime: Runtime, blended_faces: tuple[Image, ...]) -> None:
    detector, reader = FaceDetector(engine_cache, runtime), AttributeReader(engine_cache, runtime)
    wanted = [info.gender for info in TypePack.load(STARTER).types if info.kind == "face"]
    said = [reader.predict(photo, detector.predict(photo)[0]) for photo in blended_faces]
    assert [one.gender for one in said] == wanted
    assert all(18 < one.age < 80 for one in said)
