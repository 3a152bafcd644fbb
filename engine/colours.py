"""Colours as people name them: dominant colours of a region, the nearest named colour, conversions.

Distances are Euclidean in CIELAB (CIE 1976 delta E, D65), where about 2.3 is just noticeable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.values import Image

Lab = NDArray[np.float32]
"""(…, 3): L* 0–100, a* and b* about -110 to 110."""


@dataclass(frozen=True, slots=True)
class NamedColour:
    """A colour with its name in both languages."""

    hex: str
    name: str
    name_ko: str


NAMED = (
    NamedColour("#16161A", "black", "블랙"),
    NamedColour("#3E4147", "charcoal", "차콜"),
    NamedColour("#808388", "grey", "그레이"),
    NamedColour("#BFC1C4", "light grey", "라이트 그레이"),
    NamedColour("#F5F5F4", "white", "화이트"),
    NamedColour("#EFE7D2", "ivory", "아이보리"),
    NamedColour("#CDB694", "beige", "베이지"),
    NamedColour("#B08048", "camel", "카멜"),
    NamedColour("#6B4A33", "brown", "브라운"),
    NamedColour("#6B1D2C", "burgundy", "버건디"),
    NamedColour("#C3222F", "red", "레드"),
    NamedColour("#EE7A62", "coral", "코랄"),
    NamedColour("#F2B6C0", "pink", "핑크"),
    NamedColour("#D6347F", "magenta", "마젠타"),
    NamedColour("#EB7F22", "orange", "오렌지"),
    NamedColour("#E8C33C", "yellow", "옐로"),
    NamedColour("#74743A", "olive", "올리브"),
    NamedColour("#4C9A4A", "green", "그린"),
    NamedColour("#24503A", "dark green", "다크 그린"),
    NamedColour("#A9DCC3", "mint", "민트"),
    NamedColour("#1F8C8F", "teal", "틸"),
    NamedColour("#9CC3E6", "sky blue", "스카이 블루"),
    NamedColour("#6382A6", "denim blue", "데님 블루"),
    NamedColour("#2A5BC7", "blue", "블루"),
    NamedColour("#1D2A4D", "navy", "네이비"),
    NamedColour("#6C3F99", "purple", "퍼플"),
    NamedColour("#C0ACDB", "lavender", "라벤더"),
)


def to_lab(rgb: Image) -> Lab:
    """CIELAB of RGB pixels of shape (height, width, 3)."""
    return cast("Lab", cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB))


def to_hex(lab: NDArray[np.floating]) -> str:
    """`#RRGGBB` of one CIELAB colour of shape (3,), clipped to sRGB.

    >>> to_hex(np.array([100.0, 0.0, 0.0]))
    '#FFFFFF'
    """
    rgb = cv2.cvtColor(lab.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_LAB2RGB)
    red, green, blue = np.clip(np.rint(rgb.ravel() * 255), 0, 255).astype(int)
    return f"#{red:02X}{green:02X}{blue:02X}"


def from_hex(colour: str) -> Lab:
    """CIELAB, shape (3,), of `#RRGGBB`."""
    rgb = np.array([[[int(colour[at : at + 2], 16) for at in (1, 3, 5)]]], dtype=np.uint8)
    return cast("Lab", to_lab(rgb)[0, 0])


NAMED_LAB: Lab = np.stack([from_hex(named.hex) for named in NAMED])


def named(colour: str) -> NamedColour:
    """The nearest named colour of `#RRGGBB`.

    >>> named("#20284a").name
    'navy'
    """
    return NAMED[int(np.linalg.norm(NAMED_LAB - from_hex(colour), axis=1).argmin())]


def soft_names(lab: Lab, weights: NDArray[np.float32], spread: float = 14.0) -> NDArray[np.float32]:
    """How much of each named colour weighted pixels have.

    Args:
        lab: (pixels, 3).
        weights: (pixels,), non-negative.
        spread: standard deviation, in delta E, within which a pixel counts for a named colour.

    Returns:
        (len(NAMED),), summing to 1; all zeros where all weights are.

    """
    lab, weights = condensed(lab, weights)
    squared = ((lab[:, None, :] - NAMED_LAB[None]) ** 2).sum(axis=2)
    near = np.exp(-(squared - squared.min(axis=1, keepdims=True)) / (2 * spread**2))
    share = weights @ (near / near.sum(axis=1, keepdims=True))
    return cast("NDArray[np.float32]", (share / max(float(share.sum()), 1e-12)).astype(np.float32))


def dominant(lab: Lab, weights: NDArray[np.float32], clusters: int = 6, merge: float = 13.0) -> list[tuple[str, float]]:
    """The colours of weighted pixels, the most present first.

    Weighted k-means (deterministic farthest-point start), then clusters nearer than `merge` delta E are joined: folds and
    shadows of one cloth are one colour.

    Args:
        lab: (pixels, 3).
        weights: (pixels,), non-negative.
        clusters: how many to start from.
        merge: delta E.

    Returns:
        (`#RRGGBB`, share of the weight), shares summing to 1; empty where all weights are 0.

    """
    lab, weights = condensed(lab, weights)
    if not len(lab):
        return []
    centres, mass = _kmeans(lab, weights, clusters)
    while len(centres) > 1:
        # Folds differ in lightness more than in hue, so lightness counts less when clusters are compared.
        scaled = centres * np.array([0.6, 1.0, 1.0])
        distance = np.linalg.norm(scaled[:, None] - scaled[None], axis=2) + np.eye(len(centres)) * 1e9
        one, other = np.unravel_index(int(distance.argmin()), distance.shape)
        if distance[one, other] > merge:
            break
        joint = mass[one] + mass[other]
        centres[one] = (centres[one] * mass[one] + centres[other] * mass[other]) / joint
        mass[one] = joint
        centres, mass = np.delete(centres, other, axis=0), np.delete(mass, other)
    order = np.argsort(-mass, kind="stable")
    return [(to_hex(centres[at]), float(mass[at] / mass.sum())) for at in order]


def condensed(lab: Lab, weights: NDArray[np.float32], step: float = 4.0) -> tuple[Lab, NDArray[np.float32]]:
    """The same colours in fewer points: one for each cell of `step` delta E, its colour the cell's mean.

    Returns:
        (points, 3) and (points,), all weights positive; `weights` keep their sum.

    """
    keep = weights > 0
    lab, weights = lab[keep], weights[keep]
    cells = np.floor(lab / step).astype(np.int64) + 64
    _, owner = np.unique((cells[:, 0] * 256 + cells[:, 1]) * 256 + cells[:, 2], return_inverse=True)
    total = np.bincount(owner, weights=weights)
    means = [np.bincount(owner, weights=weights * lab[:, axis]) / total for axis in range(3)]
    return np.stack(means, axis=1).astype(np.float32), total.astype(np.float32)


def _kmeans(lab: Lab, weights: NDArray[np.float32], clusters: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points, mass = lab.astype(np.float64), weights.astype(np.float64)
    centres = [np.average(points, axis=0, weights=mass)]
    for _ in range(clusters - 1):
        nearest = np.min([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=0)
        # The weight damps single stray pixels, which the bare farthest-point rule would choose.
        centres.append(points[int((nearest * mass).argmax())])
    middle = np.stack(centres)
    before = None
    for _ in range(8):
        owner = ((points[:, None] - middle[None]) ** 2).sum(axis=2).argmin(axis=1)
        if before is not None and np.array_equal(owner, before):
            break  # what follows would change nothing
        before = owner
        total = np.bincount(owner, weights=mass, minlength=clusters).astype(np.float64)
        sums = np.stack([np.bincount(owner, weights=mass * points[:, axis], minlength=clusters) for axis in range(3)], axis=1)
        middle = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-12)[:, None], middle)
    alive = total > 0
    return middle[alive], total[alive]
