"""How well a face can be read: size, sharpness, exposure and pose, each from 0 to 1."""

from __future__ import annotations

import cv2
import numpy as np

from engine.faces import similarity, warp
from engine.values import FaceBox, Image, Quality

CHIP = 96
POINTS = np.array([[31, 37], [65, 37], [48, 55], [34, 73], [62, 73]], np.float32)
"""Where the five points lie in the chip that quality is read from."""
SIZES = (24.0, 160.0)
"""Pixels of the face's shorter side: nothing to be read below the first, nothing gained above the second."""
SHARPNESS = (0.03, 0.1)
"""Mean absolute Laplacian of the slightly smoothed face over its contrast: a blur of 5 % of the face's width to a clear photo."""
DARK, BRIGHT = (25.0, 80.0), (215.0, 250.0)
"""Mean grey: unusable to good, good to unusable."""
CONTRAST = (6.0, 28.0)
"""Standard deviation of grey."""
POSE = (15.0, 60.0)
"""Degrees off the frontal view: perfect up to the first, useless from the second."""
NOSE_DEPTH = 1.1
"""How far the nose tip stands out before the plane of the eyes, in halves of the distance between the eyes."""


def assess(image: Image, face: FaceBox, scale: float) -> Quality:
    """The quality of a face of `image`; `scale`: pixels of the photo as it was sent per pixel of `image`."""
    chip = warp(image, similarity(face.landmarks, POINTS), CHIP)
    # Smoothed, or the rounding to whole grey values would pass for detail.
    grey = cv2.GaussianBlur(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)[16:80, 20:76]
    contrast = float(grey.std())
    detail = float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean()) / max(contrast, 4.0)
    mean = float(grey.mean())
    size = ramp(min(face.box[2:]) * scale, *SIZES)
    sharpness = ramp(detail, *SHARPNESS)
    exposure = min(ramp(mean, *DARK), 1 - ramp(mean, *BRIGHT), ramp(contrast, *CONTRAST))
    yaw, pitch, roll = angles(face)
    pose = 1 - ramp(float(np.hypot(yaw, pitch)), *POSE)
    overall = float((max(size, 0.01) * max(sharpness, 0.01) * max(exposure, 0.01) * max(pose, 0.01)) ** 0.25)
    return Quality(size, sharpness, exposure, pose, overall, yaw, pitch, roll)


def angles(face: FaceBox) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees, from where the nose tip lies between eyes and mouth.

    A nose that stands out by `NOSE_DEPTH` half eye distances moves by its sine when the head turns.
    """
    left, right, nose, mouth_left, mouth_right = face.landmarks.astype(np.float64)
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    across = right - left
    half = max(float(np.linalg.norm(across)) / 2, 1e-6)
    along = across / (2 * half)
    down = np.array([-along[1], along[0]])
    yaw = np.degrees(np.arcsin(np.clip((nose - eyes) @ along / half / NOSE_DEPTH, -1, 1)))
    height = max(float((mouth - eyes) @ down), 1e-6)
    # Frontal faces have their nose tip at 0.55 of the way from the eyes to the mouth.
    lift = 0.55 - float((nose - eyes) @ down) / height
    pitch = np.degrees(np.arcsin(np.clip(2 * lift, -1, 1)))
    return float(yaw), float(pitch), float(np.degrees(np.arctan2(across[1], across[0])))


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high`, straight between.

    >>> ramp(15, 10, 20)
    0.5
    """
    return float(np.clip((value - low) / (high - low), 0, 1))
