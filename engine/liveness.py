"""Whether a short video shows a head that turns, or a picture of one; and whether it did what was asked, in that order.

The proof is in the turns.  Eyes and mouth corners lie nearly in a plane, the nose tip stands out before it.  A homography brings the
four to fixed places; where the fifth comes to lie is then the same for every picture of a flat photograph, however it is moved, turned
or tilted before the camera (five points of a plane have invariants under projection: Hartley & Zisserman, Multiple View Geometry,
section 2), and moves by the tangent of the angle times its depth for a head.  Paper that is bent has some depth too; how much stands
in relation to how narrow the face became, so depth is estimated and must be a nose's.

Tilting the head and coming closer prove nothing, any photo can do them; they are asked for so that no old video fits.  Looking up and
down is not asked for: measured so, it is lost in the noise of five points (docs/adr/0039).  Front cameras mirror or do not: left and
right may be exchanged, but through the whole video.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.attributes import AttributeReader
from engine.clips import Clip
from engine.embedding import FaceEmbedder, unit
from engine.faces import FaceDetector
from engine.values import Image, Vector

Pose = Literal["left", "right", "tilt_left", "tilt_right", "closer"]
LiveProblem = Literal["no_face", "several_faces", "start", "cut", "changed", "still", "flat", "order"]

POSES: Final[tuple[Pose, ...]] = ("left", "right", "tilt_left", "tilt_right", "closer")
TURNS: Final = frozenset({"left", "right"})
MIRROR: Final[Mapping[Pose, Pose]] = {
    "left": "right",
    "right": "left",
    "tilt_left": "tilt_right",
    "tilt_right": "tilt_left",
    "closer": "closer",
}

PLACES: Final = np.array([[-1, -1.1], [1, -1.1], [-0.8, 1.1], [0.8, 1.1]], np.float32)
"""Where eyes and mouth corners are brought to, in about halves of the distance between the eyes."""
TURN: Final = 0.3
"""How far the nose tip must come from where it was, in that unit: some 20 degrees."""
TILT: Final = 13.0
"""Degrees."""
CLOSER: Final = 1.25
"""How much larger the face must be than at first."""
HOLD: Final = 2
"""Pictures in a row that a pose must last."""
OPENING: Final = 5
"""Pictures at the beginning in which the person looks into the camera."""
ASKEW: Final = 0.35
"""How far the nose tip may be from the middle then."""
DEPTH: Final = 0.7
"""Depth of the nose tip before the plane of eyes and mouth, in halves of the distance between the eyes, below which it is paper."""
PRESENT: Final = 0.85
"""Share of the pictures in which the face must be found."""
GAP: Final = 4
"""Pictures in a row that may be without a face."""
RIVAL: Final = 0.5
"""How wide a second face must be, against the first, to be another person's."""
RIVALS: Final = 0.1
"""Share of the pictures in which there may be one."""
JUMP: Final = 0.5
"""How far the nose tip may come from one picture to the next."""
SCENE: Final = 0.45
"""Correlation of one picture with the next, below which something was put in between."""
EVERY: Final = 3
"""Of so many pictures one is told who it shows."""
STEADY: Final = 0.3
"""Likeness (inner product of SFace vectors) of each such picture to the one before."""
FRONTAL: Final = 0.2
"""How near to its first place the nose tip is in pictures that are compared with photos."""
AGES: Final = 5
"""Pictures from which the age is read."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture of the video."""

    time: float
    points: NDArray[np.float32] | None
    """Of the largest face; None where there is none."""
    rival: bool = False
    """Whether somebody else is in it."""
    scene: float = 1.0
    """Correlation with the picture before."""
    embedding: Vector | None = None
    minor: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a video came to."""

    problem: LiveProblem | None
    seen: tuple[Pose, ...] = ()
    """The poses in order, left and right as in the picture."""
    depth: float | None = None
    embedding: Vector | None = field(default=None, repr=False)
    """Of the face from the front; None where that was not to be had."""
    minor: float = 0.0
    """Median of the scores for being a minor."""

    @property
    def figures(self) -> dict[str, object]:
        """What may be kept of it: no picture, no vector."""
        return {"problem": self.problem, "seen": list(self.seen), "depth": None if self.depth is None else round(self.depth, 2)}


def draw(choose: Callable[[Sequence[Pose]], Pose], count: int) -> tuple[Pose, ...]:
    """A challenge: `count` poses, never one twice in a row, with both turns among them.

    >>> import random
    >>> chosen = draw(random.Random(4).choice, 4)
    >>> len(chosen), {"left", "right"} <= set(chosen), all(one != other for one, other in zip(chosen, chosen[1:]))
    (4, True, True)
    """
    while True:
        drawn: list[Pose] = []
        while len(drawn) < count:
            drawn.append(choose([pose for pose in POSES if not drawn or pose != drawn[-1]]))
        if set(drawn) >= TURNS:
            return tuple(drawn)


class Watcher:
    """Looks at the pictures of a video one by one."""

    def __init__(self, detector: FaceDetector, embedder: FaceEmbedder, attributes: AttributeReader) -> None:
        """Only store."""
        self._detector, self._embedder, self._attributes = detector, embedder, attributes

    def watch(self, clip: Clip) -> list[Look]:
        """What is seen in each picture.

        Raises:
            WeightsError, BackendError: a model cannot be had.

        """
        looks: list[Look] = []
        before: NDArray[np.float32] | None = None
        for number, (frame, time) in enumerate(zip(clip.frames, clip.times, strict=True)):
            small = _thumbnail(frame)
            scene = 1.0 if before is None else _correlation(before, small)
            before = small
            looks.append(self._look(frame, time, number, scene))
        return looks

    def _look(self, frame: Image, time: float, number: int, scene: float) -> Look:
        faces = self._detector.predict(frame)
        if not faces:
            return Look(time, None, scene=scene)
        face = faces[0]
        rival = any(other.box[2] > RIVAL * face.box[2] for other in faces[1:])
        embedding = self._embedder.predict(frame, face) if number % EVERY == 0 else None
        minor = self._attributes.predict(frame, face).minor_score if number < AGES else None
        return Look(time, face.landmarks, rival, scene, embedding, minor)


def judge(looks: Sequence[Look], challenge: Sequence[Pose]) -> Verdict:
    """Whether the pictures show one head throughout that did as the challenge says; pure."""
    there = [look for look in looks if look.points is not None]
    minor = float(np.median([look.minor for look in there if look.minor is not None] or [0.0]))
    if len(there) < max(PRESENT * len(looks), OPENING) or _longest_gap(looks) > GAP:
        return Verdict("no_face", minor=minor)
    if sum(look.rival for look in there) > RIVALS * len(there):
        return Verdict("several_faces", minor=minor)
    noses = np.stack([nose(look.points) for look in there if look.points is not None])
    first = np.median(noses[:OPENING], axis=0)
    if abs(first[0]) > ASKEW:
        return Verdict("start", minor=minor)
    off = noses[:, 0] - first[0]
    embedding = _frontal(there, off)
    seen = poses(there, off)
    thick = depth(there, off)
    problem = _problem(there, off, seen, thick, challenge)
    return Verdict(problem, seen, thick, embedding, minor)


def _problem(
    there: Sequence[Look], off: NDArray[np.float64], seen: tuple[Pose, ...], thick: float | None, challenge: Sequence[Pose]
) -> LiveProblem | None:
    """The first thing that is wrong; None where nothing is."""
    times = np.array([look.time for look in there])
    apart = np.diff(times) < 0.2
    if any(look.scene < SCENE for look in there) or bool((np.abs(np.diff(off))[apart] > JUMP).any()):
        return "cut"
    known = [look.embedding for look in there if look.embedding is not None]
    if any(float(one @ other) < STEADY for one, other in pairwise(known)):
        return "changed"
    if not TURNS & set(seen):
        return "still"
    if thick is None or thick < DEPTH:
        return "flat"
    if seen != tuple(challenge) and seen != tuple(MIRROR[pose] for pose in challenge):
        return "order"
    return None


def nose(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where the nose tip lies when eyes and mouth corners are brought to `PLACES`.

    The same for all pictures of a flat one: here for a square, and the square foreshortened.

    >>> flat = np.array([[0, 0], [4, 0], [2, 1], [0, 4], [4, 4]], np.float32)
    >>> seen = cv2.perspectiveTransform(flat[None], np.array([[0.6, 0.1, 3], [0, 1.1, 2], [0.02, 0, 1]]))[0]
    >>> bool(np.allclose(nose(flat), nose(seen), atol=1e-3))
    True
    """
    matrix = cv2.getPerspectiveTransform(points[[0, 1, 3, 4]].astype(np.float32), PLACES)
    return cast(
        "NDArray[np.float64]", cv2.perspectiveTransform(points[2].reshape(1, 1, 2).astype(np.float32), matrix)[0, 0].astype(np.float64)
    )


def shape(points: NDArray[np.float32]) -> tuple[float, float, float]:
    """Distance of the eyes and from eyes to mouth, in pixels, and how far the line of the eyes is turned clockwise, in degrees."""
    across = points[1] - points[0]
    down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
    return float(np.hypot(*across)), float(np.hypot(*down)), math.degrees(math.atan2(float(across[1]), float(across[0])))


def poses(there: Sequence[Look], off: NDArray[np.float64]) -> tuple[Pose, ...]:
    """The poses in order: what is most marked in a picture counts, and only what lasts."""
    shapes = np.array([shape(look.points) for look in there if look.points is not None])
    high, roll = np.median(shapes[:OPENING, 1]), np.median(shapes[:OPENING, 2])
    turned = off / TURN
    tilted = ((shapes[:, 2] - roll + 180) % 360 - 180) / TILT
    nearer = np.log(shapes[:, 1] / high) / math.log(CLOSER)
    found: list[Pose] = []
    last, lasted = "", 0
    for turn, tilt, near in zip(turned.tolist(), tilted.tolist(), nearer.tolist(), strict=True):
        marks = {("left", "right")[turn > 0]: abs(turn), ("tilt_left", "tilt_right")[tilt > 0]: abs(tilt), "closer": near}
        name = max(marks, key=lambda each: marks[each])
        name = name if marks[name] >= 1 else ""
        lasted = lasted + 1 if name == last else 1
        last = name
        if name and lasted == HOLD and (not found or found[-1] != name):
            found.append(cast("Pose", name))
    return tuple(found)


def depth(there: Sequence[Look], off: NDArray[np.float64]) -> float | None:
    """How far the nose tip stands out, from how far it moved while the face became narrower; None where nothing was turned.

    A turn by an angle moves it by depth × tangent, and makes the face narrower by the cosine.
    """
    shapes = np.array([shape(look.points) for look in there if look.points is not None])
    share = shapes[:, 0] / shapes[:, 1]
    wide = float(np.median(share[np.abs(off) < FRONTAL])) if (np.abs(off) < FRONTAL).any() else float(share.max())
    turned = np.abs(off) > TURN
    if not turned.any():
        return None
    cosine = np.clip(share[turned] / wide, 0.2, 0.999)
    tangent = np.sqrt(1 - cosine**2) / cosine
    return float(np.abs(off[turned]).sum() / max(float(tangent.sum()), 1e-6))


def _frontal(there: Sequence[Look], off: NDArray[np.float64]) -> Vector | None:
    """The mean vector of the pictures that look into the camera."""
    known = [look.embedding for look, place in zip(there, off, strict=True) if look.embedding is not None and abs(place) < FRONTAL]
    return unit(np.mean(known, axis=0)) if known else None


def _longest_gap(looks: Sequence[Look]) -> int:
    longest = gap = 0
    for look in looks:
        gap = gap + 1 if look.points is None else 0
        longest = max(longest, gap)
    return longest


def _thumbnail(frame: Image) -> NDArray[np.float32]:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (24, 24), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))
