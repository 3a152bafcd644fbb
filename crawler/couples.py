"""Separate a couple: exactly two adults who are plainly the subjects of a photo and in each other's company.

The rule has no fitted weights: each limit is a distance between people, a property of a lens or a reading of the engine's, and stands
below with its reason; docs/adr/0022-separating-couples.md has the measurements and what else was tried.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np

from crawler import readings
from crawler.bodies import bodies
from crawler.settings import CrawlerSettings
from crawler.signals import Apart, apart, extent, inside, margin, seam
from engine.analysis import COMPARABLE_SCORE, EXPOSURE_MIN, SHARPNESS_MIN, Readers
from engine.attributes import MINOR, AttributeReader, Attributes
from engine.backends.runtime import Runtime, make_runtime
from engine.embedding import FaceEmbedder, Kind
from engine.faces import FaceDetector
from engine.images import Decoded, decode
from engine.preprocess import lit
from engine.quality import assess
from engine.safety import NsfwScorer
from engine.settings import EngineSettings
from engine.values import FaceBox, Gender, Image, Problem, Vector

Reason = Literal[
    "",
    "not_an_image",
    "too_large",
    "nsfw",
    "no_face",
    "one_person",
    "bystander",
    "too_small",
    "too_dark_or_blurred",
    "collage",
    "same_person_twice",
    "crowd",
    "minor",
    "age_out_of_range",
]
"""Why a photo is no couple's; empty where it is one."""

SURE = 0.8
"""The detector's confidence from which a face is one: below lie graffiti, lamps and knots of headbands."""
WHOLE = 0.85
"""Share of a face's box within the photo: nobody's portrait is cut through the face."""
MARGIN = 0.1
"""Widths of the face that eyes, nose and mouth keep from the edge, for the same reason."""
STEP = 0.7
"""Metres that one of a couple may stand behind the other: a step."""
OCTAVE = 1.0
"""Octaves of detail that one may lack: two faces in the same focus differ by less in more than 99 of 100 pairs of portraits."""
RATIO = 0.7
"""Size of the smaller face over the larger one's: at an arm's length from the camera, one step is no less."""
NEAR = 1.2
"""Metres between two people's faces: the end of the personal distance (Hall, The Hidden Dimension, 1966); strangers keep more."""
CHILD = 1.5
"""How much farther behind than an adult a child may seem to be: its face is smaller."""
TWICE = 0.5
"""Likeness from which two faces of one photo are one person; siblings side by side reached 0.42."""
SEAM = 0.95
"""Share of the rows that step at one column where two photos were put side by side."""
FACES_MAX = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the two people of a couple's photo; pixels of the upright photo in its full size."""

    box: tuple[float, float, float, float]
    """Of the face: left, top, width, height."""
    body: tuple[float, float, float, float]
    """From the hair to the knee, as far as it is in the photo and not the other one's."""
    landmarks: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    score: float
    """The detector's confidence of the face, 0–1."""
    gender: Gender | None
    """None where it would be a guess."""
    gender_confidence: float
    age: float
    age_range: tuple[float, float]
    minor_score: float
    quality: float
    embedding: Vector = field(repr=False)

    @property
    def face(self) -> FaceBox:
        """The face as the engine's parts take it."""
        return FaceBox(self.box, self.landmarks, self.score)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a photo shows a couple."""

    accepted: bool
    reason: Reason
    subjects: tuple[Subject, Subject] | None = None
    """Left to right; there whenever two people in each other's company were found, also where something else is wrong."""
    score: float = 0.0
    """0–1 how plainly the two largest faces are in company: 0.5 at the limit."""
    details: Mapping[str, float] = field(default_factory=dict)
    """What was measured, by name."""


class Separator:
    """The engine's parts that are needed to tell a couple; safe to call from several threads once `load` returned."""

    def __init__(
        self, settings: CrawlerSettings, engine: EngineSettings, cache: Path, readers: Callable[[], Readers] | None = None
    ) -> None:
        """`cache`: folder for prepared and compiled models; `readers`: gives those that this process has loaded already."""
        self.settings = settings
        self.engine = engine
        self.cache = cache
        self._readers = readers or self._load
        self._loading = threading.Lock()
        self._parts: Readers | None = None

    def load(self) -> None:
        """Load all models; further calls do nothing.

        Raises:
            WeightsError, BackendError: a model cannot be had.

        """
        self._loaded()

    @property
    def runtime(self) -> Runtime:
        """What runs the models, for others that need some."""
        return self._loaded().runtime

    @property
    def face_version(self) -> str:
        """Names the embedding of the subjects' faces."""
        return self._loaded().embedder.version

    def predict(self, data: bytes) -> Decision:
        """Whether the photo in `data` shows a couple; any bytes are answered.

        Raises:
            WeightsError, BackendError: as `load`, which the first call does.

        """
        photo = decode(data, self.engine)
        return unreadable(photo) if isinstance(photo, Problem) else self.separate(photo)

    def separate(self, photo: Decoded) -> Decision:
        """Whether a decoded photo shows a couple."""
        return self._separate(self._loaded(), photo)

    def _loaded(self) -> Readers:
        with self._loading:
            if self._parts is None:
                self._parts = self._readers()
            return self._parts

    def _load(self) -> Readers:
        runtime = make_runtime(self.engine, self.cache)
        parts = Readers(
            runtime,
            FaceDetector(self.cache, runtime),
            AttributeReader(self.cache, runtime),
            FaceEmbedder(self.cache, runtime, cast("Kind", self.engine.embedding)),
            NsfwScorer(self.cache, runtime),
        )
        for part in (parts.detector, parts.attributes, parts.embedder, parts.safety):
            part.load()
        return parts

    def _separate(self, parts: Readers, photo: Decoded) -> Decision:
        image = photo.image
        nsfw = parts.safety.predict(image)
        if nsfw >= self.engine.nsfw_threshold:
            return Decision(False, "nsfw", details={"nsfw": nsfw})
        size = (image.shape[1], image.shape[0])
        found, evened = _found(parts, image)
        faces = sorted((face for face in found if is_whole(size, face)), key=extent, reverse=True)[:FACES_MAX]
        if len(faces) < 2:
            return Decision(False, "one_person" if faces else "no_face")
        pair = apart(image, faces[0], faces[1])
        details = {"ratio": pair.ratio, "across": pair.across, "depth": pair.depth, "blur": pair.blur, "behind": behind(pair)}
        score = company(pair)
        if score < 0.5:
            return Decision(False, "bystander", score=score, details=details)
        left, right = sorted(faces[:2], key=lambda face: face.box[0] + face.box[2] / 2)
        one, other = self._subjects(parts, photo, evened, left, right)
        details |= {"likeness": float(one.embedding @ other.embedding), "seam": seam(image, left, right)}
        details["third"] = _third(found, left, right)
        reason = self._wrong_with((one, other)) or _wrong_between(details) or self._wrong_beside(parts, photo, faces)
        return Decision(not reason, reason, (one, other), score, details)

    def _subjects(self, parts: Readers, photo: Decoded, evened: Image, left: FaceBox, right: FaceBox) -> tuple[Subject, Subject]:
        image, scale = photo.image, photo.scale
        regions = bodies((image.shape[1], image.shape[0]), left, right)
        made = []
        for face, region in zip((left, right), regions, strict=True):
            said = readings.read(parts.attributes, image, face)
            quality = assess(image, face, scale)
            full = face.scaled(scale)
            corners = [value * scale for value in (region.left, region.top, region.right - region.left, region.bottom - region.top)]
            subject = Subject(
                full.box,
                cast("tuple[float, float, float, float]", tuple(corners)),
                full.landmarks,
                face.score,
                said.gender,
                said.gender_confidence,
                said.age,
                said.age_range,
                said.minor_score,
                quality.overall,
                parts.embedder.predict(evened, face),
            )
            # What cannot be read says nothing about the person either: it is refused for that, whatever its age looks like.
            unclear = quality.exposure < EXPOSURE_MIN or quality.sharpness < SHARPNESS_MIN
            made.append(replace(subject, quality=0.0) if unclear else subject)
        return made[0], made[1]

    def _wrong_with(self, subjects: tuple[Subject, Subject]) -> Reason:
        """What is wrong with one of the two."""
        if min(min(one.box[2:]) for one in subjects) < self.settings.face_min:
            return "too_small"
        if min(one.quality for one in subjects) <= 0:
            return "too_dark_or_blurred"
        if any(self._maybe_minor(one.minor_score) for one in subjects):
            return "minor"
        if not all(self.settings.age_min <= one.age <= self.settings.age_max for one in subjects):
            return "age_out_of_range"
        return ""

    def _wrong_beside(self, parts: Readers, photo: Decoded, faces: list[FaceBox]) -> Reason:
        """Who else is in the company of one of the two: a child, or more people."""
        found: Reason = ""
        for face in faces[2:]:
            near = min((apart(photo.image, face, subject) for subject in faces[:2]), key=behind)
            if company(near) >= 0.5:
                found = "crowd"
            if company(near, CHILD) >= 0.5 and self._maybe_minor(self._read(parts, photo, face).minor_score):
                return "minor"
        return found

    @staticmethod
    def _read(parts: Readers, photo: Decoded, face: FaceBox) -> Attributes:
        return readings.read(parts.attributes, photo.image, face)

    def _maybe_minor(self, score: float) -> bool:
        return score >= (self.engine.minor_threshold or MINOR)


def _found(parts: Readers, image: Image) -> tuple[tuple[FaceBox, ...], Image]:
    """The faces of a photo, and the photo in the light in which they were found and are to be compared.

    As with selfies: haze and dusk hide faces that are there.  But of two people at the sides of a photo the middle may be a bare wall,
    which looks faint and is not; stretched, its faces would be lost, and those of the photo as it is are the surer ones.
    """
    evened = lit(image, "faint")
    found = parts.detector.predict(evened)
    if evened is image:
        return found, image
    plain = parts.detector.predict(image)
    return (found, evened) if _sureness(found) >= _sureness(plain) else (plain, image)


def _third(found: tuple[FaceBox, ...], left: FaceBox, right: FaceBox) -> float:
    """How wide the widest other face is, against the narrower one of the two; 0 where there is none."""
    widths = [face.box[2] for face in found if face is not left and face is not right and face.score >= COMPARABLE_SCORE]
    return max(widths, default=0.0) / max(min(left.box[2], right.box[2]), 1.0)


def _sureness(faces: tuple[FaceBox, ...]) -> float:
    return sum(face.score for face in faces if face.score >= SURE)


def unreadable(problem: Problem) -> Decision:
    """The decision on what could not be decoded."""
    return Decision(False, "too_large" if problem.code == "too_large" else "not_an_image")


def is_whole(size: tuple[int, int], face: FaceBox) -> bool:
    """Whether it is surely a face, and the edges of a photo of `size` leave it whole."""
    return face.score >= SURE and inside(size, face) >= WHOLE and margin(size, face) >= MARGIN


def behind(pair: Apart) -> float:
    """How much one of two people stands behind the other, by size and by focus together; beyond 1 it is a bystander.

    Either sign alone is weak, since faces differ in size and in detail, but both come from the same distance: their squares add.
    """
    return float(np.hypot(pair.depth / STEP, pair.blur / OCTAVE))


def company(pair: Apart, tolerance: float = 1.0) -> float:
    """0–1 how plainly two people are in each other's company; 0.5 at the limit, which `tolerance` widens.

    >>> company(Apart(ratio=1.0, across=0.3, depth=0.0, blur=0.0)), company(Apart(1.0, 1.2, 0.0, 0.0))
    (0.875, 0.5)
    >>> company(Apart(ratio=0.5, across=0.3, depth=0.6, blur=0.0)) < 0.5
    True
    """
    small = float(np.log(max(pair.ratio, 1e-6)) / np.log(RATIO))
    return max(0.0, 1 - max(behind(pair), small, pair.across / NEAR) / tolerance / 2)


def _wrong_between(details: Mapping[str, float]) -> Reason:
    """What is wrong with the two as a pair."""
    if details["likeness"] >= TWICE:
        return "same_person_twice"
    return "collage" if details["seam"] >= SEAM else ""
