"""Does the verification by video let people pass who turn their head, and stop photos, cuts and others?

No real video of anybody was to be had: people who pass are rendered from one photo each (`evaluation.heads`, generated portraits), so the
share of them that passes says whether the geometry works, not how often a real person is refused in bad light.  The cheats are made of
the same photos, and of real ones of known people.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from engine import liveness
from engine.attributes import AttributeReader
from engine.backends.runtime import make_runtime
from engine.clips import RATE, Clip
from engine.embedding import FaceEmbedder
from engine.faces import FaceDetector
from engine.liveness import Look, Pose, Verdict, Watcher
from engine.settings import EngineSettings
from engine.training.garment_data import read
from engine.values import Image, Vector
from evaluation import heads
from evaluation.context import Context
from evaluation.heads import Camera, Floats, Shape
from evaluation.metrics import wilson
from evaluation.report import Better, Row, Section

PEOPLE, CHEATED, KNOWN = 12, 5, 12
"""People who turn their head; those of them whose photo a cheat films; people whose photos are put together."""
POSES, SEED = 4, 20261121
LARGE = 600
MATCHES = (0.3, 0.38, 0.45)
"""Likenesses at which the comparison with photos is measured; 0.38 is what `bot.usecases.verification` asks for."""


@dataclass(frozen=True, slots=True)
class Person:
    """A photo in a frame."""

    picture: Image
    points: Floats
    embedding: Vector


class Studio:
    """Makes videos and watches them."""

    def __init__(self, context: Context) -> None:
        cache = context.settings.var / "cache"
        runtime = make_runtime(EngineSettings(backend=context.settings.engine.backend), cache)
        self.detector, self.embedder = FaceDetector(cache, runtime), FaceEmbedder(cache, runtime)
        self.watcher = Watcher(self.detector, self.embedder, AttributeReader(cache, runtime))
        self.random = np.random.default_rng(SEED)
        self.choose = random.Random(SEED).choice

    def person(self, photo: Image) -> Person | None:
        """The photo, if a face is found in it."""
        found = self.detector.predict(photo)
        if not found:
            return None
        picture, points = heads.framed(photo, found[0])
        return Person(picture, points, self.embedder.predict(photo, found[0]))

    def looks(self, frames: Sequence[Image]) -> list[Look]:
        """The pictures as filmed, looked at."""
        return self.watcher.watch(Clip(tuple(heads.filmed(frames, self.random)), tuple(place / RATE for place in range(len(frames)))))

    def turning(self, person: Person, challenge: Sequence[Pose]) -> list[Look]:
        """Somebody who does as asked."""
        shape = Shape(deep=self.random.uniform(2.6, 3.1), nose=self.random.uniform(0.5, 0.8))
        cameras = heads.thinned(heads.moves(challenge, self.random), RATE)
        return self.looks([heads.turned(person.picture, person.points, camera, shape) for camera in cameras])

    def printed(self, person: Person, challenge: Sequence[Pose], bend: float, wide: float) -> list[Look]:
        """Somebody who turns a print of the photo `wide` times as far."""
        cameras = heads.thinned(heads.moves(challenge, self.random), RATE)
        wider = [Camera(one.yaw * wide, one.pitch * wide, one.roll, one.x, one.y, one.scale) for one in cameras]
        return self.looks([heads.flat(person.picture, person.points, camera, bend) for camera in wider])


def run(context: Context) -> Section:
    """Who passes, who does not, and at which likeness photos count as the same person's."""
    studio = Studio(context)
    portraits = [row for row in context.labels("portraits_ai") if int(row["w"]) >= LARGE]
    people = [one for row in portraits[:PEOPLE] if (one := studio.person(read(context.data / row["file"]))) is not None]
    challenges = [liveness.draw(studio.choose, POSES) for _ in people]
    films = [studio.turning(person, challenge) for person, challenge in zip(people, challenges, strict=True)]
    passed = [liveness.judge(film, challenge) for film, challenge in zip(films, challenges, strict=True)]
    found = [passing("heads that turn (rendered)", passed, bound=0.8, better="higher")]
    found += cheats(studio, people[:CHEATED], challenges)
    found += put_together(context, studio)
    found += old_videos(studio, films, challenges)
    found += likeness(context, studio, people, passed)
    minors = [one.minor for one in passed]
    found.append(Row("highest score for a minor among these adults", max(minors, default=None), len(minors), better="lower"))
    notes = (
        "Rendered heads are no people: real members were not measured, and neither were masks, screens that play a video of the person, or "
        "faces that a program puts into the camera's stream, which this check does not stop where they turn as asked.",
        f"An old video passes where its movements happen to be those that are asked for; {POSES} movements, left and right exchangeable.",
    )
    return Section("liveness", "Verification by video", tuple(found), notes=notes)


def cheats(studio: Studio, people: Sequence[Person], challenges: Sequence[Sequence[Pose]]) -> list[Row]:
    """Prints of a photo, held still, turned, and bent round a bottle or a can."""
    kinds: dict[str, tuple[float, float]] = {
        "a photo held still": (0.0, 0.0),
        "a photo turned as asked": (0.0, 1.0),
        "a photo turned far": (0.0, 1.5),
        "a print bent (radius 11 cm)": (0.28, 1.3),
        "a print bent (radius 6 cm)": (0.5, 1.3),
    }
    made = []
    for name, (bend, wide) in kinds.items():
        verdicts = [
            liveness.judge(studio.printed(person, challenge, bend, wide), challenge)
            for person, challenge in zip(people, challenges, strict=False)
        ]
        made.append(passing(name, verdicts))
    return made


def put_together(context: Context, studio: Studio) -> list[Row]:
    """Two real photos of one person, one from the front and one from the side (and mirrored), cut or faded into each other."""
    cut, faded = [], []
    rows = sorted(context.labels("faces_identity"), key=lambda row: row["identity"])
    challenge: tuple[Pose, ...] = ("left", "right", "left", "right")
    for _, group in itertools.islice(itertools.groupby(rows, key=lambda row: row["identity"]), KNOWN):
        pair = front_and_side(context, studio, [row["file"] for row in group][:12])
        if pair is not None:
            cut.append(liveness.judge(studio.looks(alternating(*pair, fade=1)), challenge))
            faded.append(liveness.judge(studio.looks(alternating(*pair, fade=5)), challenge))
    return [passing("two photos cut together", cut), passing("two photos faded into each other", faded)]


def front_and_side(context: Context, studio: Studio, files: Sequence[str]) -> tuple[Image, Image] | None:
    """The frontal photo and the one that is turned the most, in frames; None where none is turned enough."""
    found: list[tuple[float, Image]] = []
    for file in files:
        photo = read(context.data / file)
        faces = studio.detector.predict(photo)
        if faces:
            found.append((float(liveness.nose(faces[0].landmarks)[0]), heads.framed(photo, faces[0])[0]))
    if len(found) < 2:
        return None
    front, side = min(found, key=lambda one: abs(one[0])), max(found, key=lambda one: abs(one[0]))
    return (front[1], side[1]) if abs(side[0] - front[0]) > liveness.TURN and abs(front[0]) < liveness.FRONTAL else None


def alternating(front: Image, side: Image, fade: int) -> list[Image]:
    """Front, side, front, the side mirrored, … each for half a second; `fade` pictures from one to the next."""
    stops = [front, front, side, front, np.ascontiguousarray(side[:, ::-1]), front, side, front, np.ascontiguousarray(side[:, ::-1]), front]
    frames: list[Image] = []
    for one, other in itertools.pairwise(stops):
        frames += [one] * 5
        frames += [np.asarray(cv2.addWeighted(one, 1 - step / fade, other, step / fade, 0), dtype=np.uint8) for step in range(1, fade)]
    return frames


def old_videos(studio: Studio, films: Sequence[Sequence[Look]], challenges: Sequence[Sequence[Pose]]) -> list[Row]:
    """A good video sent for other challenges, drawn anew 50 times each; and with two movements exchanged."""
    replayed, exchanged = [], []
    for film, challenge in zip(films[:CHEATED], challenges, strict=False):
        replayed += [liveness.judge(film, liveness.draw(studio.choose, POSES)).problem is None for _ in range(50)]
        other = (challenge[1], challenge[0], *challenge[2:])
        exchanged.append(liveness.judge(film, other).problem is None and other != tuple(liveness.MIRROR[pose] for pose in challenge))
    return [
        share("passed: an old video for a new challenge", replayed, bound=0.05),
        share("passed: two movements exchanged", exchanged, bound=0.34, note="left and right exchanged cannot be told from a mirror"),
    ]


def likeness(context: Context, studio: Studio, people: Sequence[Person], passed: Sequence[Verdict]) -> list[Row]:
    """Comparison with photos: rendered faces with other people's photos, and real photos with each other."""
    strange = [
        float(one.embedding @ other.embedding)
        for place, one in enumerate(passed)
        if one.embedding is not None
        for number, other in enumerate(people)
        if number != place
    ]
    own = [float(one.embedding @ person.embedding) for one, person in zip(passed, people, strict=True) if one.embedding is not None]
    rows = context.labels("faces_identity")
    seen = context.seen(rows, "faces_identity")
    usable = [place for place, one in enumerate(seen) if "served" in one.vectors]
    vectors = np.stack([seen[place].vectors["served"] for place in usable]).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = np.array([rows[place]["identity"] for place in usable])
    first, second = np.triu_indices(len(names), 1)
    scores, same = np.einsum("ij,ij->i", vectors[first], vectors[second]), names[first] == names[second]
    made = [
        Row("smallest likeness of a rendered head to its own photo", min(own, default=None), len(own)),
        Row("largest likeness of a rendered head to another's photo", max(strange, default=None), len(strange), better="lower"),
    ]
    for match in MATCHES:
        made.append(
            Row(
                f"false accepts at {match}: real photos of two people",
                float((scores[~same] >= match).mean()),
                int((~same).sum()),
                better="lower",
            )
        )
        made.append(
            Row(
                f"false rejects at {match}: real photos of one person",
                float((scores[same] < match).mean()),
                int(same.sum()),
                better="lower",
            )
        )
    return made


def passing(name: str, verdicts: Sequence[Verdict], *, bound: float = 0.0, better: Better = "lower") -> Row:
    """Of how many videos nothing was wrong; cheats are to be none."""
    return share(f"passed: {name}", [one.problem is None for one in verdicts], bound=bound, better=better, note=why(verdicts))


def share(name: str, flags: Sequence[bool], *, bound: float, better: Better = "lower", note: str = "") -> Row:
    """Of how many it is so."""
    value = sum(flags) / len(flags) if flags else None
    interval = wilson(sum(flags), len(flags)) if flags else None
    return Row(name, value, len(flags), better=better, bound=bound, interval=interval, note=note)


def why(verdicts: Sequence[Verdict]) -> str:
    """How often each problem was found."""
    problems = [one.problem for one in verdicts if one.problem]
    return ", ".join(f"{name} {problems.count(name)}" for name in sorted(set(problems)))
