"""What tells company from bystanders, measured on two faces of one photo and given in metres, octaves and shares.

A face is a ruler: from hairline to chin it measures about 0.18 m (Farkas, Anthropometry of the Head and Face, 1994: women 0.173,
men 0.187), so the distance between two people across the view follows from their faces alone, and how far one stands behind the
other follows from the ratio of their faces and the focal length, for which that of a normal lens is taken.  Longer lenses, common
for bystanders out of focus, put the second person even farther back than is computed here.

What stands farther back than the plane of focus is blurred: `blur` compares the fine detail of two faces at one and the same
resolution.  Between two equally sharp faces of portraits_ai (CC0) it exceeds 0.86 octaves in one of a hundred pairs at 64 pixels
and less at fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.values import FaceBox, Image

FACE_HEIGHT = 0.18
"""Metres from hairline to chin, which is what the detector's box spans."""
SHAPE = 4 / 3
"""Height over width of a frontal face's box."""
FOCAL = 1.2
"""Focal length of a normal lens in longest sides of the picture (43 mm where that is 36 mm)."""
RESOLUTION = 64
"""Pixels: the most rows at which the detail of two faces is compared."""
SEAM = 12.0
"""Grey levels by which neighbouring columns differ at a seam."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How two people stand to each other."""

    ratio: float
    """Size of the smaller face over that of the larger one."""
    across: float
    """Metres between the faces' middles along the picture's rows and columns."""
    depth: float
    """Metres by which the smaller face is farther away."""
    blur: float
    """Octaves of fine detail that the smaller face lacks against the larger one; 0 where it lacks none."""


def extent(face: FaceBox) -> float:
    """Pixels from hairline to chin: a face that is turned looks narrower and one that is bent looks shorter, neither looks larger."""
    return max(face.box[3], SHAPE * face.box[2])


def apart(image: Image, one: FaceBox, other: FaceBox) -> Apart:
    """How two people of a photo stand to each other; boxes in pixels of `image`."""
    near, far = sorted((one, other), key=lambda face: -extent(face))
    large, small = extent(near), max(extent(far), 1e-6)
    middle = (large + small) / 2
    across = float(np.hypot(*np.subtract(centre(one), centre(other)))) * FACE_HEIGHT / middle
    focal = FOCAL * max(image.shape[:2])
    return Apart(small / large, across, focal * FACE_HEIGHT * (1 / small - 1 / large), blur(image, near, far))


def centre(face: FaceBox) -> tuple[float, float]:
    """The middle of its box."""
    x, y, width, height = face.box
    return x + width / 2, y + height / 2


def blur(image: Image, near: FaceBox, far: FaceBox) -> float:
    """See `Apart.blur`."""
    rows = round(max(8.0, min(near.box[3], far.box[3], RESOLUTION)))
    return max(0.0, float(np.log2(detail(image, near, rows) / detail(image, far, rows))))


def detail(image: Image, face: FaceBox, rows: int) -> float:
    """Mean of the finest of a face's detail over its contrast, with its box brought to `rows` rows; positive."""
    x, y, width, height = face.box
    left, top = max(0, round(x)), max(0, round(y))
    part = image[top : max(top + 1, round(y + height)), left : max(left + 1, round(x + width))]
    if not part.size:
        return 1e-6
    size = (max(6, round(rows / SHAPE)), rows)
    grey = cv2.cvtColor(cv2.resize(part, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    band = cv2.GaussianBlur(grey, (0, 0), 0.7) - cv2.GaussianBlur(grey, (0, 0), 1.4)
    return max(float(np.abs(band).mean()), 1e-3) / max(float(grey.std()), 6.0)


def inside(size: tuple[int, int], face: FaceBox) -> float:
    """Share of the face's box that lies within a photo of `size` (width, height).

    >>> inside((100, 100), FaceBox((-10.0, 20.0, 40.0, 50.0), np.zeros((5, 2), np.float32), 0.9))
    0.75
    """
    x, y, width, height = face.box
    across = min(x + width, size[0]) - max(x, 0)
    down = min(y + height, size[1]) - max(y, 0)
    return max(0.0, across) * max(0.0, down) / max(width * height, 1e-6)


def margin(size: tuple[int, int], face: FaceBox) -> float:
    """How far eyes, nose and mouth keep from the edges of a photo of `size`, in widths of the face; negative beyond an edge.

    The box of a face that the edge cuts through often ends at the edge, its points do not.

    >>> points = np.array([[10, 30], [30, 30], [20, 40], [12, 50], [28, 50]], np.float32)
    >>> margin((100, 100), FaceBox((0.0, 20.0, 40.0, 50.0), points, 0.9))
    0.25
    """
    points = face.landmarks.astype(np.float64)
    nearest = min(points.min(axis=0).min(), *(np.array(size) - points.max(axis=0)))
    return float(nearest) / max(face.box[2], 1e-6)


def seam(image: Image, one: FaceBox, other: FaceBox) -> float:
    """Share of the rows that step at one and the same straight column between two faces, the most over all columns there.

    Two photos put side by side meet in such a line from top to bottom; in one photo something or somebody stands before it.
    """
    left, right = sorted(int(centre(face)[0]) for face in (one, other))
    if right - left < 4:
        return 0.0
    grey = cv2.cvtColor(image[:, max(0, left) : right], cv2.COLOR_RGB2GRAY).astype(np.float32)
    # Over two columns, since JPEG smears a seam; columns of three, since it need not lie between whole pixels.
    steps = np.abs(grey[:, 2:] - grey[:, :-2]) > SEAM
    return float(steps.mean(axis=0).max()) if steps.shape[1] else 0.0
