"""Turn a face into a vector: SFace, FaceNet, or both joined; docs/adr/0002-face-embedding.md says why SFace is the default.

SFace: Zhong et al., "SFace: Sigmoid-constrained hypersphere loss for robust face recognition", TIP 2021; 128 numbers.
FaceNet: InceptionResnetV1 as facenet-pytorch defines it (its preprocessing, its box crop with a margin of 32); 512 numbers.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np

from engine import weights
from engine.backends.runtime import Runtime, Session
from engine.faces import similarity, warp
from engine.values import FaceBox, Image, Vector

Kind = Literal["sface", "facenet", "joined"]

ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32)
"""Where the five points lie in a 112 × 112 chip (Deng et al., ArcFace, CVPR 2019), pixels."""
FACENET_SIDE, FACENET_MARGIN = 160, 32
FACENET_WEIGHT = 0.1
"""Share of FaceNet in the inner product of joined vectors."""


class SFace:
    """128 numbers of a five-point aligned face."""

    DIMS = 128

    def __init__(self, cache: Path, runtime: Runtime) -> None:
        self.cache = cache
        self.runtime = runtime
        self._session: Session | None = None
        self._loading = threading.Lock()

    def load(self) -> Session:
        """Load the network once.

        Raises:
            WeightsError, BackendError: the model cannot be had.

        """
        with self._loading:
            if self._session is None:
                self._session = self.runtime.session(weights.graph(weights.SFACE, self.cache), (1, 3, 112, 112))
            return self._session

    def predict(self, image: Image, face: FaceBox) -> Vector:
        """128 numbers of Euclidean length 1."""
        chip = warp(image, similarity(face.landmarks, ARCFACE), 112)
        return self._predict(chip)

    def _predict(self, chip: Image) -> Vector:
        (vectors,) = self.load().run(np.ascontiguousarray(chip.transpose(2, 0, 1)[None], dtype=np.float32))
        return unit(vectors[0])


class FaceNet:
    """512 numbers of an upright box of the face."""

    DIMS = 512

    def __init__(self, cache: Path, runtime: Runtime) -> None:
        self.cache = cache
        self.runtime = runtime
        self._session: Session | None = None
        self._loading = threading.Lock()

    def load(self) -> Session:
        """Load the network once; see `SFace.load`."""
        with self._loading:
            if self._session is None:
                shape = (1, 3, FACENET_SIDE, FACENET_SIDE)
                self._session = self.runtime.session(weights.graph(weights.FACENET, self.cache), shape)
            return self._session

    def predict(self, image: Image, face: FaceBox) -> Vector:
        """512 numbers of Euclidean length 1."""
        return self._predict(facenet_crop(image, face))

    def _predict(self, crop: Image) -> Vector:
        pixels = (crop.astype(np.float32) - np.float32(127.5)) / np.float32(128)
        (vectors,) = self.load().run(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
        return unit(vectors[0])


class FaceEmbedder:
    """The face embedding that the product uses."""

    VERSION = "sface-3"
    """Changes with whatever makes vectors incomparable: the network, the alignment."""

    def __init__(self, cache: Path, runtime: Runtime, kind: Kind = "sface") -> None:
        self.kind = kind
        self.sface = SFace(cache, runtime)
        self.facenet = FaceNet(cache, runtime)

    @property
    def version(self) -> str:
        """Names the embedding: vectors of different versions cannot be compared."""
        return {"sface": self.VERSION, "facenet": "facenet-1", "joined": f"{self.VERSION}+facenet-1-{FACENET_WEIGHT}"}[self.kind]

    def load(self) -> None:
        """Load the networks that `kind` needs.

        Raises:
            WeightsError, BackendError: a model cannot be had.

        """
        if self.kind != "facenet":
            self.sface.load()
        if self.kind != "sface":
            self.facenet.load()

    def predict(self, image: Image, face: FaceBox) -> Vector:
        """A vector of Euclidean length 1: 128, 512 or 640 numbers; the inner product of two is their likeness."""
        self.load()
        return self._predict(image, face)

    def _predict(self, image: Image, face: FaceBox) -> Vector:
        if self.kind == "sface":
            return self.sface.predict(image, face)
        if self.kind == "facenet":
            return self.facenet.predict(image, face)
        return join(self.sface.predict(image, face), self.facenet.predict(image, face))


def join(sface: Vector, facenet: Vector) -> Vector:
    """One vector whose inner products are the weighted mean of the two networks' likenesses."""
    return unit(np.concatenate([np.sqrt(1 - FACENET_WEIGHT) * sface, np.sqrt(FACENET_WEIGHT) * facenet]).astype(np.float32))


def facenet_crop(image: Image, face: FaceBox) -> Image:
    """160 × 160: the box with a margin of 32 pixels of the crop, clipped to the photo (facenet_pytorch's `extract_face`)."""
    x, y, width, height = face.box
    across = FACENET_MARGIN * width / (FACENET_SIDE - FACENET_MARGIN) / 2
    down = FACENET_MARGIN * height / (FACENET_SIDE - FACENET_MARGIN) / 2
    left, top = int(max(x - across, 0)), int(max(y - down, 0))
    right = max(left + 1, int(min(x + width + across, image.shape[1])))
    bottom = max(top + 1, int(min(y + height + down, image.shape[0])))
    part = image[min(top, image.shape[0] - 1) : bottom, min(left, image.shape[1] - 1) : right]
    return cast("Image", cv2.resize(part, (FACENET_SIDE, FACENET_SIDE), interpolation=cv2.INTER_AREA))


def unit(vector: Vector) -> Vector:
    """`vector` at Euclidean length 1."""
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def packed(vector: Vector) -> bytes:
    """A vector as it is stored: float32, little endian.

    >>> packed(np.array([1.0], np.float32)).hex()
    '0000803f'
    """
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def unpacked(data: bytes) -> Vector:
    """A vector that was stored by `packed`.

    >>> unpacked(packed(np.array([0.5, -1.0], np.float32))).tolist()
    [0.5, -1.0]
    """
    return np.frombuffer(data, dtype="<f4").astype(np.float32)
