"""Age and gender of the people in a couple's photo, who look at each other as often as at the camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from crawler.signals import SHAPE, centre, extent
from engine.attributes import AttributeReader, Attributes
from engine.quality import angles
from engine.values import FaceBox, Gender, Image

TURNED = 45.0
"""Degrees of yaw from which the eyes come so close together that a face aligned by them fills its chip wrongly."""
FRONTAL = np.array([[0.26, 0.39], [0.73, 0.39], [0.50, 0.59], [0.29, 0.74], [0.71, 0.74]], np.float32)
"""Where the five points of a frontal face lie in the detector's box: medians over portraits_ai (CC0)."""
SURE = 0.8
"""Probability below which no gender is named: in a couple a wrong one spoils two people."""


def read(reader: AttributeReader, image: Image, face: FaceBox) -> Attributes:
    """What a face says about its person; of a turned one the mean of the chips by its points and of those by its box."""
    said = reader.predict(image, face)
    if abs(angles(face)[0]) >= TURNED:
        said = mean(said, reader.predict(image, boxed(face)))
    return said if said.gender_confidence >= SURE else replace(said, gender=None)


def boxed(face: FaceBox) -> FaceBox:
    """`face` with the points that a frontal face has in a box of its extent."""
    high = extent(face)
    points = (FRONTAL - 0.5) * (high / SHAPE, high) + centre(face)
    return FaceBox(face.box, points.astype(np.float32), face.score)


def mean(one: Attributes, other: Attributes) -> Attributes:
    """Two readings of one face taken together; of the gender the mean of the log odds, so that the surer one counts for more.

    >>> old = Attributes("man", 0.9, 40.0, (30.0, 50.0), 0.0)
    >>> mean(old, Attributes("woman", 0.5, 20.0, (14.0, 26.0), 0.8))
    Attributes(gender='man', gender_confidence=0.75, age=30.0, age_range=(22.0, 38.0), minor_score=0.4)
    """
    man = 1 / (1 + float(np.exp(-(_log_odds(one) + _log_odds(other)) / 2)))
    gender: Gender = "man" if man > 0.5 else "woman"
    ages = (one.age_range[0] + other.age_range[0]) / 2, (one.age_range[1] + other.age_range[1]) / 2
    minor = (one.minor_score + other.minor_score) / 2
    return Attributes(gender, round(max(man, 1 - man), 6), (one.age + other.age) / 2, ages, minor)


def _log_odds(said: Attributes) -> float:
    """Of a man; 0 where the reader was too unsure to say which."""
    if said.gender is None:
        return 0.0
    sure = min(said.gender_confidence, 1 - 1e-4)
    return float(np.log(sure / (1 - sure))) * (1 if said.gender == "man" else -1)
