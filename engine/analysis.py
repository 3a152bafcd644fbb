"""A photo in, everything that is known about it out: the one call that the bot, the crawler and the commands share."""

from __future__ import annotations

import threading
import time
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from engine.attributes import MINOR, AttributeReader, Attributes
from engine.backends.runtime import Runtime, make_runtime
from engine.embedding import ARCFACE, FaceEmbedder, Kind
from engine.errors import PackError
from engine.faces import FaceDetector, similarity, warp
from engine.fashion import FashionReader
from engine.images import decode, encode_jpeg
from engine.preprocess import lit
from engine.quality import assess
from engine.regions import Box
from engine.registry import Registry
from engine.safety import NsfwScorer
from engine.settings import EngineSettings
from engine.types import STARTER, TypePack
from engine.values import Analysis, Face, FaceBox, Image, Problem, Quality, Vector

VERSION = "cydral-8"
"""Of the age and gender reading; part of `Analysis.model_version`."""
FACES_MAX = 16
"""Faces that are described; further ones in a crowd are passed over."""
COMPARABLE = 0.5
"""How wide a second face must be, against the main one's width, for the photo to show several people."""
COMPARABLE_SCORE = 0.75
"""How sure the detector must be of it."""
SIZE_MIN = 32.0
"""Pixels of the photo as it was sent: the shorter side of the smallest face that can be read."""
EXPOSURE_MIN = 0.1
SHARPNESS_MIN = 0.1
CROP = 256
CROP_POINTS = (ARCFACE - 56) * 1.3 + (128, 142)
"""Where the five points lie in the crop for the card: the head with its hair."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Models that are loaded; each may be used from several threads."""

    runtime: Runtime
    detector: FaceDetector
    attributes: AttributeReader
    embedder: FaceEmbedder
    safety: NsfwScorer


class Analyser:
    """The engine's parts put together; safe to call from several threads once `load` returned."""

    def __init__(self, settings: EngineSettings, cache: Path, models: Path | None = None) -> None:
        """Only store.

        Args:
            settings: `pack` takes the place of the starter types.
            cache: folder for prepared and compiled models.
            models: folder of `engine.registry.Registry`, whose version in use is loaded; None: none was ever published.

        """
        self.settings = settings
        self.cache = cache
        self.models = models
        self._loading = threading.Lock()
        self._parts: _Parts | None = None

    def load(self) -> None:
        """Load all models; further calls do nothing.

        Raises:
            WeightsError, BackendError, PackError: something that the engine needs cannot be had.

        """
        self._loaded()

    @property
    def pack(self) -> TypePack:
        """The types in use; loads them."""
        return self._loaded().pack

    def read_pack(self) -> TypePack:
        """The types that are published now (not those in use), for `switch`; they assign as those of `load` do.

        Raises:
            PackError: they cannot be read, or were learned in another face embedding.

        """
        parts = self._loaded()
        return _published(self.settings, self.models, parts.embedder.version, parts.runtime)

    def switch(self, pack: TypePack) -> None:
        """Use other types from the next photo on; a photo that is being read keeps those it began with.

        Raises:
            PackError: the pack was learned in another face embedding, or its garment network is damaged; nothing has changed then.

        """
        changed = self._loaded().with_pack(pack)
        with self._loading:
            self._parts = changed

    def readers(self) -> Readers:
        """The models about faces and safety, for others in this process: loaded once, they take their memory once.

        Raises:
            WeightsError, BackendError, PackError: as `load`, which the first call does.

        """
        parts = self._loaded()
        return Readers(parts.runtime, parts.detector, parts.attributes, parts.embedder, parts.safety)

    @property
    def model_version(self) -> str:
        """Names the weights and the type pack; loads them."""
        return self._loaded().version

    def analyse(self, data: bytes, *, face: bool = True) -> Analysis:
        """What the photo in `data` shows; any bytes are answered, by a problem where they are no usable photo.

        With `face` False (a member who refused face processing) no face is looked for: only garments, safety and the photo itself
        are read. `embedding` is filled wherever a main face was found, also beside a problem: nothing of such a photo is to be
        kept.

        Raises:
            WeightsError, BackendError, PackError: as `load`, which the first call does.

        """
        parts = self._loaded()
        started = time.perf_counter()
        analysis = self._analyse(parts, data, face=face)
        return replace(
            analysis,
            model_version=parts.version,
            face_model=parts.embedder.version,
            fashion_model=parts.pack.fashion_model,
            runtime=parts.runtime.name,
            took_ms=(time.perf_counter() - started) * 1000,
        )

    def person(self, image: Image, face: FaceBox, region: Box, said: Attributes, embedding: Vector) -> Analysis:
        """One of several people of a photo, whom others found and judged; nothing is refused here.

        Args:
            image: the photo.
            face: theirs, in pixels of it.
            region: where their body is; clothes are read within it, and it is all that `photo_jpeg` shows.
            said: age and gender.
            embedding: the face's, in the embedding of these types, from the photo in an even light.

        """
        parts = self._loaded()
        part = np.ascontiguousarray(region.cut(image))
        x, y, width, height = face.box
        corner = np.array([region.left, region.top], np.float32)
        inside = FaceBox((x - region.left, y - region.top, width, height), (face.landmarks - corner).astype(np.float32), face.score)
        clothes = parts.fashion.predict(part, inside)
        return Analysis(
            faces=(describe(inside, said, assess(image, face, 1.0), self.settings.minor_threshold or MINOR),),
            main=0,
            size=(part.shape[1], part.shape[0]),
            embedding=embedding,
            face_type=parts.pack.assign_face(embedding, said.gender),
            fashion_type=parts.pack.assign_fashion(clothes.embedding, said.gender),
            garments=clothes.garments,
            style=clothes.style,
            fashion_embedding=clothes.embedding,
            palette=clothes.palette,
            crop=warp(image, similarity(face.landmarks, CROP_POINTS), CROP),
            photo_jpeg=encode_jpeg(part),
            model_version=parts.version,
            face_model=parts.embedder.version,
            fashion_model=parts.pack.fashion_model,
            runtime=parts.runtime.name,
        )

    def _loaded(self) -> _Parts:
        with self._loading:
            if self._parts is None:
                self._parts = _Parts(self.settings, self.cache, self.models)
            return self._parts

    def _analyse(self, parts: _Parts, data: bytes, *, face: bool) -> Analysis:
        photo = decode(data, self.settings)
        if isinstance(photo, Problem):
            return Analysis(problem=photo)
        image = photo.image
        score = parts.safety.predict(image)
        seen = Analysis(size=photo.size, nsfw=score, photo_jpeg=encode_jpeg(image))
        if score >= self.settings.nsfw_threshold:
            return replace(seen, problem=Problem("nsfw", "This photo is not safe for work: send one in which you are dressed."))
        if not face:
            return self._dressed(parts, seen, image, None)
        # Haze and dusk hide faces that are there; age, gender and quality are read from
        # the photo as it is (docs/types.md).
        evened = lit(image, "faint")
        boxes = parts.detector.predict(evened)[:FACES_MAX]
        if not boxes:
            problem = Problem("no_face", "No face was found: send a photo that shows your face from the front, in good light.")
            return self._dressed(parts, replace(seen, problem=problem), image, None)
        main = main_face(boxes, image)
        faces = tuple(self._face(parts, image, box, photo.scale) for box in boxes)
        seen = replace(
            seen,
            faces=faces,
            main=main,
            embedding=parts.embedder.predict(evened, boxes[main]),
            crop=warp(image, similarity(boxes[main].landmarks, CROP_POINTS), CROP),
            problem=judge(boxes, faces, main),
        )
        return self._dressed(parts, seen, image, boxes[main])

    def _face(self, parts: _Parts, image: Image, box: FaceBox, scale: float) -> Face:
        said = parts.attributes.predict(image, box)
        return describe(box.scaled(scale), said, assess(image, box, scale), self.settings.minor_threshold or MINOR)

    @staticmethod
    def _dressed(parts: _Parts, seen: Analysis, image: Image, box: FaceBox | None) -> Analysis:
        """`seen` with the clothes, and with the types where nothing is wrong with the photo."""
        clothes = parts.fashion.predict(image, box)
        seen = replace(seen, garments=clothes.garments, palette=clothes.palette, style=clothes.style, fashion_embedding=clothes.embedding)
        if seen.problem is not None:
            return seen
        gender = seen.main_face.gender if seen.main_face else None
        return replace(
            seen,
            face_type=parts.pack.assign_face(seen.embedding, gender),
            fashion_type=parts.pack.assign_fashion(seen.fashion_embedding, gender),
        )


class _Parts:
    """Every model, loaded."""

    def __init__(self, settings: EngineSettings, cache: Path, models: Path | None) -> None:
        cv2.setNumThreads(1)  # the callers' threads are the only ones: more of them cost more than they gain
        self.runtime = make_runtime(settings, cache)
        self.detector = FaceDetector(cache, self.runtime)
        self.attributes = AttributeReader(cache, self.runtime)
        self.embedder = FaceEmbedder(cache, self.runtime, cast("Kind", settings.embedding))
        self.safety = NsfwScorer(cache, self.runtime)
        self.pack = _published(settings, models, self.embedder.version, self.runtime)
        self.fashion = FashionReader(self.pack.garments, self.runtime)
        for part in (self.detector, self.attributes, self.embedder, self.safety, self.fashion):
            part.load()

    @property
    def version(self) -> str:
        """Names the weights and the types."""
        return f"{self.embedder.version}_{VERSION}_{self.pack.version}"

    def with_pack(self, pack: TypePack) -> _Parts:
        """The same models with other types."""
        if pack.face_model != self.embedder.version:
            raise PackError(f"the types {pack.version} were learned in {pack.face_model!r}, this engine computes {self.embedder.version!r}")
        made = copy(self)
        made.pack = pack
        if pack.fashion_model != self.pack.fashion_model:
            made.fashion = FashionReader(pack.garments, self.runtime)
            made.fashion.load()
        return made


def _published(settings: EngineSettings, models: Path | None, face_model: str, runtime: Runtime) -> TypePack:
    """The registry's pack, which is the settings' or the starter as long as nothing was published; without a registry always that."""
    first = Path(settings.pack) if settings.pack else STARTER
    if models is None:
        return TypePack.load(first, face_model, runtime=runtime)
    return Registry(models, first).load(face_model, runtime)


def main_face(boxes: tuple[FaceBox, ...], image: Image) -> int:
    """The face of the person whom the photo shows: large, and not at the edge."""
    centre = np.array([image.shape[1], image.shape[0]]) / 2
    reach = float(np.linalg.norm(centre))

    def prominence(box: FaceBox) -> float:
        x, y, width, height = box.box
        off = float(np.linalg.norm(np.array([x + width / 2, y + height / 2]) - centre)) / reach
        return width * height * (1 - 0.5 * min(off, 1.0)) * box.score

    return max(range(len(boxes)), key=lambda index: prominence(boxes[index]))


def describe(box: FaceBox, said: Attributes, quality: Quality, threshold: float) -> Face:
    """The parts of what is known of a face as one value; `threshold`: `minor_score` from which a minor cannot be excluded."""
    return Face(
        box=box.box,
        landmarks=box.landmarks,
        score=box.score,
        gender=said.gender,
        gender_confidence=said.gender_confidence,
        age=said.age,
        age_range=said.age_range,
        quality=quality.overall,
        minor_score=said.minor_score,
        maybe_minor=said.minor_score >= threshold,
        details=quality,
    )


def judge(boxes: tuple[FaceBox, ...], faces: tuple[Face, ...], main: int) -> Problem | None:
    """The first thing that is wrong with the photo as a photo of one adult."""
    face = faces[main]
    others = [
        box
        for index, box in enumerate(boxes)
        if index != main and box.score >= COMPARABLE_SCORE and box.box[2] >= COMPARABLE * boxes[main].box[2]
    ]
    if others:
        return Problem("several_faces", f"This photo shows {len(others) + 1} people: send one in which only you can be seen.")
    if min(face.box[2:]) < SIZE_MIN:
        return Problem("face_too_small", "The face is too small to read: send a photo taken from nearer by.")
    if face.details.exposure < EXPOSURE_MIN:
        return Problem("too_dark_or_blurred", "The face is too dark or too bright: take the photo in even light, facing the light.")
    if face.details.sharpness < SHARPNESS_MIN:
        return Problem("too_dark_or_blurred", "The face is blurred: wipe the lens, hold still and take the photo again.")
    if face.maybe_minor:
        return Problem("minor", "The person in this photo may be under 18: send another photo; a person then decides.")
    return None
