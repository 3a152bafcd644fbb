"""What the engine's parts pass each other and the outside: frozen values without behaviour or I/O.

Pixels are those of the upright photo (after its EXIF orientation) in its full size, also where it was decoded smaller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Height × width × 3, RGB, upright."""

Vector = NDArray[np.float32]
"""One-dimensional; embeddings have Euclidean length 1."""

ProblemCode = Literal[
    "not_an_image",
    "too_large",
    "nsfw",
    "no_face",
    "several_faces",
    "face_too_small",
    "too_dark_or_blurred",
    "minor",
]
Gender = Literal["man", "woman"]
Region = Literal["upper", "lower", "full"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a photo cannot be used; `message` is an English sentence that says what to do."""

    code: ProblemCode
    message: str


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face as the detector found it."""

    box: tuple[float, float, float, float]
    """Left, top, width and height."""
    landmarks: NDArray[np.float32]
    """5 × 2: the eye at the picture's left, the eye at its right, nose tip, mouth corner at the left, at the right."""
    score: float
    """The detector's confidence, 0–1."""

    def scaled(self, factor: float) -> FaceBox:
        """The same face in a picture that is `factor` times as large."""
        x, y, width, height = (value * factor for value in self.box)
        return FaceBox((x, y, width, height), (self.landmarks * factor).astype(np.float32), self.score)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be read: each part and the whole from 0 (useless) to 1 (perfect)."""

    size: float
    sharpness: float
    exposure: float
    pose: float
    overall: float
    yaw: float
    """Degrees, estimated from the landmarks: 0 looks into the camera, positive turns to the picture's right."""
    pitch: float
    """Degrees: positive looks up."""
    roll: float
    """Degrees: how far the line of the eyes is turned clockwise."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face and what its picture says about the person."""

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    score: float
    gender: Gender | None
    """None where the model is too unsure to say."""
    gender_confidence: float
    """0–1: the probability of the likelier gender, stated also where `gender` is None."""
    age: float
    age_range: tuple[float, float]
    """Years between which the age lies in about 80 % of cases; contains `age`."""
    quality: float
    minor_score: float
    """0–1, higher looks younger; comparable with `engine.minor_threshold`."""
    maybe_minor: bool
    """Whether a minor cannot be excluded."""
    details: Quality


@dataclass(frozen=True, slots=True)
class Garment:
    """A piece of clothing seen on the main person."""

    region: Region
    label: str
    score: float
    colour: str
    """`#RRGGBB`, the dominant colour."""


@dataclass(frozen=True, slots=True)
class StyleScore:
    """One of the contract's style labels with its calibrated probability."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class TypeGuess:
    """The type a person was assigned to."""

    id: str
    name: str
    name_ko: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that is known about a photo; what could not be read is None or empty."""

    problem: Problem | None = None
    faces: tuple[Face, ...] = ()
    """Largest first."""
    main: int | None = None
    """Index into `faces` of the person whom the photo shows."""
    size: tuple[int, int] = (0, 0)
    """Width and height of the upright photo."""
    embedding: Vector | None = None
    face_type: TypeGuess | None = None
    fashion_type: TypeGuess | None = None
    garments: tuple[Garment, ...] = ()
    style: tuple[StyleScore, ...] = ()
    fashion_embedding: Vector | None = None
    palette: tuple[str, ...] = ()
    """`#RRGGBB`, the most present colour first."""
    nsfw: float = 0.0
    """0–1, probability that the photo is not safe for work."""
    crop: Image | None = field(default=None, repr=False)
    """256 × 256, the main face upright with its hair, for the card."""
    photo_jpeg: bytes | None = field(default=None, repr=False)
    """The photo to store and show: upright, free of metadata, at most `engine.longest_side` pixels long."""
    model_version: str = ""
    """Names the weights and the type pack."""
    face_model: str = ""
    """Version of `embedding`; vectors of different versions cannot be compared (`engine.types.TypePack.accepts`)."""
    fashion_model: str = ""
    """Version of `fashion_embedding`; likewise."""
    runtime: str = ""
    """By what the vectors were computed, such as `openvino-f32`."""
    took_ms: float = 0.0

    @property
    def main_face(self) -> Face | None:
        """The face of the person whom the photo shows."""
        return None if self.main is None else self.faces[self.main]
