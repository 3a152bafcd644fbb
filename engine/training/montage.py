"""One picture of several cut-out people on a common, drawn background, in varying size and light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.values import FaceBox, Image

FACE = (105.0, 150.0)
"""Pixels: height of the faces."""
SPACING = 2.3
"""Face widths between neighbours' faces, on average: shoulders overlap, faces don't."""

Cut = tuple[Image, NDArray[np.float32], FaceBox]


def montage(people: Sequence[Cut], random: np.random.Generator) -> Image:
    """`people` side by side from left to right, their heads at about one height, cut off where the shortest portrait ends.

    Args:
        people: photo, how much of each pixel is the person (0–1), and the face.
        random: decides sizes, places, light and background.

    Returns:
        height × width × 3, some 500 pixels each way.

    """
    size = random.uniform(*FACE)
    scales = [size * random.uniform(0.92, 1.08) / face.box[3] for _, _, face in people]
    above = size * random.uniform(1.1, 2.2)
    middles = [above + size * random.uniform(-0.2, 0.2) for _ in people]
    ends = [
        middle + (photo.shape[0] - face.box[1] - face.box[3] / 2) * scale
        for (photo, _, face), scale, middle in zip(people, scales, middles, strict=True)
    ]
    height = round(min(ends))
    steps = [SPACING * random.uniform(0.9, 1.15) * face.box[2] * scale for (_, _, face), scale in zip(people, scales, strict=True)]
    centres = np.cumsum(steps) + size * random.uniform(0.2, 1.2)
    width = round(float(centres[-1]) + steps[-1] * random.uniform(0.8, 1.5))
    canvas = background((width, height), random)
    # Back to front, so that one shoulder covers the other.
    for at in random.permutation(len(people)):
        photo, mask, face = people[at]
        _lay(canvas, photo, mask, face, scales[at], (float(centres[at]), middles[at]), random)
    side = 1 + random.uniform(-0.25, 0.25) * np.linspace(-1, 1, width)[None, :, None]
    lit = np.clip(canvas * side * random.uniform(0.75, 1.1) * random.uniform(0.94, 1.06, 3), 0, 255)
    noisy = lit + random.normal(0, random.uniform(0.5, 4), lit.shape)
    return np.ascontiguousarray(np.clip(cv2.GaussianBlur(noisy, (0, 0), random.uniform(0.3, 0.8)), 0, 255), dtype=np.uint8)


def background(size: tuple[int, int], random: np.random.Generator) -> NDArray[np.float64]:
    """A wall or a view out of focus, `size` (width, height): a slow gradient with soft patches."""
    coarse = random.uniform(40, 215, (4, 5, 1)) * 0.4 + random.uniform(-12, 12, (4, 5, 3)) + random.uniform(70, 190, 3) * 0.6
    ground = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(int(random.integers(0, 6))):
        centre = int(random.integers(size[0])), int(random.integers(size[1]))
        colour = ground[centre[1], centre[0]] * random.uniform(0.6, 1.4)
        cv2.circle(ground, centre, int(random.integers(15, 80)), tuple(colour.tolist()), -1)
    return np.asarray(cv2.GaussianBlur(ground, (0, 0), random.uniform(6, 18)), dtype=np.float64)


def _lay(
    canvas: NDArray[np.float64],
    photo: Image,
    mask: NDArray[np.float32],
    face: FaceBox,
    scale: float,
    centre: tuple[float, float],
    random: np.random.Generator,
) -> None:
    """Draw a person in a light of their own, perhaps mirrored and a little turned, with the face's middle at `centre`."""
    lit = 255 * (photo.astype(np.float32) / 255) ** np.float32(random.uniform(0.85, 1.2)) * np.float32(random.uniform(0.9, 1.1))
    x, y, across, down = face.box
    middle = x + across / 2
    if random.random() < 0.5:
        lit, mask, middle = lit[:, ::-1], mask[:, ::-1], mask.shape[1] - middle
    angle = np.deg2rad(random.uniform(-5, 5))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    shift = np.array(centre) - (cosine * middle - sine * (y + down / 2), sine * middle + cosine * (y + down / 2))
    matrix = np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])
    size = canvas.shape[1], canvas.shape[0]
    # Stretched below its end, or a turned portrait would float.
    laid = cv2.warpAffine(np.ascontiguousarray(lit), matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    longer = cv2.copyMakeBorder(np.ascontiguousarray(mask), 0, 20, 0, 0, cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(longer, matrix, size, flags=cv2.INTER_LINEAR)[:, :, None]
    canvas[:] = laid * share + canvas * (1 - share)
