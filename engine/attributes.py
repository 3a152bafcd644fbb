"""Age, gender and whether a minor can be excluded, from an aligned face.

The networks (Cydral, CC0) were trained on dlib's chips: five points brought to a mean face with a padding of 0.2. They are sensitive
to a few pixels, so several chips, cut a little tighter and higher, plain and mirrored, are averaged;
docs/adr/0003-age-and-minors.md has the measurements.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import weights
from engine.backends.runtime import Runtime, Session
from engine.faces import similarity, warp
from engine.values import FaceBox, Gender, Image

MEAN_FACE = np.array([[0.2273, 0.2215], [0.7528, 0.2215], [0.4901, 0.5156], [0.2541, 0.7802], [0.7261, 0.7802]])
"""dlib's mean face at YuNet's points, in shares of the face square: the middles of its eyes, nose tip, mouth corners."""
CHIPS = tuple((padding, down, mirrored) for padding in (0.14, 0.20) for down in (-0.04, 0.0) for mirrored in (False, True))
"""Padding, shift down (both in shares of the face square) and mirroring of each chip."""
PIXEL_MEAN = np.array([122.782, 117.001, 104.298], np.float32)
AGE_SIDE, GENDER_SIDE = 64, 32
NEAR, NEAR_PADDING = 128, 0.26
"""Side and padding of the picture that the chips are cut from."""
YEARS = np.concatenate([[0.25], np.arange(1, 81)]).astype(np.float64)
"""The age that each of the network's 81 classes stands for."""
SURE_OF_GENDER = 0.6
"""Probability below which no gender is named."""
AGE_BIAS = 1.5
"""Years by which the network takes the adults of portraits_ai (18 to 60) for older than they were made to be."""
RANGE = 1.28
"""Standard deviations on either side within which 80 % of a normal distribution lie."""
SPREAD = 4.5
"""Years of error that the network's own spread does not show."""
MINOR = 0.49
"""`minor_score` from which a minor cannot be excluded."""
YOUNGEST_SHARE = 0.2
"""Share of the network's belief that lies below the youngest likely age."""
AMBIGUOUS = 10.0
"""Years that the youngest likely age falls by per unit of doubt about the gender, which is seldom plain in children's faces."""
MINOR_AGE, MINOR_SLOPE = 19.75, 2.0
"""Youngest likely age at which `minor_score` is one half, and the years over which it falls."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a face says about its person."""

    gender: Gender | None
    gender_confidence: float
    age: float
    age_range: tuple[float, float]
    minor_score: float


class AttributeReader:
    """The age and the gender network, each on all chips."""

    def __init__(self, cache: Path, runtime: Runtime) -> None:
        self.cache = cache
        self.runtime = runtime
        self._sessions: tuple[Session, Session] | None = None
        self._loading = threading.Lock()

    def load(self) -> tuple[Session, Session]:
        """Load both networks once.

        Raises:
            WeightsError, BackendError: a model cannot be had.

        """
        with self._loading:
            if self._sessions is None:
                # Who is turned away as too young must not depend on the processor: in bfloat16 one face in 400 was answered otherwise.
                made = [
                    self.runtime.session(weights.graph(model, self.cache), (len(CHIPS), 3, side, side), exact=True)
                    for model, side in ((weights.AGE, AGE_SIDE), (weights.GENDER, GENDER_SIDE))
                ]
                self._sessions = made[0], made[1]
            return self._sessions

    def predict(self, image: Image, face: FaceBox) -> Attributes:
        """Age and gender of a face of `image`."""
        large = chips(image, face)
        small = np.stack([cv2.resize(chip, (GENDER_SIDE, GENDER_SIDE), interpolation=cv2.INTER_AREA) for chip in large])
        return self._predict(network_input(large), network_input(small))

    def _predict(self, for_age: NDArray[np.float32], for_gender: NDArray[np.float32]) -> Attributes:
        age_session, gender_session = self.load()
        (ages,), (genders,) = age_session.run(for_age), gender_session.run(for_gender)
        return attributes(ages.mean(axis=0).astype(np.float64), float(genders[:, 1].mean()))


def chips(image: Image, face: FaceBox) -> NDArray[np.uint8]:
    """The chips of `CHIPS` for the age network: N × 64 × 64 × 3.

    They are cut from one aligned picture of the face, since averaging a large photo down costs more than cutting.
    """
    near = warp(image, similarity(face.landmarks, target(NEAR_PADDING, 0, NEAR)), NEAR)
    points = target(NEAR_PADDING, 0, NEAR)
    made = []
    for padding, down, mirrored in CHIPS:
        chip = warp(near, similarity(points, target(padding, down, AGE_SIDE)), AGE_SIDE)
        made.append(chip[:, ::-1] if mirrored else chip)
    return np.stack(made)


def target(padding: float, down: float, side: int) -> NDArray[np.float64]:
    """Where the five points lie in a chip of `side` pixels."""
    return np.asarray((MEAN_FACE + np.array((0, down)) + padding) / (1 + 2 * padding) * side, np.float64)


def network_input(made: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Chips N × side × side × 3 as N × 3 × side × side, mean subtracted."""
    pixels = (made.astype(np.float32) - PIXEL_MEAN) / np.float32(256)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def attributes(ages: NDArray[np.float64], man: float) -> Attributes:
    """What the networks' probabilities say: `ages` over the 81 classes, `man` that it is a man."""
    ages = ages / max(float(ages.sum()), 1e-9)
    seen = float(ages @ YEARS)
    spread = RANGE * float(np.hypot(np.sqrt(ages @ (YEARS - seen) ** 2), SPREAD))
    age = max(0.0, seen - AGE_BIAS)
    confidence = min(1.0, max(man, 1 - man))
    gender: Gender | None = None if confidence < SURE_OF_GENDER else "man" if man > 0.5 else "woman"
    return Attributes(gender, confidence, age, (max(0.0, age - spread), age + spread), minor_score(ages, confidence))


def minor_score(ages: NDArray[np.float64], gender_confidence: float) -> float:
    """0–1, higher looks younger; from one half on a minor cannot be excluded.

    The mean of the ages would hide a belief that is split between 12 and 35; so the score falls with the youngest likely age, the
    `YOUNGEST_SHARE` quantile.
    """
    youngest = float(np.interp(YOUNGEST_SHARE, np.cumsum(ages), np.arange(len(ages)))) - AMBIGUOUS * (1 - gender_confidence)
    return float(1 / (1 + np.exp(np.clip((youngest - MINOR_AGE) / MINOR_SLOPE, -50, 50))))
