"""Garments: regions of the body, what is named, the embedding, and the shipped network on drawings and photographs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backends.runtime import Runtime, make_runtime
from engine.colours import NAMED, named
from engine.errors import PackError
from engine.fashion import (
    DIMS,
    LABELS,
    LOWER_BLOCK,
    LOWER_LABELS,
    TEXTURE,
    UPPER_BLOCK,
    UPPER_LABELS,
    FashionReader,
    FashionReading,
)
from engine.regions import SIDE, Box, cloth_weights, letterbox, lower_box, upper_box
from engine.settings import EngineSettings
from engine.types import STARTER
from engine.values import FaceBox, Image

SKIN = (200, 150, 125)


def face(x: float, y: float, height: float) -> FaceBox:
    return FaceBox((x, y, 0.75 * height, height), np.zeros((5, 2), np.float32), 0.9)


def person(
    upper: tuple[int, int, int], lower: tuple[int, int, int], ground: tuple[int, int, int] = (120, 170, 120)
) -> tuple[Image, FaceBox]:
    """A drawn standing person of plain colours, 300 × 600."""
    image = np.full((600, 300, 3), ground, np.uint8)
    image[40:110, 125:175] = SKIN
    image[105:270, 85:215] = upper
    image[270:520, 105:195] = lower
    return image, face(125, 45, 62)


@pytest.fixture(scope="module")
def reader(runtime: Runtime) -> FashionReader:
    made = FashionReader(STARTER / "garments.onnx", runtime)
    made.load()
    return made


class Scripted:
    """A session and a runtime in one that answer with given scores, the first crop's first."""

    name = "scripted"

    def __init__(self, *answers: dict[str, float]) -> None:
        self.answers = list(answers)
        self.asked = -1

    def session(self, model: Path | bytes, shape: tuple[int, ...] | None = None, *, exact: bool = False) -> Scripted:
        return self

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        scores = np.full(len(LABELS), 0.01)
        if self.asked >= 0:  # the first run is load()'s own
            for label, score in self.answers[self.asked % len(self.answers)].items():
                scores[LABELS.index(label)] = score
        self.asked += 1
        return np.log(scores / (1 - scores))[None].astype(np.float32), np.ones((1, TEXTURE), np.float32)


def scripted(*answers: dict[str, float]) -> FashionReader:
    return FashionReader(STARTER / "garments.onnx", Scripted(*answers))


@given(st.floats(-50, 900), st.floats(-50, 900), st.floats(10, 400), st.integers(16, 1000), st.integers(16, 1000))
def test_body_boxes_lie_within_the_photo(x: float, y: float, height: float, width: int, tall: int) -> None:
    for box in (upper_box((width, tall), face(x, y, height)), lower_box((width, tall), face(x, y, height))):
        if box is not None:
            assert 0 <= box.left < box.right <= width
            assert 0 <= box.top < box.bottom <= tall


def test_a_selfie_shows_only_the_upper_body() -> None:
    assert upper_box((400, 400), face(150, 80, 130)) is not None
    assert lower_box((400, 400), face(150, 80, 130)) is None
    assert upper_box((400, 400), face(100, 50, 330)) is None, "a face that fills the photo leaves no clothes"


def test_the_lower_body_is_below_the_upper() -> None:
    upper, lower = upper_box((300, 600), face(125, 45, 62)), lower_box((300, 600), face(125, 45, 62))
    assert upper is not None
    assert lower is not None
    assert upper.top > 45 + 62
    assert lower.top > upper.top + 100
    assert lower.bottom > upper.bottom


@given(st.integers(1, 400), st.integers(1, 400))
def test_letterbox_makes_a_square_of_any_shape(height: int, width: int) -> None:
    made = letterbox(np.full((height, width, 3), 250, np.uint8))
    assert made.shape == (SIDE, SIDE, 3)
    assert made.max() == 250


def test_cloth_is_neither_skin_nor_ground() -> None:
    image, box = person((30, 60, 160), (40, 40, 45))
    upper = upper_box((300, 600), box)
    assert upper is not None
    image[105:180, 120:180] = SKIN
    lab, weights = cloth_weights(image, upper, box)
    cloth, skin, ground = lab[:, 2] < -20, lab[:, 1] > 8, lab[:, 1] < -10
    assert weights[cloth & ~skin].mean() > 4 * weights[ground].mean()
    assert np.median(weights[skin & ~cloth]) < 0.05, "all but the seam, where both mix"


@pytest.mark.parametrize(
    ("colour", "name"), [((180, 30, 40), "red"), ((240, 240, 238), "white"), ((28, 40, 76), "navy"), ((20, 20, 22), "black")]
)
def test_the_dominant_colour_is_that_of_the_garment(colour: tuple[int, int, int], name: str) -> None:
    image, box = person(colour, (90, 90, 96))
    reading = scripted({"shirt": 0.9}, {"pants": 0.9}).predict(image, box)
    assert [(one.region, one.label) for one in reading.garments] == [("upper", "shirt"), ("lower", "pants")]
    assert named(reading.garments[0].colour).name == name
    assert named(reading.garments[1].colour).name in {"grey", "charcoal"}
    assert reading.palette
    assert len(reading.palette) <= 5


def test_a_skin_coloured_garment_still_has_a_colour() -> None:
    image, box = person(SKIN, SKIN)
    reading = scripted({"top": 0.9}, {"skirt": 0.8}).predict(image, box)
    assert [one.label for one in reading.garments] == ["top", "skirt"]


def test_layers_are_both_named_and_a_dress_replaces_both_halves() -> None:
    image, box = person((30, 60, 160), (30, 60, 160))
    layered = scripted({"blazer": 0.9, "shirt": 0.7}, {"jeans": 0.6}).predict(image, box)
    assert [one.label for one in layered.garments] == ["blazer", "shirt", "jeans"]
    dressed = scripted({"dress": 0.8, "blouse": 0.3}, {"dress": 0.9, "skirt": 0.5}).predict(image, box)
    assert [(one.region, one.label) for one in dressed.garments] == [("full", "dress")]
    under_coat = scripted({"dress": 0.8, "coat": 0.9}, {"dress": 0.9}).predict(image, box)
    assert [(one.region, one.label) for one in under_coat.garments] == [("upper", "coat"), ("full", "dress")]


def test_what_is_unsure_is_not_named() -> None:
    image, box = person((30, 60, 160), (30, 60, 160))
    assert scripted({"shirt": 0.2}, {"pants": 0.2}).predict(image, box).garments == ()
    assert scripted({"shirt": 0.4}).predict(image, None) == FashionReading(), "without a face more certainty is asked for"
    alone = scripted({"jeans": 0.7}).predict(image, None)
    assert [(one.region, one.label) for one in alone.garments] == [("lower", "jeans")]


@given(st.integers(0, 2**31), st.booleans(), st.integers(1, 300), st.integers(1, 300))
def test_any_picture_is_read_and_embeddings_have_length_one(seed: int, with_face: bool, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
    box = face(*random.uniform(0, 200, 2), float(random.uniform(10, 90))) if with_face else None
    reading = scripted(dict(zip(LABELS, random.uniform(0.01, 0.99, len(LABELS)).tolist(), strict=True))).predict(image, box)
    if reading.embedding is not None:
        assert reading.embedding.shape == (DIMS,)
        assert reading.embedding.dtype == np.float32
        assert np.linalg.norm(reading.embedding) == pytest.approx(1, abs=1e-5)
    assert all(0 < one.score <= 1 for one in reading.garments)


def test_an_unseen_lower_body_leaves_its_block_empty() -> None:
    image = np.full((300, 300, 3), 90, np.uint8)
    reading = scripted({"shirt": 0.9}).predict(image, face(110, 40, 110))
    assert reading.embedding is not None
    assert not reading.embedding[slice(*LOWER_BLOCK)].any()
    assert reading.embedding[slice(*UPPER_BLOCK)].any()


def test_the_embedding_has_room_for_what_its_description_says() -> None:
    assert UPPER_BLOCK[1] == len(UPPER_LABELS) + len(NAMED) + TEXTURE
    assert UPPER_BLOCK[1] + len(LOWER_LABELS) + len(NAMED) + TEXTURE == DIMS


def test_a_missing_or_foreign_network_is_an_error_in_words(tmp_path: Path, runtime: Runtime) -> None:
    with pytest.raises(PackError, match=r"garments\.onnx"):
        FashionReader(tmp_path / "garments.onnx", runtime).load()


def test_both_runtimes_read_the_same_clothes(reader: FashionReader, engine_cache: Path) -> None:
    other = FashionReader(STARTER / "garments.onnx", make_runtime(EngineSettings(backend="onnxruntime"), engine_cache))
    image, box = person((30, 60, 160), (40, 40, 45))
    one, two = reader.predict(image, box), other.predict(image, box)
    assert one.embedding is not None
    assert two.embedding is not None
    # Both compute in float32, whatever the processor has.
    assert float(one.embedding @ two.embedding) > 0.99999
    assert [item.label for item in one.garments] == [item.label for item in two.garments]
    assert one.palette == two.palette


def test_an_empty_wall_is_no_garment(reader: FashionReader) -> None:
    wall = np.full((400, 600, 3), (180, 176, 168), np.uint8)
    assert reader.predict(wall, None).garments == ()


@pytest.mark.shared
def test_single_garments_are_named(reader: FashionReader, shared_data: Path) -> None:
    """Held-out rows of `fashion_items`: better than always naming the most frequent label by a factor of three."""
    from engine.training.garment_data import ITEMS, read

    same = {"coat": "jacket", "jeans": "pants", "leggings": "pants"}
    with (shared_data / "fashion_items" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["small_split"] == "validation" and ITEMS[row["label"]]][::3]
    right = 0
    for row in rows:
        image = read(shared_data / "fashion_items" / row["file"])
        look = reader._look(image, Box(0, 0, image.shape[1], image.shape[0]), None)
        best = max(look.scores, key=lambda label: look.scores[label])
        right += same.get(best, best) == ITEMS[row["label"]]
    assert right / len(rows) > 0.75
