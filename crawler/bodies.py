"""Which part of a photo belongs to the body of each of two people, and the pictures that are kept of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crawler.signals import centre, extent
from engine.analysis import CROP, CROP_POINTS
from engine.faces import similarity, warp
from engine.images import encode_jpeg, shrunk
from engine.regions import LOWER, UPPER, Box
from engine.values import FaceBox, Image

HAIR = 0.5
"""Face heights above the face box in which the hair is."""
BODY_SIDE = 384
"""Pixels: longest side of the stored picture of a body."""


@dataclass(frozen=True, slots=True)
class Crops:
    """What is kept of the pixels of a person."""

    face_jpeg: bytes
    """256 × 256: the five points stand at `engine.analysis.CROP_POINTS`."""
    body_jpeg: bytes
    """The body's region with the head, at most `BODY_SIDE` pixels long."""
    face: FaceBox
    """The face in pixels of the body's picture."""


def bodies(size: tuple[int, int], left: FaceBox, right: FaceBox) -> tuple[Box, Box]:
    """From the hair to the knee of the person at the left and of the one at the right, within a photo of `size` (width, height).

    Proportions are those of `engine.regions`.  Where the two would overlap, the line between them runs through the middle of the
    gap between their faces, and never through a face.
    """
    one, other = body(size, left), body(size, right)
    if one.right <= other.left:
        return one, other
    end, start = left.box[0] + left.box[2], right.box[0]
    border = (end + start) / 2
    # Where the faces overlap each keeps its own whole.
    return (
        Box(one.left, one.top, int(np.clip(max(border, end), one.left + 1, one.right)), one.bottom),
        Box(int(np.clip(min(border, start), other.left, other.right - 1)), other.top, other.right, other.bottom),
    )


def body(size: tuple[int, int], face: FaceBox) -> Box:
    """From the hair to the knee of one person, within a photo of `size`."""
    middle, high, top = centre(face)[0], extent(face), face.box[1]
    box = Box(
        max(0, int(middle - UPPER[2] * high)),
        max(0, int(top - HAIR * high)),
        min(size[0], int(middle + UPPER[2] * high)),
        min(size[1], int(top + LOWER[1] * high)),
    )
    return Box(min(box.left, size[0] - 1), min(box.top, size[1] - 1), max(box.right, box.left + 1), max(box.bottom, box.top + 1))


def crops(image: Image, face: FaceBox, region: Box) -> Crops:
    """The pictures of a person; `face` and `region` in pixels of `image`."""
    part = region.cut(image)
    scale = min(1.0, BODY_SIDE / max(part.shape[:2]))
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    small = shrunk(part, size) if scale < 1 else part
    return Crops(
        encode_jpeg(warp(image, similarity(face.landmarks, CROP_POINTS), CROP)), encode_jpeg(small), within(face, region).scaled(scale)
    )


def within(face: FaceBox, region: Box) -> FaceBox:
    """`face` in pixels of the part of its photo that `region` cuts out."""
    x, y, width, height = face.box
    corner = np.array([region.left, region.top], np.float32)
    return FaceBox((x - region.left, y - region.top, width, height), (face.landmarks - corner).astype(np.float32), face.score)
