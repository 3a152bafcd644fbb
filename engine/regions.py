"""Where on a photo the upper and the lower body are, and which of their pixels are cloth.

Proportions are in heights of the detector's face box (hairline to chin), from the drawing canon of a body seven and a half heads
high and checked on street photos: shoulders begin below the chin, the waist is about 3.6 face heights below the top of the box and
the knee about 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.colours import Lab, to_lab
from engine.images import shrunk
from engine.values import FaceBox, Image

SIDE = 224
"""Pixels: side of the square crops that the network reads."""
GREY = 127
UPPER = (1.05, 3.8, 1.6)
"""Top, bottom and half width in face heights, from the top and the centre of the face box."""
LOWER = (3.5, 7.2, 1.35)
UPPER_SEEN = 0.28
"""Face heights of the region that must lie within the photo."""
LOWER_SEEN = 1.2
SAMPLE = 48
"""Pixels: longest side of the picture in which colours are counted."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels within the photo."""

    left: int
    top: int
    right: int
    bottom: int

    def cut(self, image: Image) -> Image:
        """The pixels of `image` within the box."""
        return image[self.top : self.bottom, self.left : self.right]


def body_box(size: tuple[int, int], face: FaceBox, proportions: tuple[float, float, float], seen: float) -> Box | None:
    """The part of a body region that lies within a photo of `size` (width, height), None where too little does."""
    x, y, width, height = face.box
    top, bottom, half = proportions
    centre = x + width / 2
    box = Box(
        max(0, int(centre - half * height)),
        max(0, int(y + top * height)),
        min(size[0], int(centre + half * height)),
        min(size[1], int(y + bottom * height)),
    )
    enough = box.bottom - box.top >= max(8.0, seen * height) and box.right - box.left >= max(8.0, 0.8 * height)
    return box if enough else None


def upper_box(size: tuple[int, int], face: FaceBox) -> Box | None:
    """Shoulders to waist."""
    return body_box(size, face, UPPER, UPPER_SEEN)


def lower_box(size: tuple[int, int], face: FaceBox) -> Box | None:
    """Waist to knee."""
    return body_box(size, face, LOWER, LOWER_SEEN)


def letterbox(image: Image, side: int = SIDE) -> Image:
    """`image` scaled into a grey square of `side` pixels, its proportions kept."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.full((side, side, 3), GREY, dtype=np.uint8)
    left, top = (side - across) // 2, (side - down) // 2
    square[top : top + down, left : left + across] = shrunk(image, (across, down))
    return square


def cloth_weights(image: Image, box: Box, face: FaceBox | None) -> tuple[Lab, NDArray[np.float32]]:
    """Pixels of a region in CIELAB with the likelihood that each is cloth.

    With a face: near the body's axis, unlike the face's skin, and at the sides unlike what is seen beside the head.  Without:
    near the middle and unlike the picture's border.

    Returns:
        (pixels, 3) and (pixels,) with values 0–1.

    """
    part = box.cut(image)
    scale = min(1.0, SAMPLE / max(part.shape[:2]))
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    lab = to_lab(shrunk(part, size))
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    if face is None:
        across = (columns / max(size[0] - 1, 1) - 0.5) / 0.3
        down = (rows / max(size[1] - 1, 1) - 0.5) / 0.35
        middle = np.exp(-0.5 * (across**2 + down**2))
        edge = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        weights = middle * _unlike(lab, _modes(edge), 9.0, middle > 0.75)
    else:
        x, _, width, height = face.box
        axis = ((columns / scale + box.left) - (x + width / 2)) / height
        middle = np.exp(-0.5 * (axis / 0.75) ** 2)
        weights = middle * _unlike(lab, _modes(_beside(image, face)), 9.0, np.abs(axis) < 0.55)
        unskinned = weights * _unlike_skin(lab, _skin(image, face))
        # Beige cloth looks like skin: where nearly everything does, it is cloth.
        weights = unskinned if unskinned.sum() > 0.2 * weights.sum() else weights
    return lab.reshape(-1, 3), weights.reshape(-1).astype(np.float32)


def _unlike(lab: Lab, colours: Lab, within: float, spared: NDArray[np.bool_]) -> NDArray[np.float32]:
    """1 for pixels farther than `within` delta E from all `colours`, near 0 for like ones; `spared` pixels stay at 1."""
    if not len(colours):
        return np.ones(lab.shape[:2], dtype=np.float32)
    nearest = np.linalg.norm(lab[:, :, None] - colours, axis=3).min(axis=2)
    return np.where(spared, 1.0, 1 / (1 + np.exp(-(nearest - within) / 1.5))).astype(np.float32)


def _unlike_skin(lab: Lab, skin: Lab) -> NDArray[np.float32]:
    """1 for pixels that the face's skin cannot be in any light from its own shadow to full sun, near 0 for those it can."""
    if not len(skin):
        return np.ones(lab.shape[:2], dtype=np.float32)
    lightness = lab[:, :, 0]
    # Less light scales a colour towards black, so a* and b* shrink with L*.
    scale = np.clip(lightness / max(float(skin[0, 0]), 1.0), 0.3, 1.3)[:, :, None]
    hue = np.linalg.norm(lab[:, :, 1:] - skin[0, 1:] * scale, axis=2)
    beyond = np.maximum(0, np.abs(lightness - skin[0, 0]) - 30)
    distance = np.hypot(hue, beyond)
    return np.asarray(1 / (1 + np.exp(-(distance - 8.0) / 1.2)), dtype=np.float32)


def _modes(pixels: Lab) -> Lab:
    """Up to six representative colours of (pixels, 3), chosen over a coarse grid."""
    if not len(pixels):
        return pixels.reshape(0, 3)
    _keys, owner, counts = np.unique(np.floor(pixels / 12).astype(np.int32), axis=0, return_inverse=True, return_counts=True)
    best = np.argsort(-counts, kind="stable")[:6]
    return np.stack(
        [pixels[owner.reshape(-1) == at].mean(axis=0) for at in best if counts[at] * 20 >= len(pixels)] or [pixels.mean(axis=0)]
    )


def _beside(image: Image, face: FaceBox) -> Lab:
    """Pixels left and right of the head."""
    x, y, width, height = face.box
    top, bottom = max(0, int(y - 0.4 * height)), max(0, int(y + 0.6 * height))
    spans = [(int(x - 1.4 * width), int(x - 0.6 * width)), (int(x + 1.6 * width), int(x + 2.4 * width))]
    found = []
    for left, right in spans:
        part = image[top:bottom, max(0, left) : max(0, right)]
        if part.shape[0] > 3 and part.shape[1] > 3:
            found.append(to_lab(shrunk(part, (12, 16))).reshape(-1, 3))
    return np.concatenate(found) if found else np.zeros((0, 3), dtype=np.float32)


def _skin(image: Image, face: FaceBox) -> Lab:
    """The colour of the cheeks and the nose, shape (0 or 1, 3)."""
    x, y, width, height = face.box
    part = image[
        max(0, int(y + 0.45 * height)) : max(0, int(y + 0.7 * height)), max(0, int(x + 0.22 * width)) : max(0, int(x + 0.78 * width))
    ]
    if min(part.shape[:2]) < 2:
        return np.zeros((0, 3), dtype=np.float32)
    return np.median(to_lab(part).reshape(-1, 3), axis=0, keepdims=True).astype(np.float32)
