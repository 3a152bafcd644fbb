"""What a face's points and outline say without a network: paper 000's second plan, "feature data from the outline of the face"."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.embedding import ARCFACE
from engine.faces import similarity
from engine.preprocess import Light, aligned, lit, luminance
from engine.training.describe import proportions
from engine.values import FaceBox, Image

SIDE, CELL, BINS = 64, 16, 8
"""Pixels of the crop whose outline is read, pixels of a cell, directions that are told apart."""


def geometry(face: FaceBox) -> NDArray[np.float64]:
    """(15,): the five points after turning, scaling and shifting them onto the usual face, and the proportions of `describe`.

    The points are brought there by a similarity, so that what is left is shape, and the pose of the head, which five points cannot tell
    from shape.
    """
    matrix = similarity(face.landmarks, ARCFACE)
    points = face.landmarks.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([(points - ARCFACE).ravel() / 10, proportions(face.box, face.landmarks)])


def outline(image: Image, face: FaceBox, light: Light = "paper") -> NDArray[np.float64]:
    """(128,): how strongly edges of which direction run where in the aligned crop, length 1.

    Histograms of oriented gradients (Dalal & Triggs 2005) with square roots instead of their block normalisation.
    """
    crop = luminance(lit(aligned(image, face, SIDE, "eyes"), light)).astype(np.float32)
    across, down = cv2.Sobel(crop, cv2.CV_32F, 1, 0), cv2.Sobel(crop, cv2.CV_32F, 0, 1)
    strength, direction = np.hypot(across, down), np.arctan2(down, across) % np.pi
    bins = np.minimum((direction / np.pi * BINS).astype(int), BINS - 1)
    cells = np.arange(SIDE) // CELL
    where = (cells[:, None] * (SIDE // CELL) + cells[None]) * BINS + bins
    sums = np.bincount(where.ravel(), weights=strength.ravel(), minlength=(SIDE // CELL) ** 2 * BINS)
    roots = np.sqrt(sums)
    return np.asarray(roots / max(float(np.linalg.norm(roots)), 1e-12), dtype=np.float64)
