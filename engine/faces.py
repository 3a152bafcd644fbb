"""Find faces with YuNet, sharpen their five points, and align them.

YuNet: Wu, Peng & Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023. A face's score is the
square root of class probability × objectness; its box and points are offsets to a grid of cells of 8, 16 and 32 pixels.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import weights
from engine.backends.runtime import Runtime, Session
from engine.images import shrunk
from engine.values import FaceBox, Image

Matrix = NDArray[np.float64]

STRIDES = (8, 16, 32)
SMALL, NEAR, LARGE = 256, 320, 640
"""Side of the square that is looked at: the photo at first, a face close by, and the photo again for faces that were small in it."""
SMALL_FACE = 32
"""Pixels in the first look: where the largest face is narrower, the photo is looked at in the larger size."""
SCORE = 0.6
OVERLAP = 0.3
FRAMED = 0.5
"""Share of the square that a photo gets where no face was found at first: its face may be larger than YuNet knows faces."""
CLOSE = 0.7
"""Share of the square that a face gets for its points to be found again."""
SHARPENED = 3
"""How many faces of a photo get sharper points; further ones are bystanders."""
SWAPPED = (1, 0, 2, 4, 3)
"""Order of the five points in a mirrored picture."""


class FaceDetector:
    """YuNet: one look at 256 pixels, a second at 640 or with a frame where that found too little."""

    def __init__(self, cache: Path, runtime: Runtime) -> None:
        self.cache = cache
        self.runtime = runtime
        self._sessions: dict[int, Session] = {}
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load all sizes; further calls do nothing.

        Raises:
            WeightsError, BackendError: the model cannot be had.

        """
        with self._loading:
            for side in (SMALL, NEAR, LARGE):
                if side not in self._sessions:
                    # In bfloat16 a box moves by 1-3 % of its width, and everything that is cut out by it answers otherwise.
                    graph = weights.graph(weights.YUNET, self.cache)
                    self._sessions[side] = self.runtime.session(graph, (1, 3, side, side), exact=True)

    def predict(self, image: Image) -> tuple[FaceBox, ...]:
        """The faces of a photo in its pixels, the largest first.

        The points of the largest ones are the mean of several looks: a pixel of noise in them costs as much in telling people
        apart as a worse network would.
        """
        self.load()
        return self._predict(image)

    def _predict(self, image: Image) -> tuple[FaceBox, ...]:
        found = self._look(image, SMALL, 1.0)
        scale = SMALL / max(image.shape[:2])
        if not found or max(face.box[2] for face in found) * scale < SMALL_FACE:
            found = self._look(image, LARGE, 1.0) or found or self._look(image, SMALL, FRAMED)
        found.sort(key=lambda face: -face.box[2] * face.box[3])
        return tuple(self._sharpen(image, face) if place < SHARPENED else face for place, face in enumerate(found))

    def _look(self, image: Image, side: int, share: float) -> list[FaceBox]:
        """Faces with the photo's longest side brought to `share` of a square of `side` pixels."""
        height, width = image.shape[:2]
        scale = side * share / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = shrunk(image, size)
        left, top = (side - size[0]) // 2, (side - size[1]) // 2
        canvas = np.zeros((side, side, 3), np.uint8)
        canvas[top : top + size[1], left : left + size[0]] = small
        factors = np.array([width / size[0], height / size[1]], np.float32)
        faces = []
        for box, points, score in self._run(canvas):
            (x0, y0), (x1, y1) = ((box.reshape(2, 2) - (left, top)) * factors).tolist()
            faces.append(FaceBox((x0, y0, x1 - x0, y1 - y0), ((points - (left, top)) * factors).astype(np.float32), score))
        return faces

    def _sharpen(self, image: Image, face: FaceBox) -> FaceBox:
        """The face with the mean of its points as seen close by, once as it is and once mirrored."""
        x, y, width, height = face.box
        scale = NEAR * CLOSE / max(width, height, 1.0)
        shift = np.array([NEAR / 2 - scale * (x + width / 2), NEAR / 2 - scale * (y + height / 2)])
        crop = warp(image, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), NEAR)
        seen = []
        for mirrored in (False, True):
            near = [
                (score, points)
                for box, points, score in self._run(cast("Image", cv2.flip(crop, 1)) if mirrored else crop)
                if np.abs((box[:2] + box[2:]) / 2 - NEAR / 2).max() < NEAR * CLOSE / 4
            ]
            if near:
                points = max(near, key=lambda pair: pair[0])[1]
                if mirrored:
                    points = (points * (-1, 1) + (NEAR - 1, 0))[list(SWAPPED)]
                seen.append((points - shift) / scale)
        points = np.mean(seen, axis=0).astype(np.float32) if seen else face.landmarks
        return FaceBox(face.box, points, face.score)

    def _run(self, square: Image) -> list[tuple[NDArray[np.float32], NDArray[np.float32], float]]:
        """Boxes (4 corners' coordinates), points (5 × 2) and scores in a square of a loaded size."""
        side = square.shape[0]
        blue_first = np.empty((1, 3, side, side), np.float32)
        for place, channel in enumerate(reversed(cv2.split(square))):
            blue_first[0, place] = channel
        boxes, points, scores = _decode(self._sessions[side].run(blue_first), side)
        if not len(scores):
            return []
        sizes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(sizes.tolist(), scores.tolist(), SCORE, OVERLAP)
        return [(boxes[index], points[index], float(scores[index])) for index in np.asarray(kept).ravel()]


def _decode(outputs: tuple[NDArray[np.float32], ...], side: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Boxes N×4 (corners), points N×5×2 and scores N above `SCORE`."""
    # The scores of all levels at once: most cells are none, and what is left is worked on level by level.
    classes, objects = (np.concatenate([outputs[level + 3 * kind][0, :, 0] for level in range(3)]) for kind in (0, 1))
    score = np.sqrt(np.clip(classes, 0, 1) * np.clip(objects, 0, 1))
    boxes, points, scores = [], [], []
    first = 0
    for level, stride in enumerate(STRIDES):
        count = outputs[level].shape[1]
        keep = np.flatnonzero(score[first : first + count] >= SCORE)
        if len(keep):
            box, marks = (outputs[level + 3 * kind][0][keep] for kind in (2, 3))
            cells = np.stack([keep % (side // stride), keep // (side // stride)], axis=1).astype(np.float32)
            centre = (cells + box[:, :2]) * stride
            half = np.exp(np.minimum(box[:, 2:], 6)) * np.float32(stride / 2)
            boxes.append(np.concatenate([centre - half, centre + half], axis=1))
            points.append((marks.reshape(-1, 5, 2) + cells[:, None]) * stride)
            scores.append(score[first + keep])
        first += count
    if not scores:
        return np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
    return np.concatenate(boxes), np.concatenate(points), np.concatenate(scores)


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> Matrix:
    """The 2 × 3 matrix of turning, scaling and shifting that brings `source` (N × 2) nearest to `target`, in least squares.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991.

    >>> similarity(np.array([[0.0, 0], [1, 0], [0, 1]]), np.array([[1.0, 1], [3, 1], [1, 3]])).round(6).tolist()
    [[2.0, 0.0, 1.0], [-0.0, 2.0, 1.0]]
    """
    source, target = source.astype(np.float64), target.astype(np.float64)
    from_mean, to_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - from_mean, target - to_mean
    spread = max(float((a**2).sum()), 1e-9)
    cosine = float((a * b).sum()) / spread
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, to_mean - turn @ from_mean])


def warp(image: Image, matrix: Matrix, side: int) -> Image:
    """A square of `side` pixels out of `image`, whose points `matrix` (2 × 3) brings there; black outside the photo.

    Where that shrinks the photo to less than half, the part that is needed is first averaged down, so that nothing aliases.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.5:
        corners = np.array([[0, 0], [side, 0], [0, side], [side, side]], np.float64)
        inverse = cv2.invertAffineTransform(matrix)
        reach = corners @ inverse[:, :2].T + inverse[:, 2]
        low = np.clip(np.floor(reach.min(axis=0)).astype(int), 0, (image.shape[1] - 1, image.shape[0] - 1))
        high = np.clip(np.ceil(reach.max(axis=0)).astype(int), low + 1, (image.shape[1], image.shape[0]))
        part = image[low[1] : high[1], low[0] : high[0]]
        size = max(1, round(part.shape[1] * scale * 1.5)), max(1, round(part.shape[0] * scale * 1.5))
        image = cast("Image", cv2.resize(part, size, interpolation=cv2.INTER_AREA))
        factors = np.array([size[0] / part.shape[1], size[1] / part.shape[0]])
        matrix = np.column_stack([matrix[:, :2] / factors, matrix[:, 2] + matrix[:, :2] @ low])
    return cast("Image", cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR))
