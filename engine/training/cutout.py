"""Cut a person out of a portrait: GrabCut started from the face (Rother, Kolmogorov & Blake, SIGGRAPH 2004)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.values import FaceBox, Image

ROUNDS = 4
SIDE = 256
"""Pixels that the longest side is cut at; the mask is scaled back."""


def cutout(photo: Image, face: FaceBox) -> NDArray[np.float32]:
    """How much of each pixel belongs to the person, height × width, 0–1, with soft edges.

    A head above a bust is assumed to be there and the upper corners to be background; colours decide the rest.
    """
    scale = min(1.0, SIDE / max(photo.shape[:2]))
    size = max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    mask = _guess(size, tuple(value * scale for value in face.box))
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(np.ascontiguousarray(small[:, :, ::-1]), mask, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    person = _largest(np.asarray(cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), dtype=np.uint8))
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.2)
    # Pulled inwards by half a pixel: a rim of the old background would give the montage away.
    soft = np.clip((soft - 0.35) / 0.55, 0, 1)
    return np.asarray(cv2.resize(soft, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _guess(size: tuple[int, int], box: tuple[float, ...]) -> NDArray[np.uint8]:
    """What is surely and what is probably the person, for GrabCut."""
    across, down = size
    x, y, width, height = box
    middle, chin = x + width / 2, y + height
    mask = np.full((down, across), cv2.GC_PR_BGD, np.uint8)
    head = (round(middle), round(y + 0.42 * height)), (max(1, round(0.85 * width)), max(1, round(0.9 * height)))
    cv2.ellipse(mask, *head, 0, 0, 360, cv2.GC_PR_FGD, -1)
    shoulders = [
        (middle - 0.45 * width, chin),
        (middle + 0.45 * width, chin),
        (middle + 1.5 * width, chin + 0.75 * height),
        (middle + 1.6 * width, down),
        (middle - 1.6 * width, down),
        (middle - 1.5 * width, chin + 0.75 * height),
    ]
    cv2.fillPoly(mask, [np.array(shoulders, np.int32)], cv2.GC_PR_FGD)
    sure = (round(middle), round(y + 0.5 * height)), (max(1, round(0.42 * width)), max(1, round(0.5 * height)))
    cv2.ellipse(mask, *sure, 0, 0, 360, cv2.GC_FGD, -1)
    chest = [(middle - 0.5 * width, down), (middle + 0.5 * width, down), (middle + 0.2 * width, chin), (middle - 0.2 * width, chin)]
    cv2.fillPoly(mask, [np.array(chest, np.int32)], cv2.GC_FGD)
    top = max(2, round(y + 0.2 * height))
    for left, right in ((0, round(middle - 1.35 * width)), (round(middle + 1.35 * width), across)):
        if right > left:
            mask[:top, left:right] = cv2.GC_BGD
    return mask


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Only the largest connected part."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), dtype=np.uint8)
