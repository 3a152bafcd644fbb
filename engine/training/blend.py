"""Blended mean faces: the picture of a face type.

Faces are warped so that their five points meet (thin-plate splines, Bookstein 1989, with an anchored frame), then averaged in
linear light (an average of gamma-coded pixels would be too dark) without each pixel's lowest and highest quarter, and set before a
plain ground by an oval mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from engine.values import Image

SIDE = 512
"""Pixels of the finished picture."""
EYES = ((0.375, 0.45), (0.625, 0.45))
"""Where the eyes stand in the picture, in shares of its side."""
BRIGHTER = 1.25
"""Exposure of the finished picture, the same for all."""
COARSE = 33
"""Nodes a side of the grid on which the spline is computed; between them it is interpolated."""

Points = NDArray[np.float64]


def similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """The 2 × 3 rotation, scale and shift that brings `source` nearest to `target` (Umeyama 1991)."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, values, v = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ v))])
    turn = u @ np.diag(sign) @ v * (float(values @ sign) / float((a**2).sum()))
    return np.concatenate([turn, (target.mean(axis=0) - turn @ source.mean(axis=0))[:, None]], axis=1)


def placed(points: Points) -> Points:
    """Five points brought by a similarity to where the picture wants the eyes, in pixels of the picture."""
    wanted = np.array(EYES) * SIDE
    matrix = similarity(points[:2], wanted)
    return points @ matrix[:, :2].T + matrix[:, 2]


def warp(photo: Image, points: Points, target: Points) -> NDArray[np.float32]:
    """`photo` with its five `points` moved to `target`, (SIDE, SIDE, 3) in linear light; the frame follows rigidly."""
    rigid = similarity(points, target)
    edge = np.array([(x, y) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0) if (x, y) != (0.5, 0.5)]) * SIDE
    back = cv2.invertAffineTransform(rigid)
    anchors = edge @ back[:, :2].T + back[:, 2]
    spline = RBFInterpolator(np.concatenate([target, edge]), np.concatenate([points, anchors]), kernel="thin_plate_spline")
    line = np.linspace(0, SIDE - 1, COARSE)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    coarse = spline(grid).reshape(COARSE, COARSE, 2).astype(np.float32)
    # cv2.resize would shift by half a cell; the affine map puts the coarse grid's corners on the picture's corners.
    step = (SIDE - 1) / (COARSE - 1)
    where = cv2.warpAffine(
        coarse, np.array([[step, 0, 0], [0, step, 0]]), (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    moved = cv2.remap(photo, where[:, :, 0], where[:, :, 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return linear(np.clip(moved, 0, 255).astype(np.uint8))


def linear(picture: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB 0–255 to linear light 0–1 (IEC 61966-2-1)."""
    value = picture.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: NDArray[np.float32]) -> Image:
    """Linear light to sRGB bytes."""
    light = np.clip(light, 0, 1)
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(value * 255), dtype=np.uint8)


def _lit(light: NDArray[np.float32], tone: NDArray[np.float64]) -> NDArray[np.float32]:
    """The picture under a light in which its cheeks have the colour `tone` (von Kries adaptation in linear RGB)."""
    wanted = linear(cv2.cvtColor(tone.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_LAB2RGB).clip(0, 1) * np.float32(255))[0, 0]
    cheeks = light[int(0.53 * SIDE) : int(0.6 * SIDE), int(0.35 * SIDE) : int(0.65 * SIDE)].reshape(-1, 3)
    return np.asarray(BRIGHTER * light * (wanted / np.maximum(np.median(cheeks, axis=0), 1e-3)), dtype=np.float32)


def oval() -> NDArray[np.float32]:
    """(SIDE, SIDE, 1): 1 on head and shoulders, 0 outside, soft between."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    head = ((columns - 0.5) / 0.35) ** 2 + ((rows - 0.48) / 0.44) ** 2
    inside = 1 / (1 + np.exp((np.sqrt(head) - 1.0) * 16))
    return cast("NDArray[np.float32]", inside[:, :, None].astype(np.float32))


def mean_face(photos: Sequence[Image], points: Sequence[Points], ground: str, tone: NDArray[np.float64] | None = None) -> Image:
    """The blended face of several people, (SIDE, SIDE, 3).

    Args:
        photos: RGB.
        points: (5, 2) in pixels of each photo, in the order of `FaceBox.landmarks`.
        ground: `#RRGGBB` of the ground.
        tone: CIELAB, shape (3,), that the cheeks shall have, as if the light were another; None leaves them.

    """
    target = np.mean([placed(one) for one in points], axis=0)
    # Heads look to either side; a mirrored copy of each makes the mean look at the viewer.
    turned = target * (-1, 1) + (SIDE, 0)
    target = (target + turned[[1, 0, 2, 4, 3]]) / 2
    each = np.sort([warp(photo, one, target) for photo, one in zip(photos, points, strict=True)], axis=0)
    # The middle half of each pixel's values: hats, strands of hair and backgrounds are not shared and fall out.
    light = np.asarray(each[len(each) // 4 : len(each) - len(each) // 4].mean(axis=0), dtype=np.float32)
    light = 0.7 * light + 0.3 * light[:, ::-1]
    if tone is not None:
        light = _lit(light, tone)
    soft = cv2.GaussianBlur(light, (0, 0), 2.4)
    light = np.clip(light + 0.9 * (light - soft), 0, 1)
    colour = np.array([int(ground[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.uint8).reshape(1, 1, 3)
    fade = np.linspace(1.06, 0.86, SIDE, dtype=np.float32)[:, None, None]
    mask = oval()
    return encoded(light * mask + linear(colour) * fade * (1 - mask))
