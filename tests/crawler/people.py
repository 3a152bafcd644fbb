"""Photos of couples put together from the starter pack's blended faces, since nobody's photo is kept here."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.images import encode_jpeg
from engine.values import Image

SIZE = (800, 500)
GREY = 170


@dataclass(frozen=True)
class Placed:
    """A picture of a face (square) and where it goes: left, top and side in pixels."""

    face: Image
    left: int
    top: int
    side: int
    blur: float = 0.0


def scene(*placed: Placed, size: tuple[int, int] = SIZE, ground: int | Image = GREY) -> Image:
    """A photo of `size` (width, height); faces may reach over its edges."""
    photo = np.full((size[1], size[0], 3), ground, np.uint8) if isinstance(ground, int) else ground.copy()
    for one in placed:
        face = cv2.resize(one.face, (one.side, one.side), interpolation=cv2.INTER_AREA)
        if one.blur:
            face = cv2.GaussianBlur(face, (0, 0), one.blur)
        top, left = max(0, one.top), max(0, one.left)
        bottom, right = min(size[1], one.top + one.side), min(size[0], one.left + one.side)
        photo[top:bottom, left:right] = face[top - one.top : bottom - one.top, left - one.left : right - one.left]
    return photo


def backdrop(seed: int) -> Image:
    """Soft light and shade, another one for each seed."""
    spots = np.random.default_rng(seed).integers(40, 216, (5, 8, 3), np.uint8)
    return np.asarray(cv2.resize(spots, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


def couple(left: Image, right: Image, shift: int = 0, ground: int | Image = GREY) -> bytes:
    """Two people side by side as a JPEG; `shift` moves them apart."""
    return encode_jpeg(scene(Placed(left, 100 - shift, 110, 250), Placed(right, 430 + shift, 120 - shift, 240), ground=ground), 92)
