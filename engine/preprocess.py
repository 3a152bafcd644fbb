"""Faces brought to one size, one pose and, where asked, one light, before pixels are compared.

Paper 000 compares pixels, so it "normalises by the mean of all pixel values", raises the contrast "to make the outline of the face clear"
and stores faces of 64 × 64.  Read here as: shift the crop's mean to middle grey, then spread the values round it by `GAIN`.  CLAHE
(Zuiderveld 1994) evens lightness locally.  `evaluation.suites.preprocess` measures all of them: a network that learned from millions of
photos as they come (SFace) is best given photos as they come, except where next to nothing is left of the range of values: `faint`
stretches those and leaves all others alone, best on the whole photo before its face is looked for.  The paper's own pixel clustering, in
`engine.training.methods`, uses `paper`.
"""

from __future__ import annotations

from typing import Literal, cast, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedding import ARCFACE
from engine.faces import similarity, warp
from engine.values import FaceBox, Image

Light = Literal["none", "paper", "clahe", "stretch", "faint"]
LIGHTS: tuple[Light, ...] = get_args(Light)
Alignment = Literal["points", "eyes", "box"]
ALIGNMENTS: tuple[Alignment, ...] = get_args(Alignment)

MIDDLE, GAIN = 127.5, 1.5
"""The paper's step: where the mean goes, and how much the contrast is raised (the paper gives no number)."""
CLIP, TILES = 2.0, 4
"""CLAHE: how much a tile's contrast may grow, and tiles a side; a tile of a 112-pixel chip is about an eye."""
ENDS = (1.0, 99.0)
"""Percentiles of luminance that `stretch` brings to black and white."""
INNER = 0.15
"""Share of each side that is left out when the range is read: what lies outside a photo is black there."""
LOOKED_AT = 160
"""Pixels across the shorter side that are enough to read a range."""
FAINT = 100.0
"""Range of luminance, between those percentiles, below which `faint` stretches a crop.  Generated portraits begin at 135 and, with an
eighth of the light, end at 89; of well-known people's photos 1 in 200 lies below (docs/types.md)."""
PAPER_SIDE = 64


def aligned(image: Image, face: FaceBox, side: int, how: Alignment = "points") -> Image:
    """A square of `side` pixels with the face where SFace expects it.

    Args:
        image: the photo.
        face: box and points in its pixels.
        side: pixels.
        how: `points` fits all five points, `eyes` puts the two eyes exactly in place, `box` looks at nothing but the box.

    """
    target = ARCFACE * np.float32(side / 112)
    if how == "points":
        return warp(image, similarity(face.landmarks, target), side)
    if how == "eyes":
        return warp(image, similarity(face.landmarks[:2], target[:2]), side)
    x, y, width, height = face.box
    scale = side / max(width, height, 1.0)
    shift = side / 2 - scale * np.array([x + width / 2, y + height / 2])
    return warp(image, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), side)


def lit(crop: Image, how: Light) -> Image:
    """The crop in an evened light: `paper`, `clahe`, `stretch`ed to the full range, stretched only where it is `faint`, or as it is.

    >>> lit(np.full((8, 8, 3), 40, np.uint8), "paper")[0, 0].tolist()
    [128, 128, 128]
    """
    if how == "none":
        return crop
    if how == "paper":
        values = (crop.astype(np.float32) - np.float32(crop.mean())) * np.float32(GAIN) + np.float32(MIDDLE)
        return bytes_of(values)
    if how in {"stretch", "faint"}:
        low, high = _range(crop)
        if how == "faint" and high - low >= FAINT:
            return crop
        return bytes_of((crop.astype(np.float32) - np.float32(low)) * np.float32(255 / max(high - low, 1.0)))
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(CLIP, (TILES, TILES)).apply(lab[:, :, 0])
    return cast("Image", cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def _range(crop: Image) -> tuple[float, float]:
    """The darkest and the brightest luminance of the inner part, without outliers; of a large photo every so many-th pixel is read."""
    down, across = (int(INNER * size) for size in crop.shape[:2])
    step = max(1, min(crop.shape[:2]) // LOOKED_AT)
    inner = crop[down : crop.shape[0] - down : step, across : crop.shape[1] - across : step]
    low, high = np.percentile(luminance(np.ascontiguousarray(inner)), ENDS)
    return float(low), float(high)


def bytes_of(values: NDArray[np.float32]) -> Image:
    """Rounded and cut to 0–255."""
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def luminance(crop: Image) -> NDArray[np.uint8]:
    """Height × width, 0–255."""
    return cast("NDArray[np.uint8]", cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY))


def pixels(image: Image, face: FaceBox, how: Light = "paper", side: int = PAPER_SIDE) -> NDArray[np.float32]:
    """What paper 000 compares: the grey pixels of the face, aligned by the eyes; (side²,), 0–1."""
    grey = luminance(lit(aligned(image, face, side, "eyes"), how))
    return np.asarray(grey.ravel() / np.float32(255), dtype=np.float32)
