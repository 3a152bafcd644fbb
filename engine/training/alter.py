"""Photographic changes that leave a person the same: what a type must not depend on."""

from __future__ import annotations

import cv2
import numpy as np

from engine.values import Image


def altered(photo: Image, random: np.random.Generator) -> Image:
    """`photo` turned, scaled, shifted, lit, tinted, blurred and compressed at random, or mirrored."""
    height, width = photo.shape[:2]
    scale = random.uniform(0.75, 1.1)
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-12, 12), scale), dtype=np.float64)
    matrix[:, 2] += random.uniform(-0.05, 0.05, 2) * (width, height)
    # A little shear across stands in for a head turned aside.
    matrix[0, 1] += random.uniform(-0.12, 0.12)
    moved = (
        cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).astype(np.float32) / 255
    )
    if random.random() < 0.5:
        moved = moved[:, ::-1]
    lit = np.clip(moved, 0, 1) ** random.uniform(0.65, 1.5) * random.uniform(0.8, 1.15) * random.uniform(0.93, 1.07, 3)
    side = np.linspace(random.uniform(0.75, 1.0), random.uniform(0.75, 1.0), width)[None, :, None]
    shaded = np.clip(lit * side * 255, 0, 255).astype(np.uint8)
    shaded = cv2.GaussianBlur(shaded, (0, 0), random.uniform(0.3, 1.6)).astype(np.uint8)
    quality = int(random.integers(35, 92))
    coded = cv2.imencode(".jpg", np.ascontiguousarray(shaded[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)[:, :, ::-1])
